"""Who may check in on what, and what is due for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from okrsync.domain.okr import KeyResult, Level, Objective, Okrs, Stage
from okrsync.domain.ref import Ref
from okrsync.practice.check_in_rules import Due, People, Person, due_for

NOW = datetime(2026, 11, 15, 9, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
O1 = Ref("2026-Q4", "instant-signup")
P95 = KeyResult(O1.child("p95"), "Cut p95", owner="gina")
NPS = KeyResult(O1.child("nps"), "Raise NPS")
OBJECTIVE = Objective(O1, "Feel instant", Level.TEAM, date(2026, 12, 31), (P95, NPS), team="platform", owner="dana")
PEOPLE = People(
    (
        Person("dana", ("dana-gh", "5b10", "dana@acme.example")),
        Person("erin", ("erin-gh",), ("platform",)),
        Person("frank", ("frank-gh",), ("web",)),
    )
)


@pytest.mark.parametrize("author", ["dana", "DANA", "dana-gh", "Dana@Acme.example", "erin", "erin-gh", "gina"])
def test_owners_and_their_team_check_in(author: str) -> None:
    assert PEOPLE.refusal(author, OBJECTIVE, P95) == ""


@pytest.mark.parametrize("author", ["frank", "frank-gh", "somebody", "okr-bot"])
def test_somebody_elses_objective_is_refused_with_the_names_of_who_may(author: str) -> None:
    why = PEOPLE.refusal(author, OBJECTIVE, P95)
    assert "instant-signup/p95 belongs to gina and dana of team platform" in why
    assert ("frank" if "frank" in author else author) in why


def test_the_owner_of_one_key_result_does_not_speak_for_another() -> None:
    assert "belongs to dana of team platform" in PEOPLE.refusal("gina", OBJECTIVE, NPS)


def test_where_nobody_knows_who_belongs_to_it_everybody_who_is_let_in_may() -> None:
    assert People().refusal("somebody", OBJECTIVE, P95) == ""
    elsewhere = People((Person("frank", (), ("web",)),))
    assert elsewhere.refusal("somebody", OBJECTIVE, P95) == ""
    assert elsewhere.refusal("frank", OBJECTIVE, P95) != "", "of frank it is known that he belongs elsewhere"


def test_what_is_due_is_committed_mine_and_older_than_a_check_in_period() -> None:
    okrs = Okrs((OBJECTIVE,))

    def due(person: str, newest: dict[Ref, datetime], okrs: Okrs = okrs) -> list[str]:
        return [each.key_result.ref.key_result for each in due_for(person, okrs, newest, NOW, WEEK, PEOPLE)]

    assert due("dana", {}) == ["nps"], "p95 is gina's"
    assert due("dana-gh", {}) == ["nps"]
    assert due("gina", {}) == ["p95"]
    assert due("erin", {}) == [], "a member of the team may, and need not"
    assert due("dana", {NPS.ref: NOW - WEEK}) == ["nps"]
    assert due("dana", {NPS.ref: NOW - WEEK + timedelta(seconds=1)}) == []
    for stage in (Stage.DRAFT, Stage.PROPOSED, Stage.CLOSED):
        assert due("dana", {}, Okrs((replace(OBJECTIVE, stage=stage),))) == []
    nobody = replace(OBJECTIVE, owner=None, key_results=(NPS,))
    assert due("", {}, Okrs((nobody,))) == [] and due("dana", {}, Okrs((nobody,))) == []
    last = NOW - 2 * WEEK
    assert due_for("dana", okrs, {NPS.ref: last}, NOW, WEEK, PEOPLE) == (Due(OBJECTIVE, NPS, last),)

"""Who sees what: nothing that is for others, and no trace of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from okrsync.domain.audience import discreet, is_shown, visible
from okrsync.domain.okr import EVERYONE, Kpi, Level, Objective, Okrs
from okrsync.domain.ref import Ref

AUDIENCES = {"board": ("dana", "erin"), "leads": ("dana", "erin", "frank"), "empty": ()}


@pytest.mark.parametrize(
    ("to", "audience", "shown"),
    [
        (EVERYONE, EVERYONE, True),
        (EVERYONE, "board", True),
        ("board", EVERYONE, False),
        ("board", "board", True),
        ("leads", "board", True),
        ("board", "leads", False),
        ("board", "empty", False),
        ("nobody-knows", "board", False),
    ],
)
def test_what_an_audience_sees(to: str, audience: str, shown: bool) -> None:
    assert is_shown(to, audience, AUDIENCES) is shown


def test_what_is_left_out_leaves_no_trace() -> None:
    hidden = Objective(Ref("2026-Q4", "secret"), "Buy them", Level.COMPANY, date(2026, 12, 31), audience="board")
    child = replace(
        hidden, ref=Ref("2026-Q4", "open"), audience=EVERYONE, aligns_to=(hidden.ref, hidden.ref.child("k"), OTHER.ref)
    )
    kpi = Kpi(Ref("2026-Q4", "cash"), "Cash", audience="board")
    every = Okrs((hidden, OTHER, child), (kpi,))
    shown = visible(every, EVERYONE, AUDIENCES)
    assert [each.ref for each in shown.objectives] == [OTHER.ref, child.ref]
    assert shown.objectives[1].aligns_to == (OTHER.ref,)
    assert shown.kpis == ()
    assert "secret" not in repr(shown)
    assert visible(every, "board", AUDIENCES) == every


OTHER = Objective(Ref("2026-Q4", "other"), "Win", Level.COMPANY, date(2026, 12, 31))


def test_nothing_names_a_parent_that_fewer_people_may_see() -> None:
    hidden = Objective(Ref("2026-Q4", "secret"), "Buy them", Level.COMPANY, date(2026, 12, 31), audience="board")
    open_one = replace(hidden, ref=Ref("2026-Q4", "open"), audience=EVERYONE)
    targets = (hidden.ref.child("k"), open_one.ref, Ref("2026-Q4", "unknown"))
    for_all = replace(hidden, ref=Ref("2026-Q4", "a"), audience=EVERYONE, aligns_to=targets)
    for_board = replace(for_all, ref=Ref("2026-Q4", "b"), audience="board")
    for_leads = replace(for_all, ref=Ref("2026-Q4", "c"), audience="leads")
    every = {each.ref: each for each in (hidden, open_one, for_all, for_board, for_leads)}
    found = {each.ref.objective: each.aligns_to for each in discreet(every.values(), every, AUDIENCES)}
    assert found["a"] == found["c"] == targets[1:]
    assert found["b"] == targets

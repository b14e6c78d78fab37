"""What becomes of epics and milestones that people have: names, numbers, and what is left alone."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.documents.adopted import Head, document_text
from okrsync.documents.reading import Surroundings as DocumentSurroundings
from okrsync.documents.reading import read_document
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.items import Candidate, ItemId, ItemKind, RemoteItem
from okrsync.domain.okr import Kind, Level, Stage
from okrsync.domain.ref import Ref
from okrsync.plan.adoption import Surroundings, adoption_of, slug_of, unique
from okrsync.toml_files import parsed_toml
from tests.unit.plan.samples import CYCLE, ROLES

AROUND = Surroundings(
    workspace="acme",
    cycle=parse_cycle(CYCLE),
    project="PLAT",
    documented=frozenset(),
    owner_of=lambda _item: None,
    roles=ROLES,
)


def item(number: int, title: str = "Be fast", **changes: Any) -> RemoteItem:
    key = f"PLAT-{number}"
    whole = RemoteItem(ItemId("PLAT", str(number), key, f"https://jira.example/browse/{key}"), ItemKind.OTHER, title)
    return replace(whole, **changes)


def numbers(**values: float | str | None) -> dict[str, Any]:
    return {f"KR {name}": value for name, value in values.items()}


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Make signing up fast!", "make-signing-up-fast"),
        ("  Zürich's  Büro: 100 % ", "zurichs-buro-100"),
        ("日本語", "plat-7"),
        ("a" * 60, "a" * 40),
        ("one two three four five six seven eight nine ten", "one-two-three-four-five-six-seven-eight"),
        ("--- /// okrsync:acme ---", "okrsync-acme"),
    ],
)
def test_an_id_is_made_of_the_words_of_the_title(title: str, slug: str) -> None:
    assert slug_of(title, "PLAT-7") == slug


def test_ids_that_are_taken_get_a_number() -> None:
    assert unique("fast", {"fast", "fast-2"}) == "fast-3"
    documented = frozenset({Ref(CYCLE, "be-fast"), Ref("2026-Q3", "other")})
    found = adoption_of(
        [Candidate(item(1)), Candidate(item(2)), Candidate(item(3, "Other"))], replace(AROUND, documented=documented)
    )
    assert [each.ref.objective for each in found.objectives] == ["be-fast-2", "be-fast-3", "other"]


@pytest.mark.parametrize(
    ("fields", "kind", "measure"),
    [
        (numbers(baseline=4.0, target=1.5), Kind.REACH, "field"),
        (numbers(baseline=4.0, target=4.0), None, "field"),
        (numbers(target=1.5), None, "field"),
        (numbers(current=7.0), None, "field"),
        (numbers(baseline="four", target=None), Kind.DONE, "manual"),
        ({}, Kind.DONE, "manual"),
    ],
)
def test_numbers_are_taken_where_there_are_both_and_left_for_people_where_there_are_not(
    fields: dict[str, Any], kind: Kind | None, measure: str
) -> None:
    found = adoption_of([Candidate(item(1), (item(2, fields=fields),))], AROUND)
    ((key_result,),) = [each.key_results for each in found.objectives]
    assert (key_result.kind, key_result.measure) == (kind, measure)
    assert bool(key_result.to_fill_in) is (kind is not Kind.REACH)
    assert found.objectives[0].stage is (Stage.COMMITTED if kind is Kind.REACH else Stage.DRAFT)


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (item(1, markers=("okrsync:other:2026-Q4:x",)), "okrsync:other:2026-Q4:x"),
        (item(1, markers=("okrsync:acme:2026-Q3:x",)), "carries the marker"),
        (item(1, markers=("okrsync:acme:2026-Q4:known",)), "carries the marker"),
        (item(1, markers=("okrsync:acme:2026-Q4:x", "okrsync:acme:2026-Q4:y")), "carries the marker"),
        (item(1, due=date(2027, 1, 1)), "2026-10-01 to 2026-12-31"),
        (item(1, " "), "title"),
        (item(1, "x" * 251), "title"),
        (item(1, "a\x1b[31m"), "title"),
        (item(1, at=ItemId("WEB", "1", "WEB-1", "")), "is in WEB"),
    ],
)
def test_what_cannot_be_adopted_is_left_out_with_its_reason(candidate: RemoteItem, words: str) -> None:
    around = replace(AROUND, documented=frozenset({Ref(CYCLE, "known")}))
    found = adoption_of([Candidate(candidate)], around)
    assert found.objectives == () and words in found.left_out[0].reason


def test_an_item_that_a_document_has_is_not_adopted_for_want_of_its_marker() -> None:
    found = adoption_of([Candidate(item(1))], replace(AROUND, owner_of=lambda _item: Ref(CYCLE, "mine")))
    assert found.objectives == () and "2026-Q4/mine" in found.left_out[0].reason


def test_what_was_marked_and_came_into_no_document_keeps_its_name() -> None:
    marked = item(2, "Renamed meanwhile", markers=("okrsync:acme:2026-Q4:old-name/p95",))
    found = adoption_of([Candidate(item(1, "Another old name"), (marked, item(3, "P95")))], AROUND)
    (objective,) = found.objectives
    assert objective.ref == Ref(CYCLE, "old-name")
    assert [each.ref.key_result for each in objective.key_results] == ["p95", "p95-2"]
    assert [ref for ref, _ in objective.items][-1] == objective.ref, "the objective is marked when the rest is"


def test_a_closed_one_is_closed_in_its_document() -> None:
    found = adoption_of([Candidate(item(1, closed=True))], AROUND)
    assert found.objectives[0].stage is Stage.CLOSED


titles = st.text(max_size=300) | st.sampled_from(["Be fast", 'With "quotes" \\ and # signs', "a\nb", "…"])
values = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)


@given(
    st.lists(
        st.tuples(titles, st.booleans(), st.lists(st.tuples(titles, values, values, values), max_size=3)), max_size=4
    )
)
def test_the_document_is_always_valid_and_says_what_was_decided(candidates: list[Any]) -> None:
    counter = iter(range(1, 1000))
    given_items = [
        Candidate(
            item(next(counter), title, closed=closed),
            tuple(
                item(next(counter), each, fields=numbers(baseline=baseline, target=target, current=current))
                for each, baseline, target, current in below
            ),
        )
        for title, closed, below in candidates
    ]
    found = adoption_of(given_items, AROUND)
    refs = [ref for each in found.objectives for ref, _ in each.items]
    assert len(set(refs)) == len(refs)
    every = {each.item.at.key for each in given_items}
    assert {each.item.at.key for each in found.objectives} | {each.at.key for each in found.left_out} >= every
    text = document_text(Head(CYCLE, Level.TEAM, "platform", "dana"), found.objectives, "work PLAT")
    tomllib.loads(text)
    reading = read_document(parsed_toml(Path("x.toml"), "x.toml", text), DocumentSurroundings())
    assert reading.report.problems == ()
    assert [each.ref for each in reading.objectives] == [each.ref for each in found.objectives]
    written = {each.ref: each for objective in reading.objectives for each in objective.key_results}
    for objective in found.objectives:
        for each in objective.key_results:
            assert (each.ref in written) is (each.kind is not None)
            if each.kind is Kind.REACH:
                assert (written[each.ref].baseline, written[each.ref].target) == (each.baseline, each.target)

"""Evidence: what a value was computed from, kept as JSON, and in rows as what changed."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

import pytest

from okrsync.domain.evidence import (
    Evidence,
    Formula,
    Pages,
    Part,
    evidence_of_children,
    method_of,
    packed,
    unpacked,
    value_of,
)
from okrsync.domain.items import Child, ItemId
from okrsync.domain.okr import Measure

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
EPIC = ItemId("PLAT", "10001", "PLAT-1", "https://acme.example/browse/PLAT-1")
CHILDREN = [
    Child("10012", "PLAT-12", True, 8.0, url="https://acme.example/browse/PLAT-12"),
    Child("10011", "PLAT-11", False, 2.0, url="https://acme.example/browse/PLAT-11"),
    Child("10013", "PLAT-13", False, None, url="https://acme.example/browse/PLAT-13"),
]


def evidence(*parts: Part, source: str = "children", scale: float = 1.0) -> Evidence:
    return Evidence({"from": source}, parts, scale)


def test_two_documents_that_mean_the_same_measure_by_the_same_method() -> None:
    short = Measure("children", {"by": "Story points"})
    long = Measure("children", {"pull_requests": False, "of": "key-result", "by": "Story points"})
    assert method_of(short) == method_of(long) == {"from": "children", "by": "Story points"}
    assert method_of(Measure("children", {"by": "count"})) == {"from": "children"}
    assert method_of(Measure("children"), of="objective") != method_of(Measure("children"))
    assert method_of(Measure("field"), field="KR current") == {"from": "field", "field": "KR current"}


def test_what_settings_leave_open_is_no_part_of_the_method() -> None:
    assert method_of(Measure("field", {"field": "Score"}), item=None) == {"from": "field", "field": "Score"}


def test_a_plugins_options_are_kept_as_json_has_them() -> None:
    from datetime import date

    method = method_of(Measure("sql", {"query": "select 1", "since": date(2026, 10, 1), "tags": ("b", 2)}))
    assert json.loads(json.dumps(method)) == {
        "from": "sql",
        "query": "select 1",
        "since": "2026-10-01",
        "tags": ["b", 2],
    }


@pytest.mark.parametrize(
    ("key", "url", "other", "page"),
    [
        ("PLAT-2", "https://acme.example/browse/PLAT-2", "WEB-7", "https://acme.example/browse/WEB-7"),
        ("acme/web#2", "https://github.com/acme/web/issues/2", "acme/api#7", "https://github.com/acme/api/issues/7"),
        (
            "acme/web#2",
            "https://code.example/x/acme/web/pull/2",
            "acme/web#3",
            "https://code.example/x/acme/web/pull/3",
        ),
    ],
)
def test_the_address_of_one_item_tells_those_of_others(key: str, url: str, other: str, page: str) -> None:
    pages = Pages.like(key, url)
    assert pages is not None
    assert pages.page(key) == url and pages.page(other) == page


@pytest.mark.parametrize(
    ("key", "url"),
    [("PLAT-2", ""), ("PLAT-2", "https://acme.example/2"), ("", ""), ("#2", "x/2"), ("a/b#2", "x/a/b/issues/12")],
)
def test_addresses_that_say_nothing_of_the_key_tell_nothing_of_others(key: str, url: str) -> None:
    assert Pages.like(key, url) is None


def test_children_are_kept_with_what_each_gave() -> None:
    found = evidence_of_children({"from": "children"}, EPIC, CHILDREN, by_points=True, unit="%")
    assert found.parts == (
        Part("10011", "PLAT-11", False, 2.0),
        Part("10012", "PLAT-12", True, 8.0),
        Part("10013", "PLAT-13", False, 0.0),
    )
    assert value_of(found) == 80.0 and found.formula is Formula.SHARE
    assert found.to_json() == {
        "method": {"from": "children"},
        "item": "PLAT-1",
        "url": "https://acme.example/browse/PLAT-1",
        "done": 8.0,
        "total": 10.0,
        "scale": 100.0,
        "pages": ["https://acme.example/browse/", "#"],
        "parts": [["10011", "PLAT-11", 0, 2.0], ["10012", "PLAT-12", 1, 8.0], ["10013", "PLAT-13", 0, 0.0]],
    }
    assert Evidence.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_what_somebody_said_is_kept_with_who_and_when() -> None:
    said = Evidence({"from": "manual"}, by="dana", at=AT)
    assert said.to_json() == {"method": {"from": "manual"}, "by": "dana", "at": "2026-11-03T09:30:00+00:00"}
    assert Evidence.from_json(said.to_json()) == said
    assert said.formula is Formula.GIVEN and value_of(said) is None


@pytest.mark.parametrize(
    ("source", "value"), [("children", 0.25), ("done", 0.25), ("count", 3.0), ("sum", 8.0), ("average", 8 / 3)]
)
def test_each_measure_has_its_formula(source: str, value: float) -> None:
    parts = [Part("1", "A-1", True, 2.0), Part("2", "A-2", False, 5.0), Part("3", "A-3", False, 1.0)]
    if source == "count":
        parts = [Part(each.id, each.key, each.done) for each in parts]
    assert value_of(evidence(*parts, source=source)) == pytest.approx(value)


def test_nothing_that_counts_gives_no_value() -> None:
    assert value_of(evidence()) is None
    assert value_of(evidence(source="average")) is None
    assert value_of(evidence(source="count")) == 0.0


@pytest.mark.parametrize(
    "told",
    [None, 3, "x", [], {"done": 3, "total": 8}, {"parts": "x"}, {"parts": [["1"]]}, {"pages": 3}, {"at": "yesterday"}],
)
def test_evidence_of_another_kind_says_nothing_and_breaks_nothing(told: object) -> None:
    found = Evidence.from_json(told)
    assert found.method == {} and found.parts is None


def told(*parts: tuple[str, int], **more: object) -> dict[str, object]:
    return {"method": {"from": "children"}, **more, "parts": [[name, f"A-{name}", done] for name, done in parts]}


def test_rows_keep_what_changed_and_give_back_everything() -> None:
    rows = [
        told(("1", 0), ("2", 0), ("3", 0), ("4", 0), ("5", 0), total=5),
        told(("1", 1), ("2", 0), ("3", 0), ("4", 0), ("5", 0), total=5),
        told(("1", 1), ("2", 0), ("4", 0), ("5", 0), ("6", 0), total=5),
        told(("1", 1), ("2", 0), ("4", 0), ("5", 0), ("6", 0), total=5),
    ]
    short = [rows[0], *(packed(before, after) for before, after in itertools.pairwise(rows))]
    assert short[1]["changed"] == {"put": [["1", "A-1", 1]], "gone": []}
    assert short[2]["changed"] == {"put": [["6", "A-6", 0]], "gone": ["3"]}
    assert short[3]["changed"] == {"put": [], "gone": []}
    assert all("parts" not in each for each in short[1:])
    assert list(unpacked(short)) == rows


def test_where_most_parts_changed_all_are_kept() -> None:
    before, after = told(("1", 0), ("2", 0)), told(("1", 1), ("2", 0))
    assert packed(before, after) is after


@pytest.mark.parametrize("before", [None, {"method": {"from": "field"}}, "x"])
def test_without_parts_before_all_are_kept(before: object) -> None:
    after = told(("1", 1))
    assert packed(before, after) is after
    assert packed(after, before) is before


def test_a_lost_row_costs_the_parts_up_to_the_next_complete_one_and_nothing_else() -> None:
    lost = {"method": {"from": "children"}, "total": 5, "changed": {"put": [["1", "A-1", 1]], "gone": []}}
    whole = told(("1", 1))
    assert list(unpacked([lost, whole])) == [{"method": {"from": "children"}, "total": 5}, whole]

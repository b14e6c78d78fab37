"""What `okrsync explain` and `okrsync history` say adds up, whatever became of a key result between two looks."""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.evidence import Evidence, Part, value_of
from okrsync.domain.okr import KeyResult, Level, Objective, Okrs, TargetChange
from okrsync.domain.ref import Ref
from okrsync.domain.status import assess
from okrsync.domain.terms import Terms
from okrsync.reports.explain import explain
from okrsync.reports.explain_json import explain_json
from okrsync.reports.facts import gather_facts
from okrsync.reports.history_rows import recorded
from okrsync.reports.history_views import history_json
from okrsync.store.cache import Cache
from okrsync.store.values import Measured

CYCLE = parse_cycle("2026-Q4")
START = datetime(2026, 10, 1, 9, tzinfo=UTC)
REF = Ref("2026-Q4", "fast", "moved")
METHODS = (
    {"from": "children"},
    {"from": "done", "query": "labels = toil"},
    {"from": "sum", "query": "labels = toil", "field": "Points"},
    {"from": "manual"},
    {"from": "field", "field": "KR current"},
    {"from": "sql", "source": "warehouse"},
)
scopes = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.booleans(), st.sampled_from([0.5, 1.0, 2.0])), min_size=1
)
happenings = st.one_of(
    st.tuples(st.just("work"), st.sampled_from("abcdef"), st.booleans()),
    st.tuples(st.just("scope"), scopes),
    st.tuples(st.just("edit"), st.integers(0, 100)),
    st.tuples(st.just("method"), st.sampled_from(METHODS)),
    st.tuples(st.just("target"), st.integers(50, 150), st.booleans()),
)


def live(cache: Cache, story: list[list[tuple[Any, ...]]]) -> KeyResult:
    """Let things happen, with a look at the end of each day; the key result as its document ends."""
    scope: dict[str, tuple[bool, float]] = {"a": (False, 1.0), "b": (False, 1.0)}
    said, target, changes = 0.0, 100.0, []
    method: dict[str, str] = dict(METHODS[0])
    for number, day in enumerate(story):
        at = START + timedelta(days=number)
        for what, *details in day:
            match what, details:
                case "work", (name, done) if name in scope:
                    scope[name] = (done, scope[name][1])
                case "scope", (new,):
                    scope = dict(new)
                case "edit", (number_,):
                    said = float(number_)
                case "method", (other,):
                    method = dict(other)
                case "target", (other, noted) if float(other) != target:
                    if noted:
                        changes.append(TargetChange(at.date(), target, float(other), "it was decided"))
                    target = float(other)
        has_parts = method["from"] in {"children", "done", "sum"}
        parts = tuple(Part(name, f"P-{name}", *scope[name]) for name in sorted(scope)) if has_parts else None
        evidence = Evidence(method, parts, 100.0 if method["from"] != "sum" else 1.0)
        value = value_of(evidence) if has_parts else said
        assert value is not None
        cache.observations.record([Measured(REF, value, at, "somewhere", evidence.to_json())])
        cache.terms.record({REF: Terms(baseline=0.0, target=target, unit="%")}, at + timedelta(seconds=1))
    return KeyResult(REF, "Moved", baseline=0.0, target=target, unit="%", target_changes=tuple(changes))


@settings(max_examples=60, deadline=None)
@given(story=st.lists(st.lists(happenings, max_size=4), min_size=1, max_size=7), since=st.none() | st.integers(-1, 8))
def test_every_part_is_told_once_and_all_of_them_are_the_movement(
    story: list[list[tuple[Any, ...]]], since: int | None
) -> None:
    now = START + timedelta(days=len(story))
    with (
        tempfile.TemporaryDirectory() as folder,
        Cache.open(Path(folder) / "okrsync.db", "acme", clock=lambda: now) as cache,
    ):
        key_result = live(cache, story)
        okrs = Okrs((Objective(REF.parent, "Fast", Level.TEAM, date(2026, 12, 31), (key_result,)),))
        status = assess(okrs, "acme", CYCLE, now, gather_facts(cache, CYCLE.name, timedelta(days=7)))
        begun = None if since is None else START + timedelta(days=since, hours=1)
        told = explain_json(explain(REF, okrs, status, cache, begun, None))
        rows = history_json(recorded(REF, okrs, "acme", CYCLE, cache, now))["rows"]

    (shown,) = status.objectives[0].key_results
    movement = told["movement"]
    if movement is not None:
        before, after = movement["before"], movement["after"]
        for what in ("value", "progress"):
            parts = {name: part for name, part in movement[what].items() if name != "moved"}
            assert sum(parts.values()) == pytest.approx(movement[what]["moved"], abs=1e-9)
            assert movement[what]["moved"] == pytest.approx(after[what] - before[what], abs=1e-9)
        assert movement["value"]["target_change"] == 0
        assert after["value"] == pytest.approx(shown.observed.value)
        noted = [each for each in movement["target_changes"] if each["after"] == after["target"]]
        assert not movement["target_changes"] or noted or since is not None
    for one, other in itertools.pairwise(rows):
        causes = dict(other["causes"])
        causes.pop("target_change", None)
        assert sum(causes.values()) == pytest.approx(other["value"] - one["value"], abs=1e-9)
        if other["target_change"] is not None:
            assert (other["target_change"]["before"], other["target_change"]["after"]) == (
                one["target"],
                other["target"],
            )
    assert rows[-1]["progress"] == pytest.approx(shown.progress)


def test_a_note_of_a_change_says_nothing_of_another(tmp_path: Path) -> None:
    with Cache.open(tmp_path / "okrsync.db", "acme", clock=lambda: START) as cache:
        story = [[], [("target", 120, True)], [("target", 80, False)]]
        key_result = live(cache, story)
        rows = history_json(
            recorded(
                REF,
                Okrs((Objective(REF.parent, "Fast", Level.TEAM, date(2026, 12, 31), (key_result,)),)),
                "acme",
                CYCLE,
                cache,
                START + timedelta(days=4),
            )
        )["rows"]
    assert [each["target"] for each in rows] == [100.0, 120.0, 80.0]
    assert [each["target_change"] is not None for each in rows] == [False, True, False]

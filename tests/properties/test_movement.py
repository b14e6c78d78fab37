"""The parts of a movement add up to it, whatever happened and in whatever order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.evidence import Evidence, Part, packed, unpacked, value_of
from okrsync.domain.movement import Cause, State, journey, movement
from okrsync.domain.okr import Kind
from okrsync.domain.scopes import scopes
from okrsync.domain.terms import Terms

START = datetime(2026, 10, 1, tzinfo=UTC)
NAMES = "abcdefgh"
weights = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 0.1, 1e6])
methods = st.sampled_from(
    [
        {"from": "children"},
        {"from": "children", "by": "Points"},
        {"from": "done", "query": "project = A"},
        {"from": "count", "query": "project = A"},
        {"from": "sum", "field": "Points"},
        {"from": "average", "field": "Points"},
        {"from": "manual"},
        {"from": "field", "field": "KR current"},
        {"from": "prometheus"},
        {},
    ]
)
numbers = st.floats(-1e9, 1e9, allow_nan=False)
terms = st.one_of(
    st.builds(
        Terms,
        baseline=numbers,
        target=numbers,
        weight=st.sampled_from([1.0, 2.0]),
        unit=st.sampled_from(["", "%"]),
    ).filter(lambda each: each.baseline != each.target),
    st.builds(Terms, kind=st.just(Kind.MAINTAIN), minimum=numbers),
    st.builds(Terms, kind=st.just(Kind.DONE)),
)
parts = st.dictionaries(st.sampled_from(NAMES), st.tuples(st.booleans(), weights), max_size=len(NAMES)).map(
    lambda found: tuple(Part(name, f"A-{name}", *found[name]) for name in sorted(found))
)


@st.composite
def stories(draw: st.DrawFn) -> tuple[State, ...]:
    """Anything that may happen to a key result: work, scope, weights, targets, methods, values from nowhere."""
    story: list[State] = []
    for number in range(draw(st.integers(2, 6))):
        method = draw(methods) if not story or draw(st.booleans()) else dict(story[-1].evidence.method)
        asked = draw(terms) if not story or draw(st.booleans()) else story[-1].terms
        evidence = Evidence(method, draw(st.none() | parts), draw(st.sampled_from([1.0, 100.0])))
        value = value_of(evidence)
        if value is None or draw(st.integers(0, 9)) == 0:
            value = draw(numbers)
        story.append(State(START + timedelta(days=number), value, asked, evidence))
    return tuple(story)


@given(stories())
def test_the_parts_add_up_exactly(story: tuple[State, ...]) -> None:
    for before, after in itertools.pairwise(story):
        step = movement(before, after)
        assert sum(step.value.values(), Fraction()) == Fraction(after.value) - Fraction(before.value)
        assert Cause.TARGET not in step.value
        assert step.progress is not None and before.progress is not None and after.progress is not None
        assert sum(step.progress.values(), Fraction()) == Fraction(after.progress) - Fraction(before.progress)
        assert all(step.value.values()) and all(step.progress.values()), "what moved nothing is not named"


@given(stories())
def test_the_parts_of_a_journey_add_up_exactly(story: tuple[State, ...]) -> None:
    whole = journey(story)
    assert whole is not None
    assert whole.by_value == Fraction(story[-1].value) - Fraction(story[0].value)
    assert whole.progress is not None and whole.by_progress is not None
    assert story[0].progress is not None and story[-1].progress is not None
    assert whole.by_progress == Fraction(story[-1].progress) - Fraction(story[0].progress)


@st.composite
def shares(draw: st.DrawFn) -> tuple[State, State]:
    """Two states of one share, measured in one way for one goal."""
    both = []
    for number in range(2):
        evidence = Evidence(
            {"from": "children"}, draw(parts.filter(lambda each: any(one.gives for one in each))), 100.0
        )
        value = value_of(evidence)
        assert value is not None
        goal = Terms(baseline=0.0, target=100.0)
        both.append(State(START + timedelta(days=number), value, goal, evidence))
    return both[0], both[1]


@given(shares())
def test_without_anything_done_or_undone_there_is_no_work(pair: tuple[State, State]) -> None:
    before, after = pair
    was = {each.id: each.done for each in before.evidence.parts or ()}
    now = {each.id: each.done for each in after.evidence.parts or ()}
    step = movement(before, after)
    if all(now.get(name, done) == done for name, done in was.items()):
        assert Cause.WORK not in step.value
    if {name: (each.gives) for name, each in _named(before)} == {name: each.gives for name, each in _named(after)}:
        assert Cause.SCOPE not in step.value
    assert set(step.value) <= {Cause.WORK, Cause.SCOPE}


@given(shares())
def test_against_the_scope_at_the_start_only_work_counts(pair: tuple[State, State]) -> None:
    before, after = pair
    found = scopes(pair, START)
    step = movement(before, after)
    assert found is not None and found.value_then is not None
    assert abs(found.value_then - before.value - float(step.value.get(Cause.WORK, 0))) < 1e-9


def _named(state: State) -> list[tuple[str, Part]]:
    return [(each.id, each) for each in state.evidence.parts or ()]


@given(st.lists(st.none() | st.builds(Evidence, methods, st.none() | parts), max_size=12))
def test_evidence_in_rows_comes_back_complete(found: list[Evidence | None]) -> None:
    rows = [None if each is None else each.to_json() for each in found]
    short = rows[:1] + [packed(before, after) for before, after in itertools.pairwise(rows)]
    assert list(unpacked(short)) == rows

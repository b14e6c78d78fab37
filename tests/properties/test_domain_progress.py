"""What must hold for every key result, whatever its numbers."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import KeyResult, Kind, Phase
from okrsync.domain.progress import Health, clamp, expected, health, progress, raw_progress, roll_up, same_number
from okrsync.domain.ref import Ref

numbers = st.floats(-1e9, 1e9).map(lambda value: round(value, 6))
shares = st.floats(0, 1)
weights = st.floats(0.01, 100)
REF = Ref("2026-Q4", "o", "kr")


@st.composite
def ways(draw: st.DrawFn) -> KeyResult:
    baseline, target = draw(numbers), draw(numbers)
    assume(baseline != target)
    return KeyResult(REF, "Go", baseline=baseline, target=target)


@st.composite
def key_results(draw: st.DrawFn) -> KeyResult:
    kind = draw(st.sampled_from(Kind))
    if kind is Kind.REACH:
        return draw(ways())
    ends = draw(st.tuples(st.none() | numbers, st.none() | numbers))
    return KeyResult(REF, "Stay", kind=kind, minimum=ends[0], maximum=ends[1])


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    start = draw(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
    return Cycle(start, start + timedelta(days=draw(st.integers(1, 800))), "any")


@given(key_results(), numbers)
def test_progress_is_between_nothing_and_all(key_result: KeyResult, current: float) -> None:
    value = progress(key_result, current)

    assert value is not None
    assert 0.0 <= value <= 1.0


@given(key_results())
def test_unknown_stays_unknown(key_result: KeyResult) -> None:
    assert progress(key_result, None) is None


@given(ways())
def test_the_ends_of_the_way_are_nothing_and_all(way: KeyResult) -> None:
    assert raw_progress(way, way.baseline) == 0.0
    assert raw_progress(way, way.target) == 1.0


@given(ways(), numbers, numbers)
def test_nearer_to_the_target_is_never_less(way: KeyResult, one: float, other: float) -> None:
    assert way.baseline is not None
    assert way.target is not None
    back, ahead = sorted((one, other), reverse=way.target < way.baseline)
    before, after = raw_progress(way, back), raw_progress(way, ahead)
    clamped = progress(way, back), progress(way, ahead)

    assert before is not None
    assert after is not None
    assert before <= after
    assert clamped[0] is not None
    assert clamped[1] is not None
    assert clamped[0] <= clamped[1]


@given(ways(), numbers)
def test_a_falling_way_is_a_rising_one_in_the_mirror(way: KeyResult, current: float) -> None:
    assert way.baseline is not None
    assert way.target is not None
    mirrored = KeyResult(REF, "Go", baseline=-way.baseline, target=-way.target)

    assert raw_progress(way, current) == raw_progress(mirrored, -current)


@given(st.floats(allow_nan=False))
def test_clamping_twice_is_clamping_once(raw: float) -> None:
    assert clamp(clamp(raw)) == clamp(raw)


@given(st.lists(st.tuples(weights, st.none() | shares), max_size=12))
def test_a_roll_up_lies_between_its_parts_and_says_how_much_is_known(parts: list[tuple[float, float | None]]) -> None:
    rolled = roll_up(parts)
    known = [value for _, value in parts if value is not None]

    if not known:
        assert (rolled.progress, rolled.coverage) == (None, 0.0)
        return
    assert rolled.progress is not None
    assert min(known) - 1e-9 <= rolled.progress <= max(known) + 1e-9
    share = sum(weight for weight, value in parts if value is not None) / sum(weight for weight, _ in parts)
    assert math.isclose(rolled.coverage, share, rel_tol=1e-9)
    assert 0.0 < rolled.coverage <= 1.0


@given(st.lists(st.tuples(weights, shares), min_size=1, max_size=8), weights, st.data())
def test_what_is_unknown_changes_the_coverage_only(
    parts: list[tuple[float, float | None]], weight: float, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(parts)))
    before, after = roll_up(parts), roll_up([*parts[:place], (weight, None), *parts[place:]])

    assert after.progress == before.progress
    assert after.coverage < before.coverage == 1.0


@given(st.lists(st.tuples(weights, st.none() | shares), max_size=8))
def test_the_order_of_the_parts_means_nothing(parts: list[tuple[float, float | None]]) -> None:
    assert roll_up(parts) == roll_up(list(reversed(parts)))


@st.composite
def phased(draw: st.DrawFn, cycle: Cycle) -> KeyResult:
    """A key result whose phases ask for more and more."""
    days = draw(st.lists(st.integers(1, cycle.days - 2), min_size=1, max_size=4, unique=True))
    steps = sorted(draw(st.lists(st.integers(0, 100), min_size=len(days), max_size=len(days))))
    phases = [Phase(cycle.start + timedelta(days=day), step) for day, step in zip(sorted(days), steps, strict=True)]
    return KeyResult(REF, "Go", baseline=0, target=100, phases=tuple(draw(st.permutations(phases))))


@given(cycles().filter(lambda cycle: cycle.days > 8), st.data())
def test_what_is_due_rises_from_nothing_to_all(cycle: Cycle, data: st.DataObject) -> None:
    key_result = data.draw(phased(cycle) | ways())
    days = [cycle.start + timedelta(days=day) for day in sorted(data.draw(st.lists(st.integers(-5, 810), max_size=6)))]
    due = [expected(key_result, cycle, day) for day in (cycle.start, *days, cycle.end)]

    assert due[0] == 0.0
    assert same_number(due[-1], 1.0)
    in_order = [expected(key_result, cycle, day) for day in days]
    assert all(0.0 <= each <= 1.0 + 1e-12 for each in due)
    assert all(before <= after + 1e-12 for before, after in itertools.pairwise(in_order))


@given(cycles().filter(lambda cycle: cycle.days > 8), st.data())
def test_on_the_day_of_a_phase_its_target_is_due(cycle: Cycle, data: st.DataObject) -> None:
    key_result = data.draw(phased(cycle))

    for phase in key_result.phases:
        assert same_number(expected(key_result, cycle, phase.by), progress(key_result, phase.target))


@given(shares, shares, st.floats(0.0001, 1), st.floats(0.1, 1))
def test_more_progress_is_never_worse_health(one: float, other: float, due: float, elapsed: float) -> None:
    order = [Health.OFF_TRACK, Health.AT_RISK, Health.ON_TRACK]
    low, high = sorted((one, other))

    assert order.index(health(low, due, elapsed)) <= order.index(health(high, due, elapsed))


@given(shares, st.floats(0.1, 1))
def test_who_does_what_is_due_is_on_track(due: float, elapsed: float) -> None:
    assert health(due, due, elapsed) is Health.ON_TRACK


@given(numbers)
def test_a_number_is_the_same_after_any_rounding_that_people_do_not_see(value: float) -> None:
    assert same_number(value, value)
    assert same_number(value, float(repr(value)))
    assert same_number(value, value * 3 / 3)

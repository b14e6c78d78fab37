"""Forecasts, worked out by hand."""

from __future__ import annotations

import math
import random
import re
import statistics
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, permutations

import pytest

from okrsync.domain.cycle import Cycle, parse_cycle
from okrsync.domain.evidence import Evidence, Part
from okrsync.domain.forecast import Forecast, TooLittle, forecast
from okrsync.domain.movement import State
from okrsync.domain.okr import Kind
from okrsync.domain.terms import Terms

QUARTER = parse_cycle("2026-Q4")
START = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
RISING = Terms(baseline=0.0, target=100.0)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def weekly(*values: float, terms: Terms = RISING, evidence: Evidence | None = None) -> tuple[State, ...]:
    found: list[State] = []
    for week, value in enumerate(values):
        if not found or found[-1].value != value:
            found.append(State(day(7 * week), value, terms, evidence or Evidence({"from": "field"})))
    return tuple(found)


def ahead(states: tuple[State, ...], confirmed: datetime, cycle: Cycle = QUARTER) -> Forecast:
    found = forecast(states, cycle, confirmed)
    assert isinstance(found, Forecast), found
    return found


def test_a_straight_line_goes_on_straight() -> None:
    # 7 a week from 0 on day 0: on day 92, the end of 31 December, 92.
    found = ahead(weekly(0, 7, 14, 21, 28), day(28))
    assert found.low == found.middle == found.high == pytest.approx(92.0)
    assert found.progress_low == found.progress_middle == found.progress_high == pytest.approx(0.92)
    assert (found.points, found.since, found.until, found.end) == (5, day(0), day(28), END)


@pytest.mark.parametrize(
    ("band", "reached"),
    [
        # The range is that of the next test: from 58.6 to 125.4, and 92 in the middle.
        ({"maximum": 140.0}, (1.0, 1.0, 1.0)),
        ({"maximum": 100.0}, (0.0, 1.0, 1.0)),
        ({"maximum": 60.0}, (0.0, 0.0, 1.0)),
        ({"maximum": 50.0}, (0.0, 0.0, 0.0)),
        ({"minimum": 90.0, "maximum": 95.0}, (0.0, 1.0, 1.0)),
        ({"minimum": 60.0, "maximum": 70.0}, (0.0, 0.0, 1.0)),
        ({"minimum": 140.0}, (0.0, 0.0, 0.0)),
    ],
)
def test_a_band_is_kept_may_be_kept_or_is_left(band: dict[str, float], reached: tuple[float, ...]) -> None:
    found = ahead(weekly(0, 10, 14, 24, 28, terms=Terms(Kind.MAINTAIN, **band)), day(28))
    assert (round(found.low, 1), round(found.middle, 1), round(found.high, 1)) == (58.6, 92.0, 125.4)
    assert (found.progress_low, found.progress_middle, found.progress_high) == reached


def test_five_points_by_hand() -> None:
    # Values 0, 10, 14, 24, 28 on days 0, 7, …, 28. Slopes per week of the ten pairs, in order:
    # 4, 4, 6, 7, 7, 7, 7, 8, 10, 10. With five points, P(D ≤ 1) = (1 + 4)/120 and 2 · 5/120 = 0.083 ≤ 0.1, so one
    # slope is left out at each end: the range is 4 to 10 a week, the median 7. The end is 92/7 weeks after the start.
    values, weeks = [0.0, 10.0, 14.0, 24.0, 28.0], 92 / 7
    assert [
        round(each, 2) for each in sorted((values[j] - values[i]) / (j - i) for i, j in combinations(range(5), 2))
    ] == [4, 4, 6, 7, 7, 7, 7, 8, 10, 10]
    found = ahead(weekly(*values), day(28))
    for slope, reached in ((4.0, found.low), (7.0, found.middle), (10.0, found.high)):
        assert reached == pytest.approx(statistics.median(v + slope * (weeks - n) for n, v in enumerate(values)))
    assert found.low == pytest.approx(14 + 4 * (weeks - 2))
    assert found.high == pytest.approx(14 + 10 * (weeks - 2))


def test_weeks_without_a_change_count_as_what_they_are() -> None:
    still = ahead(weekly(0, 20), day(35))
    assert still.points == 6
    # Of the 15 slopes ten are 0 and five lead up from the first point: the median is 0, the value stays.
    assert still.low == still.middle == 20.0
    assert still.high > 20.0


def test_one_value_far_off_does_not_spoil_the_trend() -> None:
    found = ahead(weekly(0, 7, 90, 21, 28, 35, 42), day(42))
    assert found.middle == pytest.approx(92.0)


def test_a_falling_key_result_gets_less_progress_from_a_higher_value() -> None:
    found = ahead(weekly(4.0, 3.9, 3.7, 3.7, 3.4, terms=Terms(baseline=4.0, target=1.5)), day(28))
    assert found.low < found.middle < found.high
    assert found.progress_low < found.progress_middle < found.progress_high
    assert found.progress_low == pytest.approx((found.high - 4.0) / (1.5 - 4.0))


def test_a_share_stays_between_nothing_and_all() -> None:
    evidence = Evidence({"from": "children"}, (Part("1", "A-1"),), 100.0)
    found = ahead(weekly(0, 20, 40, 60, 80, evidence=evidence), day(28))
    assert found.low == found.high == 100.0


def test_what_was_never_below_nothing_is_not_carried_there_and_what_was_is() -> None:
    falling = Terms(baseline=4.0, target=1.5)
    assert ahead(weekly(4.0, 3.0, 2.0, 1.0, 0.5, terms=falling), day(28)).low == 0.0
    below = Terms(baseline=0.0, target=-50.0)
    assert ahead(weekly(0.0, -5.0, -10.0, -15.0, -20.0, terms=below), day(28)).middle < -50.0


@pytest.mark.parametrize(
    ("states", "confirmed", "why"),
    [
        ((), day(1), "no value is known"),
        (weekly(0, 1, 2, 3, 4), None, "no value is known"),
        (weekly(0, 1, 2, 3), day(21), "28 days .*there are 21"),
        (weekly(0), day(1), "there are 1$"),
        (weekly(0, 1, 0, terms=Terms(Kind.DONE)), day(60), "^done or not done is one step"),
        (weekly(0, 0, 0, 0, 1, terms=Terms(Kind.DONE)), day(60), "^it is done"),
    ],
)
def test_too_little_is_said(states: tuple[State, ...], confirmed: datetime | None, why: str) -> None:
    found = forecast(states, QUARTER, confirmed)
    assert isinstance(found, TooLittle)
    assert re.search(why, found.reason), found.reason


def test_what_is_to_be_done_has_a_range_where_more_than_yes_or_no_is_measured() -> None:
    to_be_done = Terms(Kind.DONE)
    fast = ahead(weekly(0.0, 0.2, 0.4, 0.6, 0.8, terms=to_be_done), day(28))
    assert fast.middle == pytest.approx(0.2 * 92 / 7) and (fast.progress_low, fast.progress_high) == (1.0, 1.0)
    slow = ahead(weekly(0.0, 0.05, 0.10, 0.15, 0.20, terms=to_be_done), day(28))
    assert slow.middle == pytest.approx(0.05 * 92 / 7) and (slow.progress_low, slow.progress_high) == (0.0, 0.0)


def test_what_was_measured_in_another_way_does_not_count() -> None:
    old = weekly(50, 60, 70, 80)
    new = tuple(State(day(28 + 7 * n), float(n), RISING, Evidence({"from": "sql"})) for n in range(4))
    assert isinstance(forecast(old + new, QUARTER, day(49)), TooLittle)
    assert ahead((*old, *new), day(56)).middle == pytest.approx(3.0, abs=9)


def test_only_the_cycle_counts_and_a_value_seen_after_it_is_of_its_last_day() -> None:
    states = (State(day(-300), 50.0, RISING), State(day(0), 0.0, RISING), State(day(46), 46.0, RISING))
    found = ahead(states, day(400))
    assert found.since >= START and found.until == END
    assert found.middle == pytest.approx(46.0, abs=25)


def test_a_short_cycle_has_points_closer_together() -> None:
    sprint = Cycle(date(2026, 10, 1), date(2026, 10, 14), "sprint")
    states = tuple(State(day(n), float(n), RISING) for n in range(6))
    assert ahead(states, day(5), sprint).middle == pytest.approx(14.0)


@pytest.mark.parametrize("points", [4, 5, 6, 7])
def test_the_interval_is_as_sure_as_it_says(points: int) -> None:
    """Over every order of residuals, the true slope lies outside at most once in ten times, and just so."""
    from okrsync.domain.forecast import _skipped

    skipped = _skipped(points)

    def missed(skip: int) -> float:
        pairs = list(combinations(range(points), 2))
        below = sum(sum(order[j] < order[i] for i, j in pairs) <= skip for order in permutations(range(points)))
        return 2 * below / math.factorial(points)

    assert missed(skipped) <= 0.1 < missed(skipped + 1)


def test_noise_about_a_line_is_mostly_within_the_range() -> None:
    chance = random.Random(7)
    hits = 0
    for _ in range(200):
        values = [100 + week + chance.gauss(0, 2) for week in range(8)]
        found = ahead(weekly(*values), day(49))
        truth = 100 + 92 / 7
        hits += found.low <= truth <= found.high
    assert hits >= 150

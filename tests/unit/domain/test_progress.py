"""The arithmetic on examples that anybody can check by hand."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import KeyResult, Kind, Phase
from okrsync.domain.progress import (
    Health,
    clamp,
    expected,
    health,
    in_band,
    progress,
    raw_progress,
    roll_up,
    same_number,
)
from okrsync.domain.ref import Ref

QUARTER = parse_cycle("2026-Q4")


def key_result(**values: Any) -> KeyResult:
    return KeyResult(Ref("2026-Q4", "o", "kr"), "A key result", **values)


@pytest.mark.parametrize(
    ("baseline", "target", "current", "raw"),
    [
        pytest.param(40, 60, 50, 0.5, id="NPS half way"),
        pytest.param(40, 60, 40, 0.0, id="NPS where it began"),
        pytest.param(40, 60, 60, 1.0, id="NPS reached"),
        pytest.param(40, 60, 35, -0.25, id="NPS fell"),
        pytest.param(40, 60, 66, 1.3, id="NPS beyond its target"),
        pytest.param(4.2, 4.8, 4.5, 0.5, id="app-store rating"),
        pytest.param(20, 35, 26, 0.4, id="second-week retention in per cent"),
        pytest.param(45, 30, 36, 0.6, id="recruitment cycle in days, falling"),
        pytest.param(45, 30, 48, -0.2, id="recruitment cycle grew"),
        pytest.param(4.0, 1.5, 3.1, 0.36, id="p95 sign-up time"),
        pytest.param(3.8, 4.5, 4.15, 0.5, id="employer rating"),
        pytest.param(0, 10, 7, 0.7, id="seed customers from nothing"),
        pytest.param(-5, 5, 0, 0.5, id="a current value of nothing is known"),
    ],
)
def test_reaching_is_the_share_of_the_way(baseline: float, target: float, current: float, raw: float) -> None:
    asked = key_result(baseline=baseline, target=target)

    assert raw_progress(asked, current) == pytest.approx(raw)
    assert progress(asked, current) == pytest.approx(min(1.0, max(0.0, raw)))


@pytest.mark.parametrize(
    ("minimum", "maximum", "current", "inside"),
    [
        (99.9, None, 99.9, True),
        (99.9, None, 99.89, False),
        (None, 200.0, 200.0, True),
        (None, 200.0, 200.1, False),
        (5.0, 8.0, 5.0, True),
        (5.0, 8.0, 8.0, True),
        (5.0, 8.0, 4.99, False),
        (5.0, 8.0, 8.01, False),
        (0.0, 0.0, 0.0, True),
        (None, 0.0, 0.1, False),
    ],
)
def test_maintaining_is_all_or_nothing(
    minimum: float | None, maximum: float | None, current: float, inside: bool
) -> None:
    asked = key_result(kind=Kind.MAINTAIN, minimum=minimum, maximum=maximum)

    assert progress(asked, current) == (1.0 if inside else 0.0)
    assert in_band(current, minimum, maximum) is inside


@pytest.mark.parametrize(("current", "wanted"), [(0, 0.0), (0.99, 0.0), (1, 1.0), (3, 1.0)])
def test_done_is_yes_or_no(current: float, wanted: float) -> None:
    assert progress(key_result(kind=Kind.DONE), current) == wanted


@pytest.mark.parametrize("kind", Kind)
def test_unknown_is_not_nothing(kind: Kind) -> None:
    asked = key_result(kind=kind, baseline=0.0, target=1.0, minimum=0.0)

    assert raw_progress(asked, None) is None
    assert progress(asked, None) is None
    assert clamp(None) is None


def test_without_a_baseline_or_a_target_nothing_is_known() -> None:
    assert progress(key_result(target=60), 50) is None
    assert progress(key_result(baseline=40), 50) is None


@pytest.mark.parametrize(
    ("parts", "mean", "coverage"),
    [
        ([], None, 0.0),
        ([(1, None), (2, None)], None, 0.0),
        ([(1, 0.5)], 0.5, 1.0),
        ([(1, 0.0), (1, 1.0)], 0.5, 1.0),
        ([(3, 1.0), (1, 0.0)], 0.75, 1.0),
        ([(1, 0.6), (3, None)], 0.6, 0.25),
        ([(2, 0.0), (2, None)], 0.0, 0.5),
        ([(0.1, 0.3)] * 10, 0.3, 1.0),
    ],
)
def test_a_roll_up_is_the_mean_of_what_is_known(
    parts: list[tuple[float, float | None]], mean: float | None, coverage: float
) -> None:
    rolled = roll_up(parts)

    assert rolled.progress == (None if mean is None else pytest.approx(mean))
    assert rolled.coverage == pytest.approx(coverage)


def test_without_phases_the_elapsed_share_is_due() -> None:
    asked = key_result(baseline=40, target=60)

    assert expected(asked, QUARTER, date(2026, 9, 1)) == 0.0
    assert expected(asked, QUARTER, date(2026, 10, 1)) == 0.0
    assert expected(asked, QUARTER, date(2026, 11, 15)) == pytest.approx(45 / 91)
    assert expected(asked, QUARTER, date(2026, 12, 31)) == 1.0
    assert expected(asked, QUARTER, date(2027, 2, 1)) == 1.0


def test_phases_bend_the_way() -> None:
    # 2026-Q4 has 91 days from its first to its last; 2026-10-14 is 13 of them on, a seventh, 2026-12-05 five sevenths.
    asked = key_result(baseline=40, target=60, phases=(Phase(date(2026, 12, 5), 50), Phase(date(2026, 10, 14), 42)))

    assert expected(asked, QUARTER, date(2026, 10, 1)) == 0.0
    assert expected(asked, QUARTER, date(2026, 10, 14)) == pytest.approx(0.1)
    assert expected(asked, QUARTER, date(2026, 11, 9)) == pytest.approx(0.3)
    assert expected(asked, QUARTER, date(2026, 12, 5)) == pytest.approx(0.5)
    assert expected(asked, QUARTER, date(2026, 12, 18)) == pytest.approx(0.75)
    assert expected(asked, QUARTER, date(2026, 12, 31)) == 1.0


def test_phases_of_a_falling_key_result_run_down() -> None:
    asked = key_result(baseline=45, target=30, phases=(Phase(date(2026, 12, 5), 42),))

    assert expected(asked, QUARTER, date(2026, 12, 5)) == pytest.approx(0.2)


def test_a_key_result_without_a_way_has_no_phases() -> None:
    asked = key_result(kind=Kind.DONE, phases=(Phase(date(2026, 10, 2), 1),))

    assert expected(asked, QUARTER, date(2026, 11, 15)) == pytest.approx(45 / 91)


@pytest.mark.parametrize(
    ("current", "due", "elapsed", "wanted"),
    [
        (None, 0.5, 0.5, Health.UNKNOWN),
        (None, 0.0, 0.0, Health.UNKNOWN),
        (0.0, 0.05, 0.05, Health.TOO_EARLY),
        (0.0, 0.1, 0.1, Health.OFF_TRACK),
        (0.35, 0.5, 0.5, Health.ON_TRACK),
        (0.34, 0.5, 0.5, Health.AT_RISK),
        (0.2, 0.5, 0.5, Health.AT_RISK),
        (0.19, 0.5, 0.5, Health.OFF_TRACK),
        (0.7, 1.0, 1.0, Health.ON_TRACK),
        (0.69, 1.0, 1.0, Health.AT_RISK),
        (0.4, 1.0, 1.0, Health.AT_RISK),
        (0.39, 1.0, 1.0, Health.OFF_TRACK),
        (0.0, 0.0, 0.5, Health.ON_TRACK),
    ],
)
def test_health_is_the_projected_score(current: float | None, due: float, elapsed: float, wanted: Health) -> None:
    assert health(current, due, elapsed) is wanted


@pytest.mark.parametrize("due", [0.1, 0.3, 0.6, 0.7, 0.9])
def test_a_projection_of_seven_tenths_on_paper_is_on_track(due: float) -> None:
    assert health(0.7 * due, due, 0.5) is Health.ON_TRACK
    assert health(0.4 * due, due, 0.5) is Health.AT_RISK


def test_binary_rounding_is_no_difference() -> None:
    assert same_number(0.1 + 0.2, 0.3)
    assert same_number(0, 0.0)
    assert same_number(None, None)
    assert not same_number(None, 0.0)
    assert not same_number(0.0, None)
    assert not same_number(3.1, 3.11)
    assert not same_number(math.inf, 1.0)

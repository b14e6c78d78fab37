"""How a small company stands, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import KeyResult, Kpi, Level, Objective, Okrs
from okrsync.domain.progress import Health
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, ObjectiveStatus, Observed, Status, assess

CYCLE = parse_cycle("2026-Q4")
NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
"""46 of the 91 days from the first to the last have passed."""
DELIGHT = Ref("2026-Q4", "delight")
SIGNUP = Ref("2026-Q4", "instant-signup")
NPS = KeyResult(DELIGHT.child("nps"), "NPS from 40 to 60", baseline=40, target=60, weight=3)
RATING = KeyResult(DELIGHT.child("rating"), "Rating from 4.2 to 4.8", baseline=4.2, target=4.8)
P95 = KeyResult(SIGNUP.child("p95"), "p95 from 4.0 s to 1.5 s", baseline=4.0, target=1.5)
UPTIME = Kpi(Ref("2026-Q4", "uptime"), "API availability", minimum=99.9, unit="%")
COMPANY = Objective(DELIGHT, "Delight our users", Level.COMPANY, date(2026, 12, 31), (NPS, RATING))
TEAM = Objective(SIGNUP, "Instant sign-up", Level.TEAM, date(2026, 12, 31), (P95,), aligns_to=(DELIGHT,))


def seen(value: float | None, days_ago: float = 0.0, problem: str | None = None) -> Observed:
    return Observed(value, NOW - timedelta(days=days_ago), "field KR current", problem=problem)


def assessed(observed: dict[Ref, Observed], *objectives: Objective, links: dict[Ref, Link] | None = None) -> Status:
    okrs = Okrs(objectives or (COMPANY, TEAM), (UPTIME,))
    return assess(okrs, "acme", CYCLE, NOW, Facts(observed, links or {}))


def one(status: Status, ref: Ref) -> ObjectiveStatus:
    return next(each for each in status.objectives if each.objective.ref == ref)


def test_every_figure_of_an_objective() -> None:
    link = Link("work", "PLAT-1", "https://tracker.example/PLAT-1")
    status = assessed({NPS.ref: seen(50.0), RATING.ref: seen(4.8)}, links={DELIGHT: link})

    company = one(status, DELIGHT)
    assert company.progress == pytest.approx((3 * 0.5 + 1 * 1.0) / 4)
    assert company.coverage == 1.0
    assert company.expected == pytest.approx(46 / 91)
    assert company.health is Health.ON_TRACK
    assert company.link == link
    assert [each.progress for each in company.key_results] == pytest.approx([0.5, 1.0])
    assert not company.stale


def test_nobody_has_measured_yet() -> None:
    company = one(assessed({}), DELIGHT)

    assert company.progress is None
    assert company.coverage == 0.0
    assert company.health is Health.UNKNOWN
    assert not company.stale
    assert company.key_results[0].observed.value is None


def test_what_is_unknown_lowers_the_coverage_and_not_the_progress() -> None:
    company = one(assessed({NPS.ref: seen(50.0)}), DELIGHT)

    assert company.progress == pytest.approx(0.5)
    assert company.coverage == pytest.approx(0.75)


def test_alignment_is_direction_and_counts_only_where_it_says_so() -> None:
    observed = {NPS.ref: seen(40.0), RATING.ref: seen(4.2), P95.ref: seen(1.5)}

    assert one(assessed(observed), DELIGHT).progress == 0.0
    contributing = replace(TEAM, contributes=True)
    assert one(assessed(observed, COMPANY, contributing), DELIGHT).progress == pytest.approx(1 / 5)


def test_a_contribution_through_a_key_result_counts_once() -> None:
    twice = replace(TEAM, contributes=True, aligns_to=(DELIGHT, NPS.ref))
    observed = {NPS.ref: seen(40.0), RATING.ref: seen(4.2), P95.ref: seen(1.5)}

    assert one(assessed(observed, COMPANY, twice), DELIGHT).progress == pytest.approx(1 / 5)


def test_a_contribution_rolls_up_through_every_level_in_any_order() -> None:
    middle = Objective(
        Ref("2026-Q4", "middle"), "m", Level.DEPARTMENT, date(2026, 12, 31), aligns_to=(DELIGHT,), contributes=True
    )
    leaf = replace(TEAM, aligns_to=(middle.ref,), contributes=True)
    bare = replace(COMPANY, key_results=())
    for order in ((bare, middle, leaf), (leaf, middle, bare), (middle, bare, leaf)):
        status = assessed({P95.ref: seen(3.1)}, *order)
        assert [one(status, each.ref).progress for each in (bare, middle, leaf)] == pytest.approx([0.36] * 3)


def test_a_value_grows_stale_after_the_check_in_period_or_when_measuring_fails() -> None:
    def stale(observed: Observed) -> bool:
        return one(assessed({P95.ref: observed}), SIGNUP).stale

    assert not stale(seen(3.1, days_ago=7))
    assert stale(seen(3.1, days_ago=7.01))
    assert stale(seen(3.1, problem="the field is gone"))
    assert not stale(seen(None, days_ago=30))


def test_a_kpi_is_inside_its_band_or_not_or_unknown() -> None:
    def inside(value: float | None) -> bool | None:
        return assessed({UPTIME.ref: seen(value)}).kpis[0].in_band

    assert [inside(value) for value in (99.9, 99.8, None)] == [True, False, None]


def test_another_cycle_is_not_in_the_status() -> None:
    past = replace(COMPANY, ref=Ref("2026-Q3", "delight"), key_results=())

    assert [each.objective.ref for each in assessed({}, past, TEAM).objectives] == [SIGNUP]


def test_early_in_the_cycle_nothing_is_projected() -> None:
    status = assess(Okrs((TEAM,)), "acme", CYCLE, datetime(2026, 10, 5, tzinfo=UTC), Facts({P95.ref: seen(4.0)}))

    assert status.objectives[0].health is Health.TOO_EARLY

"""Confidence against outcome: figures by hand, and none that shows a person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.okr import Level
from okrsync.practice.calibration import FEWEST_OWNERS, Forecasted, Told, brier, bucket_of, calibrate

START = date(2026, 10, 1)


def said(
    owner: str, confidence: float, score: float, *, week: int = 1, level: Level = Level.TEAM, of: str = ""
) -> tuple[str, Forecasted]:
    on = START + timedelta(days=7 * (week - 1) + 2)
    return of or f"{owner}'s", Forecasted(level, owner, on, confidence, score)


def test_three_owners_by_hand() -> None:
    found = calibrate([said("a", 0.9, 0.8), said("b", 0.6, 0.5), said("c", 0.2, 0.7)], START)
    (team,) = found.levels
    # reached: yes, no, yes. (0.9 − 1)² + (0.6 − 0)² + (0.2 − 1)² = 0.01 + 0.36 + 0.64 = 1.01
    assert team.brier == pytest.approx(1.01 / 3)
    assert (team.stated, team.key_results) == (3, 3)
    assert team.mean == pytest.approx(1.7 / 3) and team.reached == pytest.approx(2 / 3)
    assert team.base == pytest.approx(2 / 9)
    assert team.bias == pytest.approx(-0.3 / 3)
    assert found.all is not None and found.all.brier == team.brier


def test_one_confidence_a_week_counts_each_week() -> None:
    stated = [said(owner, week / 10, 0.9, week=week) for owner in "abc" for week in (1, 2, 3)]
    (team,) = calibrate(stated, START).levels
    assert team.stated == 9 and team.key_results == 3
    assert [(each.low, each.high, each.stated) for each in team.weeks] == [(1, 1, 3), (2, 2, 3), (3, 3, 3)]
    assert [each.brier for each in team.weeks] == pytest.approx([0.81, 0.64, 0.49])


@pytest.mark.parametrize(
    ("confidence", "bucket"),
    [(0.0, 0), (0.1999, 0), (0.2, 1), (0.4, 2), (0.6, 3), (0.1 * 6, 3), (0.7999, 3), (0.8, 4), (1.0, 4)],
)
def test_a_bound_belongs_to_the_bucket_above_it(confidence: float, bucket: int) -> None:
    assert bucket_of(confidence) == bucket


def test_reached_is_from_0_7_by_the_numbers() -> None:
    for score, reached in ((0.7, 1.0), (0.6999, 0.0), (0.65 + 0.05, 1.0)):
        (team,) = calibrate([said(owner, 0.5, score) for owner in "abc"], START).levels
        assert team.reached == reached
    (team,) = calibrate([said(owner, 0.5, 0.7) for owner in "abc"], START, reached_from=1.0).levels
    assert team.reached == 0.0


def test_who_is_always_right_scores_0_and_who_says_a_half_a_quarter() -> None:
    assert brier([(1.0, True), (0.0, False)]) == 0.0
    assert brier([(0.5, True), (0.5, False)]) == 0.25
    assert brier([(1.0, False), (0.0, True)]) == 1.0


def test_a_level_of_two_owners_is_not_shown_nor_found_by_subtraction() -> None:
    team = [said(owner, 0.5, 0.9) for owner in "abc"]
    alone = [said("dana", 0.9, 0.1, level=Level.INDIVIDUAL), said("erin", 0.9, 0.1, level=Level.INDIVIDUAL)]
    found = calibrate([*team, *alone], START)
    assert [each.level for each in found.levels] == [Level.TEAM]
    assert found.too_few == (Level.INDIVIDUAL,)
    assert found.all is None, "all less the team would be dana and erin"


def test_two_small_levels_together_may_be_enough() -> None:
    one = [said("a", 0.5, 0.9, level=Level.COMPANY), said("b", 0.5, 0.9, level=Level.COMPANY)]
    other = [said("c", 0.5, 0.9, level=Level.DEPARTMENT)]
    found = calibrate([*one, *other], START)
    assert found.levels == () and found.all is not None and found.all.stated == 3


def test_buckets_and_weeks_that_would_show_somebody_are_taken_together() -> None:
    stated = [
        *(said(owner, 0.1, 0.9, week=1) for owner in "abc"),
        said("a", 0.5, 0.9, week=2),
        *(said(owner, 0.7, 0.9, week=3) for owner in "bc"),
        said("a", 0.9, 0.9, week=4),
    ]
    (team,) = calibrate(stated, START).levels
    assert [(each.low, each.high, each.stated) for each in team.weeks] == [(1, 1, 3), (2, 4, 4)]
    assert [(each.low, each.high, each.stated) for each in team.buckets] == [(0.0, 0.2, 3), (0.4, 1.0, 4)]


def test_nothing_stated_nothing_shown() -> None:
    assert calibrate([], START) == Told(0.7, None, (), ())


STATED = st.lists(
    st.builds(
        said,
        st.sampled_from("abcdef"),
        st.floats(0, 1),
        st.floats(0, 1),
        week=st.integers(1, 13),
        level=st.sampled_from(Level),
    ),
    max_size=40,
)


@given(STATED)
def test_no_figure_stands_on_fewer_owners_than_it_must(stated: list[tuple[str, Forecasted]]) -> None:
    found = calibrate(stated, START)

    def owners(level: Level | None, low: float, high: float, *, weeks: bool) -> int:
        return len(
            {
                each.owner
                for _, each in stated
                if level in (None, each.level)
                and (
                    low <= (each.on - START).days // 7 + 1 <= high
                    if weeks
                    else low * 5 <= bucket_of(each.confidence) + 1e-9 < high * 5
                )
            }
        )

    for level in filter(None, (found.all, *found.levels)):
        assert 0 <= level.brier <= 1
        assert sum(each.stated for each in level.buckets) == sum(each.stated for each in level.weeks) == level.stated
        for share in level.buckets:
            assert owners(level.level, share.low, share.high, weeks=False) >= FEWEST_OWNERS
        for share in level.weeks:
            assert owners(level.level, share.low, share.high, weeks=True) >= FEWEST_OWNERS
    if found.all is not None:
        shown = {each.level for each in found.levels}
        rest = {each.owner for _, each in stated if each.level not in shown}
        assert not rest or len(rest) >= FEWEST_OWNERS

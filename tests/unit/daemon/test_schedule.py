"""When something is due: after the last run, once for all that was missed, and by the clock on the wall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.daemon.schedule import Job, Rhythm, Timetable, soonest

START = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
ZONES = st.sampled_from(
    # Summer time on either half of the earth, by half an hour, by none, and far from Greenwich.
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "Pacific/Apia"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
SPANS = st.integers(1, 40_000).map(lambda minutes: timedelta(minutes=minutes))
JITTERS = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))
CRONS = st.sampled_from(["0 3 * * *", "30 2 * * *", "*/15 * * * *", "0 9 * * mon", "15 1,2 * * *", "5 4 1 * *"])
RHYTHMS = st.builds(Rhythm, SPANS | CRONS, ZONES, JITTERS, st.sampled_from(["a", "b"]))


def occurrences(rhythm: Rhythm, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment at which a run is due from `start` (excluded) to `end`, each run being as long as nothing."""
    moment = start
    while (moment := rhythm.next(moment, moment)) <= end:
        yield moment


@given(RHYTHMS, MOMENTS)
def test_the_next_run_is_after_the_last_and_the_same_whenever_one_asks(rhythm: Rhythm, last: datetime) -> None:
    due = rhythm.next(last, last)
    assert due > last
    for later in (timedelta(seconds=1), (due - last) / 2, due - last, timedelta(days=400)):
        assert rhythm.next(last, last + later) == due


@given(RHYTHMS, MOMENTS, st.integers(1, 30))
def test_missed_runs_are_caught_up_once(rhythm: Rhythm, last: datetime, days: int) -> None:
    now = rhythm.next(last, last) + timedelta(days=days)
    assert rhythm.next(last, now) <= now
    assert rhythm.next(now, now) > now


@given(RHYTHMS, MOMENTS)
def test_what_never_ran_is_due_and_a_last_run_in_the_future_is_no_reason_to_wait(rhythm: Rhythm, now: datetime) -> None:
    assert rhythm.next(None, now) == now
    assert rhythm.next(now + timedelta(days=1000), now) == rhythm.next(now, now)


@given(SPANS, JITTERS, MOMENTS)
def test_a_span_of_time_is_kept_on_the_average(span: timedelta, jitter: timedelta, last: datetime) -> None:
    due = Rhythm(span, jitter=jitter).next(last, last)
    assert abs(due - last - span) <= min(jitter, span / 4) / 2


def test_an_hour_of_polls_is_four_of_them() -> None:
    found = list(
        occurrences(Rhythm(timedelta(minutes=15), jitter=timedelta(minutes=1)), START, START + timedelta(days=5))
    )
    assert abs(len(found) - 5 * 24 * 4) <= 1


def test_okrsyncs_of_several_workspaces_choose_several_moments() -> None:
    jitter = timedelta(minutes=1)
    moments = {Rhythm("0 3 * * *", jitter=jitter, seed=f"w{number}").next(START, START) for number in range(50)}
    assert len(moments) == 50
    assert all(timedelta(0) <= each - datetime(2026, 10, 6, 3, tzinfo=UTC) < jitter for each in moments)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
@pytest.mark.parametrize("when", ["30 2 * * *", "0 3 * * *", "0 0 * * *", "59 23 * * *", "45 1 * * *"])
def test_a_daily_run_happens_once_on_every_day_of_the_year(zone: str, when: str) -> None:
    there = ZoneInfo(zone)
    start = datetime(2026, 1, 1, tzinfo=there).astimezone(UTC) - timedelta(seconds=1)
    end = datetime(2027, 1, 1, tzinfo=there).astimezone(UTC) - timedelta(seconds=1)
    found = [each.astimezone(there) for each in occurrences(Rhythm(when, there), start, end)]
    assert len(found) == 365
    assert set(Counter(each.date() for each in found).values()) == {1}
    minute, hour = int(when.split()[0]), int(when.split()[1])
    odd = [each for each in found if (each.hour, each.minute) != (hour, minute)]
    # Where the clock leaves the moment out, it comes right after.
    assert all(
        timedelta(0)
        < each.replace(tzinfo=None) - each.replace(hour=hour, minute=minute, tzinfo=None)
        <= timedelta(hours=1)
        for each in odd
    )
    assert len(odd) <= 1


def test_by_hand_the_nights_on_which_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    def runs(when: str, first: datetime, days: int) -> list[str]:
        rhythm, start = Rhythm(when, berlin), first.replace(tzinfo=berlin).astimezone(UTC)
        return [f"{each:%d %H:%M}" for each in occurrences(rhythm, start, start + timedelta(days=days))]

    # In spring 02:00 becomes 03:00, which is 01:00 UTC: half past two does not exist, and its run comes at once.
    assert runs("30 2 * * *", datetime(2026, 3, 28, 1), 3) == ["28 01:30", "29 01:00", "30 00:30"]
    # In autumn half past two comes twice, at 00:30 and 01:30 UTC: one run.
    assert runs("30 2 * * *", datetime(2026, 10, 24, 1), 3) == ["24 00:30", "25 00:30", "26 01:30"]
    # What runs every half hour does so in the hour that comes twice, too.
    assert runs("*/30 * * * *", datetime(2026, 10, 25, 1, 20), 1)[:6] == [
        "24 23:30",
        "25 00:00",
        "25 00:30",
        "25 01:00",
        "25 01:30",
        "25 02:00",
    ]


def test_a_restart_in_the_hour_that_comes_twice_does_not_run_again() -> None:
    rhythm = Rhythm("30 2 * * *", ZoneInfo("Europe/Berlin"))
    second_time = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time.
    assert rhythm.next(second_time, second_time) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_the_timetable_names_what_is_due() -> None:
    table = Timetable((Job("poll", Rhythm(timedelta(minutes=15))), Job("reconcile", Rhythm("0 3 * * *"))))
    last = {"poll": START, "reconcile": START}
    assert table.due(last, START + timedelta(minutes=14)) == ()
    assert table.due(last, START + timedelta(minutes=15)) == ("poll",)
    assert table.due(last, START + timedelta(days=1)) == ("poll", "reconcile")
    assert table.due({}, START) == ("poll", "reconcile")
    assert soonest(table.next(last, START).values(), START + timedelta(minutes=5)) == START + timedelta(minutes=5)

"""Clocks that somebody sets, and clocks that change to and from summer time: a sync comes to the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from okrsync.engine.outcome import Outcome
from tests.system.calling import KR1, O1
from tests.system.grounds import Desk, GitHub, JiraCloud, JiraDataCenter

kinds = pytest.mark.parametrize("desk", [JiraCloud, JiraDataCenter, GitHub], indirect=True, ids=lambda kind: kind.name)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this machine."""

    def to(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield to
    monkeypatch.undo()
    time.tzset()


def sync(desk: Desk, now: datetime) -> Outcome:
    with desk.workspace(now=lambda: now).engine() as engine:
        return engine.sync()


def follows(desk: Desk, moments: list[datetime]) -> None:
    """At each moment, what changed on both sides since is taken over, once; the newest value counts."""
    for number, now in enumerate(moments):
        title, value = f"Make step {number} of it instant", 4.0 - number / 8
        desk.write_team()
        desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", title)
        desk.ground.set_current(KR1, value)
        outcome = sync(desk, now)
        assert not outcome.failures and not outcome.held
        assert desk.ground.title(O1) == title and len(desk.ground.texts()) == 3
        (objective,) = desk.status()["objectives"]
        assert objective["key_results"][0]["current"] == value
        assert sync(desk, now).done == ()


@kinds
def test_a_clock_that_is_set_by_a_day_and_back(desk: Desk) -> None:
    desk.write_team()
    real = datetime.now(UTC)
    assert not sync(desk, real).failures
    follows(desk, [real + timedelta(days=days) for days in (0, -1, 1, 0, -1, -1)])


@kinds
@pytest.mark.parametrize("name", ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe"])
def test_the_hours_in_which_summer_time_begins_and_ends(desk: Desk, name: str, zone: Callable[[str], None]) -> None:
    zone(name)
    desk.write_team()
    changes = {
        "America/Los_Angeles": datetime(2026, 11, 1, 9, tzinfo=UTC),
        "Europe/Berlin": datetime(2026, 10, 25, 1, tzinfo=UTC),
        "Australia/Lord_Howe": datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    }
    around = [changes[name] + timedelta(minutes=minutes) for minutes in (-90, -30, 0, 30, 90)]
    assert not sync(desk, around[0] - timedelta(hours=1)).failures
    follows(desk, around)

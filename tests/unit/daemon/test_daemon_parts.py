"""The parts of the daemon that decide nothing by themselves: inbox, notifications, state, jobs and hints."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from okrsync.daemon.hearing import Heard, heard
from okrsync.daemon.inbox import Hint, Inbox, Stop
from okrsync.daemon.jobs import Jobs, going_on, labels
from okrsync.daemon.notify import ServiceManager
from okrsync.daemon.state import MappingState, Pause, State, StateFile
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import Level, Objective, Okrs, Stage
from okrsync.domain.ref import Ref
from okrsync.settings import Settings

NOW = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)


def settings(**changes: object) -> Settings:
    mapping = {"tracker": "work", "objectives": {"as": "epic"}}
    return Settings.model_validate(
        {
            "workspace": "acme",
            "trackers": {
                "work": {"type": "jira", "token": {"env": "T"}},
                "code": {"type": "github", "token": {"env": "T"}},
            },
            "mappings": [
                {**mapping, "match": {"team": "alpha"}, "project": "PLAT"},
                {**mapping, "match": {"team": "beta"}, "project": "WEB", "schedule": "1h"},
                {**mapping, "match": {"team": "gamma"}, "tracker": "code", "project": "acme/web"},
            ],
            **changes,
        }
    )


# The inbox


@pytest.fixture
def inbox() -> object:
    inbox = Inbox()
    yield inbox
    inbox.close()


def test_each_request_is_taken_once_and_ends_a_wait(inbox: Inbox) -> None:
    begun = time.monotonic()
    for ask, take in ((inbox.ask_to_reload, inbox.take_reload), (inbox.ask_to_sync, inbox.take_sync)):
        assert not take()
        ask()
        inbox.wait(30)
        assert take() and not take()
    inbox.hint(Hint("work", "PLAT", "1"), Hint("work", "PLAT", "2"), Hint("work", "PLAT", "1"))
    inbox.wait(30)
    assert inbox.take_hints() == (Hint("work", "PLAT", "1"), Hint("work", "PLAT", "2"))
    assert inbox.take_hints() == ()
    inbox.stop.set()
    inbox.wait(30)
    assert inbox.stop.is_set()
    inbox.wait(0)
    assert time.monotonic() - begun < 25


def test_a_thousand_hints_from_other_threads_are_all_there_once(inbox: Inbox) -> None:
    def hint() -> None:
        for number in range(1000):
            inbox.hint(Hint("work", "PLAT", str(number % 50)))

    threads = [threading.Thread(target=hint) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(inbox.take_hints()) == 50


def test_a_signal_in_the_midst_of_a_wait_ends_it() -> None:
    pings: list[int] = []
    stop = Stop(lambda: pings.append(1))
    before = signal.signal(signal.SIGALRM, lambda *_: stop.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        begun = time.monotonic()
        assert stop.wait(30) and time.monotonic() - begun < 25
    finally:
        signal.signal(signal.SIGALRM, before)
    assert pings, "who waits is alive"
    assert stop.wait(30) and stop.wait(None)
    assert not Stop().wait(0.01)


# Telling the service manager


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(str(tmp_path / "notify"))
    line.settimeout(5)
    return line


def test_systemd_hears_what_happens(manager: socket.socket, tmp_path: Path) -> None:
    clock = [0.0]
    told = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"}, lambda: clock[0])
    told.ready()
    told.status("next poll\nat 10:00")
    told.status("next poll at 10:00")
    told.reloading()
    for clock[0] in (0.0, 5.0, 14.9, 15.0, 16.0):
        told.progress()
    told.stopping()
    said = [manager.recv(1000).decode() for _ in range(6)]
    manager.close()
    assert said[:2] == ["READY=1", "STATUS=next poll at 10:00"]
    assert said[2].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert said[3:] == ["WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_nobody_listens_and_nothing_happens(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}, {"NOTIFY_SOCKET": "vsock:2:1"}):
        told = ServiceManager({**environment, "WATCHDOG_USEC": "not a number"})
        told.ready()
        told.progress()
        assert told.watchdog is None
    other = str(os.getpid() + 1)
    assert ServiceManager({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": other}).watchdog is None
    assert ServiceManager({"WATCHDOG_USEC": "1500000"}).watchdog == 1.5


# The state


def test_the_state_outlives_the_process_and_is_written_for_news_alone(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "okrsync.db")
    state = State(last={"reconcile": NOW, "poll": NOW})
    state.mappings["work/PLAT"] = MappingState(NOW)
    file.keep(state)
    assert file.path.stat().st_mode & 0o777 == 0o600
    written = file.path.stat().st_mtime_ns, file.path.stat().st_ino
    state.mappings["work/PLAT"].last_success = state.last["poll"] = NOW + timedelta(hours=1)
    file.keep(state)
    assert (file.path.stat().st_mtime_ns, file.path.stat().st_ino) == written, "a poll without news"

    state.mappings["work/PLAT"] = MappingState(NOW, NOW + timedelta(hours=1), "no answer")
    state.paused["code"] = Pause(NOW + timedelta(hours=2), "used up")
    state.refused, state.documents = ("okrs/a.toml:1: bad",), "no route"
    file.keep(state)
    again = StateFile(tmp_path / "okrsync.db").read()
    assert again.last == {"reconcile": NOW}
    assert again.mappings == state.mappings and again.paused == state.paused
    assert (again.refused, again.documents) == (state.refused, state.documents)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"last": 1}', '{"last": {"a": "2026-01-01T00:00:00"}}', "\x00"])
def test_a_state_that_nobody_wrote_is_none(tmp_path: Path, text: str) -> None:
    file = StateFile(tmp_path / "okrsync.db")
    file.path.write_text(text)
    assert file.read() == State()


# Jobs and hints


def test_mappings_with_a_schedule_of_their_own_are_polled_by_it() -> None:
    jobs = Jobs.of(settings())
    assert [(each.name, each.mappings, each.with_unmapped) for each in jobs.polls] == [
        ("poll", (0, 2), True),
        ("poll 1h", (1,), False),
    ]
    due = jobs.timetable.next(dict.fromkeys(["reconcile", "poll", "poll 1h", "check-ins"], NOW), NOW)
    minutes = {name: round((at - NOW).total_seconds() / 60) for name, at in due.items()}
    # 03:00 is 17.5 hours away; Monday at nine was half an hour ago.
    assert minutes == {"reconcile": 1050, "poll": 15, "poll 1h": 60, "check-ins": 7 * 1440 - 30}
    assert labels(settings()) == ("work/PLAT", "work/WEB", "code/acme/web")


def test_a_schedule_that_is_that_of_all_is_no_schedule_of_its_own() -> None:
    same = settings(schedule={"pull": "1h"})
    assert [each.name for each in Jobs.of(same).polls] == ["poll"]


def test_each_poll_looks_at_what_is_its_own() -> None:
    def objective(slug: str, team: str) -> Objective:
        return Objective(Ref("2026-Q4", slug), slug, Level.TEAM, parse_cycle("2026-Q4").end, team=team)

    okrs = Okrs(tuple(objective(team, team) for team in ("alpha", "beta", "gamma", "nobody")))
    kept = settings()
    jobs = Jobs.of(kept)
    found = [jobs.okrs(poll, okrs, kept) for poll in jobs.polls]
    assert [[each.team for each in part.objectives] for part in found if part] == [
        ["alpha", "gamma", "nobody"],
        ["beta"],
    ]
    without = jobs.okrs(jobs.polls[0], okrs, kept, lambda mapping: mapping is not None and mapping.tracker != "code")
    assert without and [each.team for each in without.objectives] == ["alpha"]
    alone = settings(mappings=[])
    assert Jobs.of(alone).okrs(Jobs.of(alone).polls[0], okrs, alone) is None, "all there is"


def test_hints_say_where_to_look() -> None:
    hints = [Hint("work", "PLAT", "1"), Hint("work", "WEB", "2"), Hint("work", "PLAT", "1"), Hint("work", "ELSE", "3")]
    assert heard(hints, settings()) == {"work": Heard(frozenset({"PLAT", "WEB"}), ("1", "2"))}
    assert heard([*hints, Hint("work", "PLAT")], settings())["work"].items is None
    assert heard([Hint("nobody", "PLAT", "1")], settings()) == {}
    many = [Hint("code", "acme/web", str(number)) for number in range(1000)]
    assert heard(many, settings()) == {"code": Heard(frozenset({"acme/web"}), None)}


# Cycles


def test_a_cycle_that_is_over_goes_on_until_it_is_closed_or_four_weeks_old() -> None:
    def committed(cycle: str, stage: Stage = Stage.COMMITTED) -> Objective:
        return Objective(Ref(cycle, "o"), "O", Level.TEAM, due=date(2026, 12, 31), stage=stage)

    def seen(*objectives: Objective, on: date = date(2027, 1, 20)) -> list[str]:
        current = parse_cycle("2027-Q1", {})
        return [each.name for each in going_on(Okrs(objectives), {}, current, on)]

    assert seen(committed("2026-Q4"), committed("2027-Q1")) == ["2026-Q4"]
    assert seen(committed("2026-Q4", Stage.CLOSED)) == seen(committed("2026-Q4", Stage.PROPOSED)) == []
    assert seen(committed("2026-Q4"), on=date(2027, 1, 28)) == ["2026-Q4"]
    assert seen(committed("2026-Q4"), on=date(2027, 1, 29)) == []
    assert seen(committed("2027-Q2"), committed("2027")) == ["2027"], "the year goes on, the next quarter did not begin"

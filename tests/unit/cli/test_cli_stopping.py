"""Stopping: first by asking, then by force; and what is said then."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from okrsync.app import Workspace
from okrsync.cli import stopping
from okrsync.cli.call import Call
from okrsync.cli.stopping import Stopped, stoppable
from okrsync.cli.working import Ended, working
from okrsync.trackers.retry import Interrupted


def tell(number: int) -> None:
    os.kill(os.getpid(), number)


def test_the_first_signal_asks_and_the_second_forces() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = threading.Event()

    def work() -> None:
        with stoppable(stop) as asked:
            tell(signal.SIGTERM)
            assert stop.is_set() and asked.exit_code == 143
            tell(signal.SIGTERM)
            time.sleep(60)

    with pytest.raises(Stopped):
        work()
    assert signal.getsignal(signal.SIGTERM) is before


def test_who_does_not_listen_is_cut_off_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE", 0.05)
    started = time.monotonic()

    def work() -> None:
        with stoppable(threading.Event()):
            tell(signal.SIGINT)
            time.sleep(60)

    with pytest.raises(Stopped):
        work()
    assert time.monotonic() - started < 30


def test_a_force_that_got_lost_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE", 0.05)
    lost = []

    def work() -> None:
        with stoppable(threading.Event()):
            tell(signal.SIGINT)
            try:
                time.sleep(60)
            except Stopped as stopped:
                lost.append(stopped)
            time.sleep(60)

    started = time.monotonic()
    with pytest.raises(Stopped):
        work()
    assert len(lost) == 1 and time.monotonic() - started < 30


def test_work_that_ends_in_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE", 30.0)
    with stoppable(threading.Event()):
        tell(signal.SIGINT)
        assert signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_other_threads_hear_no_signals() -> None:
    ended = []

    def work() -> None:
        with stoppable(threading.Event()):
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]


def test_it_is_said_how_far_the_work_had_come(workspace: Path) -> None:
    def interrupted() -> None:
        with working(Call(), Workspace.load()) as work:
            work.phase("reading work")
            tell(signal.SIGTERM)
            raise Interrupted

    with pytest.raises(Ended) as ended:
        interrupted()
    assert ended.value.exit_code == 143
    assert str(ended.value) == "stopped by SIGTERM: it was reading work; nothing was written to a tracker"


def test_after_some_steps_it_is_said_how_many(workspace: Path) -> None:
    def interrupted() -> None:
        with working(Call(), Workspace.load()) as work:
            work.step(3, 12, "2026-Q4/fast")
            raise Interrupted

    with pytest.raises(Ended, match=r"3 of 12 items were done.*`okrsync sync` goes on"):
        interrupted()


def test_short_waits_are_not_told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with working(Call(), Workspace.load()) as work:
        work.wait(0.5, "the tracker is busy")
        assert capsys.readouterr().err == ""
        work.wait(30.4, "the tracker is busy")
    assert capsys.readouterr().err == "waiting 30 s: the tracker is busy\n"

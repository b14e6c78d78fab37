"""Programs that tell people."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from okrsync.trackers.errors import Misconfigured, Rejected, Transient
from okrsync.trackers.notifiers import Message
from okrsync.trackers.retry import RetryPolicy
from tests.unit.plugins.notify.conftest import CANARY, Make


def program(text: str) -> list[str]:
    return [sys.executable, "-c", f"import os, sys, time\n{text}"]


def test_a_program_gets_the_message_as_json(
    make: Make, message: Message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    write = "open('got', 'w').write(sys.stdin.read()); open('token', 'w').write(os.environ['OKRSYNC_NOTIFY_TOKEN'])"
    quiet = "assert 'NOTIFY_SOCKET' not in os.environ"
    assert make("command", command=program(f"{write}; {quiet}"), token=CANARY).send(message) is None
    assert (tmp_path / "token").read_text() == CANARY
    assert json.loads((tmp_path / "got").read_text()) == {
        "workspace": "acme",
        "title": "acme: 2 things",
        "at": "2026-11-23T09:00:00+00:00",
        "to": ["dana@acme.example", "kim@acme.example"],
        "news": [
            {
                "event": "health-changed",
                "text": "p95 <b> is off-track & late",
                "details": "@channel: 50 % of 90 %",
                "ref": "2026-Q4/a/p95",
                "url": "https://t/1",
            },
            {"event": "check-in-due", "text": "Größe: a check-in is due", "details": "", "ref": None, "url": None},
        ],
    }


def test_a_program_that_never_reads_is_no_trouble(make: Make, message: Message) -> None:
    assert make("command", command=program("sys.exit(0)")).send(message) is None


def test_no_shell_is_involved(make: Make, message: Message, tmp_path: Path) -> None:
    make("command", command=[*program("open('got', 'w').write(sys.argv[1])"), "$HOME; touch gone"]).send(message)
    assert (tmp_path / "got").read_text() == "$HOME; touch gone"
    assert not (tmp_path / "gone").exists()


def test_a_program_that_fails_did_not_tell(make: Make, message: Message) -> None:
    with pytest.raises(Rejected, match="exit code 3") as failed:
        make("command", command=program(f"print('{CANARY}'); sys.exit(3)")).send(message)
    assert CANARY not in str(failed.value)


def test_a_program_may_ask_to_be_run_again(make: Make, message: Message, tmp_path: Path) -> None:
    twice = "open('runs', 'a').write('x'); sys.exit(75 if os.path.getsize('runs') == 1 else 0)"
    assert make("command", command=program(twice)).send(message) is None
    assert (tmp_path / "runs").read_text() == "xx"


def held(pipe: int) -> bool:
    """Whether some process has the other end of the pipe open."""
    try:
        return os.read(pipe, 1) != b""
    except BlockingIOError:
        return True


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_began(
    make: Make, message: Message, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "alive")
    heard = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    child = "os.open('alive', os.O_WRONLY); os.fork(); time.sleep(60)"
    try:
        with pytest.raises(Transient, match=r"more than 0\.3 s") as slow:
            make("command", command=program(child), timeout=0.3).send(message)
        assert slow.value.acted is None
        patience = time.monotonic() + 20
        while held(heard):
            assert time.monotonic() < patience, "what the program began goes on"
            time.sleep(0.02)
    finally:
        os.close(heard)


def test_whoever_stops_the_daemon_does_not_wait_for_a_program(
    make: Make, message: Message, policy: RetryPolicy
) -> None:
    threading.Timer(0.2, policy.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Transient, match="was ended") as ended:
        make("command", command=program("time.sleep(60)"), timeout=30).send(message)
    assert ended.value.acted is None, "it may have told people before"
    assert time.monotonic() - began < 30


def test_a_program_that_is_not_there_is_told(make: Make, message: Message) -> None:
    with pytest.raises(Misconfigured, match="no-such-program cannot be started: No such file"):
        make("command", command=["/no-such-program"]).send(message)

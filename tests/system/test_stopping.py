"""SIGTERM in every kind of wait ends the process within ten seconds, and the next run goes on from there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from tests.system.cli_desk import begin
from tests.system.grounds import CYCLE, GROUNDS, TOKEN_VARIABLE, Desk, JiraGround, served

LONGEST = 10.0
"""Seconds that a service manager waits at least, before it kills."""


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    """A workspace on every ground."""
    with ExitStack() as stack:
        desks = [Desk(stack.enter_context(served(kind())), tmp_path / kind.name) for kind in GROUNDS]
        for desk in desks:
            desk.write_team()
        yield desks


def struck(desk: Desk) -> bool:
    """Whether the fault has met its request."""
    return not desk.ground.site.faults.waiting


def stopped(desks: list[Desk], stuck: Callable[[Desk, subprocess.Popen[str]], bool]) -> list[str]:
    """Begin a sync on each, end it by SIGTERM when it is stuck, and give back what each said."""
    running = [(desk, begin(desk.folder, "sync")) for desk in desks]
    for desk, process in running:
        end = time.monotonic() + 60
        while not stuck(desk, process):
            assert time.monotonic() < end and process.poll() is None, "it was never stuck"
            time.sleep(0.02)
    asked = time.monotonic()
    for _, process in running:
        process.send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=LONGEST)[1] for _, process in running]
    assert time.monotonic() - asked < LONGEST
    assert [process.returncode for _, process in running] == [128 + signal.SIGTERM] * len(running), said
    assert not [each for each in said if "Traceback" in each or "stopped by SIGTERM: " not in each]
    return said


def goes_on(desk: Desk) -> None:
    """The next run has no trouble, and everything is there once."""
    desk.ground.site.faults.clear()
    assert desk.run("sync").failures == ()
    for ref in (o1 := Ref(CYCLE, "o0-0"), o1.child("kr1"), o1.child("kr2")):
        assert desk.ground.count(ref) == 1
    assert len(desk.ground.texts()) == 3
    assert desk.run("sync").done == ()


def test_in_a_rate_limit_wait(desks: list[Desk]) -> None:
    for desk in desks:
        headers = {"Retry-After": "60"}
        desk.ground.site.faults.add(Fault("status", status=429, headers=headers, skip=1, times=None))
    said = stopped(desks, lambda _, process: process.stderr is not None and "waiting 6" in process.stderr.readline())
    assert all("nothing was written to a tracker" in each for each in said)
    for desk in desks:
        goes_on(desk)


def test_in_a_stalled_read(desks: list[Desk]) -> None:
    for desk in desks:
        desk.ground.site.faults.add(Fault("delay", seconds=60.0, skip=1))
    stopped(desks, lambda desk, _: struck(desk))
    for desk in desks:
        goes_on(desk)


def created(desk: Desk) -> int:
    """How many requests for an issue the server has carried out."""
    return sum(each.path.endswith(("/issue", "/issues")) for each in desk.ground.site.requests.writes())


def test_in_a_stalled_creation(desks: list[Desk]) -> None:
    # Where a look-up is sure after seconds, the next run waits for that: the others are enough.
    desks = [desk for desk in desks if desk.ground.name in {"jira-cloud", "github"}]
    for desk in desks:
        # The server creates it although nobody waits for the answer any more.
        path = "/issue$" if isinstance(desk.ground, JiraGround) else "/issues$"
        desk.ground.site.faults.add(Fault("delay", method="POST", path=path, seconds=5.0, skip=1))
    said = stopped(desks, lambda desk, _: struck(desk))
    assert all("items were done; what was begun is noted in the cache" in each for each in said)
    end = time.monotonic() + 60
    while not all(created(desk) == 2 for desk in desks):
        assert time.monotonic() < end, "the server never made it"
        time.sleep(0.02)
    for desk in desks:
        goes_on(desk)


def test_in_a_command_that_gives_no_token(desks: list[Desk]) -> None:
    sleep = json.dumps([sys.executable, "-c", "open('asked', 'w').close(); import time; time.sleep(60)"])
    for desk in desks[:1]:
        settings = desk.ground.settings()
        desk.write_settings(settings.replace(f'env = "{TOKEN_VARIABLE}"', f"command = {sleep}"))
        stopped([desk], lambda desk, _: (desk.folder / "asked").exists())
        desk.write_settings(settings)
        goes_on(desk)

"""One at a time: of many processes on one workspace one works, the others leave at once, and readers may read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from okrsync.sandbox.faults import Fault
from tests.system.cli_desk import begin, environment, okrsync
from tests.system.grounds import Desk, JiraCloud, served

AT_ONCE = 20
CROWD = """
import os, sys, time
import okrsync.engine.engine, okrsync.store.cache, okrsync.store.lock
from okrsync.cli.program import run

run(["sync", "--cycle", "none"])  # Loads what all of them need, and sends nothing.
start = time.monotonic() + 0.3
for number in range(int(sys.argv[1])):
    if os.fork() == 0:
        said = os.open(f"said-{number}", os.O_CREAT | os.O_WRONLY)
        os.dup2(said, 1)
        os.dup2(said, 2)
        time.sleep(max(0.0, start - time.monotonic()))
        begun = time.process_time()
        code = run(["sync"])
        sys.stdout.flush()
        with open(f"end-{number}", "w") as end:
            end.write(f"{code} {time.process_time() - begun}")
        os._exit(code)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with served(JiraCloud()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team()
        yield desk


def test_of_twenty_at_once_one_works_and_the_others_leave_within_a_second(desk: Desk) -> None:
    # Whoever works waits for its first answer until all others have left.
    with desk.ground.site.lock:
        crowd = subprocess.Popen([sys.executable, "-c", CROWD, str(AT_ONCE)], cwd=desk.folder, env=environment())
        until(lambda: len(list(desk.folder.glob("end-*"))) == AT_ONCE - 1)
    assert crowd.wait(60) == 0

    ends = [path.read_text("utf-8").split() for path in desk.folder.glob("end-*")]
    assert sorted(code for code, _ in ends) == ["0"] + ["1"] * (AT_ONCE - 1)
    # All of them share the processors with whatever else runs here: what counts is what each takes of one.
    assert all(float(seconds) < 1 for code, seconds in ends if code == "1")
    refused = [path for path in desk.folder.glob("said-*") if "works on this workspace" in path.read_text("utf-8")]
    assert len(refused) == AT_ONCE - 1
    assert len(desk.ground.texts()) == 3
    assert okrsync(desk.folder, "sync").out.startswith("nothing to do")


@pytest.fixture
def holder(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """A sync that waits for an answer."""
    desk.ground.site.faults.add(Fault("delay", path=r"/search", seconds=120.0))
    process = begin(desk.folder, "sync")
    until(lambda: not desk.ground.site.faults.waiting)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_the_second_says_who_works_and_leaves_at_once(desk: Desk, holder: subprocess.Popen[str]) -> None:
    seconds = []
    for arguments in (["sync"], ["pull"], ["cache", "rebuild"], ["cache", "repair"]):
        asked = len(desk.ground.site.requests.records)
        started = time.monotonic()
        said = okrsync(desk.folder, *arguments)
        seconds.append(time.monotonic() - started)
        assert said.code == 1
        assert f"`okrsync sync` (process {holder.pid}, since " in said.err and "Traceback" not in said.err
        assert len(desk.ground.site.requests.records) == asked
    # With the start of Python. What else runs on the machine only ever makes it longer.
    assert min(seconds) < 5


def test_readers_are_not_kept_out(desk: Desk, holder: subprocess.Popen[str]) -> None:
    for arguments in (["status", "--json"], ["tree"], ["check"], ["cache", "info"], ["cache", "check"]):
        assert okrsync(desk.folder, *arguments).code == 0, arguments
    for arguments in (["plan", "--json"], ["sync", "--dry-run", "--json"]):
        said = okrsync(desk.folder, *arguments)
        assert said.code == 0 and len(said.json["changes"]) == 3


def test_the_lock_dies_with_its_process(desk: Desk, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait(60)
    said = okrsync(desk.folder, "sync", "--json")
    assert said.code == 0 and len(said.json["changes"]) == 3


def test_a_lock_that_cannot_be_taken_is_explained(desk: Desk) -> None:
    (desk.folder / ".okrsync.db.lock").mkdir()
    said = okrsync(desk.folder, "sync")
    assert said.code == 1
    assert "the lock of the workspace cannot be taken" in said.err and "Traceback" not in said.err
    assert not desk.ground.site.requests.writes()


def test_the_file_of_the_lock_is_ours_alone_and_what_is_in_it_does_not_matter(desk: Desk) -> None:
    before = os.umask(0)
    try:
        assert okrsync(desk.folder, "sync").code == 0
    finally:
        os.umask(before)
    lock = desk.folder / ".okrsync.db.lock"
    assert lock.stat().st_mode & 0o777 == 0o600
    assert json.loads(lock.read_text("utf-8"))["doing"] == "sync"
    lock.write_bytes(b"\xff\x00 not ours")
    assert okrsync(desk.folder, "sync").code == 0


def until(happened: object, seconds: float = 60.0) -> None:
    """Wait until something is true."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)

"""The daemon as a process: signals, others beside it, and what its service manager hears."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox.faults import Fault
from tests.system.calling import KR1, Okrsync
from tests.system.cli_desk import begin
from tests.system.grounds import Desk, JiraCloud, served
from tests.unit.documents.test_checkout import git


class Service:
    """A daemon under a service manager that writes down what it hears."""

    def __init__(self, desk: Desk, **environment: str) -> None:
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(desk.folder / "notify"))
        self.line.settimeout(20)
        self.heard: list[str] = []
        self.process = begin(desk.folder, "daemon", NOTIFY_SOCKET=str(desk.folder / "notify"), **environment)

    def until(self, word: str) -> str:
        """Listen until something is said that holds `word`."""
        while True:
            self.heard.append(self.line.recv(4096).decode())
            if word in self.heard[-1]:
                return self.heard[-1]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> list[dict[str, Any]]:
        """End it, and give back its log."""
        self.send(number)
        _, said = self.process.communicate(timeout=30)
        assert "Traceback" not in said, said
        return [json.loads(line) for line in said.splitlines()]


def told(log: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [each for each in log if each.get("what") == what]


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(JiraCloud()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team()
        yield desk


@pytest.fixture
def serve(desk: Desk) -> Iterator[Callable[..., Service]]:
    """Begins a daemon, which does not outlive the test."""
    services: list[Service] = []

    def begin_it(**environment: str) -> Service:
        services.append(Service(desk, **environment))
        return services[-1]

    yield begin_it
    for each in services:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()
        each.line.close()


Serve = Callable[..., Service]


def test_it_syncs_on_signals_reloads_and_ends(desk: Desk, serve: Serve, okrsync: Okrsync) -> None:
    service = serve(WATCHDOG_USEC="400000")
    service.until("STATUS=next")
    assert service.heard[0] == "READY=1" and len(desk.ground.texts()) == 3

    desk.ground.set_current(KR1, 2.0)
    service.send(signal.SIGUSR1)
    until(lambda: desk.status()["objectives"][0]["key_results"][0]["current"] == 2.0)

    broken = desk.folder / "okrs" / "broken.toml"
    broken.write_text("this is no TOML")
    service.send(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in service.until("RELOADING=1")
    service.until("documents refused")
    found = okrsync("daemon", "status", "--json").json
    assert found["running"]["process"] == service.process.pid
    assert found["refused"][0].startswith("okrs/broken.toml:1: is not valid TOML")
    assert set(found["next"]) == {"reconcile", "poll", "check-ins"} and found["last_run"]["exit_code"] == 0

    broken.unlink()
    desk.write_team(objectives=2)
    service.send(signal.SIGHUP)
    until(lambda: len(desk.ground.texts()) == 6)
    service.until("WATCHDOG=1")
    begun = time.monotonic()
    log = service.end()
    assert time.monotonic() - begun < 10 and service.process.returncode == 0
    assert service.heard.count("READY=1") >= 2
    assert [each["kind"] for each in told(log, "run-ended")] == ["reconcile", "sync", "poll", "sync"]
    assert [each["settings"] for each in told(log, "reloaded")] == [True]
    assert len(told(log, "reload-refused")) == 1 and len(told(log, "stopping")) == 1
    assert okrsync("daemon", "status").out.splitlines()[0] == "acme: no daemon runs"


def test_there_is_one_daemon_and_commands_have_turns_between_its_runs(
    desk: Desk, serve: Serve, okrsync: Okrsync
) -> None:
    service = serve()
    service.until("STATUS=next")
    begun = time.process_time()
    refused = okrsync("daemon")
    skipped = okrsync("daemon", "--if-running", "skip")
    assert (refused.code, skipped.code) == (1, 0)
    for each in (refused, skipped):
        assert f"`okrsync daemon` (process {service.process.pid}, since " in each.err
        assert "is the daemon of this workspace already" in each.err
    assert time.process_time() - begun < 1
    assert okrsync("sync").out.startswith("nothing to do")
    assert okrsync("pull").code == 0
    assert service.end(signal.SIGINT) and service.process.returncode == 0


def test_who_meets_another_at_work_may_take_it_for_no_failure(desk: Desk, serve: Serve, okrsync: Okrsync) -> None:
    desk.ground.site.faults.add(Fault("delay", path=r"/search", seconds=120.0))
    holder = begin(desk.folder, "sync")
    until(lambda: not desk.ground.site.faults.waiting)
    try:
        for command in ("sync", "pull"):
            assert okrsync(command).code == 1
            skipped = okrsync(command, "--if-running", "skip")
            assert skipped.code == 0 and "works on this workspace" in skipped.err
        service = serve()
        until(lambda: "waits" in ((service.process.stderr and service.process.stderr.readline()) or ""))
        service.until("STATUS=")
        service.end()
    finally:
        holder.kill()
        holder.communicate()


def test_sigterm_in_a_stalled_request_ends_it_and_another_goes_on(desk: Desk, serve: Serve, okrsync: Okrsync) -> None:
    desk.ground.site.faults.add(Fault("delay", path=r"/search", seconds=60.0))
    service = serve()
    until(lambda: not desk.ground.site.faults.waiting)
    begun = time.monotonic()
    service.end()
    assert time.monotonic() - begun < 10 and service.process.returncode == 0
    desk.ground.site.faults.clear()
    assert okrsync("daemon", "--once").code == 0
    assert len(desk.ground.texts()) == 3


def test_once_does_what_is_due_and_says_how_it_went(desk: Desk, okrsync: Okrsync) -> None:
    first = okrsync("daemon", "--once", "--log-format", "json")
    assert first.code == 0 and len(desk.ground.texts()) == 3
    asked = len(desk.ground.site.requests.records)
    second = okrsync("daemon", "--once", "--log-format", "text")
    assert second.code == 0 and "poll: nothing new" in second.err
    assert len(desk.ground.site.requests.records) > asked
    desk.ground.site.faults.add(Fault("status", status=401, times=None))
    third = okrsync("daemon", "--once", "--log-format", "json")
    (failed,) = told([json.loads(line) for line in third.err.splitlines()], "mapping-failed")
    assert third.code == 4 and failed["last_success"], "what an earlier process read is known"
    desk.write("broken.toml", "this is no TOML")
    broken = okrsync("daemon", "--once")
    assert broken.code == 2 and "okrs/broken.toml:1" in broken.err


def test_documents_from_git_are_fetched_before_each_run(
    desk: Desk, serve: Serve, okrsync: Okrsync, tmp_path: Path
) -> None:
    origin = tmp_path / "origin"
    (origin / "plans").mkdir(parents=True)
    git(origin, "init", "-q", "-b", "main")

    def commit() -> None:
        for path in (desk.folder / "okrs").iterdir():
            (origin / "plans" / path.name).write_bytes(path.read_bytes())
        git(origin, "add", "-A")
        git(origin, "commit", "-q", "-m", "plans")

    commit()
    place = f'documents = {{ git = "{origin.as_uri()}", path = "plans" }}\n'
    desk.write_settings(place + desk.ground.settings())
    assert len(okrsync("status", "--json").json["objectives"]) == 1, "who asks first fetches"
    service = serve()
    service.until("STATUS=next")
    assert len(desk.ground.texts()) == 3

    desk.write_team(objectives=2)
    commit()
    service.send(signal.SIGUSR1)
    until(lambda: len(desk.ground.texts()) == 6)
    origin.rename(tmp_path / "away")
    service.send(signal.SIGUSR1)
    service.until("could not be fetched")
    assert "cannot be fetched" in okrsync("daemon", "status", "--json").json["documents"]
    log = service.end()
    assert len(told(log, "documents-not-fetched")) == 1
    assert told(log, "run-ended")[-1]["exit_code"] == 0, "what was fetched before stays in use"
    said = okrsync("plan")
    assert said.code == 0 and "The documents that were fetched before stay in use" in said.err
    assert len(told(log, "reloaded")) == 1, "for the commit, and not for what was there when it began"
    assert okrsync("adopt", "work", "PROJA").code == 2


def test_it_is_up_before_its_documents_can_be_fetched(desk: Desk, serve: Serve, tmp_path: Path) -> None:
    place = f'documents = {{ git = "{(tmp_path / "nowhere").as_uri()}", path = "plans" }}\n'
    desk.write_settings(place + desk.ground.settings())
    service = serve(WATCHDOG_USEC="400000")
    service.until("READY=1")
    service.until("WATCHDOG=1")
    assert any("cannot be fetched" in each for each in service.heard), service.heard
    log = service.end()
    assert service.process.returncode == 0
    assert [each["what"] for each in log] == ["documents-not-fetched"] and not desk.ground.texts()

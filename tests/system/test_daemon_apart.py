"""Each run of the daemon is a process of its own: what waits stays small, and lives on whatever becomes of a run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from okrsync.cli.daemon import worker_command
from okrsync.daemon.apart import Apart
from okrsync.daemon.jobs import Jobs
from okrsync.daemon.state import StateFile
from okrsync.daemon.tasks import Aim, Ground, Report, Task
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.jira import JiraSandbox
from tests.system.calling import KR1, Okrsync
from tests.system.grounds import TOKEN_VARIABLE, Desk, GitHub, served
from tests.system.test_daemon import Serve, Service, desk, serve, told, until

__all__ = ["desk", "serve"]

IDLE = 60_000
"""What an idle daemon may have in memory, in kB."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system tells in other ways")


def children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def child(service: Service) -> int:
    """The process of the run that goes on, once it has begun to ask."""
    until(lambda: children(service.process.pid))
    return children(service.process.pid)[0]


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def stalled(desk: Desk) -> Callable[[], None]:
    """Lets the next search stall for a minute, and waits until it does."""
    desk.ground.site.faults.add(Fault("delay", path=r"/search", seconds=60.0))
    return lambda: until(lambda: not desk.ground.site.faults.waiting)


def test_who_waits_is_small_and_keeps_what_runs_know(desk: Desk, serve: Serve) -> None:
    service = serve()
    service.until("STATUS=next")
    desk.ground.set_current(KR1, 2.0)
    service.send(signal.SIGUSR1)
    until(lambda: desk.status()["objectives"][0]["key_results"][0]["current"] == 2.0)
    until(lambda: not children(service.process.pid))
    about = Path(f"/proc/{service.process.pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in about)
    assert int(fields["VmRSS"].split()[0]) <= IDLE
    mapped = Path(f"/proc/{service.process.pid}/maps").read_text()
    assert not [each for each in ("cryptography", "charset_normalizer", "nacl") if each in mapped]
    first, second = told(service.end(), "run-ended")
    assert (first["kind"], second["kind"]) == ("reconcile", "sync")
    paths = [each.path.rsplit("/", 1)[-1] for each in desk.ground.site.requests.records]
    assert (paths.count("serverInfo"), paths.count("field")) == (1, 1)


def test_a_killed_run_is_told_and_the_next_goes_on(
    desk: Desk, serve: Serve, okrsync: Okrsync, stalled: Callable[[], None]
) -> None:
    service = serve()
    stalled()
    os.kill(child(service), signal.SIGKILL)
    service.until("STATUS=next")
    service.send(signal.SIGUSR1)
    until(lambda: len(desk.ground.texts()) == 3)
    service.until("STATUS=next")
    killed, after = told(service.end(), "run-ended")
    assert (killed["exit_code"], after["exit_code"]) == (1, 0)
    assert "ended too early (SIGKILL" in killed["problems"][0]
    assert okrsync("sync").out.startswith("nothing to do")


def test_a_run_does_not_outlive_its_daemon(
    desk: Desk, serve: Serve, okrsync: Okrsync, stalled: Callable[[], None]
) -> None:
    service = serve()
    stalled()
    run = child(service)
    service.process.kill()
    begun = time.monotonic()
    until(lambda: not is_alive(run))
    assert time.monotonic() - begun < 10
    assert okrsync("sync").code == 0 and len(desk.ground.texts()) == 3


def test_a_terminal_or_service_manager_that_tells_all_processes_tells_the_daemon(
    desk: Desk, serve: Serve, okrsync: Okrsync
) -> None:
    desk.ground.site.faults.add(Fault("delay", path=r"/search", seconds=3.0))
    service = serve()
    run = child(service)
    for _ in ("while it starts", "in its midst"):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            os.kill(run, number)
        until(lambda: not desk.ground.site.faults.waiting)
    service.until("STATUS=next")
    desk.ground.set_current(KR1, 2.0)
    assert [each["exit_code"] for each in told(service.end(), "run-ended")] == [0]
    assert len(desk.ground.texts()) == 3


def test_the_share_of_a_rate_limit_is_counted_from_run_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with served(GitHub()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_settings(ground.settings().replace("\n[[mappings]]", "share_of_limit = 0.5\n[[mappings]]", 1))
        desk.write_team()
        desk.run("sync")
        limits = ground.site.hub.limits
        limits.allowances.graphql_points_an_hour = 12
        window = limits.window("okr-bot", "graphql")
        window.used = 0
        service = Service(desk)
        service.until("STATUS=next")
        state, runs = StateFile(tmp_path / "okrsync.db"), 0
        while not state.read().paused:
            used, runs = window.used, runs + 1
            desk.ground.set_current(KR1, float(runs))
            service.send(signal.SIGUSR1)
            until(lambda used=used: (window.used > used or state.read().paused) and not children(service.process.pid))
        log = service.end()
        service.line.close()
    assert runs > 2 and window.used == 6, "half of the limit, over several processes"
    (paused,) = told(log, "paused")
    assert paused["tracker"] == "work" and "50% of the rate limit" in paused["why"]


class Unheard:
    """Ears that only count how often a run began."""

    def __init__(self) -> None:
        self.begun = 0

    def began(self) -> None:
        self.begun += 1

    def progress(self) -> None: ...

    def paused(self, tracker: str, seconds: float, why: str) -> None: ...

    def noted(self, text: str) -> None: ...


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["/nowhere/python"], "no process can be started for this run: No such file or directory"),
        (
            [*worker_command("json", verbose=False)[:4], "0.0.0", "json", ""],
            "another version of okrsync was installed while this daemon ran: restart the daemon",
        ),
        ([sys.executable, "-c", "raise SystemExit(3)"], "too early (exit code 3; see what it wrote to standard error)"),
    ],
)
def test_a_run_that_cannot_be_begun_says_why(desk: Desk, command: list[str], why: str) -> None:
    workspace, ears = desk.workspace(), Unheard()
    report = Apart(command).do(Task(Aim.SYNC, "sync"), Ground(workspace, Jobs.of(workspace.settings)), ears)
    assert isinstance(report, Report) and (report.exit_code, ears.begun) == (1, 1)
    assert why in report.problems[0]


TROUBLESOME = """
import sys
from okrsync.cli.daemon_worker import main
from okrsync.daemon import worker
from okrsync_jira.client import Client

class Odd:
    def __reduce__(self):
        return (int, ("odd",))

def begin(self, context, begin=Client.__init__):
    begin(self, context)
    self.lasting["odd"] = {lasting}

def carry_out(*arguments, carry_out=worker.carry_out):
    return {done}

Client.__init__, worker.carry_out = begin, carry_out
main(sys.argv[1:])
"""


@pytest.mark.parametrize("lasting", ["lambda: 0", "Odd()"])
def test_what_cannot_last_is_told_and_found_out_again(
    desk: Desk, lasting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, ears, said = desk.workspace(), Unheard(), list[str]()
    monkeypatch.setattr(workspace, "warn", said.append)
    ground = Ground(workspace, Jobs.of(workspace.settings))
    hands = Apart(troublesome(lasting=lasting))
    for aim in (Aim.SYNC, Aim.LOOK_BACK):
        report = hands.do(Task(aim, "sync"), ground, ears)
        assert isinstance(report, Report) and (report.exit_code, report.problems) == (0, ())
    assert len(said) == 2 and "work: what the plugin of this tracker wants to keep" in said[0]
    assert len(desk.ground.texts()) == 3


@pytest.mark.parametrize(
    ("done", "why"),
    [
        ("lambda: 0", "an error in okrsync itself: what came of this run cannot be told"),
        ("Odd()", "what the process of this run said cannot be read (ValueError"),
    ],
)
def test_what_cannot_be_told_of_a_run_does_not_end_the_daemon(desk: Desk, done: str, why: str) -> None:
    workspace, ears = desk.workspace(), Unheard()
    hands = Apart(troublesome(done=done))
    report = hands.do(Task(Aim.SYNC, "sync"), Ground(workspace, Jobs.of(workspace.settings)), ears)
    assert isinstance(report, Report) and (report.exit_code, ears.begun) == (1, 1)
    assert why in report.problems[0]


def troublesome(*, lasting: str = "0", done: str = "carry_out(*arguments)") -> list[str]:
    code = TROUBLESOME.replace("{lasting}", lasting).replace("{done}", done)
    return [sys.executable, "-c", code, *worker_command("json", verbose=False)[4:]]


def test_what_cannot_be_handed_to_a_process_does_not_end_the_daemon(desk: Desk) -> None:
    workspace, ears = desk.workspace(), Unheard()
    task = Task(Aim.SYNC, "sync", items={"work": (threading.Lock(),)})  # type: ignore[dict-item]
    report = Apart(["/nowhere/python"]).do(task, Ground(workspace, Jobs.of(workspace.settings)), ears)
    assert isinstance(report, Report) and (report.exit_code, ears.begun) == (1, 1)
    assert "this run cannot be handed to a process (TypeError" in report.problems[0]


def test_a_lock_that_cannot_be_taken_is_told(desk: Desk) -> None:
    (desk.folder / ".okrsync.db.lock").mkdir()
    workspace, ears = desk.workspace(), Unheard()
    hands = Apart(worker_command("json", verbose=False))
    report = hands.do(Task(Aim.SYNC, "sync"), Ground(workspace, Jobs.of(workspace.settings)), ears)
    assert isinstance(report, Report) and (report.exit_code, ears.begun) == (1, 1)
    assert "the lock of the workspace cannot be taken" in report.problems[0]


def test_with_another_token_everything_is_found_out_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, ears, site = desk.workspace(), Unheard(), desk.ground.site
    assert isinstance(site, JiraSandbox)
    ground, hands = Ground(workspace, Jobs.of(workspace.settings)), Apart(worker_command("json", verbose=False))
    asked: list[int] = []
    for token in ("sandbox-token", "sandbox-token", "renewed"):
        site.token = token
        monkeypatch.setenv(TOKEN_VARIABLE, token)
        report = hands.do(Task(Aim.SYNC, "sync"), ground, ears)
        assert isinstance(report, Report) and report.exit_code == 0
        asked.append([each.path.rsplit("/", 1)[-1] for each in site.requests.records].count("field"))
    assert asked == [1, 1, 2]


def test_a_field_that_was_wrong_is_looked_for_in_each_run(desk: Desk) -> None:
    workspace, ears, site = desk.workspace(), Unheard(), desk.ground.site
    assert isinstance(site, JiraSandbox)
    (current,) = (id_ for id_, each in site.store.state.fields.items() if each.name == "KR current")
    jobs, hands = Jobs.of(workspace.settings), Apart(worker_command("json", verbose=False))
    (poll,) = jobs.polls
    desk.run("sync")
    for name, code in (("KR then", 1), ("KR current", 0)):
        site.change_field(current, name=name)
        report = hands.do(Task(Aim.POLL, poll.name, poll=poll, confirm=True), Ground(workspace, jobs), ears)
        assert isinstance(report, Report) and report.exit_code == code

"""A canary for a token: whatever goes wrong, and however much is told, it appears nowhere, and goes to nobody else."""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from tests.system.cage import CANARY, Cage
from tests.system.cli_desk import begin
from tests.system.grounds import CYCLE, GROUNDS, TOKEN_VARIABLE, Desk, GitHub, Ground, JiraCloud, served

TRACES = tuple(
    each
    for text in (CANARY, f"bot@demo.example:{CANARY}", f":{CANARY}", f"x-access-token:{CANARY}")
    for each in (text, base64.b64encode(text.encode()).decode().rstrip("="))
)
ENV, FILE = "OKRSYNC_CANARY", "token-of-the-canary"
COMMANDS = (
    ["check", "--online"],
    ["doctor"],
    ["plan"],
    ["sync"],
    ["pull"],
    ["status"],
    ["trackers", "--online"],
    ["cache", "info"],
)


class Records(logging.Handler):
    """Every record of every logger, whatever its level."""

    def __init__(self) -> None:
        super().__init__(0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_info}")


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(request.param()) as ground:
        site = ground.site
        if isinstance(site, JiraSandbox):
            site.token = CANARY
        else:
            assert isinstance(site, GitHubSandbox)
            site.hub.tokens[CANARY] = site.hub.tokens["sandbox-token"]
        desk = Desk(ground, tmp_path)
        desk.write_team()
        yield desk


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a server that fails."""
    monkeypatch.setattr("okrsync.trackers.retry.wait_random_exponential", lambda **_: lambda _: 0.0)
    monkeypatch.setattr("okrsync.engine.outbox.GLANCE", 0.01)


def kept_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Put the canary into every place that a token may be kept in; each as the settings name it."""
    monkeypatch.setenv(ENV, CANARY)
    secret = desk.folder / FILE
    secret.write_text(CANARY, "utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(desk.folder))
    monkeypatch.setattr(keyring.core, "_keyring_backend", Cage())  # type: ignore[no-untyped-call]  # keyring has no types there
    command = json.dumps([sys.executable, "-c", f"import time; time.sleep(0.1); print(open('{FILE}').read())"])
    return {
        "env": f'env = "{ENV}"',
        "file": f'file = "{FILE}"',
        "keyring": 'keyring = "okrsync/canary"',
        "command": f"command = {command}",
        "credential": f'credential = "{FILE}"',
    }


def use(desk: Desk, source: str) -> None:
    desk.write_settings(desk.ground.settings().replace(f'env = "{TOKEN_VARIABLE}"', source))


def nowhere(desk: Desk, *told: str) -> None:
    """The canary is in none of these texts, and in no file but the one that it lives in."""
    files = {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file() and path.name != FILE}
    for trace in TRACES:
        assert not [text for text in told if trace in text]
        assert not [path for path, content in files.items() if trace.encode() in content]


class Told:
    """Runs commands that tell everything, and keeps what they told."""

    def __init__(self, capfd: pytest.CaptureFixture[str], records: Records) -> None:
        self._capfd = capfd
        self.records = records
        self.texts: list[str] = []

    def __call__(self, *arguments: str) -> int:
        code = run([*arguments, "--verbose", "--log-format", "json"])
        self.texts += self._capfd.readouterr()
        return code


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Iterator[Told]:
    records = Records()
    logging.getLogger().addHandler(records)
    yield Told(capfd, records)
    logging.getLogger().removeHandler(records)


def echo(ground: Ground) -> bytes:
    """What a chatty server says back: all that it was sent."""
    basic = f"Basic {TRACES[3]}; " if isinstance(ground, JiraCloud) else ""
    said = f"You sent Authorization: {basic}token {CANARY}, canary:{CANARY}"
    return json.dumps({"message": said, "errorMessages": [said], "errors": [{"message": said}]}).encode()


def faults(ground: Ground) -> dict[str, Callable[[str], Fault]]:
    """Name → the fault, given the address of another server."""
    page = f"<html><title>Log in {CANARY}</title><form action='/login'><input type='password'></form></html>".encode()
    said = echo(ground)
    huge = gzip.compress(b"[" + b" " * (80 * 2**20), 1)
    return {
        "401": lambda _: Fault("status", status=401, response_body=said, times=None),
        "403": lambda _: Fault("status", status=403, response_body=said, times=None),
        "500": lambda _: Fault("status", status=500, response_body=said, times=None),
        "500 after creating": lambda _: Fault(
            "status_after", method="POST", path="/(issue|issues|milestones)$", status=500, response_body=said, times=1
        ),
        "400 to a creation": lambda _: Fault(
            "status", method="POST", path="/(issue|issues|milestones)$", status=422, response_body=said, times=None
        ),
        "login page": lambda _: Fault("status", status=200, response_body=page, times=None),
        "dropped": lambda _: Fault("drop_before", times=None),
        "cut off": lambda _: Fault("truncate", times=None),
        "redirect": lambda other: Fault("status", status=302, headers={"Location": f"{other}/x?{CANARY}"}, times=None),
        "permanent redirect": lambda other: Fault("status", status=308, headers={"Location": other}, times=None),
        "next page elsewhere": lambda other: Fault(
            "status",
            path="/(issues|milestones)",
            status=200,
            headers={"Link": f'<{other}/more>; rel="next"'},
            response_body=b"[]",
            times=None,
        ),
        "huge answer": lambda _: Fault(
            "status",
            path="/(search|issues|graphql)",
            status=200,
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
            response_body=huge,
        ),
    }


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Another server on this machine: its address, and the headers of every request that it gets."""
    seen: list[dict[str, str]] = []

    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def test_it_works_from_every_source_and_is_told_nowhere(
    desk: Desk, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also what libraries log for their own makers alone, and okrsync never lets through.
    monkeypatch.setattr(logging.Logger, "isEnabledFor", lambda *_: True)
    for source in kept_in(desk, monkeypatch).values():
        use(desk, source)
        for command in COMMANDS:
            assert told(*command) == 0, (source, command, told.texts[-2:])
    assert len(desk.ground.texts()) == 3
    assert told.records.lines, "nothing was logged, so nothing was tried"
    nowhere(desk, *told.texts, *told.records.lines)


@pytest.mark.usefixtures("impatient")
def test_whatever_fails_it_is_told_nowhere_and_goes_nowhere_else(
    desk: Desk, told: Told, monkeypatch: pytest.MonkeyPatch, stranger: tuple[str, list[dict[str, str]]]
) -> None:
    other, seen = stranger
    use(desk, kept_in(desk, monkeypatch)["file"])
    assert told("sync") == 0
    for number, (name, fault) in enumerate(faults(desk.ground).items()):
        desk.write_team(objectives=number + 2)
        for command in (["sync"], ["doctor"], ["pull"]):
            desk.ground.site.faults.add(fault(other))
            told(*command)
            desk.ground.site.faults.clear()
            nowhere(desk, *told.texts)
        assert name != "401" or "error" in told.texts[-1]
        assert not [headers for headers in seen if any(trace in str(headers) for trace in TRACES)], name
        assert not [headers for headers in seen if "Authorization" in headers], name
    nowhere(desk, *told.texts, *told.records.lines)


@pytest.mark.parametrize("desk", [JiraCloud, GitHub], indirect=True, ids=lambda ground: ground.name)
def test_no_process_shows_it_in_its_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{Cage.__module__}.{Cage.__name__}")
    for source in kept_in(desk, monkeypatch).values():
        use(desk, source)
        desk.ground.site.faults.add(Fault("delay", seconds=0.2))
        process = begin(desk.folder, "sync", "--verbose", "--log-format", "json")
        lines: set[bytes] = set()
        while process.poll() is None:
            lines |= {_command_line(path) for path in Path("/proc").glob("[0-9]*")}
            time.sleep(0.05)
        out, err = process.communicate()
        assert process.returncode == 0, (source, err)
        assert any(b"from okrsync.cli import main" in line for line in lines), "the process itself was seen"
        nowhere(desk, out, err, *(line.decode("utf-8", "replace") for line in lines))


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.usefixtures("impatient")
def test_what_trackers_say_moves_no_cursor(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    use(desk, f'env = "{ENV}"')
    nasty = "\x1b]0;owned\x07\x1b[2J\x9b31m Pay\u202e\u2028me"
    os.environ[ENV] = CANARY
    try:
        assert run(["sync"]) == 0
        body = json.dumps({"message": nasty, "errorMessages": [nasty], "displayName": nasty, "login": nasty}).encode()
        answers = [Fault("status", status=status, response_body=body, times=None) for status in (400, 403, 404, 500)]
        answers += [Fault("status", status=200, path="/(myself|user)$", response_body=body, times=None)]
        page = f"<html><title>{nasty}</title></html>".encode()
        answers += [Fault("status", status=200, response_body=page, times=None)]
        desk.ground.set_title(Ref(CYCLE, "o0-0"), nasty)
        for fault in [None, *answers]:
            for command in (["plan"], ["doctor"], ["pull"], ["trackers", "--online"], ["check", "--online"]):
                if fault:
                    desk.ground.site.faults.add(fault)
                run(command)
                desk.ground.site.faults.clear()
    finally:
        del os.environ[ENV]
    out, err = capfd.readouterr()
    assert "Pay" in out and "Pay" in err
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]", out + err)

"""Killing an `okrsync` at one chosen moment: before or after a request, or a step that is stored on disk.

Run as a program, this module is a process with everything imported that forks a real `okrsync` whenever it is told to:
so hundreds of processes can be killed without loading the client libraries hundreds of times. Whatever a fork that came
to its end had to import by itself, this process imports before it forks again.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.system.cli_desk import ROOT, environment

MOMENTS = ("before", "after")
COUNT_BYTES = 4
"""At the head of a fork's report: how often it stored something. What it imported follows."""


@dataclass(frozen=True)
class Point:
    """Where a process is killed: `number` counts the requests, or what it stores, from 1."""

    what: str
    """`request` or `step`."""
    number: int
    moment: str

    def __str__(self) -> str:
        return f"{self.moment} {self.what} {self.number}"


@dataclass(frozen=True)
class Ended:
    """How a process ended, and how often it stored something."""

    killed: bool
    code: int
    steps: int


class Forks:
    """Forks of one prepared process, each of which runs one command of okrsync in a folder."""

    def __init__(self, **more: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.killing"],
            cwd=ROOT,
            env=environment(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def run(self, folder: Path, arguments: Sequence[str], point: Point | None, gate: Gate) -> Ended:
        """Run `okrsync` with `arguments` in `folder` until it ends or is killed at `point`."""
        told: dict[str, Any] = {"folder": str(folder), "arguments": list(arguments)}
        if point and point.what == "step":
            told |= {"step": point.number, "moment": point.moment}
        pid = self._ask(told)["pid"]
        gate.set(point if point and point.what == "request" else None, lambda: os.kill(pid, signal.SIGKILL))
        said = self._ask({"go": pid})
        gate.open()
        return Ended(said["signal"] == signal.SIGKILL, said["code"], said["steps"])

    def _ask(self, told: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())  # type: ignore[no-any-return]


class Gate:
    """Stands before a sandbox site: it counts requests, and has the process killed at one of them."""

    def __init__(self, site: Any) -> None:
        self._site = site.asgi
        self._point: Point | None = None
        self._kill: Callable[[], None] = lambda: None
        self.count = 0
        site.asgi = self._asgi

    def set(self, point: Point | None, kill: Callable[[], None]) -> None:
        """Count from here on, and kill at `point`."""
        self._point, self._kill, self.count = point, kill, 0

    def open(self) -> None:
        """Let everything pass."""
        self._point = None

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        self.count += 1
        point = self._point
        if point is None or point.number != self.count:
            await self._site(scope, receive, send)
            return

        async def unheard(_message: Any) -> None:
            """Nobody is there any more to hear the answer."""

        if point.moment == "after":
            await self._site(scope, receive, unheard)
        self._kill()
        scope["state"]["transport"].abort()


@contextmanager
def copied(prepared: Path, to: Path) -> Iterator[Path]:
    """A folder of its own with all that `prepared` holds."""
    shutil.copytree(prepared, to)
    try:
        yield to
    finally:
        shutil.rmtree(to)


def _prepare() -> None:
    """Let look-ups be sure at once: the servers here have no index that lags."""
    from okrsync_github.tracker import GitHubTracker
    from okrsync_jira.tracker import JiraTracker

    for kind in (GitHubTracker, JiraTracker):
        kind.settle_after = 0.0  # type: ignore[assignment,method-assign]


class _Steps:
    """Counts what is stored, and kills this process at one of these steps."""

    def __init__(self, number: int, moment: str, report: int) -> None:
        self.number = number
        self.moment = moment
        self.count = 0
        self._report = report

    def around(self, do: Callable[..., Any], *, unless: Callable[..., bool] = lambda *_: False) -> Callable[..., Any]:
        """`do` as one step."""

        def step(*args: Any, **options: Any) -> Any:
            if unless(*args):
                return do(*args, **options)
            self.count += 1
            number = self.count
            os.pwrite(self._report, number.to_bytes(COUNT_BYTES, "big"), 0)
            self._perhaps_die(number, "before")
            done = do(*args, **options)
            self._perhaps_die(number, "after")
            return done

        return step

    def _perhaps_die(self, number: int, moment: str) -> None:
        if (number, moment) == (self.number, self.moment):
            os.kill(os.getpid(), signal.SIGKILL)


def _run(told: dict[str, Any], report: int) -> int:
    from sqlite_utils import Database

    from okrsync.cli.program import run
    from okrsync.documents import edit
    from okrsync.engine import adopting
    from okrsync.engine.line_file import LineFile
    from okrsync.store.writing import WritingSession

    steps = _Steps(told.get("step", 0), told.get("moment", ""), report)
    # What is written inside a transaction is stored with its commit.
    WritingSession.write = steps.around(  # type: ignore[method-assign]
        WritingSession.write, unless=lambda session, *_: session.in_transaction
    )
    Database.commit = steps.around(Database.commit)  # type: ignore[method-assign]
    LineFile.append = steps.around(LineFile.append)  # type: ignore[method-assign]
    LineFile.replace = steps.around(LineFile.replace)  # type: ignore[method-assign]
    edit.replace_document = steps.around(edit.replace_document)
    adopting._write_new = steps.around(adopting._write_new)
    os.chdir(told["folder"])
    return run(["--quiet", *told["arguments"]])


def _learn(report: int) -> None:
    """Import what the fork that wrote this report had imported when it came to its end."""
    size = os.fstat(report).st_size - COUNT_BYTES
    if size <= 0:
        return
    for name in json.loads(os.pread(report, size, COUNT_BYTES)):
        if name not in sys.modules:
            with suppress(ImportError):  # Some modules are there by other names only.
                import_module(name)
    gc.collect()
    gc.freeze()


def _serve() -> None:
    _prepare()
    for line in sys.stdin:
        told = json.loads(line)
        waits, goes = os.pipe()
        report = os.memfd_create("steps")
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                silence = os.open(Path(told["folder"]) / "said.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
                os.dup2(silence, 1)
                os.dup2(silence, 2)
                os.close(goes)
                os.read(waits, 1)
                code = _run(told, report)
                os.pwrite(report, json.dumps(sorted(sys.modules)).encode(), COUNT_BYTES)
            finally:
                os._exit(code)
        print(json.dumps({"pid": pid}), flush=True)
        sys.stdin.readline()
        os.close(waits)
        os.close(goes)
        _, status = os.waitpid(pid, 0)
        steps = int.from_bytes(os.pread(report, COUNT_BYTES, 0), "big")
        _learn(report)
        os.close(report)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
        print(json.dumps({"signal": killed, "code": code, "steps": steps}), flush=True)


if __name__ == "__main__":
    _serve()

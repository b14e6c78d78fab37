"""Runs in processes of their own, each of which ends with its run.

Between runs the daemon needs none of the client libraries and nothing that was read with them: it waits in a part of
the memory, which cannot grow by what runs leave behind, and it lives on, whatever happens to the process of a run. What
connections know from run to run is kept here, unopened: its types belong to plugins.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from okrsync.app import Workspace, utc_now
from okrsync.daemon.tasks import Ears, Ground, Report, Taken, Task
from okrsync.documents import Documents
from okrsync.engine.outcome import ExitCode
from okrsync.settings import Settings
from okrsync.store.lock import Signature
from okrsync.trackers.retry import Interrupted

STOP = signal.SIGUSR1
"""What asks the process of a run to stop. It ignores what a terminal or a service manager sends to all processes, for
the daemon hears that too."""
_SLICE = 0.2
"""Seconds after which the daemon looks whether it shall end."""
_PATIENCE = 2.5
"""Seconds for the process of a run to end once it has said what came of it, or was asked to stop."""


OTHER_VERSION = 78
"""The exit code of a process that is of another version than the daemon: EX_CONFIG of sysexits.h."""


class Said(Enum):
    """What the process of a run tells: one of these, and what belongs to it."""

    BEGAN = auto()
    PROGRESS = auto()
    PAUSED = auto()
    NOTED = auto()
    WARNED = auto()
    KEPT = auto()
    """What its connections know, pickled."""
    DONE = auto()
    """A Report, or Taken."""


@dataclass(frozen=True)
class Order:
    """All that the process of a run needs to know."""

    task: Task
    settings: Settings
    documents: Documents
    parsed: dict[str, str] | None
    shown_from: Path
    signature: Signature | None
    ahead: timedelta
    """How far the daemon's clock is ahead of the system's, where time is played."""
    kept: bytes
    """What the connections of the last run knew, pickled; empty for nothing."""


class Apart:
    """Carries each run out in a process of its own.

    Args:
        command: starts such a process; the number of the file descriptor that it talks through is put at its end.
        clock: the daemon's.
    """

    def __init__(self, command: Sequence[str], clock: Callable[[], datetime] = utc_now) -> None:
        self._command = tuple(command)
        self._clock = clock
        self._kept = b""

    def do(self, task: Task, ground: Ground, ears: Ears) -> Report | Taken:
        """Carry a run out."""
        ours, theirs = Pipe()
        with ours:
            with theirs:
                try:
                    process = self._begun(theirs.fileno())
                except OSError as error:
                    ears.began()
                    return _failed(f"no process can be started for this run: {error.strerror or error}")
            try:
                return self._heard(_Talk(ours, process), self._order(task, ground.workspace), ground.workspace, ears)
            finally:
                _end(process)

    def _begun(self, descriptor: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._command, str(descriptor)], stdin=subprocess.DEVNULL, pass_fds=[descriptor], process_group=0
        )

    def forget(self) -> None:
        """Let the next run ask trackers anew."""
        self._kept = b""

    def _order(self, task: Task, workspace: Workspace) -> Order:
        ahead = self._clock() - utc_now()
        return Order(
            task,
            workspace.settings,
            workspace.documents,
            workspace.take_parsed(),
            workspace.shown_from,
            workspace.signature,
            ahead if abs(ahead) > timedelta(seconds=1) else timedelta(0),
            self._kept,
        )

    def _heard(self, talk: _Talk, order: Order, workspace: Workspace, ears: Ears) -> Report | Taken:
        began = False
        talk.say(order)
        for said, *rest in talk.heard(workspace.stop):
            match said:
                case Said.BEGAN:
                    began = True
                    ears.began()
                case Said.PROGRESS:
                    ears.progress()
                case Said.PAUSED:
                    ears.paused(*rest)
                case Said.NOTED:
                    ears.noted(*rest)
                case Said.WARNED:
                    workspace.warn(*rest)
                case Said.KEPT:
                    (self._kept,) = rest
                case Said.DONE:
                    done: Report | Taken = rest[0]
                    return done
        if workspace.stop.is_set():
            raise Interrupted
        if not began:
            ears.began()
        return _failed(talk.ending())


class _Talk:
    """What is said between the daemon and the process of a run."""

    def __init__(self, line: Connection[Any, Any], process: subprocess.Popen[bytes]) -> None:
        self._line = line
        self._process = process

    def say(self, order: Order) -> None:
        try:
            self._line.send(order)
        except OSError:
            return  # It has ended already, which is seen at once.

    def heard(self, stop: threading.Event) -> Iterator[tuple[Any, ...]]:
        """What the process says, until it ends; it is asked to when `stop` is set."""
        asked = False
        while True:
            if stop.is_set() and not asked:
                asked = True
                self._process.send_signal(STOP)
            try:
                if self._line.poll(_SLICE):
                    yield self._line.recv()
            except (EOFError, OSError):
                return

    def ending(self) -> str:
        """How the process ended although it had not said what came of it, for people."""
        _end(self._process)
        code = self._process.returncode
        if code == OTHER_VERSION:
            return "another version of okrsync was installed while this daemon ran: restart the daemon"
        how = f"exit code {code}; see what it wrote to standard error"
        if code < 0:
            how = signal.Signals(-code).name + ("; is there too little memory?" if code == -signal.SIGKILL else "")
        return f"the process of this run ended too early ({how}). What it had begun, the next one looks up"


def _failed(why: str) -> Report:
    return Report(problems=(why,), exit_code=ExitCode.PARTLY_FAILED)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    except BaseException:
        process.kill()
        raise

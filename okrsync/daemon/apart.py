"""Runs in processes of their own, each of which ends with its run.

Between runs the daemon needs none of the client libraries and nothing that was read with them: it waits in a part of
the memory, which cannot grow by what runs leave behind, and it lives on, whatever happens to the process of a run. What
connections know from run to run is kept here, unopened: its types belong to plugins.
"""

from __future__ import annotations

import pickle
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

STOP = signal.SIGUSR2
"""What asks the process of a run to stop."""
NOT_FOR_RUNS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""What a terminal, or a service manager, may send to all processes although it means the daemon, which hears it too.
The process of a run begins with these signals blocked, and takes no notice of them from then on."""
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
        try:
            order = pickle.dumps(self._order(task, ground.workspace))
        except Exception as error:  # noqa: BLE001 - whatever a plugin or the settings hold
            ears.began()
            return _failed(f"an error in okrsync itself: this run cannot be handed to a process ({_shown(error)})")
        try:
            ours, process = self._begun()
        except OSError as error:
            ears.began()
            return _failed(f"no process can be started for this run: {error.strerror or error}")
        with ours:
            try:
                return self._heard(_Talk(ours, process), order, ground.workspace, ears)
            finally:
                _end(process)

    def _begun(self) -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
        ours, theirs = Pipe()
        with theirs:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_FOR_RUNS)
            try:
                command = [*self._command, str(theirs.fileno())]
                return ours, subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], process_group=0
                )
            except BaseException:
                ours.close()
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

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

    def _heard(self, talk: _Talk, order: bytes, workspace: Workspace, ears: Ears) -> Report | Taken:
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
                    if not began and isinstance(done, Report):
                        ears.began()
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

    def say(self, order: bytes) -> None:
        try:
            self._line.send_bytes(order)
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
                if not self._line.poll(_SLICE):
                    continue
                said = self._line.recv_bytes()
            except (EOFError, OSError):
                return
            try:
                what: tuple[Any, ...] = pickle.loads(said)  # noqa: S301 - one of us said it
            except Exception as error:  # noqa: BLE001 - whatever a class does that is not as it was
                what = (Said.DONE, _failed(f"what the process of this run said cannot be read ({_shown(error)})"))
            yield what

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


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    except BaseException:
        process.kill()
        raise

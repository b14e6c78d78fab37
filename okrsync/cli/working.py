"""Work with trackers as a command does it: progress shown, waits told, signals heard, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okrsync.cli.call import Call
from okrsync.cli.progress import Bar, progress_bar
from okrsync.cli.stopping import Stopped, stoppable

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.engine.engine import Engine, Told


class Ended(Exception):
    """The work ended early; the text says what was done, `exit_code` is for the shell."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass
class Work:
    """Work under way, and how far it has come."""

    call: Call
    bar: Bar
    doing: str = "starting"
    done: int = 0
    total: int = 0

    def phase(self, text: str) -> None:
        """Something begins."""
        self.doing = text
        self.call.voice.log(text)
        self.bar.phase(text)

    def step(self, done: int, total: int, text: str) -> None:
        """`done` of `total` changes are made."""
        self.done, self.total = done, total
        self.call.voice.debug("step", done=done, total=total, next=text)
        self.bar.step(done, total, text)

    def wait(self, seconds: float, why: str) -> None:
        """A tracker has to be waited for. Nobody needs to hear of a moment."""
        if seconds < 2:
            self.call.voice.debug("waiting", seconds=round(seconds, 1), why=why)
        else:
            self.call.voice.note(f"waiting {seconds:.0f} s: {why}", seconds=round(seconds, 1))

    @property
    def told(self) -> Told:
        """For the engine."""
        from okrsync.engine.engine import Told

        return Told(self.phase, self.step)

    @property
    def state(self) -> str:
        """What was done when somebody stopped it."""
        if self.total:
            return (
                f"{self.done} of {self.total} items were done; what was begun is noted in the cache,"
                " and `okrsync sync` goes on from there"
            )
        return f"it was {self.doing}; nothing was written to a tracker"


@contextmanager
def working(call: Call, workspace: Workspace) -> Iterator[Work]:
    """Work with trackers.

    Raises:
        Ended: a signal stopped it.
    """
    from okrsync.cli.logs import hear_libraries
    from okrsync.trackers.retry import Interrupted

    hear_libraries(call.log_format, call.verbose)
    with progress_bar(call.voice) as bar, stoppable(workspace.stop) as stopping:
        work = Work(call, bar)
        try:
            yield work
        except (Stopped, Interrupted):
            name = stopping.signal.name if stopping.signal else "a signal"
            raise Ended(f"stopped by {name}: {work.state}", stopping.exit_code) from None


@contextmanager
def engine_at_work(call: Call, workspace: Workspace) -> Iterator[Engine]:
    """The engine of a workspace, at work.

    Raises:
        Ended: a signal stopped it.
        Problems: what is wrong in documents or settings.
    """
    for each in workspace.plugins.left_out:
        call.voice.warn(f"plugin {each.name} is left out: {each.reason}", plugin=each.name)
    with working(call, workspace) as work, workspace.engine(work.told, work.wait) as engine:
        yield engine

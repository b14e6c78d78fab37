"""Work with trackers as a command does it: progress shown, waits told, signals heard, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from okrsync.cli.call import Call
from okrsync.cli.progress import Bar, progress_bar
from okrsync.cli.stopping import Stopped, stoppable

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.engine.engine import Engine
    from okrsync.engine.inputs import Told
    from okrsync.store.recovery import Rebuilt

Result = TypeVar("Result")


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
        from okrsync.engine.inputs import Told

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
def engine_at_work(call: Call, workspace: Workspace, *, alone: bool = True) -> Iterator[Engine]:
    """The engine of a workspace, at work; `alone` unless nothing is to be changed.

    Raises:
        Ended: a signal stopped it.
        Problems: what is wrong in documents or settings.
        CacheTaken: another process works on the workspace.
    """
    for each in workspace.plugins.broken:
        call.voice.warn(f"plugin {each.name} is left out: {each.reason}", plugin=each.name)
    with (
        working(call, workspace) as work,
        workspace.engine(
            work.told, work.wait, alone=alone, on_repaired=lambda done: tell_repaired(call, done)
        ) as engine,
    ):
        yield engine


def with_engine(call: Call, workspace: Workspace, work: Callable[[Engine], Result], *, alone: bool = True) -> Result:
    """What comes of the work with an engine, which is `alone` unless nothing is to be changed.

    Damage of the cache that shows only in the midst of it ends the work as a crash would; who is alone then puts the
    cache aside, and begins the work anew.

    Raises: as `engine_at_work`.
    """
    from okrsync.store.errors import CacheDamaged

    if not alone:
        with engine_at_work(call, workspace, alone=False) as engine:
            return work(engine)
    with workspace.turn:
        try:
            with engine_at_work(call, workspace) as engine:
                return work(engine)
        except CacheDamaged as error:
            repaired = workspace.repair_cache(known=error.found)
            if repaired is None:
                raise
            tell_repaired(call, repaired)
        # It may have changed documents before it ended.
        workspace.read_again()
        with engine_at_work(call, workspace) as engine:
            return work(engine)


def tell_repaired(call: Call, done: Rebuilt) -> None:
    """Say that a damaged cache was put aside, what is in its place, and what is lost."""
    call.voice.warn(
        f"the cache was damaged ({'; '.join(done.found)}): it is now {done.aside}, and a new one takes its place",
        aside=str(done.aside),
    )
    if kept := ", ".join(f"{count} {kind}" for kind, count in done.carried.items() if count):
        call.voice.note(f"carried over from it: {kept}", carried=dict(done.carried))
    for kind in done.incomplete:
        call.voice.warn(f"lost: some {kind} of the old cache could not be read", kind=kind)
    call.voice.warn(
        "lost: what documents and trackers last agreed on. Where authority is both, a difference between them waits"
        " for a person now; everything else is read from documents and trackers again"
    )

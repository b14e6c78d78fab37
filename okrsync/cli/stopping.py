"""Stopping on Ctrl-C and SIGTERM: first by asking, so that what was begun is finished and noted, then by force."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

GRACE = 3.0
"""Seconds that a request may still take once somebody asked us to stop; and after which it is told again."""


class Stopped(BaseException):
    """Somebody asked the process to stop, and it would not wait any longer.

    No library may take it for an error of its own, so it is no Exception.
    """


class Stopping:
    """Whether somebody asked us to stop, and by which signal."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """What the shell expects from a process that a signal ended."""
        return 128 + (self.signal or signal.SIGINT)


@contextmanager
def stoppable(
    stop: threading.Event, signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)
) -> Iterator[Stopping]:
    """While inside, `signals` set `stop`; a second one, or `GRACE` seconds, raise Stopped.

    Signals are only heard in the main thread.
    """
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise Stopped
        stopping.signal = signal.Signals(number)
        stop.set()
        # Again and again: what is raised in the midst of a library's cleaning up may be lost there.
        signal.setitimer(signal.ITIMER_REAL, GRACE, GRACE)

    def force(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {
        number: signal.signal(number, handler)
        for number, handler in (*((each, ask) for each in signals), (signal.SIGALRM, force))
    }
    try:
        yield stopping
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)

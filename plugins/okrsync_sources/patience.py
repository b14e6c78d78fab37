"""Work that may take too long: given up after a time, and at once when somebody wants the process to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from okrsync.trackers.retry import Interrupted

Result = TypeVar("Result")
_GLANCE = 0.05


class TookTooLong(Exception):
    """The work was given up."""


class _Work(Generic[Result]):
    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self.done = threading.Event()
        self.result: Result
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody waits for it
            self.error = error
        finally:
            self.done.set()


def within(
    seconds: float, stop: threading.Event, work: Callable[[], Result], give_up: Callable[[], None] = lambda: None
) -> Result:
    """The result of `work`, or what it raises. It runs in a thread of its own, which nobody waits for at the end.

    A library may wait for a server without ever looking up; a database has no other way of being interrupted.

    Args:
        give_up: called when nobody waits any longer; what it can end of the work, it ends.

    Raises:
        TookTooLong: after `seconds`.
        Interrupted: `stop` was set.
    """
    doing = _Work(work)
    threading.Thread(target=doing.run, name="okrsync-source", daemon=True).start()
    waited = 0.0
    while not doing.done.wait(min(_GLANCE, seconds)):
        waited += min(_GLANCE, seconds)
        if stop.is_set():
            give_up()
            raise Interrupted
        if waited >= seconds:
            give_up()
            raise TookTooLong
    if doing.error is not None:
        raise doing.error
    return doing.result

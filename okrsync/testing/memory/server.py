"""The server in memory that any number of `MemoryTracker`s share, as processes share a real one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from okrsync.testing.memory.context import TOKEN
from okrsync.testing.memory.people import MemoryPeople
from okrsync.testing.memory.records import WaitingFault
from okrsync.testing.memory.state import FIELDS, MemoryState
from okrsync.trackers.errors import AuthFailed

Answer = TypeVar("Answer")

WRITES = frozenset({"create", "update", "write_fields", "set_closed", "link", "unlink", "comment"})
"""The methods of a tracker that change something; the others read."""


class MemoryServer(MemoryState):
    """A tracker's server: its state, its faults, and counts of what it was asked.

    `token` is the one that it accepts; the other arguments are those of `MemoryState`, whose `lag` and
    `unique_titles` may be changed at any time. `people` are the hands of those who work there.
    """

    def __init__(
        self,
        projects: Iterable[str] = ("PLAT",),
        *,
        fields: Iterable[str] = FIELDS,
        unique_titles: bool = False,
        objectives_take_comments: bool = True,
        lag: timedelta = timedelta(0),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        token: str = TOKEN,
    ) -> None:
        super().__init__(
            projects,
            fields=fields,
            unique_titles=unique_titles,
            objectives_take_comments=objectives_take_comments,
            lag=lag,
            now=now,
        )
        self.token = token
        self.calls: Counter[str] = Counter()
        """How often each method of the trackers was asked, refused and failed calls included."""
        self.people = MemoryPeople(self)
        self._lock = threading.RLock()
        self._faults: list[WaitingFault] = []

    @property
    def reads(self) -> int:
        """How many reading calls have arrived."""
        return sum(count for method, count in self.calls.items() if method not in WRITES)

    @property
    def writes(self) -> int:
        """How many writing calls have arrived."""
        return sum(count for method, count in self.calls.items() if method in WRITES)

    def fail(
        self,
        method: str | Iterable[str] | None,
        error: BaseException,
        *,
        times: int = 1,
        after_acting: bool = False,
        skip: int = 0,
    ) -> None:
        """Let the next `times` calls of `method` (several: of any of them; None: of any at all) end in `error`.

        Of those calls, the first `skip` pass.
        `after_acting` is the lost answer: the server does what it was asked, and then the error is raised.
        """
        methods = frozenset([method]) if isinstance(method, str) else frozenset(method) if method is not None else None
        self._faults.append(WaitingFault(methods, error, after_acting, skip, times))

    def heal(self) -> None:
        """Drop the faults that have not struck yet."""
        self._faults.clear()

    def answer(self, method: str, token: str, act: Callable[[], Answer]) -> Answer:
        """Answer one call of a tracker's `method`: count it, let a fault strike, look at the token, act."""
        with self._lock:
            self.calls[method] += 1
            fault = self._take_fault(method)
            if fault and not fault.after_acting:
                raise fault.error
            if token != self.token:
                raise AuthFailed(f"{self.url} does not accept the token: check the token of this tracker")
            answered = act()
            if fault:
                raise fault.error
            return answered

    def _take_fault(self, method: str) -> WaitingFault | None:
        for fault in self._faults:
            if fault.methods is not None and method not in fault.methods:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.left -= 1
            if fault.left == 0:
                self._faults.remove(fault)
            return fault
        return None

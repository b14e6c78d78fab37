"""What others ask of the daemon while it waits or works: to stop, to read its settings again, to sync now, to look at
items that somebody says have changed."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_SLICE = 0.2
"""Seconds after which a wait looks whether it shall end."""


@dataclass(frozen=True)
class Hint:
    """Somebody says that something changed in a tracker. Nothing is believed of it but where to look."""

    tracker: str
    """Its name in the settings."""
    project: str
    item: str | None = None
    """The id of the item; None where only the project is known."""


class Stop(threading.Event):
    """An event that a signal handler may set at any moment: neither side ever holds a lock.

    `while_waiting` is called again and again in every wait.
    """

    def __init__(self, while_waiting: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._asked = False
        self._while_waiting = while_waiting
        self.on_set: Callable[[], None] = lambda: None

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked

    def set(self) -> None:
        """Ask to stop."""
        self._asked = True
        self.on_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or `timeout` seconds; whether it is set."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._asked:
            left = _SLICE if until is None else min(_SLICE, until - time.monotonic())
            if left <= 0:
                break
            self._while_waiting()
            time.sleep(left)
        return self._asked


class Inbox:
    """Requests to the daemon, from signal handlers and from other threads."""

    def __init__(self, stop: Stop | None = None) -> None:
        self.stop = stop or Stop()
        self.stop.on_set = self._wake
        self._reload = self._sync = False
        self._hints: dict[Hint, None] = {}
        self._lock = threading.Lock()
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)

    def ask_to_reload(self) -> None:
        """Settings and documents shall be read again. Signal handlers may call it."""
        self._reload = True
        self._wake()

    def ask_to_sync(self) -> None:
        """A sync shall run now. Signal handlers may call it."""
        self._sync = True
        self._wake()

    def hint(self, *hints: Hint) -> None:
        """Something changed, somebody says. The same hint twice is one. Not for signal handlers."""
        with self._lock:
            self._hints |= dict.fromkeys(hints)
        self._wake()

    def take_reload(self) -> bool:
        """Whether settings shall be read again; asked once."""
        asked, self._reload = self._reload, False
        return asked

    def take_sync(self) -> bool:
        """Whether a sync shall run now; asked once."""
        asked, self._sync = self._sync, False
        return asked

    def take_hints(self) -> tuple[Hint, ...]:
        """The hints that came since they were last taken, each once."""
        with self._lock:
            taken, self._hints = tuple(self._hints), {}
        return taken

    def wait(self, seconds: float) -> None:
        """Wait until somebody asks for something, at most so long."""
        ready, _, _ = select.select([self._reading], [], [], max(0.0, seconds))
        if ready:
            with suppress(BlockingIOError):
                while os.read(self._reading, 4096):
                    pass

    def close(self) -> None:
        """Let go of what it waits with."""
        self.stop.on_set = lambda: None
        for end in (self._reading, self._writing):
            os.close(end)

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # Full of wishes to wake: it will.
            os.write(self._writing, b".")

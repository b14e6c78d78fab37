"""The pace of writes: GitHub asks for a pause from one to the next, as a defence against its secondary limits."""

from __future__ import annotations

import threading
import time

from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.interface import TrackerContext
from okrsync.trackers.retry import Interrupted


class Pace:
    """Waits from one write to the next: `interval` seconds, unless `stop` is set."""

    def __init__(self, interval: float, stop: threading.Event) -> None:
        self._interval = interval
        self._stop = stop
        self._last: float | None = None

    def wait(self) -> None:
        """Wait until the next write may be sent.

        Raises:
            Interrupted: `stop` was set.
        """
        if self._last is None or self._interval <= 0:
            return
        left = min(self._interval, self._last + self._interval - time.monotonic())
        if left > 0 and self._stop.wait(left):
            raise Interrupted

    def written(self) -> None:
        """A write was sent, whatever came of it."""
        self._last = time.monotonic()


def is_hosted_by_github(host: str) -> bool:
    """Whether GitHub runs it, so that its limits hold. An Enterprise Server has none unless its owners turn them on."""
    return host == "api.github.com" or host.endswith(".ghe.com")


def write_interval(context: TrackerContext, host: str) -> float:
    """Seconds from one write to the next.

    Raises:
        Misconfigured: the tracker's options say no such thing.
    """
    value = context.options.get("write_interval", 1.0 if is_hosted_by_github(host) else 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise Misconfigured(f"write_interval of tracker {context.name} is {value!r}; write seconds, 0 to 3600")
    return float(value)

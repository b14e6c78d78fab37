"""Telling systemd how the daemon is: sd_notify(3), a datagram to the socket that NOTIFY_SOCKET names."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress


class ServiceManager:
    """Says to the service manager what it wants to know; without one, nothing is said.

    Source: sd_notify(3) and sd_watchdog_enabled(3).
    """

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._clock = clock
        self._last_ping = float("-inf")
        self.last_progress = clock()
        """When work last progressed, by the clock."""
        self._status = ""
        self.watchdog = _watchdog(environment)
        """Seconds within which it wants to hear that work progresses; None where it does not."""

    def ready(self) -> None:
        """The daemon is up; also after `reloading`."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """What the daemon is doing, in one line for people."""
        line = " ".join(text.split())
        if line != self._status:
            self._status = line
            self._say(f"STATUS={line}")

    def reloading(self) -> None:
        """Settings are being read again."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The daemon ends."""
        self._say("STOPPING=1")

    def progress(self) -> None:
        """Work progresses, or there is none: nothing hangs. It may be called as often as one likes."""
        self.last_progress = self._clock()
        if self.watchdog is not None and self._clock() - self._last_ping >= self.watchdog / 4:
            self._last_ping = self._clock()
            self._say("WATCHDOG=1")

    def _say(self, text: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        # Whoever listens there may have gone; the work does not depend on it.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.sendto(text.encode(), address)


def _watchdog(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        seconds = int(environment.get("WATCHDOG_USEC", "")) / 1e6
    except ValueError:
        return None
    return seconds if seconds > 0 else None

"""How long ago something was, whatever somebody did to the clock in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Uptime:
    """For how many seconds the machine has been running since the start that `boot` names."""

    boot: str
    """Empty where nobody can tell one start from another."""
    seconds: float


def system_uptime() -> Uptime:
    """The uptime of this machine, sleep included. Setting the clock does not change it (clock_gettime(2))."""
    return Uptime(_boot(), time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)))


@cache
def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


@dataclass(frozen=True)
class Moment:
    """When something happened, by the clock and by the machine's uptime."""

    at: datetime
    uptime: Uptime

    def to_json(self) -> dict[str, Any]:
        """The moment as JSON."""
        return {"at": self.at.isoformat(), "boot": self.uptime.boot, "up": round(self.uptime.seconds, 3)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Moment:
        """What `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        at = datetime.fromisoformat(data["at"])
        if at.tzinfo is None:
            raise ValueError(f"{data['at']} has no time zone")
        return cls(at, Uptime(str(data["boot"]), float(data["up"])))


class Watch:
    """Tells moments, and how long ago they were."""

    def __init__(self, clock: Callable[[], datetime], uptime: Callable[[], Uptime] = system_uptime) -> None:
        self._clock = clock
        self._uptime = uptime

    def now(self) -> Moment:
        """This moment."""
        return Moment(self._clock(), self._uptime())

    def age(self, then: Moment) -> float:
        """Seconds since `then`, at least 0.

        As long as the machine has not been started anew, its uptime tells them and no clock that somebody sets can
        make them more; else the clock has to be believed.
        """
        now = self.now()
        if then.uptime.boot and then.uptime.boot == now.uptime.boot:
            return max(0.0, now.uptime.seconds - then.uptime.seconds)
        return max(0.0, (now.at - then.at).total_seconds())

    def is_ahead(self, then: Moment) -> bool:
        """Whether `then` lies in a future that only the clock knows of: it was wrong then, or is wrong now."""
        now = self.now()
        return then.at > now.at and not (then.uptime.boot and then.uptime.boot == now.uptime.boot)

"""When something is due. Pure: moments in, moments out.

A run that was missed, because the machine slept or the one before took long, is caught up once and not as often as it
was missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Rhythm:
    """How often something happens."""

    when: timedelta | str
    """The time from one run to the next, or a cron expression of five fields."""
    zone: ZoneInfo = _UTC
    """In which cron expressions are read. When its clocks change, a daily run happens once, at the moment that Debian's
    cron would choose; what is skipped at night in spring happens right after."""
    jitter: timedelta = timedelta(0)
    """A run may be moved by up to this: a cron run is later, one after a span of time earlier or later by up to half of
    it. Never more than a quarter of the span."""
    seed: str = ""
    """What tells this okrsync from others, so that they do not all choose the same second."""

    def next(self, last: datetime | None, now: datetime) -> datetime:
        """When the next run is due, if one began at `last` (None: never). A moment that is not after `now`: at once.

        A `last` in the future comes from a clock that was wrong, and counts as now.
        """
        if last is None:
            return now
        last = min(last, now)
        if isinstance(self.when, timedelta):
            jitter = min(self.jitter, self.when / 4)
            return last + self.when + jitter * (self._chance(last) - 0.5)
        planned = self._after(last)
        # What was moved to later began after the moment that it was planned for, so `last` is never before that.
        gap = self._after(planned) - planned
        return planned + min(self.jitter, gap / 4) * self._chance(planned)

    def _after(self, moment: datetime) -> datetime:
        """The first moment after this one of which the expression is true, in UTC."""
        assert isinstance(self.when, str)
        for found in CronSim(self.when, moment.astimezone(self.zone)):
            # In the hour that comes twice, an expression may come true on the clock although it is over.
            if (planned := found.astimezone(UTC)) > moment:
                return planned
        raise ValueError(f"{self.when} never comes true")

    def _chance(self, moment: datetime) -> float:
        """A number from 0 up to 1 that is always the same for the same run, and another for the next."""
        text = f"{self.seed} {moment.astimezone(UTC).isoformat(timespec='seconds')}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


@dataclass(frozen=True)
class Job:
    """Something that happens again and again."""

    name: str
    rhythm: Rhythm


@dataclass(frozen=True)
class Timetable:
    """Every job, and when each began last."""

    jobs: tuple[Job, ...]

    def next(self, last: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
        """When each job is due next, by name."""
        return {job.name: job.rhythm.next(last.get(job.name), now) for job in self.jobs}

    def due(self, last: Mapping[str, datetime], now: datetime) -> tuple[str, ...]:
        """The names of the jobs that are due, in the order in which they stand."""
        return tuple(name for name, moment in self.next(last, now).items() if moment <= now)


def soonest(moments: Iterable[datetime], at_latest: datetime) -> datetime:
    """The first of the moments, or `at_latest` where that is sooner."""
    return min((*moments, at_latest))

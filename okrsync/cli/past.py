"""What the commands that look back have in common: days as options, and the cache as a workspace remembers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.domain.cycle import Cycle
    from okrsync.domain.ref import Ref
    from okrsync.domain.status import Status
    from okrsync.store.reading import Reader

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def day_option(name: str, meaning: str) -> Callable[[Decorated], Decorated]:
    """An option that takes a day that has come: `2026-11-15`."""
    return click.option(name, "day", metavar="DATE", callback=_day, help=meaning)


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day: write it as 2026-11-15") from None
    if day > datetime.now(UTC).date():
        raise click.BadParameter(f"{day} has not come yet: name today or a day before")
    return day


def start_of(day: date | None) -> datetime | None:
    """The moment at which a day begins, UTC."""
    return None if day is None else datetime.combine(day, time(), UTC)


def end_of(day: date, now: datetime) -> datetime:
    """The last second of a day, UTC, or now where the day is not over."""
    return min(now, datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(seconds=1))


@contextmanager
def remembered(workspace: Workspace) -> Iterator[Reader | None]:
    """The cache for reading; None where there is none yet."""
    from okrsync.store.errors import CacheMissing, CacheOlder
    from okrsync.store.reading import Reader

    settings = workspace.settings
    try:
        reader = Reader.at(settings.cache_file, settings.workspace)
    except CacheMissing:
        yield None
        return
    except CacheOlder:
        reader = workspace.open_cache()
    with reader:
        yield reader


def status_at(workspace: Workspace, day: date) -> Status:
    """How the objectives stood when `day` ended; without a cycle that was asked for, those of the cycle of that day."""
    from okrsync.reports.history import status_as_of

    moment = end_of(day, workspace.now())
    workspace.now = lambda: moment
    settings = workspace.settings
    with remembered(workspace) as cache:
        return status_as_of(
            cache, workspace.visible, settings.workspace, workspace.cycle, moment, settings.check_in_period
        )


@dataclass(frozen=True)
class Asked:
    """What somebody asks about, and its cycle."""

    ref: Ref
    cycle: Cycle


def asked_for(workspace: Workspace, text: str) -> Asked:
    """The objective, key result or KPI that somebody names.

    Raises:
        Problems: there is none of that name.
    """
    from okrsync.domain.cycle import parse_cycle
    from okrsync.reports.explain import find_ref

    ref = find_ref(text, workspace.visible, workspace.cycle.name)
    return Asked(ref, parse_cycle(ref.cycle, workspace.settings.named_cycles))

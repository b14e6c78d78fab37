"""Rebuilding and repairing a file: what is damaged is put aside, and what only we know is carried over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from okrsync.store.cache import Cache
from okrsync.store.errors import CacheDamaged, CacheMissing
from okrsync.store.session import Clock, connect, utc_now
from okrsync.store.soundness import CARRIED
from okrsync.store.tables.carried import Carried


@dataclass(frozen=True)
class Rebuilt:
    """What became of the old cache."""

    aside: Path | None
    """Where the damaged file is now; None when it was well and is still in use."""
    found: tuple[str, ...] = ()
    """What was wrong with it."""
    carried: Mapping[str, int] = field(default_factory=dict)
    """Kind of row → how many were carried over from the damaged file."""
    incomplete: tuple[str, ...] = ()
    """The kinds of which some rows could not be read."""


def rebuild(path: Path, workspace: str, clock: Clock = utc_now) -> Rebuilt:
    """Clear the cache of whatever the trackers can tell again; where it is damaged, put it aside and begin a new one.

    Nobody else may have the cache open meanwhile.

    Raises:
        CacheNewer, WrongWorkspace, CacheBusy, CacheError: as their texts say.
    """
    try:
        with Cache.open(path, workspace, clock=clock) as cache:
            found = cache.damage()
            if not found:
                cache.clear_for_rebuild()
                return Rebuilt(None)
    except CacheDamaged as error:
        found = (error.found,)
    return _begin_anew(path, workspace, clock, found)


def repair(
    path: Path, workspace: str, clock: Clock = utc_now, *, at_a_glance: bool = False, known: str = ""
) -> Rebuilt | None:
    """Put a damaged cache aside and begin a new one. None where it is well or not there: then nothing is done.

    `at_a_glance` trusts what does not show its damage in a moment; `known` is damage that somebody met already. Nobody
    else may have the cache open meanwhile.

    Raises:
        CacheNewer, WrongWorkspace, CacheBusy, CacheError: as their texts say.
    """
    try:
        with Cache.open(path, workspace, create=False, clock=clock) as cache:
            found = cache.damage_at_a_glance() if at_a_glance else cache.damage()
        found = found or ((known,) if known else ())
    except CacheMissing:
        return None
    except CacheDamaged as error:
        found = (error.found,)
    return _begin_anew(path, workspace, clock, found) if found else None


def _begin_anew(path: Path, workspace: str, clock: Clock, found: tuple[str, ...]) -> Rebuilt:
    aside = _put_aside(path, clock)
    with Cache.open(path, workspace, clock=clock) as fresh:
        return replace(_carry_over(aside, fresh), found=found)


def _put_aside(path: Path, clock: Clock) -> Path:
    """Rename the file and its log; SQLite finds the log by the file's name."""
    name = f"{path.name}.damaged-{clock().astimezone(UTC):%Y%m%dT%H%M%SZ}"
    aside = path.with_name(name)
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{name}-{count}")
    for ending in ("", "-wal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    # Whoever still has the old file open must not share its index of the log with the new one.
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    return aside


def _carry_over(aside: Path, fresh: Cache) -> Rebuilt:
    carried: dict[str, int] = {}
    incomplete: list[str] = []
    with closing(connect(aside, writable=False)) as damaged:
        damaged.text_factory = lambda text: text.decode("utf-8", "replace")
        for each in CARRIED:
            rows, complete = _salvage(damaged, each)
            carried[each.kind] = len(rows)
            fresh.carry(each, rows)
            if not complete:
                incomplete.append(each.kind)
    return Rebuilt(aside, (), carried, tuple(incomplete))


def _salvage(damaged: sqlite3.Connection, what: Carried) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows that can be read, and whether these are all: from the start up to the damage, then from the end."""
    forwards, complete = _read(damaged, f"{what.select} order by rowid", lambda one, other: one < other)
    found = dict(forwards)
    if not complete:
        backwards, _ = _read(damaged, f"{what.select} order by rowid desc", lambda one, other: one > other)
        found.update(backwards)
    rows = [found[rowid][1:] for rowid in sorted(found) if _sound(what.parse, found[rowid][1:])]
    return rows, complete and len(rows) == len(found)


def _read(
    damaged: sqlite3.Connection, sql: str, in_order: Callable[[int, int], bool]
) -> tuple[dict[int, tuple[Any, ...]], bool]:
    found: dict[int, tuple[Any, ...]] = {}
    last: int | None = None
    try:
        for row in damaged.execute(sql):
            # Pages that point to one another in a circle would be read for ever.
            if last is not None and not in_order(last, row[0]):
                return found, False
            last = row[0]
            found[row[0]] = row
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return found, False
    return found, True


def _sound(parse: Callable[..., object], columns: tuple[Any, ...]) -> bool:
    try:
        parse(*columns)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False
    return True

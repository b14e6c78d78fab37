"""Whether a cache is what okrsync wrote: to SQLite, by its schema, and by its rows."""

from __future__ import annotations

from functools import cache

from sqlite_utils import Database

from okrsync.store.errors import CacheDamaged
from okrsync.store.migrations import registered
from okrsync.store.session import Session
from okrsync.store.tables import check_ins, observations, outbox, terms
from okrsync.store.tables.baselines import Baselines
from okrsync.store.tables.links import Links
from okrsync.store.tables.observations import Observations
from okrsync.store.tables.runs import Runs

CARRIED = (check_ins.CARRIED, outbox.CARRIED, *observations.CARRIED, terms.CARRIED)
"""What a rebuild carries over from a damaged cache, because no tracker can tell it again."""
_SCHEMA = "select name, sql from sqlite_master where sql is not null"


def damage(session: Session) -> tuple[str, ...]:
    """What is wrong with the cache, read from end to end; nothing when it is well."""
    try:
        found = [each for each in session.select(str, "pragma integrity_check(20)") if each != "ok"]
        found += session.select(_dangling, "pragma foreign_key_check")
        found += _lost(session)
        for each in CARRIED:
            parse = each.parse
            session.select(lambda _rowid, *columns, parse=parse: parse(*columns), each.select)
        Runs(session).recent(-1)
        Links(session).live()
        Links(session).gone()
        Baselines(session).all()
        Observations(session).current()
    except CacheDamaged as error:
        return (error.found,)
    return tuple(found)


def damage_at_a_glance(session: Session) -> tuple[str, ...]:
    """What is wrong with the cache as far as it shows before the work begins: its pages, and its schema."""
    try:
        return (
            *(each for each in session.select(str, "pragma quick_check(1)") if each != "ok"),
            *_lost(session),
        )
    except CacheDamaged as error:
        return (error.found,)


def _lost(session: Session) -> list[str]:
    # What others add for their dashboards, as an index, is no damage.
    lost = _schema_as_made() - set(session.select(_pair, _SCHEMA))
    return [f"{name} is not what its migration made" for name, _ in sorted(lost)]


@cache
def _schema_as_made() -> frozenset[tuple[str, str]]:
    with Database(memory=True, execute_plugins=False) as db:
        registered().apply(db)
        return frozenset(_pair(*row) for row in db.execute(_SCHEMA))


def _dangling(table: str, _rowid: int, parent: str, _index: int) -> str:
    return f"a row of {table} refers to one of {parent} that is not there"


def _pair(name: str, sql: str) -> tuple[str, str]:
    return name, sql

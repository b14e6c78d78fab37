"""What matches a JQL query, read in full once and then by what changed; whatever leaves the query is noticed.

What changed is read newest first, up to what is known; no clock is compared with another. That never shows what left
the query, was moved away or was deleted. Cloud gives thousands of bare ids in one page, so there all of them are asked
for again: that shows exactly who matches. Data Center counts whatever it lists, so there the count tells whether
somebody is missing. Where the two do not agree, everything is read anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from okrsync.domain.ref import Marker
from okrsync.trackers.errors import Misconfigured, NotFound, Rejected
from okrsync.trackers.values import Match, Matches, Query
from okrsync_jira import items
from okrsync_jira.checking import Resolver
from okrsync_jira.client import Client
from okrsync_jira.errors import NoSuchEndpoint
from okrsync_jira.fields import JiraField
from okrsync_jira.jql import read_jql
from okrsync_jira.paging import Row, Search, chunks, quoted

FEW_PAGES = 2
"""What takes so few pages in full is always read in full: nothing is cheaper, and nothing more certain."""
FULL_AFTER = timedelta(hours=24)
"""A reading that goes on for longer is begun anew: not everything that matters counts as an update in Jira, for example
when a status is moved to another category."""
QUIET_ROWS = 25
"""After so many rows in a row that are older than the newest one known, and tell nothing new, the rest is not read.
Jira Cloud's index lags writes by up to minutes, and need not show them in their order."""
CLOCK_SLACK = timedelta(minutes=2)
IDS_IN_A_PAGE = 5_000
MOST_LEFT_OUT = 1_000
READINGS = 3
"""How often pages by offset are read again because rows moved between them meanwhile."""
_STOCK = frozenset(
    {
        "com.atlassian.jira.plugin.system.customfieldtypes:float",
        "com.pyxis.greenhopper.jira:jsw-story-points",
    }
)
"""Kinds of custom fields that hold what somebody entered; others may be computed, and change without an update."""
_ENTERED = frozenset({"timespent", "timeestimate", "timeoriginalestimate"})


@dataclass(frozen=True)
class _Asked:
    """A query as Jira is asked it."""

    base: str
    """Its restriction, to which others can be added by AND."""
    scope: str
    """Where something that leaves it is looked for; empty for the whole site."""
    ids: Mapping[str, str]
    """Field name → id."""
    settled: bool
    computed: bool
    """Whether a field can change without an update of the issue."""

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys(("labels", "status", "updated", *self.ids.values())))


@dataclass(frozen=True)
class _Cursor:
    """Where a reading stands: the newest change seen, when it was read, now and in full (the server's clock)."""

    newest: datetime
    read: datetime
    full: datetime
    own: frozenset[str]
    """The ids of okrsync's own items that Jira counts among those that match."""

    def text(self) -> str:
        moments = [each.isoformat() for each in (self.newest, self.read, self.full)]
        return json.dumps([*moments, sorted(self.own)], separators=(",", ":"))

    @classmethod
    def parse(cls, text: str | None) -> _Cursor | None:
        try:
            newest, read, full, own = json.loads(text or "")
            newest, read, full = map(datetime.fromisoformat, (newest, read, full))
            return cls(newest, read, full, frozenset(map(str, own)))
        except (ValueError, TypeError):
            return None


class Queries:
    """Answers the queries of one site."""

    def __init__(self, client: Client, search: Search, resolver: Resolver) -> None:
        self._client = client
        self._search = search
        self._resolver = resolver

    def matches(self, query: Query, known: Mapping[str, Match], since: str | None) -> Matches:
        """As `Tracker.matches`."""
        asked = self._asked(query)
        found = None
        cursor = _Cursor.parse(since)
        if cursor and self._goes_on(cursor):
            found = self._what_changed(asked, known, cursor)
        found = found or self._everything(asked)
        if found.after(known):
            return found
        return self._nothing(query, known, found)

    def count(self, query: Query) -> int | None:
        """As `Tracker.count`: Cloud's approximate count."""
        if not self._client.server.cloud:
            return None
        try:
            said = self._client.ask("search/approximate-count", {"jql": self._asked(query).base})
        except (NoSuchEndpoint, NotFound):
            return None
        count = said.get("count") if isinstance(said, Mapping) else None
        if not isinstance(count, int) or isinstance(count, bool):
            raise self._client.unreadable("GET", "search/approximate-count")
        return count

    def _asked(self, query: Query) -> _Asked:
        jql = read_jql(query.text)
        base = jql.within(query.project)
        if query.created_from:
            base += f' AND created >= "{query.created_from.isoformat()}"'
        if query.created_to:
            base += f' AND created < "{(query.created_to + timedelta(days=1)).isoformat()}"'
        ids = self._resolver.ids(query.project, query.fields) if query.fields else {}
        if problems := self._problems(query, ids):
            raise Misconfigured(*problems)
        fields = [self._resolver.catalogue.by_id[each] for each in ids.values()]
        scope = "" if jql.names_project else f"project = {quoted(query.project)}"
        return _Asked(base, scope, ids, jql.settled, any(not _is_entered(each) for each in fields))

    def _problems(self, query: Query, ids: Mapping[str, str]) -> list[str]:
        problems = self._resolver.problems(query.project, query.fields) if len(ids) < len(query.fields) else []
        # Here the name stands in a document.
        problems = [each.replace(" in the settings", "") for each in problems]
        for name, id_ in ids.items():
            found = self._resolver.catalogue.by_id[id_]
            if found.type in {"text", "date", "option"}:
                numbers = ", ".join(map(repr, self._resolver.catalogue.numbers())) or "none"
                problems.append(
                    f"field {name!r} ({id_}) is of the type {found.type}, and numbers are needed; number fields of this"
                    f" Jira: {numbers}"
                )
        return problems

    def _goes_on(self, cursor: _Cursor) -> bool:
        """Whether a reading may go on: not after a day, nor where the server's clock was set back."""
        _ = self._client.server
        now = self._client.now()
        return now <= cursor.full + FULL_AFTER and now >= cursor.read - CLOCK_SLACK

    def _everything(self, asked: _Asked) -> Matches:
        _ = self._client.server
        begun = self._client.now()
        for _reading in range(READINGS):
            rows: dict[str, Row] = {}
            pages, total = 0, None
            for page in self._search.pages(f"{asked.base} ORDER BY key", asked.fields):
                pages, total = pages + 1, page.total
                rows |= {str(row["id"]): row for row in page.rows}
            if total is None or len(rows) == total:
                break
        own = frozenset(id_ for id_, row in rows.items() if _is_own(row))
        matches = tuple(self._match(asked, row) for id_, row in rows.items() if id_ not in own)
        newest = _newest(rows.values(), begun)
        certain = asked.settled or total is None
        if pages <= FEW_PAGES or asked.computed or not certain or newest is None:
            return Matches(matches)
        return Matches(matches, cursor=_Cursor(newest, begun, begun, own).text())

    def _what_changed(self, asked: _Asked, known: Mapping[str, Match], cursor: _Cursor) -> Matches | None:
        """What changed since the cursor; None where that cannot be told for certain."""
        begun = self._client.now()
        changed, total = self._changed(asked, known, cursor)
        before = known.keys() | cursor.own
        if asked.computed or (total is not None and not asked.settled):
            return None
        if total is None:
            here = self._by_ids(asked, before, changed)
        else:
            here = self._by_total(asked, before, changed, total, cursor)
        if here is None:
            return None
        own = {id_ for id_, row in changed.items() if _is_own(row)}
        after = _Cursor(
            newest=max(cursor.newest, _newest(changed.values(), begun) or cursor.newest),
            read=begun,
            full=cursor.full,
            own=frozenset(((cursor.own - changed.keys()) | own) & here),
        )
        now = [self._match(asked, row) for id_, row in changed.items() if id_ in here and id_ not in own]
        return Matches(
            matches=tuple(each for each in now if each != known.get(each.id)),
            left=frozenset(id_ for id_ in known if id_ not in here or id_ in own),
            complete=False,
            cursor=after.text(),
        )

    def _changed(self, asked: _Asked, known: Mapping[str, Match], cursor: _Cursor) -> tuple[dict[str, Row], int | None]:
        """The rows that match and changed since, with some that did not; and how many match, if the server counts."""
        rows: dict[str, Row] = {}
        quiet = 0
        total = None
        for page in self._search.pages(f"{asked.base} ORDER BY updated DESC", asked.fields):
            total = page.total
            for row in page.rows:
                id_ = str(row["id"])
                rows[id_] = row
                told = id_ in cursor.own if _is_own(row) else self._match(asked, row) == known.get(id_)
                moment = _updated(row)
                quiet = quiet + 1 if told and moment and moment < cursor.newest else 0
            # Where the index never lags, the first such row shows already that all older ones are known.
            if quiet >= (QUIET_ROWS if total is None else 1):
                break
        return rows, total

    def _by_ids(self, asked: _Asked, before: Set[str], changed: dict[str, Row]) -> set[str] | None:
        """The ids of all that match, from a list of bare ids. What is not known yet is read into `changed`."""
        pages = self._search.pages(f"{asked.base} ORDER BY key", ["id"], IDS_IN_A_PAGE)
        here = {str(row["id"]) for page in pages for row in page.rows}
        for some in chunks(sorted(here - before - changed.keys())):
            try:
                for page in self._search.pages(f"id in ({', '.join(some)})", asked.fields):
                    changed |= {str(row["id"]): row for row in page.rows}
            except Rejected:
                return None  # One of them was deleted in between.
        return here if here <= before | changed.keys() else None

    def _by_total(
        self, asked: _Asked, before: Set[str], changed: Mapping[str, Row], total: int, cursor: _Cursor
    ) -> set[str] | None:
        """The ids of all that match, if as many match as are known; else what left since is looked for."""
        here = {*before, *changed}
        if len(here) > total:
            self._drop_what_left(asked, here, changed, total, cursor)
        return here if len(here) == total else None

    def _drop_what_left(
        self, asked: _Asked, here: set[str], changed: Mapping[str, Row], total: int, cursor: _Cursor
    ) -> None:
        """Whatever changed since, was known, and is not among what changed and matches, does not match any more."""
        restrictions = [asked.scope] if asked.scope else []
        new = [id_ for id_, row in changed.items() if (_updated(row) or cursor.newest) >= cursor.newest]
        if new:
            restrictions.append(f"id not in ({', '.join(new[:MOST_LEFT_OUT])})")
        for page in self._search.pages(f"{' AND '.join(restrictions)} ORDER BY updated DESC".strip(), ["updated"]):
            for row in page.rows:
                if (_updated(row) or cursor.newest) < cursor.newest:
                    return
                if str(row["id"]) not in changed:
                    here.discard(str(row["id"]))
            if len(here) <= total:
                return

    def _nothing(self, query: Query, known: Mapping[str, Match], found: Matches) -> Matches:
        """An answer without a match, with what can be seen at all where it was looked for."""
        projects = {query.project, *(items.project_of(each.key) for each in known.values())}
        names = ", ".join(map(quoted, sorted(projects)))
        page = next(self._search.pages(f"project in ({names})", ["id"], 1))
        if page.rows:
            return found
        self._search.make_sure_of_us()
        return Matches(found.matches, found.left, found.complete, found.cursor, deserted=True)

    def _match(self, asked: _Asked, row: Row) -> Match:
        fields = _fields(row)
        at = items.item_id(row, self._client.server.base_url)
        values = {name: items.value(fields.get(id_)) for name, id_ in asked.ids.items()}
        return Match(at.id, at.key, at.url, items.is_done(fields), values)


def _fields(row: Row) -> Mapping[str, Any]:
    fields = row.get("fields")
    return fields if isinstance(fields, Mapping) else {}


def _updated(row: Row) -> datetime | None:
    return items.moment(_fields(row).get("updated"))


def _newest(rows: Iterable[Row], begun: datetime) -> datetime | None:
    """Up to when all changes have been seen: what was read first may have changed while the rest was read."""
    moments = [moment for row in rows if (moment := _updated(row))]
    return min(begun, max(moments)) if moments else None


def _is_own(row: Row) -> bool:
    return any(map(Marker.parse, items.labels_of(_fields(row))))


def _is_entered(field: JiraField) -> bool:
    return field.kind in _STOCK or field.id in _ENTERED

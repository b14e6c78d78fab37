"""What a reading of everything gathers, and where the next reading may go on from it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from okrsync.trackers.values import Match, Query
from okrsync_github.items import Json, child_from, is_pull_request, markers_of, time_from
from okrsync_github.searching import Search
from okrsync_github.totals import InAll


@dataclass(frozen=True)
class Cursor:
    """Where a reading stands. Moments are those of GitHub's clock."""

    seen: str
    """Everything that changed before this moment has been seen."""
    full: str
    """When everything was last read."""
    between: tuple[str, str]
    """When the first and the last page of that reading came."""
    total: int
    newest: int
    milestone: str | None
    labels: tuple[str | None, ...]
    number: int | None
    """The milestone's number."""

    def was_moved_by(self, row: Json) -> bool:
        """Whether an issue changed while everything was read, between its coming in the list and the list's count."""
        first, last = map(datetime.fromisoformat, self.between)
        created, updated = time_from(row.get("created_at")), time_from(row.get("updated_at"))
        return created is not None and updated is not None and created <= first < updated < last

    def text(self) -> str:
        """As a text that `parse` reads."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """The cursor in a text; None where there is none, or another version wrote it."""
        try:
            told = json.loads(text or "")
            first, last = told["between"]
            for moment in (told["seen"], told["full"], first, last):
                datetime.fromisoformat(moment)
            return cls(**{**told, "labels": tuple(told["labels"]), "between": (first, last)})
        except (ValueError, TypeError, KeyError):
            return None


class Span:
    """When a list was read, by GitHub's clock."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.at: datetime | None = None
        """When its first page was read at the earliest: later changes are not older."""
        self.first: datetime | None = None
        self.last: datetime | None = None
        """When its first and its newest page came."""

    def note(self, heard: datetime | None) -> None:
        """A page came, and GitHub's clock with it."""
        self.last = heard or self.last
        if self.at is None and heard is not None:
            self.first = heard
            self.at = heard - timedelta(seconds=math.ceil(time.monotonic() - self._started))


class Reading:
    """A reading of everything: what matches of the rows that came, and which issues they were."""

    def __init__(self, query: Query, search: Search, note: Callable[[Json], None] | None = None) -> None:
        self._query = query
        self._search = search
        self._note = note
        self._span = Span()
        self.rows: dict[str, Match] = {}
        self.issues: set[int] = set()
        """The numbers of all issues that came; pull requests are none."""
        self.pull_requests = False
        """Whether pull requests came, too."""

    def add(self, page: Iterable[Json], heard: datetime | None) -> None:
        """A page came, and GitHub's clock with it."""
        self._span.note(heard)
        for row in page:
            match = match_of(self._query, row)
            if counts(self._search, row):
                self.rows[match.id] = match
                if self._note:
                    self._note(row)
            else:
                self.rows.pop(match.id, None)
            if is_pull_request(row):
                self.pull_requests = True
            else:
                self.issues.add(int(row["number"]))

    def cursor(self, in_all: InAll | None, number: int | None) -> str | None:
        """Where the next reading may go on; None where it shall be one of everything."""
        span = self._span
        if in_all is None or span.at is None or span.first is None or span.last is None:
            return None
        moment = span.at.isoformat()
        totals = (in_all.total, in_all.newest, in_all.milestone, in_all.labels)
        return Cursor(moment, moment, (span.first.isoformat(), span.last.isoformat()), *totals, number).text()


def counts(search: Search, row: Json) -> bool:
    """Whether an issue matches; okrsync's own never do."""
    return search.test(row) and not markers_of(row)


def match_of(query: Query, row: Json) -> Match:
    """An issue as an answer shows it."""
    child = child_from(row, query.project)
    return Match(child.id, child.key, child.url, child.done)


def is_older(row: Json, moment: datetime | None) -> bool:
    """Whether an issue was created before a moment."""
    created = time_from(row.get("created_at"))
    return moment is not None and created is not None and created < moment

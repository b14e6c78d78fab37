"""What matches a search, worked out from a repository's own list of issues: in full once, then by what changed.

GitHub's search would show 1,000 results at most, late and perhaps incomplete; its list of issues comes from the
database. A list of what changed shows what entered and left, but nothing that was deleted or transferred: the number of
all issues tells whether something is missing, and then everything is read anew.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.values import FieldValue, Match, Matches, Query
from okrsync_github.addresses import BoardName, Place, repository_path
from okrsync_github.board import Board, BoardReading
from okrsync_github.client import Client
from okrsync_github.issue_fields import IssueFields
from okrsync_github.items import Json, child_from, is_pull_request, issue_field_values, markers_of, time_from
from okrsync_github.projects import Projects
from okrsync_github.repositories import Repositories
from okrsync_github.searching import Search, read_search
from okrsync_github.totals import InAll, ask_in_all

FEW_PAGES = 2
"""What takes so few pages in full is always read in full: nothing is cheaper, and nothing more certain."""
FULL_AFTER = timedelta(hours=24)
"""A reading that goes on for longer is begun anew: some changes, as of a milestone's title, do not show in issues."""
BEHIND = timedelta(seconds=60)
"""How far behind the last reading a list of changes begins: a copy of GitHub's database may lag."""
QUIET_ROWS = 25
"""After so many rows in a row that are older than the last reading, and tell nothing new, the rest is not read."""
CLOCK_SLACK = timedelta(minutes=2)
_NEWEST_CHANGES = {"state": "all", "sort": "updated", "direction": "desc"}


@dataclass(frozen=True)
class _Cursor:
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
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def parse(cls, text: str | None) -> _Cursor | None:
        try:
            told = json.loads(text or "")
            first, last = told["between"]
            for moment in (told["seen"], told["full"], first, last):
                datetime.fromisoformat(moment)
            return cls(**{**told, "labels": tuple(told["labels"]), "between": (first, last)})
        except (ValueError, TypeError, KeyError):
            return None


class Queries:
    """Answers the queries of one GitHub."""

    def __init__(
        self, client: Client, repositories: Repositories, projects: Projects, issue_fields: IssueFields
    ) -> None:
        self._client = client
        self._repositories = repositories
        self._projects = projects
        self._issue_fields = issue_fields

    def matches(self, query: Query, known: Mapping[str, Match], since: str | None) -> Matches:
        """As `Tracker.matches`."""
        search = read_search(query)
        board = self._board(query)
        on_issues = tuple(name for name in query.fields if board is None or not board.board.has(name))
        cursor = None if on_issues else _Cursor.parse(since)
        found = None
        if cursor and self._goes_on(cursor):
            found = self._what_changed(query, search, known, cursor)
        if found is None and on_issues:
            found = self._everything_with(query, search, on_issues, board.board if board else None)
        found = found or self._everything(query, search)
        if board is not None:
            found = _with_board(query, known, found, board)
        if not found.after(known):
            found = replace(found, deserted=not any(self._repositories.newest_issues(query.project)))
        return found

    def _goes_on(self, cursor: _Cursor) -> bool:
        """Whether a reading may go on: not after a day, nor where the server's clock was set back."""
        now = self._heard() or datetime.now(UTC)
        seen, full = datetime.fromisoformat(cursor.seen), datetime.fromisoformat(cursor.full)
        return now <= full + FULL_AFTER and now >= seen - CLOCK_SLACK

    def _board(self, query: Query) -> BoardReading | None:
        """The mapping's board with the wanted fields, where both are there."""
        if not query.fields or not query.board:
            return None
        reading = self._projects.read(BoardName.parse(query.board), query.fields)
        names = [name for name in query.fields if reading.board.has(name)]
        if problems := reading.board.problems_with(names):
            raise Misconfigured(*problems)
        return reading

    def _everything_with(self, query: Query, search: Search, on_issues: Sequence[str], board: Board | None) -> Matches:
        """Everything, with issue fields: always all of it, since nobody says that a new value counts as a change."""
        seen: dict[str, Mapping[str, FieldValue]] = {}

        def note(row: Json) -> None:
            held = issue_field_values(row)
            seen[child_from(row, query.project).id] = {name: held.get(name) for name in on_issues}

        found = self._everything(query, search, note)
        held = {name for each in seen.values() for name, value in each.items() if value is not None}
        problems = [
            self._issue_fields.problem_with(query.project, name, board) for name in on_issues if name not in held
        ]
        if wrong := [each for each in problems if each]:
            raise Misconfigured(*wrong)
        return Matches(tuple(replace(each, values=seen[each.id]) for each in found.matches))

    def _everything(self, query: Query, search: Search, note: Callable[[Json], None] | None = None) -> Matches:
        """Everything that matches. `note` is told each of its rows, and then no later reading goes on from this one."""
        filters = dict(search.filters)
        number = None
        if search.milestone is not None:
            number = self._repositories.milestone_number(query.project, search.milestone)
            filters["milestone"] = str(number)
        direction = "desc" if search.created_from else "asc"
        reading = _Reading(query, search, note or (lambda _row: None))
        in_all: InAll | None = None
        pages = self._pages(query, {**filters, "sort": "created", "direction": direction})
        for count, page in enumerate(pages, 1):
            reading.add(page, self._heard())
            if search.created_from and any(_older(row, search.created_from) for row in page):
                break
            if note is None and count == FEW_PAGES and self._follows():
                in_all = ask_in_all(self._client, query.project, search, number, newest=True)
                reading.add(in_all.rows if in_all else (), self._heard())
            if in_all and len(reading.issues) == in_all.listed:
                break
        return Matches(tuple(reading.rows.values()), cursor=reading.cursor(in_all, number))

    def _what_changed(
        self, query: Query, search: Search, known: Mapping[str, Match], cursor: _Cursor
    ) -> Matches | None:
        """What changed since the cursor; None where that cannot be told for certain."""
        in_all = ask_in_all(self._client, query.project, search, cursor.number)
        if in_all is None or (in_all.labels, in_all.milestone) != (cursor.labels, cursor.milestone):
            return None
        seen = datetime.fromisoformat(cursor.seen)
        begun = _Span()
        found: dict[str, Match] = {}
        left: set[str] = set()
        new: set[int] = set()
        quiet = 0
        for page in self._pages(query, {**_NEWEST_CHANGES, "since": _stamp(seen - BEHIND)}):
            begun.note(self._heard())
            for row in page:
                match = _match(query, row)
                counts = _counts(search, row)
                before = known.get(match.id)
                told = (before and replace(before, values={})) == (match if counts else None)
                moment = time_from(row.get("updated_at"))
                if cursor.was_moved_by(row):
                    return None
                quiet = quiet + 1 if told and moment and moment < seen else 0
                if counts:
                    found[match.id] = match
                elif match.id in known:
                    left.add(match.id)
                if not is_pull_request(row):
                    new.add(int(row["number"]))
            if quiet >= QUIET_ROWS:
                break
        entered = sum(cursor.newest < number <= in_all.newest for number in new)
        complete = search.pull_requests or in_all.total == cursor.total + entered
        if not begun.at or not complete:
            return None
        after = replace(cursor, seen=begun.at.isoformat(), total=in_all.total, newest=max(cursor.newest, in_all.newest))
        return Matches(tuple(found.values()), frozenset(left), complete=False, cursor=after.text())

    def _pages(self, query: Query, parameters: Mapping[str, str]) -> Iterator[list[Json]]:
        return self._client.pages(
            f"{repository_path(query.project)}/issues", parameters, about=query.project, fresh=True
        )

    def _follows(self) -> bool:
        """Whether another page follows the last one."""
        return 'rel="next"' in self._client.heard.get("link", "")

    def _heard(self) -> datetime | None:
        """GitHub's clock at its last answer."""
        try:
            return parsedate_to_datetime(self._client.heard.get("date", ""))
        except (TypeError, ValueError):
            return None


class _Span:
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


class _Reading:
    """A reading of everything: what matches of the rows that came, and which issues they were."""

    def __init__(self, query: Query, search: Search, note: Callable[[Json], None]) -> None:
        self._query = query
        self._search = search
        self._note = note
        self._span = _Span()
        self.rows: dict[str, Match] = {}
        self.issues: set[int] = set()
        """The numbers of all issues that came; pull requests are none."""

    def add(self, page: Iterable[Json], heard: datetime | None) -> None:
        """A page came, and GitHub's clock with it."""
        self._span.note(heard)
        for row in page:
            match = _match(self._query, row)
            if _counts(self._search, row):
                self.rows[match.id] = match
                self._note(row)
            else:
                self.rows.pop(match.id, None)
            if not is_pull_request(row):
                self.issues.add(int(row["number"]))

    def cursor(self, in_all: InAll | None, number: int | None) -> str | None:
        """Where the next reading may go on; None where it shall be one of everything."""
        span = self._span
        if in_all is None or span.at is None or span.first is None or span.last is None:
            return None
        moment = span.at.isoformat()
        totals = (in_all.total, in_all.newest, in_all.milestone, in_all.labels)
        return _Cursor(moment, moment, (span.first.isoformat(), span.last.isoformat()), *totals, number).text()


def _with_board(query: Query, known: Mapping[str, Match], found: Matches, reading: BoardReading) -> Matches:
    """The answer with what the board holds now: a value there changes without a change of the issue."""
    names = [name for name in query.fields if reading.board.has(name)]
    now = {
        id_: replace(match, values={**match.values, **reading.values_for(Place.parse(id_), None, names)})
        for id_, match in found.after(known).items()
    }
    changed = tuple(match for id_, match in now.items() if found.complete or match != known.get(id_))
    return replace(found, matches=changed)


def _counts(search: Search, row: Json) -> bool:
    return search.test(row) and not markers_of(row)


def _match(query: Query, row: Json) -> Match:
    child = child_from(row, query.project)
    return Match(child.id, child.key, child.url, child.done)


def _older(row: Json, moment: datetime) -> bool:
    created = time_from(row.get("created_at"))
    return created is not None and created < moment


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

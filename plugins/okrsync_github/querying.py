"""What matches a search, worked out from a repository's own list of issues: in full once, then by what changed.

GitHub's search would show 1,000 results at most, late and perhaps incomplete; its list of issues comes from the
database. A list of what changed shows what entered and left, but nothing that was deleted or transferred: the number of
all issues tells whether something is missing, and then everything is read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain

from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.values import FieldValue, Match, Matches, Query
from okrsync_github.addresses import BoardName, Place, repository_path
from okrsync_github.board import Board, BoardReading
from okrsync_github.client import Client
from okrsync_github.issue_fields import IssueFields
from okrsync_github.items import Json, child_from, is_pull_request, issue_field_values, time_from
from okrsync_github.matching import Cursor, Reading, Span, counts, is_older, match_of
from okrsync_github.projects import Projects
from okrsync_github.repositories import Repositories
from okrsync_github.searching import Search, read_search
from okrsync_github.totals import InAll, Listing, Page, ask_in_all, ask_more, listing_of

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
        cursor = None if on_issues else Cursor.parse(since)
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

    def _goes_on(self, cursor: Cursor) -> bool:
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
        listing = listing_of(search, number) if note is None else None
        begun: InAll | None = None
        if listing and (search.created_from or search.pull_requests):
            begun = ask_in_all(self._client, query.project, search, number, listing)
            if begun and begun.page and (found := self._newest_first(query, search, number, listing, begun)):
                return found
            listing = None
        return self._by_rest(query, search, filters, number, listing, begun, note)

    def _newest_first(
        self, query: Query, search: Search, number: int | None, listing: Listing, in_all: InAll
    ) -> Matches | None:
        """Everything by GraphQL, back to where nothing can match any more; None where it does not come whole."""
        reading = Reading(query, search)
        came: set[int] = set()
        moving = False
        wanted = in_all.page.wanted if in_all.page else None
        count = 0
        for page in chain([in_all.page], self._later_pages(query, listing, in_all.page)):
            if page is None:
                return None
            count += 1
            reading.add(page.rows, self._heard())
            numbers = {int(row["number"]) for row in page.rows if not is_older(row, search.created_from)}
            moving = moving or not came.isdisjoint(numbers)
            came |= numbers
            if len(numbers) < len(page.rows) or len(came) == wanted:
                break
        # Where rows came twice, others may have been left out.
        certain = count > FEW_PAGES and not moving
        return Matches(tuple(reading.rows.values()), cursor=reading.cursor(in_all, number) if certain else None)

    def _later_pages(self, query: Query, listing: Listing, page: Page | None) -> Iterator[Page | None]:
        """The pages of a list behind one of them; a None, and no other, where one does not come whole."""
        seen: set[str] = set()
        while page and (after := page.following):
            page = None if after in seen else ask_more(self._client, query.project, listing, after)
            seen.add(after)
            yield page

    def _by_rest(
        self,
        query: Query,
        search: Search,
        filters: Mapping[str, str],
        number: int | None,
        listing: Listing | None,
        begun: InAll | None,
        note: Callable[[Json], None] | None,
    ) -> Matches:
        """Everything by the list of issues, the last of it by GraphQL where that has it in a `listing`.

        What there was in all when the reading had `begun` need not be asked again.
        """
        reading = Reading(query, search, note)
        in_all: InAll | None = None
        parameters = {**filters, "sort": "created", "direction": "desc" if search.created_from else "asc"}
        for count, page in enumerate(self._pages(query, parameters), 1):
            reading.add(page, self._heard())
            if any(is_older(row, search.created_from) for row in page):
                break
            if note is None and count == FEW_PAGES and self._follows():
                in_all = begun or self._in_all(query, search, number, listing)
                reading.add(in_all.page.rows if listing and in_all and in_all.page else (), self._heard())
            if listing and in_all and (newest := in_all.page):
                if len(reading.issues) == newest.listed or self._read_back(query, listing, newest, reading):
                    break
                listing = None if reading.pull_requests else listing
        return Matches(tuple(reading.rows.values()), cursor=reading.cursor(in_all, number))

    def _in_all(self, query: Query, search: Search, number: int | None, listing: Listing | None) -> InAll | None:
        """What there is in all; pull requests are never deleted, so that without names there is nothing to ask."""
        if search.pull_requests and not search.labels and number is None:
            return InAll(0, 0, None, ())
        return ask_in_all(self._client, query.project, search, number, listing)

    def _read_back(self, query: Query, listing: Listing, newest: Page, reading: Reading) -> bool:
        """Read on by GraphQL where the list has pull requests among the issues, which cost; whether that is all then.

        GraphQL's pages, which have none, lead back from the newest to what the list showed so far.
        """
        if not reading.pull_requests:
            return False
        for page in self._later_pages(query, listing, newest):
            if page is None:
                return False
            reading.add(page.rows, self._heard())
            if len(reading.issues) == newest.listed:
                break
        return True

    def _what_changed(self, query: Query, search: Search, known: Mapping[str, Match], cursor: Cursor) -> Matches | None:
        """What changed since the cursor; None where that cannot be told for certain."""
        in_all = ask_in_all(self._client, query.project, search, cursor.number)
        if in_all is None or (in_all.labels, in_all.milestone) != (cursor.labels, cursor.milestone):
            return None
        seen = datetime.fromisoformat(cursor.seen)
        begun = Span()
        found: dict[str, Match] = {}
        left: set[str] = set()
        new: set[int] = set()
        quiet = 0
        for page in self._pages(query, {**_NEWEST_CHANGES, "since": _stamp(seen - BEHIND)}):
            begun.note(self._heard())
            for row in page:
                match = match_of(query, row)
                matches = counts(search, row)
                before = known.get(match.id)
                told = (before and replace(before, values={})) == (match if matches else None)
                moment = time_from(row.get("updated_at"))
                if cursor.was_moved_by(row):
                    return None
                quiet = quiet + 1 if told and moment and moment < seen else 0
                if matches:
                    found[match.id] = match
                elif match.id in known:
                    left.add(match.id)
                if not is_pull_request(row):
                    new.add(int(row["number"]))
            if quiet >= QUIET_ROWS:
                break
        # Not only up to the newest by its date: what was transferred here has a new number and its old date.
        entered = sum(cursor.newest < number for number in new)
        complete = search.pull_requests or in_all.total == cursor.total + entered
        if not begun.at or not complete:
            return None
        newest = max(cursor.newest, in_all.newest, *new)
        after = replace(cursor, seen=begun.at.isoformat(), total=in_all.total, newest=newest)
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


def _with_board(query: Query, known: Mapping[str, Match], found: Matches, reading: BoardReading) -> Matches:
    """The answer with what the board holds now: a value there changes without a change of the issue."""
    names = [name for name in query.fields if reading.board.has(name)]
    now = {
        id_: replace(match, values={**match.values, **reading.values_for(Place.parse(id_), None, names)})
        for id_, match in found.after(known).items()
    }
    changed = tuple(match for id_, match in now.items() if found.complete or match != known.get(id_))
    return replace(found, matches=changed)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

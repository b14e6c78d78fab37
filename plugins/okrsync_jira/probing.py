"""Finding what was created in the last minutes, which no search shows yet: issue by issue, by their numbers.

`GET issue/KEY` reads the database and never lags. A project numbers its issues in sequence, so whatever was created
after a certain moment has a higher number than everything that had its number before.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import timedelta

from okrsync.trackers.errors import NotFound, NotSure, Rejected
from okrsync.trackers.values import RemoteItem
from okrsync_jira import CAPABILITIES, items
from okrsync_jira.client import Client
from okrsync_jira.paging import Row, Search, quoted
from okrsync_jira.reading import Reader, Views, asked_fields

MOST_PROBES = 200
LAST = 10
"""So many numbers in a row without an issue: there is none behind them."""
MOST_PAGES = 5
SLACK = timedelta(minutes=2)
"""How far the clocks of a site's servers may differ."""


@dataclass
class _Shown:
    """What searches show of a project's newest issues."""

    rows: dict[int, Row] = field(default_factory=dict)
    bound: int = 0
    """No higher number than this was given to an issue before the moment that counts, as far as is known; all up to
    it were."""

    @property
    def top(self) -> int:
        return max(self.rows, default=self.bound)


class Prober:
    """Looks for issues that searches do not show yet."""

    def __init__(self, client: Client, search: Search, reader: Reader) -> None:
        self._client = client
        self._search = search
        self._reader = reader

    def find(self, project: str, markers: Set[str], views: Views) -> list[RemoteItem]:
        """The items of the project with one of the markers, if they were created within the lag of searches or if
        searches show them.

        1. Searches list the newest issues, by number, down to one that has not been touched for longer than searches
           lag. Whatever changes or moves an issue touches it, and a row says which number the issue had when it was
           touched last: so that number was given before anything that is looked for was created, and so were all lower
           ones. (When an issue was created says nothing: one that is moved here gets a new number.)
        2. Of the numbers above, those are asked for one by one that no row shows and that are not known to be other
           items of ours: first the gaps between the rows, then those above the highest row, until ten in a row have no
           issue. Deleted issues leave such gaps, too.

        Raises:
            NotSure: too many issues were touched in the last minutes, or too many numbers are unknown.
        """
        if not markers:
            return []
        shown = self._shown(project)
        keys = [str(row["key"]) for row in shown.rows.values() if not markers.isdisjoint(_labels(row))]
        probes, silent, above = 0, 0, shown.top
        gaps = [number for number in range(shown.bound + 1, above) if number not in shown.rows]
        found = self._items(keys, views)
        while not markers <= {marker for each in found for marker in each.markers} and (gaps or silent < LAST):
            number = gaps.pop() if gaps else above + 1
            above = max(above, number)
            key = f"{project}-{number}"
            if self._reader.has_seen_labels(key):
                silent = 0
                continue
            if probes == MOST_PROBES:
                raise self._unsure(f"searches do not show more than {MOST_PROBES} of its issues", project, found)
            probes += 1
            try:
                row = self._reader.row(key, ["labels"])
            except NotFound:
                silent += number > shown.top
                continue
            except Rejected as error:
                raise self._unsure(str(error), project, found) from error
            silent = 0
            if not markers.isdisjoint(_labels(row)):
                found += self._items([str(row["id"])], views)
        return found

    def _items(self, keys: list[str], views: Views) -> list[RemoteItem]:
        fields = asked_fields(views.values())
        return self._reader.items([self._reader.row(key, fields) for key in keys], views)

    def _shown(self, project: str) -> _Shown:
        untouched = self._client.at_least() - timedelta(seconds=CAPABILITIES.search_lag) - SLACK
        shown = _Shown()
        try:
            pages = self._search.pages(f"project = {quoted(project)} ORDER BY key DESC", ["labels", "updated"])
            for number, page in enumerate(pages, start=1):
                for row in page.rows:
                    shown.rows[_number(row)] = row
                    touched = items.moment((row.get("fields") or {}).get("updated"))
                    if touched and touched < untouched:
                        shown.bound = max(shown.bound, _number(row))
                if shown.bound:
                    return shown
                if number == MOST_PAGES:
                    raise self._unsure("too many of its issues were changed in the last minutes", project)
        except (NotFound, Rejected) as error:
            raise self._unsure(f"it cannot be searched: {error}", project) from error
        if not shown.rows:
            self._search.make_sure_of_us()
        return shown

    def _unsure(self, why: str, project: str, found: Iterable[RemoteItem] = ()) -> NotSure:
        said = f"what was created in project {project} of Jira at {self._client.site.base} in the last minutes"
        return NotSure(f"{said} cannot be told: {why}", tuple(found))


def _labels(row: Row) -> list[str]:
    return items.labels_of(row.get("fields") or {})


def _number(row: Row) -> int:
    number = str(row.get("key") or "").rpartition("-")[2]
    return int(number) if number.isdecimal() else 0

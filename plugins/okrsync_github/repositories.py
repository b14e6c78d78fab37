"""Milestones and issues of repositories, read page by page, and what okrsync remembers of each issue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from okrsync.trackers.errors import NotFound, Rejected
from okrsync.trackers.values import RemoteItem
from okrsync_github.addresses import Place, repository_path
from okrsync_github.client import Client
from okrsync_github.items import Json, issue_from, milestone_from

_OLDEST_FIRST = {"state": "all", "sort": "created", "direction": "asc"}
"""New issues come last, so that full pages never change their rows and keep their ETag."""
_SHOWN = 12


class Repositories:
    """The repositories of one GitHub."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._content_ids: dict[str, str] = {}
        self._without_sub_issues: set[str] = set()
        self._numbers: dict[str, dict[str, int]] = {}
        """Repository → title of each of its milestones → its number, as the last reading showed them."""

    def milestones(self, project: str, *, fresh: bool = False) -> Iterator[RemoteItem]:
        """Every milestone of a repository, open or closed."""
        path = f"{repository_path(project)}/milestones"
        pages = self._client.pages(path, {"state": "all"}, about=project, fresh=fresh)
        found = (milestone_from(data, project, self._client.web) for data in chain.from_iterable(pages))
        return self._learning(project, found)

    def milestone_number(self, project: str, title: str) -> int:
        """The number of the milestone of this title, in any case of letters.

        Raises:
            Rejected: there is none; the text names those that there are.
        """
        wanted = title.casefold()
        if wanted not in self._numbers.get(project, {}):
            titles = [item.title for item in self.milestones(project, fresh=True)]
            if wanted not in self._numbers[project]:
                exist = ", ".join(map(repr, titles[-_SHOWN:])) or "none"
                raise Rejected(f"{project} has no milestone called {title!r}; the newest that it has: {exist}")
        return self._numbers[project][wanted]

    def _learning(self, project: str, items: Iterator[RemoteItem]) -> Iterator[RemoteItem]:
        numbers: dict[str, int] = {}
        for item in items:
            numbers[item.title.casefold()] = Place.parse(item.at.id).number
            yield item
        self._numbers[project] = numbers

    def issues(self, project: str, *, fresh: bool = False, **filters: str) -> Iterator[Json]:
        """Every issue and pull request of a repository that passes GitHub's `filters`, oldest first."""
        path = f"{repository_path(project)}/issues"
        return chain.from_iterable(self._client.pages(path, {**_OLDEST_FIRST, **filters}, about=project, fresh=fresh))

    def newest_issues(self, project: str) -> Iterator[Json]:
        """The hundred issues and pull requests that were opened last, afresh."""
        newest_first = {**_OLDEST_FIRST, "direction": "desc"}
        pages = self._client.pages(f"{repository_path(project)}/issues", newest_first, about=project, fresh=True)
        return chain.from_iterable(islice(pages, 1))

    def sub_issues(self, place: Place) -> Iterator[Json]:
        """The issues below an issue; no request where the last reading showed that it has none."""
        if place.id in self._without_sub_issues:
            return iter(())
        return chain.from_iterable(self._client.pages(f"{place.path}/sub_issues", {}, about=place.key))

    def is_there(self, place: Place) -> bool:
        """Whether an issue exists."""
        try:
            self._client.get(place.path, about=place.key)
        except NotFound:
            return False
        return True

    def issue(self, data: Json, project: str) -> RemoteItem:
        """An issue as a value. Its node id, which boards want, is remembered."""
        item = issue_from(data, project, self._client.web)
        if data.get("node_id"):
            self._content_ids[item.at.id] = str(data["node_id"])
        return item

    def begin_reading(self) -> None:
        """Forget what the reading before knew of sub-issues and milestones."""
        self._without_sub_issues.clear()
        self._numbers.clear()

    def read_issue(self, data: Json, project: str) -> RemoteItem:
        """An issue of a reading, after which `sub_issues` knows whether there are any."""
        item = self.issue(data, project)
        summary = data.get("sub_issues_summary")
        if isinstance(summary, dict) and summary.get("total") == 0:
            self._without_sub_issues.add(item.at.id)
        return item

    def known_content_id(self, place: Place) -> str | None:
        """The node id of an issue that was read before."""
        return self._content_ids.get(place.id)

    def content_id(self, place: Place) -> str:
        """The node id of an issue, asked for where it is not known."""
        if place.id not in self._content_ids:
            self.issue(self._client.get(place.path, about=place.key), place.project)
        try:
            return self._content_ids[place.id]
        except KeyError:
            raise NotFound(f"{place.key}: GitHub shows no node id for it, so it cannot be put on a board") from None

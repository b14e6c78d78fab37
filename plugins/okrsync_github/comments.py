"""New comments of many issues: one list a repository, by the moment of the last change, and none where nothing changed.

A comment changes its issue: how many comments it has, and when it was last changed. Where all of a repository's issues
are as they were when its comments were read, or have no comment, nothing is asked.

The list of a repository's comments knows nothing of milestones or labels, so the comments of other issues come along
and are left out here. An issue that the cursor does not cover yet, because somebody gave it a marker later, is read by
itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any

from okrsync.trackers.errors import NotFound, TrackerError, Transient
from okrsync.trackers.values import Comment, CommentReading, RemoteItem
from okrsync_github.addresses import Place, issue_in, repository_path
from okrsync_github.client import Client
from okrsync_github.errors import TokenRefused
from okrsync_github.items import Json, comment_from, time_from

OVERLAP = timedelta(minutes=5)
"""How far behind the newest change that was seen the next list begins: a copy of GitHub's database may lag."""
MOST_ALONE = 20
"""So many issues are read by themselves; for more of them the repository's list is begun anew."""
_SECOND = timedelta(seconds=1)
_SETTLED = timedelta(seconds=5)
_SERVER_IS_DOWN = 2
"""After so many repositories in a row without an answer the rest is not asked any more."""
_BY_CHANGE = {"sort": "updated", "direction": "asc"}


@dataclass(frozen=True)
class _Mark:
    """How far a repository's comments were read."""

    since: datetime | None
    """Everything that changed before this moment of GitHub's clock has been read; None where there was no comment."""
    numbers: frozenset[int]
    """The issues whose comments were wanted until then."""
    looks: str = ""
    """What tells whether one of these issues changed since then."""

    def covers(self, number: int, item: RemoteItem) -> bool:
        """Whether a list from here on shows all of an issue's comments that were not read yet."""
        if self.since is None or number in self.numbers:
            return True
        return item.created is not None and item.created >= self.since

    def told(self) -> list[Any]:
        return [self.since.isoformat() if self.since else None, sorted(self.numbers), self.looks]

    @classmethod
    def heard(cls, told: Any) -> _Mark:
        since, numbers, looks = told
        return cls(datetime.fromisoformat(since) if since else None, frozenset(map(int, numbers)), str(looks))


class Comments:
    """Reads the comments of one GitHub."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def since(self, items: Iterable[RemoteItem], since: str | None) -> CommentReading:
        """As `Tracker.comments_since`.

        Raises:
            TokenRefused: the token is no good anywhere.
            Transient: no repository gave an answer.
        """
        before = _marks(since)
        after: dict[str, _Mark] = {}
        found: dict[str, tuple[Comment, ...]] = {}
        failures: dict[str, Exception] = {}
        down: Transient | None = None
        silent = 0
        for project, wanted in _by_project(items).items():
            mark = before.get(project.casefold())
            try:
                if down:
                    raise down
                comments, after[project.casefold()] = self._of_repository(project, wanted, mark)
                found |= comments
                silent = 0
            except TokenRefused:
                raise
            except TrackerError as failure:
                failures[project] = failure
                if mark:
                    after[project.casefold()] = mark
                if isinstance(failure, Transient):
                    silent += 1
                    down = failure if failure.acted is False or silent >= _SERVER_IS_DOWN else None
        if failures and len(failures) == len(_by_project(items)):
            silence = next((each for each in failures.values() if isinstance(each, Transient)), None)
            if silence:
                raise silence
        return CommentReading(found, failures, complete=not before, cursor=_text(after))

    def _of_repository(
        self, project: str, wanted: Mapping[int, RemoteItem], mark: _Mark | None
    ) -> tuple[dict[str, tuple[Comment, ...]], _Mark]:
        """The comments of a repository's issues, and how far they are read now."""
        looks = self._looks_of(wanted)
        if mark and looks and mark.looks == looks:
            return {}, mark
        if (mark is None or mark.since is None) and all(each.comments == 0 for each in wanted.values()):
            return {}, _Mark(None, frozenset(wanted), looks)
        late = [number for number, item in wanted.items() if mark and not mark.covers(number, item)]
        if len(late) > MOST_ALONE:
            mark, late = None, []
        begun = mark.since if mark else None
        rows = self._changed(project, begun)
        moments = [moment for row in rows.values() if (moment := time_from(row.get("updated_at")))]
        reached = max(moments) - OVERLAP if moments else begun
        by_issue: dict[int, dict[str, Json]] = {}
        for id_, row in rows.items():
            by_issue.setdefault(_issue_of(row), {})[id_] = row
        for number in late:
            by_issue.setdefault(number, {}).update(self._alone(issue_in(project, number)))
        found = {
            wanted[number].at.id: tuple(sorted(map(comment_from, each.values()), key=_age))
            for number, each in by_issue.items()
            if number in wanted and each
        }
        return found, _Mark(
            max(filter(None, (reached, begun)), default=None), frozenset(wanted), self._looks_of(wanted)
        )

    def _looks_of(self, wanted: Mapping[int, RemoteItem]) -> str:
        """What changes whenever somebody comments on one of the issues; empty where that cannot be told.

        GitHub's times are whole seconds: of an issue that changed just now, another change may look the same.
        """
        moments = [each.updated for each in wanted.values() if each.updated and each.comments is not None]
        if len(moments) < len(wanted) or max(moments) > self._client.told_at() - _SETTLED:
            return ""
        seen = [f"{number} {each.updated} {each.comments}" for number, each in sorted(wanted.items())]
        return sha256("\n".join(seen).encode()).hexdigest()[:16]

    def _changed(self, project: str, since: datetime | None) -> dict[str, Json]:
        """The repository's comments that changed since then, by id.

        Each page is the first of a list of its own, from where the page before ended: a comment that is edited
        meanwhile goes to the end of the list, and the pages of a longer list would shift.
        """
        path = f"{repository_path(project)}/issues/comments"
        found: dict[str, Json] = {}
        while True:
            asked = {**_BY_CHANGE, "since": _stamp(since)} if since else _BY_CHANGE
            rows, goes_on = self._client.first_page(path, asked, about=project)
            found |= _by_id(rows)
            if not goes_on:
                return found
            newest = max((moment for row in rows if (moment := time_from(row.get("updated_at")))), default=None)
            following = newest - _SECOND if newest else since
            if following is None or (since and following <= since):
                # A whole page changed within a second: there is no moment to go on from.
                rest = self._client.pages(path, asked, about=project)
                return found | _by_id(chain.from_iterable(rest))
            since = following

    def _alone(self, place: Place) -> dict[str, Json]:
        try:
            return _by_id(chain.from_iterable(self._client.pages(f"{place.path}/comments", {}, about=place.key)))
        except NotFound:
            return {}  # It is gone by now.


def _marks(text: str | None) -> dict[str, _Mark]:
    try:
        return {str(project): _Mark.heard(told) for project, told in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _text(marks: Mapping[str, _Mark]) -> str:
    return json.dumps({project: mark.told() for project, mark in sorted(marks.items())}, separators=(",", ":"))


def _by_project(items: Iterable[RemoteItem]) -> dict[str, dict[int, RemoteItem]]:
    """The issues among the items by repository and number; GitHub's names are the same in any case of letters."""
    spelled: dict[str, str] = {}
    grouped: dict[str, dict[int, RemoteItem]] = {}
    for item in items:
        place = Place.parse(item.at.id)
        if place.is_issue:
            project = spelled.setdefault(place.project.casefold(), place.project)
            grouped.setdefault(project, {})[place.number] = item
    return grouped


def _by_id(rows: Iterable[Json]) -> dict[str, Json]:
    return {str(row["id"]): row for row in rows if row.get("id")}


def _issue_of(row: Json) -> int:
    """The number of the issue that a comment is below; 0 where GitHub does not say."""
    number = str(row.get("issue_url") or "").rpartition("/")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _age(comment: Comment) -> tuple[datetime, int, str]:
    return comment.created, len(comment.id), comment.id

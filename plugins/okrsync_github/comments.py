"""New comments of many issues: one list a repository, by the moment of the last change, and none where nothing changed.

A comment changes its issue: how many comments it has, and when it was last changed. Where all that are asked for are
as they were when their comments were read, or have no comment, nothing is asked.

The list of a repository's comments knows nothing of milestones or labels, so the comments of other issues come along
and are left out here. An issue that the cursor does not cover yet, because somebody gave it a marker later, is read by
itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """How far the comments of one issue were read."""

    since: datetime | None
    """All that changed before this moment of GitHub's clock has been read; None where the repository had no comment."""
    look: str = ""
    """What tells whether the issue changed since then; empty where nothing does."""


Marks = dict[int, _Mark]
"""By the numbers of a repository's issues."""


class Comments:
    """Reads the comments of one GitHub."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def since(self, items: Iterable[RemoteItem], since: str | None, others: Iterable[str] = ()) -> CommentReading:
        """As `Tracker.comments_since`.

        Raises:
            TokenRefused: the token is no good anywhere.
            Transient: no repository gave an answer.
        """
        before = _marks(since)
        after = _kept(before, others)
        found: dict[str, tuple[Comment, ...]] = {}
        failures: dict[str, Exception] = {}
        down: Transient | None = None
        silent = 0
        for project, wanted in _by_project(items).items():
            name = project.casefold()
            marks = {number: mark for number, mark in before.get(name, {}).items() if number in wanted}
            try:
                if down:
                    raise down
                comments, marks = self._of_repository(project, wanted, marks)
                found |= comments
                silent = 0
            except TokenRefused:
                raise
            except TrackerError as failure:
                failures[project] = failure
                if isinstance(failure, Transient):
                    silent += 1
                    down = failure if failure.acted is False or silent >= _SERVER_IS_DOWN else None
            after.setdefault(name, {}).update(marks)
        if failures and len(failures) == len(_by_project(items)):
            silence = next((each for each in failures.values() if isinstance(each, Transient)), None)
            if silence:
                raise silence
        return CommentReading(found, failures, complete=not before, cursor=_text(after))

    def _of_repository(
        self, project: str, wanted: Mapping[int, RemoteItem], before: Marks
    ) -> tuple[dict[str, tuple[Comment, ...]], Marks]:
        """The comments of a repository's issues, and how far they are read now."""
        looks = self._looks_of(wanted)
        moved = {
            number: each
            for number, each in wanted.items()
            if number not in before or not looks[number] or before[number].look != looks[number]
        }
        if not moved:
            return {}, before
        begun = _beginning(moved, before)
        if begun is None and all(each.comments == 0 for each in wanted.values()):
            return {}, {number: _Mark(None, look) for number, look in looks.items()}
        late = [
            number
            for number, each in moved.items()
            if begun and number not in before and not (each.created and each.created >= begun)
        ]
        if len(late) > MOST_ALONE:
            begun, late = None, []
        rows = self._changed(project, begun)
        moments = [moment for row in rows.values() if (moment := time_from(row.get("updated_at")))]
        reached = _latest(max(moments) - OVERLAP if moments else None, begun)
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
        marks = {
            number: _Mark(_latest(reached, before[number].since if number in before else None), look)
            for number, look in self._looks_of(wanted).items()
        }
        return found, marks

    def _looks_of(self, wanted: Mapping[int, RemoteItem]) -> dict[int, str]:
        """What changes whenever somebody comments on an issue; empty where that cannot be told.

        GitHub's times are whole seconds: of an issue that changed just now, another change may look the same.
        """
        settled = self._client.told_at() - _SETTLED
        return {
            number: f"{int(each.updated.timestamp())} {each.comments}"
            if each.updated and each.updated <= settled and each.comments is not None
            else ""
            for number, each in wanted.items()
        }

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


def _beginning(moved: Collection[int], before: Marks) -> datetime | None:
    """From where a repository's list shows all that was not read of the issues that moved; None: from its beginning.

    Where all that moved is new to us, the list goes on from where it was read last; what is older is read by itself.
    """
    known = [mark.since for number, mark in before.items() if number in moved]
    sinces = [each for each in known or [mark.since for mark in before.values()] if each]
    if len(sinces) < len(known or before) or not sinces:
        return None
    return min(sinces) if known else max(sinces)


def _latest(*moments: datetime | None) -> datetime | None:
    return max(filter(None, moments), default=None)


def _marks(text: str | None) -> dict[str, Marks]:
    """What a cursor says: project → groups of issues that were read up to the same moment, with their looks."""
    try:
        return {
            str(project): {
                int(number): _Mark(datetime.fromisoformat(since) if since else None, str(look))
                for since, looks in groups
                for number, look in looks.items()
            }
            for project, groups in json.loads(text or "{}").items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}


def _text(marks: Mapping[str, Marks]) -> str:
    told: dict[str, list[Any]] = {}
    for project, known in sorted(marks.items()):
        groups: dict[str, dict[str, str]] = {}
        for number, mark in sorted(known.items()):
            groups.setdefault(mark.since.isoformat() if mark.since else "", {})[str(number)] = mark.look
        told[project] = [list(each) for each in sorted(groups.items())]
    return json.dumps(told, separators=(",", ":"))


def _kept(before: Mapping[str, Marks], others: Iterable[str]) -> dict[str, Marks]:
    """The marks of issues whose comments are wanted another time."""
    kept: dict[str, Marks] = {}
    for id_ in others:
        with suppress(NotFound):  # Before the settings were changed it may have been another tracker's.
            place = Place.parse(id_)
            project = place.project.casefold()
            if place.is_issue and place.number in before.get(project, {}):
                kept.setdefault(project, {})[place.number] = before[project][place.number]
    return kept


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

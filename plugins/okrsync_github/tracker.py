"""The tracker: objectives as milestones, key results as labelled issues in them, fields on a Projects v2 board."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import ClassVar
from urllib.parse import urlsplit

from okrsync.domain.rates import WriteRate
from okrsync.trackers.diagnosis import Finding
from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import (
    Candidate,
    Capabilities,
    Child,
    Comment,
    CommentReading,
    Draft,
    Edit,
    FieldInfo,
    FieldValue,
    ItemId,
    ItemKind,
    Login,
    Match,
    Matches,
    Query,
    Reading,
    RemoteItem,
    Scope,
)
from okrsync_github.addresses import BoardName, Place, repository_path
from okrsync_github.board import BoardReading
from okrsync_github.capabilities import CAPABILITIES, CREATIONS_A_MINUTE, CREATIONS_AN_HOUR, SETTLE_ON_LOOPBACK
from okrsync_github.checking import problems_of
from okrsync_github.client import Client
from okrsync_github.comments import Comments
from okrsync_github.connection import is_loopback
from okrsync_github.diagnosing import findings
from okrsync_github.errors import ADDRESSES, TokenRefused
from okrsync_github.issue_fields import IssueFields
from okrsync_github.items import (
    Json,
    child_from,
    comment_from,
    edit_body,
    home_of,
    issue_body,
    issue_field_values,
    milestone_body,
    milestone_from,
    number_of,
)
from okrsync_github.pacing import is_hosted_by_github, write_interval
from okrsync_github.projects import BATCH, Projects
from okrsync_github.querying import Queries
from okrsync_github.reading import Reader, labels_of
from okrsync_github.repositories import Repositories


class GitHubTracker(Tracker):
    """github.com or a GitHub Enterprise Server. It connects when it is first asked something."""

    capabilities: ClassVar[Capabilities] = CAPABILITIES

    @cached_property
    def _client(self) -> Client:
        return Client(self.context)

    @cached_property
    def _repositories(self) -> Repositories:
        return Repositories(self._client)

    @cached_property
    def _projects(self) -> Projects:
        return Projects(self._client)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._repositories, self._projects, self._issue_fields, self.context.workspace)

    @cached_property
    def _queries(self) -> Queries:
        return Queries(self._client, self._repositories, self._projects, self._issue_fields)

    @cached_property
    def _issue_fields(self) -> IssueFields:
        return IssueFields(self._client)

    @cached_property
    def _comments(self) -> Comments:
        return Comments(self._client)

    @property
    def settle_after(self) -> float:
        """Seconds after which a look-up by marker is sure: shorter for a server on this machine."""
        host = urlsplit(self.context.url).hostname or ""
        return SETTLE_ON_LOOPBACK if is_loopback(host) else self.capabilities.settle_after

    @property
    def rate(self) -> WriteRate:
        """The pause after each write and, but for an Enterprise Server, the limits on creations."""
        address = urlsplit(self.context.url)
        host = address.hostname or ""
        pause = write_interval(self.context, host)
        if is_hosted_by_github(host) or not address.path.rstrip("/").endswith("/api/v3"):
            return WriteRate(pause, CREATIONS_A_MINUTE, CREATIONS_AN_HOUR, BATCH)
        return WriteRate(pause, fields_at_once=BATCH)

    def login(self) -> Login:
        """Ask for the token's account. An app's token has none and is told so with a 403, which is no failure."""
        try:
            user = self._client.get("/user", about="the account of the token")
        except NotFound:
            raise Misconfigured(f"{self._client.url} is not GitHub's API: it has no /user; {ADDRESSES}") from None
        except AuthFailed as refused:
            if not _is_app_token(refused):
                raise
            return Login("a GitHub App", self._server())
        account = user.get("login") if isinstance(user, dict) else None
        if not isinstance(account, str):
            raise Misconfigured(f"{self._client.url} is not GitHub's API: its /user is nobody; {ADDRESSES}")
        return Login(account, self._server())

    def projects(self) -> tuple[str, ...]:
        """The repositories that the token's account, or an app's installation, can see."""
        try:
            pages = list(self._client.pages("/user/repos", {}, about="the repositories of the account"))
        except AuthFailed as refused:
            if not _is_app_token(refused):
                raise
            about = "the repositories of the app"
            pages = list(self._client.pages("/installation/repositories", {}, about=about, within="repositories"))
        return tuple(sorted({str(data["full_name"]) for data in chain.from_iterable(pages) if data.get("full_name")}))

    def fields(self, project: str, board: str | None = None) -> tuple[FieldInfo, ...]:
        """The fields of the board, and those of the organisation's issues."""
        path = repository_path(project)
        on_board = self._projects.board(BoardName.parse(board)).fields if board else ()
        found = (*on_board, *(self._issue_fields.of(project) or ()))
        if not found:
            # Nothing was found, and so nobody has seen yet that there is such a repository.
            self._client.get(path, about=project)
        return found

    def check(self, scope: Scope) -> tuple[str, ...]:
        """Problems of the repository, its board and the fields on it."""
        return problems_of(scope, self._client, self._projects, self._issue_fields)

    def diagnose(self, scopes: Sequence[Scope]) -> tuple[Finding, ...]:
        """What the last answer tells: no request."""
        return findings(self._client)

    def read(self, scopes: Sequence[Scope], since: str | None = None, markers: Sequence[str] = ()) -> Reading:
        """Milestones and labelled issues of every repository, each page with its ETag; `scopes` say it all."""
        return self._reader.read(scopes)

    def find(self, scope: Scope, markers: Sequence[str], *, sure: bool = False) -> tuple[RemoteItem, ...]:
        """Look through the repository's milestones and issues themselves; no search index is involved."""
        return self._reader.find(scope, markers)

    def item(self, key: str, fields: Sequence[str] = (), board: str | None = None) -> RemoteItem:
        """A milestone or issue. One that was moved to another repository comes with its new id."""
        place = Place.parse(key)
        data = self._client.get(place.path, about=place.key)
        if number_of(data) is None:
            raise Misconfigured(f"{place.key}: {self._client.url} answers with something that is no {place.kind[:-1]}")
        if not place.is_issue:
            return milestone_from(data, place.project, self._client.web)
        if data["number"] != place.number:
            place = home_of(data, place.project)
        item = self._repositories.issue(data, place.project)
        if not fields:
            return item
        on_board = self._projects.values_of(BoardName.parse(board), place, fields) if board else {}
        elsewhere = [name for name in fields if name not in on_board]
        on_issue = self._issue_fields.on_issue(place.project, item.fields, elsewhere)
        return replace(item, fields={**on_issue, **on_board})

    def children(
        self, parents: Sequence[RemoteItem], points_field: str | None = None, board: str | None = None
    ) -> Mapping[str, tuple[Child, ...]]:
        """The issues in a milestone, pull requests among them, or the sub-issues of an issue."""
        reading = self._projects.read(BoardName.parse(board), [points_field]) if points_field and board else None
        points = reading if reading and points_field and reading.board.has(points_field) else None
        found: dict[str, tuple[Child, ...]] = {}
        for parent in parents:
            place = Place.parse(parent.at.id)
            try:
                below = self._repositories.sub_issues(place) if place.is_issue else self._in_milestone(place)
                found[parent.at.id] = tuple(_child(data, place.project, points, points_field) for data in below)
            except NotFound:
                if place.is_issue and self._repositories.is_there(place):
                    # It is the server that knows no sub-issues, as older ones do.
                    found[parent.at.id] = ()
        return found

    def candidates(self, scope: Scope, query: str) -> tuple[Candidate, ...]:
        """Milestones by repository, number or title, with the labelled issues in them."""
        return self._reader.candidates(scope, query)

    def open_objectives(self, scope: Scope) -> tuple[RemoteItem, ...]:
        """The open milestones of the repository."""
        return self._reader.open_milestones(scope.project)

    def matches(self, query: Query, known: Mapping[str, Match] | None = None, since: str | None = None) -> Matches:
        """The repository's issues, or pull requests where the query asks for them, that match; no search is asked."""
        return self._queries.matches(query, known or {}, since)

    def create(self, scope: Scope, draft: Draft) -> RemoteItem:
        """Create a milestone, or an issue with its labels and milestone."""
        repository = repository_path(scope.project)
        if draft.kind is ItemKind.OBJECTIVE:
            try:
                made = self._client.post(f"{repository}/milestones", milestone_body(draft), about=scope.project)
            except Conflict as conflict:
                return self._ours_of_that_title(scope.project, draft, conflict)
            return milestone_from(_created(made, scope.project), scope.project, self._client.web)
        body = issue_body(draft, labels_of(scope), _milestone_number(draft.parent))
        made = self._client.post(f"{repository}/issues", body, about=scope.project)
        return self._repositories.issue(_created(made, scope.project), scope.project)

    def update(self, scope: Scope, item: RemoteItem, edit: Edit) -> None:
        """Change title, text, due date or markers; no request where nothing of that is to change."""
        place = Place.parse(item.at.id)
        body = edit_body(item, edit, is_issue=place.is_issue)
        if not body:
            return
        try:
            self._patch(place, body)
        except Conflict as conflict:
            if not isinstance(edit.title, str):
                raise
            raise _title_taken(self._of_title(place.project, edit.title), edit.title, conflict) from None

    def write_fields(self, scope: Scope, values: Mapping[str, Mapping[str, FieldValue]]) -> None:
        """Write number fields on the scope's board, 20 in a request, and put issues there that are missing."""
        wanted = {Place.parse(item): fields for item, fields in values.items()}
        if not wanted:
            return
        if not scope.board:
            raise Misconfigured(f"{scope.project}: fields need a board: set project_board, for example acme/1")
        milestones = [place.key for place in wanted if not place.is_issue]
        if milestones:
            raise Rejected(f"{', '.join(milestones)}: a milestone cannot be on a board and has no fields")
        self._projects.write(BoardName.parse(scope.board), wanted, self._repositories.content_id)

    def set_closed(self, item: RemoteItem, closed: bool) -> None:
        """Close or reopen a milestone or issue."""
        self._patch(Place.parse(item.at.id), {"state": "closed" if closed else "open"})

    def comment(self, item: ItemId, text: str) -> str:
        """Comment on an issue. A milestone takes no comments."""
        place = Place.parse(item.id)
        if not place.is_issue:
            raise Rejected(f"{place.key}: milestones take no comments on GitHub; comment on one of its issues")
        made = self._client.post(f"{place.path}/comments", {"body": text}, about=place.key)
        if not isinstance(made, dict) or not made.get("id"):
            raise Transient(f"{place.key}: GitHub's answer names no comment, so nobody knows whether it was written")
        return str(made["id"])

    def comments(self, item: ItemId) -> tuple[Comment, ...]:
        """The comments on an issue, oldest first; none on a milestone."""
        place = Place.parse(item.id)
        if not place.is_issue:
            return ()
        rows = list(chain.from_iterable(self._client.pages(f"{place.path}/comments", {}, about=place.key)))
        if not all(isinstance(row, dict) and row.get("id") for row in rows):
            raise Transient(f"{place.key}: GitHub's list of its comments is not one of comments")
        return tuple(map(comment_from, rows))

    def comments_since(
        self, items: Sequence[RemoteItem], since: str | None = None, others: Collection[str] = ()
    ) -> CommentReading:
        """What changed in each repository's list of comments: one request, free where nothing did."""
        return self._comments.since(items, since, others)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if "_client" in self.__dict__:
            self._client.close()

    def _in_milestone(self, place: Place) -> Iterable[Json]:
        return self._repositories.issues(place.project, milestone=str(place.number))

    def _patch(self, place: Place, body: Json) -> None:
        answer = self._client.patch(place.path, body, about=place.key)
        if number_of(answer) is None:
            raise Misconfigured(f"{place.key}: {self._client.url} answers a change with something that is not GitHub's")

    def _ours_of_that_title(self, project: str, draft: Draft, conflict: Conflict) -> RemoteItem:
        """The milestone that stands in the way, if it is ours from an earlier attempt whose answer was lost."""
        other = self._of_title(project, draft.title)
        if other and draft.marker in other.markers:
            return other
        raise _title_taken(other, draft.title, conflict) from None

    def _of_title(self, project: str, title: str) -> RemoteItem | None:
        milestones = list(self._repositories.milestones(project, fresh=True))
        exactly = [item for item in milestones if item.title == title]
        nearly = [item for item in milestones if item.title.strip().casefold() == title.strip().casefold()]
        return next(iter([*exactly, *nearly]), None)

    def _server(self) -> str:
        version = self._client.server_version
        if version:
            return f"GitHub Enterprise Server {version}"
        host = urlsplit(self._client.url).hostname or ""
        return "github.com" if host == "api.github.com" else f"GitHub at {host}"


def _child(data: Json, project: str, points: BoardReading | None, field: str | None) -> Child:
    child = child_from(data, project)
    if not field:
        return child
    if points is None:
        held = issue_field_values(data).get(field)
        return replace(child, points=held if isinstance(held, float) else None)
    node = str(data["node_id"]) if data.get("node_id") else None
    value = points.values_for(Place.parse(child.id), node, [field]).get(field)
    return replace(child, points=value if isinstance(value, float) else None)


def _created(data: object, project: str) -> Json:
    if number_of(data) is None or not isinstance(data, dict):
        raise Transient(f"{project}: GitHub's answer names nothing that was created, so nobody knows whether it was")
    return data


def _milestone_number(parent: ItemId | None) -> int | None:
    if parent is None:
        return None
    place = Place.parse(parent.id)
    if place.is_issue:
        raise Rejected(f"{place.key} is an issue; a key result's issue belongs to a milestone")
    return place.number


def _title_taken(other: RemoteItem | None, title: str, conflict: Conflict) -> Conflict:
    if other is None:
        return conflict
    return Conflict(
        f"{other.at.project} has a milestone called {title!r} already: {other.at.key} ({other.at.url}); titles of"
        " milestones are unique in a repository, so rename one of the two, or put the marker into that one to adopt it"
    )


def _is_app_token(refused: AuthFailed) -> bool:
    return not isinstance(refused, TokenRefused) and "not accessible by integration" in str(refused).lower()

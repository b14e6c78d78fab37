"""Reading a workspace's items: milestones, labelled issues and, where a scope has one, the fields on its board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from okrsync.domain.ref import Marker
from okrsync.trackers.errors import TrackerError, Transient
from okrsync.trackers.values import Candidate, FieldValue, Reading, RemoteItem, Scope
from okrsync_github.addresses import BoardName, Place
from okrsync_github.board import BoardReading
from okrsync_github.candidates import chooser
from okrsync_github.capabilities import DEFAULT_LABELS
from okrsync_github.errors import TokenRefused
from okrsync_github.issue_fields import IssueFields
from okrsync_github.items import Json, belongs_to, is_pull_request
from okrsync_github.projects import Projects
from okrsync_github.repositories import Repositories

_SERVER_IS_DOWN = 2
"""After so many repositories in a row without an answer the rest is not asked any more."""


class Reader:
    """Reads what belongs to one workspace."""

    def __init__(
        self, repositories: Repositories, projects: Projects, issue_fields: IssueFields, workspace: str
    ) -> None:
        self._repositories = repositories
        self._projects = projects
        self._issue_fields = issue_fields
        self._workspace = workspace

    def read(self, scopes: Sequence[Scope]) -> Reading:
        """Every item of the workspace in the scopes' repositories.

        Where only the board of a repository cannot be read, its items are there without fields, beside the failure.

        Raises:
            TokenRefused: the token is no good anywhere.
            Transient: no repository gave an answer.
        """
        self._repositories.begin_reading()
        items: dict[str, RemoteItem] = {}
        failures: dict[str, Exception] = {}
        boards = _Boards(self._projects, scopes)
        silent = 0
        down: Transient | None = None
        answered = False
        for project, its in _by_project(scopes).items():
            if down:
                failures[project] = down
                continue
            try:
                found = self._read_project(project, its)
                answered, silent = True, 0
                items.update((item.at.id, item) for item in found)
                items.update((item.at.id, item) for item in self._with_fields(found, its, boards))
            except TokenRefused:
                raise
            except Transient as failure:
                failures[project] = failure
                silent += 1
                down = failure if failure.acted is False or silent >= _SERVER_IS_DOWN else None
            except TrackerError as failure:
                failures[project] = failure
        silence = next((each for each in failures.values() if isinstance(each, Transient)), None)
        if silence and not answered:
            raise silence
        return Reading(tuple(items.values()), failures)

    def find(self, scope: Scope, markers: Sequence[str]) -> tuple[RemoteItem, ...]:
        """The items with one of the markers, looked for afresh.

        Issues that lost their label are looked for in their objective's milestone, and then among the newest issues:
        GitHub drops label and milestone without a word where the token may not set them.
        """
        project = scope.project
        key_results = {text for text in markers if (marker := Marker.parse(text)) and marker.ref.is_key_result}
        objectives = set(markers) - key_results
        found: dict[str, RemoteItem] = {}
        milestones: list[RemoteItem] | None = None
        if objectives:
            milestones = list(self._repositories.milestones(project, fresh=True))
            found.update((item.at.id, item) for item in milestones if objectives & set(item.markers))
        if key_results:
            labelled = self._repositories.issues(project, fresh=True, labels=",".join(labels_of(scope)))
            self._keep(found, labelled, project, key_results)
        if parents := {_objective_of(text) for text in _missing(key_results, found)}:
            if milestones is None:
                milestones = list(self._repositories.milestones(project, fresh=True))
            for number in [Place.parse(item.at.id).number for item in milestones if parents & set(item.markers)]:
                within = self._repositories.issues(project, fresh=True, milestone=str(number))
                self._keep(found, within, project, key_results)
        if _missing(key_results, found):
            self._keep(found, self._repositories.newest_issues(project), project, key_results)
        return tuple(found.values())

    def candidates(self, scope: Scope, query: str) -> tuple[Candidate, ...]:
        """The milestones that a query means, read afresh, each with the labelled issues in it.

        Raises:
            Rejected: the query means nothing here.
        """
        project, labels = scope.project, ",".join(labels_of(scope))
        meant = chooser(query, project)
        boards = _Boards(self._projects, [scope])
        found: list[Candidate] = []
        for milestone in [each for each in self._repositories.milestones(project, fresh=True) if meant(each)]:
            number = str(Place.parse(milestone.at.id).number)
            within = self._repositories.issues(project, fresh=True, milestone=number, labels=labels)
            issues = [self._repositories.issue(data, project) for data in within if not is_pull_request(data)]
            filled = {item.at.id: item for item in self._with_fields(issues, [scope], boards)}
            found.append(Candidate(milestone, tuple(filled.get(each.at.id, each) for each in issues)))
        return tuple(found)

    def open_milestones(self, project: str) -> tuple[RemoteItem, ...]:
        """The milestones of a repository that are open."""
        return tuple(each for each in self._repositories.milestones(project) if not each.closed)

    def _read_project(self, project: str, scopes: Sequence[Scope]) -> list[RemoteItem]:
        found = {item.at.id: item for item in self._repositories.milestones(project)}
        for labels in _label_sets(scopes):
            for data in self._repositories.issues(project, labels=",".join(labels)):
                item = self._repositories.read_issue(data, project)
                found[item.at.id] = item
        return [item for item in found.values() if belongs_to(item, self._workspace)]

    def _with_fields(self, items: Sequence[RemoteItem], scopes: Sequence[Scope], boards: _Boards) -> list[RemoteItem]:
        """The issues with the fields of the scopes: those of boards, and where a board lacks one, issue fields."""
        wanted = [scope for scope in scopes if scope.fields]
        issues = [(item, Place.parse(item.at.id)) for item in items if item.type_name == "issue"]
        if not wanted or not issues:
            return []
        filled: list[RemoteItem] = []
        for item, place in issues:
            values: dict[str, FieldValue] = {}
            for scope in wanted:
                here: dict[str, FieldValue] = {}
                if scope.board:
                    reading = boards.reading(BoardName.parse(scope.board))
                    here = reading.values_for(place, self._repositories.known_content_id(place), scope.fields)
                elsewhere = [name for name in scope.fields if name not in here]
                here |= self._issue_fields.on_issue(place.project, item.fields, elsewhere)
                values.update({field: value for field, value in here.items() if values.get(field) is None})
            filled.append(replace(item, fields=values))
        return filled

    def _keep(self, found: dict[str, RemoteItem], issues: Iterable[Json], project: str, wanted: set[str]) -> None:
        for data in issues:
            item = self._repositories.issue(data, project)
            if wanted & set(item.markers):
                found[item.at.id] = item


class _Boards:
    """Each board that the scopes name, read once and only when it is needed."""

    def __init__(self, projects: Projects, scopes: Sequence[Scope]) -> None:
        self._projects = projects
        self._scopes = scopes
        self._read: dict[BoardName, BoardReading | TrackerError] = {}

    def reading(self, name: BoardName) -> BoardReading:
        """The board with every field that any scope wants of it."""
        if name not in self._read:
            fields = [
                field
                for scope in self._scopes
                if scope.board and scope.board.strip() == str(name)
                for field in scope.fields
            ]
            try:
                self._read[name] = self._projects.read(name, fields)
            except TrackerError as failure:
                self._read[name] = failure
        outcome = self._read[name]
        if isinstance(outcome, TrackerError):
            raise outcome
        return outcome


def labels_of(scope: Scope) -> tuple[str, ...]:
    """The labels of the scope's key results."""
    return scope.labels or DEFAULT_LABELS


def _by_project(scopes: Sequence[Scope]) -> dict[str, list[Scope]]:
    """The scopes of each repository; GitHub's names are the same in any case of letters."""
    spelled: dict[str, str] = {}
    grouped: dict[str, list[Scope]] = {}
    for scope in scopes:
        grouped.setdefault(spelled.setdefault(scope.project.casefold(), scope.project), []).append(scope)
    return grouped


def _label_sets(scopes: Sequence[Scope]) -> list[tuple[str, ...]]:
    """The labels to ask for, one request each. An issue with labels a and b is in the answer for a already."""
    sets = list(dict.fromkeys(labels_of(scope) for scope in scopes))
    return [one for one in sets if not any(set(other) < set(one) for other in sets)]


def _missing(wanted: set[str], found: Mapping[str, RemoteItem]) -> set[str]:
    return wanted - {marker for item in found.values() for marker in item.markers}


def _objective_of(key_result: str) -> str:
    return key_result.rpartition("/")[0]

"""A whole tracker: each method is one request, sent through the policy that okrsync hands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from okrsync.trackers.errors import Misconfigured, NotFound, Rejected
from okrsync.trackers.interface import Tracker, TrackerContext
from okrsync.trackers.values import (
    Child,
    Comment,
    Draft,
    Edit,
    FieldInfo,
    FieldValue,
    ItemId,
    ItemKind,
    Keep,
    Login,
    Reading,
    RemoteItem,
    Scope,
)
from okrsync_example import CAPABILITIES
from okrsync_example.shelf import Shelf, State

Answer = TypeVar("Answer")


class ExampleTracker(Tracker):
    """A tracker in a JSON file. `shelf` is the way to it, made from the settings unless a test brings its own."""

    capabilities = CAPABILITIES

    def __init__(self, context: TrackerContext, shelf: Shelf | None = None) -> None:
        super().__init__(context)
        if shelf is None and not context.options.get("file"):
            raise Misconfigured(f'[trackers.{context.name}] names no file: add file = "shelf.json"')
        self._shelf = shelf or Shelf(Path(context.options["file"]), context.token.reveal())

    def login(self) -> Login:
        """The file knows no accounts: who has its token is `owner`."""
        return self._look(lambda _: Login("owner", "A tracker in a JSON file"))

    def projects(self) -> tuple[str, ...]:
        """The projects that the file names."""
        return self._look(lambda state: tuple(sorted(state["projects"])))

    def fields(self, project: str, board: str | None = None) -> tuple[FieldInfo, ...]:
        """The fields of a project, all of them numbers."""
        return self._look(
            lambda state: tuple(FieldInfo(name, name, "number") for name in sorted(_field_names(state, project)))
        )

    def check(self, scope: Scope) -> tuple[str, ...]:
        """A project or fields that the file does not name."""

        def act(state: State) -> tuple[str, ...]:
            try:
                known = _field_names(state, scope.project)
            except NotFound as error:
                return (str(error),)
            return tuple(
                f"{scope.project} has no field {name!r}; it has {', '.join(known)}"
                for name in (*scope.fields, *scope.objective_fields)
                if name not in known
            )

        return self._look(act)

    def read(self, scopes: Sequence[Scope], since: str | None = None, markers: Sequence[str] = ()) -> Reading:
        """Every item of the workspace; the file keeps no history, so a reading is always complete."""

        def act(state: State) -> Reading:
            items: dict[str, RemoteItem] = {}
            failures: dict[str, Exception] = {}
            for scope in scopes:
                if scope.project not in state["projects"]:
                    failures[scope.project] = _no_project(state, scope.project)
                for item in state["items"].values():
                    if item["project"] == scope.project and item["workspace"] == self.context.workspace:
                        items[item["id"]] = self._shown(item, _names(item, scope))
            return Reading(tuple(items.values()), failures)

        return self._look(act)

    def find(self, scope: Scope, markers: Sequence[str], *, sure: bool = False) -> tuple[RemoteItem, ...]:
        """The items of the project that carry one of the markers; a look into the file is always sure."""
        wanted = set(markers)
        return self._look(
            lambda state: tuple(
                self._shown(item, _names(item, scope))
                for item in state["items"].values()
                if item["project"] == scope.project and wanted.intersection(item["markers"])
            )
        )

    def item(self, key: str, fields: Sequence[str] = (), board: str | None = None) -> RemoteItem:
        """One item by its id or its key."""

        def act(state: State) -> RemoteItem:
            found = _get(state, key)
            known = _field_names(state, found["project"])
            return self._shown(found, [name for name in fields if name in known])

        return self._look(act)

    def children(
        self, parents: Sequence[RemoteItem], points_field: str | None = None, board: str | None = None
    ) -> Mapping[str, tuple[Child, ...]]:
        """The items that name a parent, by parent."""

        def act(state: State) -> Mapping[str, tuple[Child, ...]]:
            found: dict[str, list[Child]] = {parent.at.id: [] for parent in parents}
            for item in state["items"].values():
                if item["parent"] in found:
                    points = item["fields"].get(points_field) if points_field else None
                    child = Child(item["id"], item["key"], item["closed"], points, markers=tuple(item["markers"]))
                    found[item["parent"]].append(child)
            return {parent: tuple(children) for parent, children in found.items()}

        return self._look(act)

    def create(self, scope: Scope, draft: Draft) -> RemoteItem:
        """Put a new item into the file, with its marker."""

        def act(state: State) -> RemoteItem:
            item = new_item(state, scope.project, draft.title)
            item |= {
                "kind": draft.kind.value,
                "description": draft.description,
                "markers": [draft.marker],
                "workspace": draft.workspace,
                "due": draft.due.isoformat() if draft.due else None,
                "parent": _get(state, draft.parent.id)["id"] if draft.parent else None,
                "labels": list(scope.labels) if draft.kind is ItemKind.KEY_RESULT else [],
            }
            set_fields(state, item, draft.fields)
            return self._shown(item, _names(item, scope))

        return self._change(act, repeatable=False)

    def update(self, scope: Scope, item: RemoteItem, edit: Edit) -> None:
        """Write what the edit names, and nothing else."""

        def act(state: State) -> None:
            found = _get(state, item.at.id)
            if not isinstance(edit.title, Keep):
                found["title"] = edit.title
            if not isinstance(edit.description, Keep):
                found["description"] = edit.description
            if not isinstance(edit.due, Keep):
                found["due"] = edit.due.isoformat() if edit.due else None
            if edit.add_marker and edit.add_marker not in found["markers"]:
                found["markers"].append(edit.add_marker)
            set_fields(state, found, edit.fields)

        self._change(act)

    def set_closed(self, item: RemoteItem, closed: bool) -> None:
        """Close or reopen an item; it may be so already."""

        def act(state: State) -> None:
            _get(state, item.at.id)["closed"] = closed

        self._change(act)

    def comment(self, item: ItemId, text: str) -> str:
        """Add a comment."""

        def act(state: State) -> str:
            return add_comment(_get(state, item.id), "owner", text)

        return self._change(act, repeatable=False)

    def comments(self, item: ItemId) -> tuple[Comment, ...]:
        """The comments, as they were added."""
        return self._look(
            lambda state: tuple(
                Comment(
                    each["id"],
                    each["author"],
                    each["text"],
                    datetime.fromisoformat(each["at"]),
                    account=each["author"],
                    edited=datetime.fromisoformat(each["edited"]) if each["edited"] else None,
                )
                for each in _get(state, item.id)["comments"]
            )
        )

    def _look(self, act: Callable[[State], Answer]) -> Answer:
        return self.context.policy.call(lambda: self._shelf.look(act), repeatable=True)

    def _change(self, act: Callable[[State], Answer], *, repeatable: bool = True) -> Answer:
        return self.context.policy.call(lambda: self._shelf.change(act), repeatable=repeatable)

    def _shown(self, item: dict[str, Any], names: Sequence[str]) -> RemoteItem:
        return RemoteItem(
            at=ItemId(item["project"], item["id"], item["key"], f"{self.context.url}/{item['key']}"),
            kind=ItemKind(item["kind"]),
            title=item["title"],
            description=item["description"],
            markers=tuple(item["markers"]),
            due=date.fromisoformat(item["due"]) if item["due"] else None,
            closed=item["closed"],
            parent=item["parent"],
            fields={name: item["fields"].get(name) for name in names},
            labels=frozenset(item["labels"]),
            type_name="entry",
        )


def new_item(state: State, project: str, title: str) -> dict[str, Any]:
    """A new item in the state, with nothing but a title."""
    if project not in state["projects"]:
        raise _no_project(state, project)
    state["last_id"] += 1
    item: dict[str, Any] = {
        "id": str(state["last_id"]),
        "key": f"{project}-{state['last_id']}",
        "project": project,
        "kind": ItemKind.OTHER.value,
        "title": title,
        "description": "",
        "markers": [],
        "workspace": None,
        "due": None,
        "closed": False,
        "parent": None,
        "fields": {},
        "labels": [],
        "comments": [],
    }
    state["items"][item["id"]] = item
    return item


def add_comment(item: dict[str, Any], author: str, text: str) -> str:
    """Put a comment on an item; its id."""
    id_ = uuid4().hex
    item["comments"].append(
        {"id": id_, "author": author, "text": text, "at": datetime.now(UTC).isoformat(), "edited": None}
    )
    return id_


def set_fields(state: State, item: dict[str, Any], values: Mapping[str, FieldValue]) -> None:
    """Set number fields of an item.

    Raises:
        Rejected: the project has no such field, or the value is no number.
    """
    known = _field_names(state, item["project"])
    for name, value in values.items():
        if name not in known:
            raise Rejected(f"{item['project']} has no field {name!r}; it has {', '.join(known)}")
        if isinstance(value, str):
            raise Rejected(f"{name!r} of {item['key']} takes a number, not {value!r}")
        item["fields"][name] = value


def _names(item: dict[str, Any], scope: Scope) -> tuple[str, ...]:
    return scope.objective_fields if item["kind"] == ItemKind.OBJECTIVE.value else scope.fields


def _get(state: State, key: str) -> dict[str, Any]:
    for item in state["items"].values():
        if key in (item["id"], item["key"]):
            found: dict[str, Any] = item
            return found
    raise NotFound(f"there is no item {key!r} in the file")


def _field_names(state: State, project: str) -> list[str]:
    if project not in state["projects"]:
        raise _no_project(state, project)
    names: list[str] = state["projects"][project]
    return names


def _no_project(state: State, project: str) -> NotFound:
    return NotFound(f"the file has no project {project!r}; it has {', '.join(sorted(state['projects']))}")

"""Boards and what they hold, as values: the names of fields become ids here, and GraphQL's JSON becomes numbers.

Nothing here sends a request; `projects` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.values import FieldInfo, FieldValue
from okrsync_github.addresses import BoardName, Place, issue_in
from okrsync_github.items import Json

_TYPES = {"NUMBER": "number", "TEXT": "text", "DATE": "date", "SINGLE_SELECT": "option"}


@dataclass(frozen=True)
class Board:
    """A Projects v2 board with its fields."""

    name: BoardName
    id: str
    fields: tuple[FieldInfo, ...]

    @classmethod
    def from_json(cls, name: BoardName, data: Json) -> Board:
        """A board as GraphQL shows it."""
        fields = [
            FieldInfo(str(each["name"]), str(each["id"]), _TYPES.get(str(each.get("dataType")), _word(each)))
            for each in nodes_of(data.get("fields"))
            if each.get("name") and each.get("id")
        ]
        return cls(name, str(data["id"]), tuple(sorted(fields, key=lambda each: each.name)))

    def has(self, name: str) -> bool:
        """Whether there is a field of exactly this name."""
        return any(each.name == name for each in self.fields)

    def number_field(self, name: str) -> FieldInfo:
        """The number field of this name.

        Raises:
            Misconfigured: there is none, there are several, or it holds something else; the text names what exists.
        """
        found = [each for each in self.fields if each.name == name]
        if len(found) > 1:
            raise Misconfigured(f"board {self.name} has {len(found)} fields called {name!r}; rename all but one")
        numbers = [each.name for each in self.fields if each.type == "number"]
        exist = f"its number fields are {', '.join(map(repr, numbers))}" if numbers else "it has no number field"
        if not found:
            near = get_close_matches(name.casefold(), {each.casefold(): each for each in numbers}, 1, 0.7)
            meant = next((each for each in numbers if near and each.casefold() == near[0]), None)
            hint = f"write {meant!r}, or " if meant else ""
            raise Misconfigured(
                f"board {self.name} has no field {name!r}: {exist}; {hint}add a number field of this name"
            )
        if found[0].type != "number":
            raise Misconfigured(
                f"field {name!r} of board {self.name} holds {found[0].type}, not a number: {exist}; name one of those"
            )
        return found[0]

    def problems_with(self, names: Sequence[str]) -> tuple[str, ...]:
        """What is wrong with the names of the number fields, all of it."""
        problems: list[str] = []
        for name in dict.fromkeys(names):
            try:
                self.number_field(name)
            except Misconfigured as wrong:
                problems.extend(wrong.problems)
        return tuple(problems)


@dataclass(frozen=True)
class BoardItem:
    """An issue's place on a board, with the values of the fields that were asked for."""

    id: str
    content_id: str
    place: Place | None
    values: Mapping[str, FieldValue] = field(default_factory=dict)


@dataclass(frozen=True)
class BoardReading:
    """A board with all of its issues and pull requests."""

    board: Board
    by_place: Mapping[str, BoardItem]
    by_content: Mapping[str, BoardItem]

    @classmethod
    def of(cls, board: Board, items: Sequence[BoardItem]) -> BoardReading:
        """The items of a board, to be found by where they are or by their node id."""
        return cls(
            board,
            {item.place.id.casefold(): item for item in items if item.place},
            {item.content_id: item for item in items},
        )

    def item_for(self, place: Place, content_id: str | None) -> BoardItem | None:
        """The board's item for an issue. A renamed repository still has the old name in `place`, not in the node id."""
        found = self.by_content.get(content_id) if content_id else None
        return found or self.by_place.get(place.id.casefold())

    def values_for(self, place: Place, content_id: str | None, names: Sequence[str]) -> dict[str, FieldValue]:
        """The named fields of an issue: None where a field is empty or the issue not on the board yet.

        A name that is no field of the board is left out.
        """
        item = self.item_for(place, content_id)
        known = [name for name in names if self.board.has(name)]
        if item is None:
            return dict.fromkeys(known)
        return {name: item.values[name] for name in known if name in item.values}


def item_from(data: Json, names: Sequence[str]) -> BoardItem | None:
    """An item of a board; None for a draft, or for one that the token may not see."""
    content = data.get("content")
    if not isinstance(content, Mapping) or not content.get("id") or not data.get("id"):
        return None
    repository = content.get("repository")
    name = repository.get("nameWithOwner") if isinstance(repository, Mapping) else None
    place = issue_in(str(name), content["number"]) if name and content.get("number") else None
    return BoardItem(str(data["id"]), str(content["id"]), place, values_from(data, names))


def values_from(data: Json, names: Sequence[str]) -> dict[str, FieldValue]:
    """The values under the aliases `f0`, `f1`, …; what cannot be read as a number or text is left out."""
    values: dict[str, FieldValue] = {}
    for at, name in enumerate(names):
        alias = f"f{at}"
        if alias not in data:
            continue
        held = data[alias]
        if held is None:
            values[name] = None
        elif isinstance(held, Mapping):
            kind = next((key for key in ("number", "text", "date", "name") if key in held), None)
            if kind:
                values[name] = _value(held[kind])
    return values


def nodes_of(connection: object) -> list[dict[str, Any]]:
    """The nodes of a GraphQL connection, without the empty ones."""
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    return [each for each in nodes if isinstance(each, dict)] if isinstance(nodes, list) else []


def _value(held: object) -> FieldValue:
    if held is None or isinstance(held, str):
        return held
    return float(held) if isinstance(held, int | float) else str(held)


def _word(data: Json) -> str:
    return str(data.get("dataType") or "another type").lower().replace("_", " ")

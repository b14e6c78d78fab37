"""Connections: `first` or `last` of 1 to 100 rows, cursors, and GitHub's errors for what exceeds them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from okrsync.sandbox.github.graph.context import Info, failure

LARGEST = 100
Row = TypeVar("Row")


def connection(info: Info, rows: Sequence[Row], key: Callable[[Row], int], args: dict[str, Any]) -> dict[str, Any]:
    """A page of `rows`; `key` gives each row's number, which its cursor holds.

    Raises MISSING_PAGINATION_BOUNDARIES where rows are asked for without saying how many, EXCESSIVE_PAGINATION for
    more than 100, INVALID_CURSOR_ARGUMENTS for a cursor that is none.
    """
    first, last = args.get("first"), args.get("last")
    if first is None and last is None and _asks_for_rows(info):
        raise failure(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{info.field_name}` connection.",
        )
    for name, wanted in (("first", first), ("last", last)):
        if wanted is not None and not 0 <= wanted <= LARGEST:
            message = (
                f"Requesting {wanted} records on the `{info.field_name}` connection exceeds the `{name}` limit of "
                f"{LARGEST} records."
                if wanted > 0
                else f"`{name}` on the `{info.field_name}` connection cannot be less than zero."
            )
            raise failure("EXCESSIVE_PAGINATION", message)
    start, end = 0, len(rows)
    if args.get("after"):
        start = _place(args["after"], rows, key) + 1
    if args.get("before"):
        end = max(start, _place(args["before"], rows, key))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    shown = rows[start:end]
    cursors = [_cursor(start + at, key(row)) for at, row in enumerate(shown)]
    return {
        "nodes": shown,
        "edges": [{"cursor": cursor, "node": row} for cursor, row in zip(cursors, shown, strict=True)],
        "totalCount": len(rows),
        "pageInfo": {
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
        },
    }


def _cursor(place: int, number: int) -> str:
    return base64.b64encode(f"cursor:v2:{place}:{number}".encode()).decode()


def _place(cursor: str, rows: Sequence[Row], key: Callable[[Row], int]) -> int:
    """Where the cursor's row is now; where it was, if it is gone."""
    try:
        text = base64.b64decode(cursor, validate=True).decode()
        place, number = (int(part) for part in text.removeprefix("cursor:v2:").split(":"))
    except (binascii.Error, ValueError):
        raise failure("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from None
    if place < len(rows) and key(rows[place]) == number:
        return place
    return next((at for at, row in enumerate(rows) if key(row) == number), place - 1)


def _asks_for_rows(info: Info) -> bool:
    sets = [node.selection_set for node in info.field_nodes if node.selection_set]
    return any(name in ("nodes", "edges") for one in sets for name in _names(info, one))


def _names(info: Info, selected: SelectionSetNode) -> list[str]:
    names: list[str] = []
    for one in selected.selections:
        if isinstance(one, FieldNode):
            names.append(one.name.value)
        elif isinstance(one, InlineFragmentNode):
            names += _names(info, one.selection_set)
        elif isinstance(one, FragmentSpreadNode):
            names += _names(info, info.fragments[one.name.value].selection_set)
    return names

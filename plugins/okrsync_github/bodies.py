"""The bodies of GitHub's answers: JSON, lists in it, and what a GraphQL answer says of its parts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from okrsync.trackers.errors import TrackerError
from okrsync_github.errors import Reply
from okrsync_github.items import Json


@dataclass(frozen=True)
class GraphQLAnswer:
    """The data of an answer, and what went wrong in parts of it: path → error."""

    data: Json
    problems: tuple[tuple[tuple[str, ...], TrackerError], ...] = ()

    def problem_at(self, name: str) -> TrackerError | None:
        """What went wrong with the root field, or alias, `name`."""
        return next((error for path, error in self.problems if path[:1] == (name,)), None)


def parsed(reply: Reply) -> Any:
    """The body of an answer; None where it is no JSON."""
    return loaded(reply.text)


def loaded(text: str) -> Any:
    """A text as JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def rows_of(data: object, within: str | None) -> list[Json] | None:
    """The entries of a list, which is below the key `within` where that is given; None where there is no such list."""
    rows = data.get(within) if within and isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        return None
    return rows


def path_of(error: object) -> tuple[str, ...]:
    """Of which part of the data an error of a GraphQL answer tells."""
    path = error.get("path") if isinstance(error, dict) else None
    return tuple(str(step) for step in path) if isinstance(path, list) else ()


def host_of(url: str) -> str:
    """The host of an address, without credentials."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

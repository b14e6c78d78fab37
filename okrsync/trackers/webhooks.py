"""What a tracker's plugin tells of its webhooks: how they are signed, how a delivery is called, and what it is about.

A webhook is a hint where to look. Nothing of what it says is believed, so nothing else is read from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Named:
    """Something that a webhook says has changed."""

    project: str | None = None
    """Its project or repository, as settings write it; None where only its board is known."""
    item: str | None = None
    """The id of the item, as `ItemId.id` has it; None where anything in the project may have changed."""
    board: str | None = None
    """The board, as `Scope.board` has it, or only its owner where the webhook does not tell the board."""


@dataclass(frozen=True)
class Webhooks:
    """How a kind of tracker sends webhooks. Names of headers are in lower case."""

    signature: str
    """The header with `sha256=` and the HMAC-SHA256 of the body's bytes, in hexadecimal digits."""
    delivery: str
    """The header with the id of a delivery, which stays the same where it is sent again."""
    read: Callable[[Mapping[str, str], Mapping[str, Any]], Iterable[Named]]
    """What a delivery is about, from its headers and its JSON; nothing where it is about something else.

    Raises:
        ValueError: nobody can make sense of it.
    """

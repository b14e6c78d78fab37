"""The three-way decision for one attribute that documents and tracker both hold.

`base` is the value on which both sides last agreed. The whole table:

| authority | document = tracker | only the document changed | only the tracker changed | both, or no base |
| --------- | ------------------ | ------------------------- | ------------------------ | ---------------- |
| documents | agree              | write                     | write                    | write            |
| tracker   | agree              | adopt                     | adopt                    | adopt            |
| both      | agree              | write                     | adopt                    | hold             |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from okrsync.domain.progress import same_number


class Authority(StrEnum):
    """Who decides about title, why and due date."""

    DOCUMENTS = "documents"
    TRACKER = "tracker"
    BOTH = "both"


class Decision(StrEnum):
    """What to do with one attribute."""

    AGREE = "agree"
    WRITE = "write"
    """The document's value goes to the tracker."""
    ADOPT = "adopt"
    """The tracker's value goes into the document."""
    HOLD = "hold"
    """A person decides."""


class NoBase:
    """There is no value on which both sides ever agreed, or the cache that knew it is gone."""


NO_BASE = NoBase()


def decide(
    document: Any,
    tracker: Any,
    base: Any,
    authority: Authority,
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other),
) -> Decision:
    """Decide by the table above; `same` tells whether two values mean the same."""
    if same(document, tracker):
        return Decision.AGREE
    if authority is Authority.DOCUMENTS:
        return Decision.WRITE
    if authority is Authority.TRACKER:
        return Decision.ADOPT
    if isinstance(base, NoBase):
        return Decision.HOLD
    if same(base, document):
        return Decision.ADOPT
    return Decision.WRITE if same(base, tracker) else Decision.HOLD


@dataclass(frozen=True)
class CheckedIn:
    """The newest check-in that names a value, and when it was made: two with the same number are two."""

    value: float
    at: str
    is_unsent: bool = False
    """Whether no tracker has it yet: then nothing that a tracker shows can have taken it into account."""
    replaces: float | None = None
    """The value of the check-in before it."""


AGREED_BY_HAND = ("current", "checked_in")
"""What a base says of a manual value: the number that both sides agreed on, and the check-in that was known then."""


def decide_manual(
    checked_in: CheckedIn | None, field: float | None, base: Mapping[str, Any]
) -> tuple[Decision, float | None]:
    """What to do with the field that shows a manual value, and the value that counts.

    `field` is what the tracker's field holds, `base` what both last agreed on (`AGREED_BY_HAND`). A person who types a
    number into the field has measured too: it counts until somebody checks in again. Nothing is written over a number
    that nobody has agreed on. The whole table:

    | the field holds | no new check-in | a new check-in |
    | --------------- | --------------- | -------------- |
    | the same number | agree           | agree          |
    | nothing         | write           | write          |
    | what was agreed | agree           | write          |
    | something else  | adopt           | hold           |
    """
    if checked_in is None or same_number(checked_in.value, field):
        return Decision.AGREE, field
    if field is None:
        return Decision.WRITE, checked_in.value
    if "current" in base:
        as_agreed = same_number(field, base["current"])
    else:
        # The cache is gone; the field still holds what was said before something that is certainly news.
        as_agreed = checked_in.is_unsent and same_number(field, checked_in.replaces)
    if is_news(checked_in, base):
        return (Decision.WRITE if as_agreed else Decision.HOLD), checked_in.value
    return (Decision.AGREE if as_agreed else Decision.ADOPT), field


def counts_in_field(checked_in: CheckedIn | None, field: float | None, base: Mapping[str, Any]) -> CheckedIn | None:
    """The check-in that may change a field in which people measure; None where what they entered there counts.

    Where nobody knows what was agreed on, the field is believed before a check-in that the tracker has: people may have
    entered the number later.
    """
    if checked_in is None or "current" in base or field is None or checked_in.is_unsent:
        return checked_in
    return None


def is_news(checked_in: CheckedIn, base: Mapping[str, Any]) -> bool:
    """Whether the check-in was made after both sides last agreed, or nobody knows when they did."""
    return base.get("checked_in") != checked_in.at

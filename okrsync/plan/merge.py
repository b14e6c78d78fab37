"""The three-way decision for one attribute that documents and tracker both hold.

`base` is the value on which both sides last agreed. The whole table:

| authority | document = tracker | only the document changed | only the tracker changed | both, or no base |
| --------- | ------------------ | ------------------------- | ------------------------ | ---------------- |
| documents | agree              | write                     | write                    | write            |
| tracker   | agree              | adopt                     | adopt                    | adopt            |
| both      | agree              | write                     | adopt                    | hold             |
"""

from __future__ import annotations

from collections.abc import Callable
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


def decide_manual(
    checked_in: float | None, field: float | None, base: float | NoBase | None
) -> tuple[Decision, float | None]:
    """What to do with the field that shows a manual value, and the value that counts.

    `checked_in` is the newest check-in, `field` what the tracker's field holds, `base` what both last agreed on. A
    person who types a number into the field has measured too: it is adopted. Nothing is written over a number that
    nobody has agreed on, unless a check-in says so.
    """
    if checked_in is None or same_number(checked_in, field):
        return Decision.AGREE, field
    if field is None or (not isinstance(base, NoBase) and same_number(field, base)):
        return Decision.WRITE, checked_in
    if not isinstance(base, NoBase) and same_number(checked_in, base):
        return Decision.ADOPT, field
    return Decision.HOLD, checked_in

"""A plan as people save it for review: what is in the file, and how the plan that is due now differs from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okrsync.plan.effort import Effort
from okrsync.plan.values import Plan, digest_of

FORMAT = 1
"""The form of the file; a later version of okrsync that changes it counts on."""


class NotASavedPlan(Exception):
    """The text is no plan that okrsync saved, or it was changed; the exception says what is wrong with it."""


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was reviewed."""

    workspace: str
    cycle: str
    made_at: datetime
    digest: str
    changes: tuple[Mapping[str, Any], ...]
    """Each as `Change.to_json` has it."""
    held: tuple[Mapping[str, Any], ...]
    complete: bool = True
    """Whether everything could be read when it was made."""

    def differences(self, due: Plan) -> tuple[Difference, ...]:
        """What the plan that is due now does otherwise, in the order of the two plans; none when it is the same."""
        now = due.to_json()
        return tuple(
            difference
            for before, after, held in ((self.changes, now["changes"], False), (self.held, now["held"], True))
            for difference in _differences(before, after, held=held)
        )


@dataclass(frozen=True)
class Difference:
    """One change in which the plan that is due now differs from the reviewed one."""

    before: Mapping[str, Any] | None
    """The change as it was reviewed; None when it is new."""
    after: Mapping[str, Any] | None
    """The change as it is due now; None when it is gone."""
    held: bool
    """Whether it waits for a person."""

    @property
    def kind(self) -> str:
        """`new`, `gone` or `different`."""
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "different"

    @property
    def change(self) -> Mapping[str, Any]:
        """The change as it is due now, or as it was where it is gone."""
        change = self.before if self.after is None else self.after
        assert change is not None  # one of the two is there
        return change

    def to_json(self) -> dict[str, Any]:
        """For `sync --plan FILE --json`."""
        return {"kind": self.kind, "held": self.held, "reviewed": self.before, "due": self.after}


def saved_text(plan: Plan, effort: Effort, *, workspace: str, cycle: str, made_at: datetime, complete: bool) -> str:
    """The content of the file: the plan as `plan --json` has it, and of what workspace, cycle and moment it is."""
    about = {
        "okrsync_plan": FORMAT,
        "workspace": workspace,
        "cycle": cycle,
        "made_at": made_at.isoformat(),
        "complete": complete,
    }
    return json.dumps({**about, **plan.to_json(), "effort": effort.to_json()}, indent=2) + "\n"


def read_saved(text: str) -> SavedPlan:
    """Read what `saved_text` wrote.

    Raises:
        NotASavedPlan: it is something else, of a later version, or was changed since.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotASavedPlan("it is no JSON") from error
    if not isinstance(data, dict) or "okrsync_plan" not in data:
        raise NotASavedPlan("it is no plan that `okrsync plan --out` wrote")
    if data["okrsync_plan"] != FORMAT:
        raise NotASavedPlan(f"it is of form {data['okrsync_plan']!r}, and this version of okrsync knows {FORMAT}")
    try:
        saved = SavedPlan(
            workspace=_text(data["workspace"]),
            cycle=_text(data["cycle"]),
            made_at=datetime.fromisoformat(_text(data["made_at"])),
            digest=_text(data["digest"]),
            changes=_changes(data["changes"]),
            held=_changes(data["held"]),
            complete=data["complete"] is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotASavedPlan(f"it is not as `okrsync plan --out` wrote it: {error}") from error
    found = digest_of({"changes": saved.changes, "held": saved.held})
    if found != saved.digest:
        raise NotASavedPlan(
            f"its digest is {saved.digest}, but that of its changes is {found}: somebody changed the file"
        )
    return saved


def _differences(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], *, held: bool
) -> Iterator[Difference]:
    """Changes to the same thing are held against each other; what is equal on both sides is no difference."""
    waiting = _without(before, after)
    for change in _without(after, before):
        same = next((each for each in waiting if _subject(each) == _subject(change)), None)
        if same is not None:
            waiting.remove(same)
        yield Difference(same, change, held)
    for change in waiting:
        yield Difference(change, None, held)


def _without(changes: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The changes that are not among the others, each of which stands for one."""
    left = Counter(map(_canonical, others))
    found = []
    for change in changes:
        text = _canonical(change)
        if left[text]:
            left[text] -= 1
        else:
            found.append(change)
    return found


def _canonical(change: Mapping[str, Any]) -> str:
    return json.dumps(change, sort_keys=True)


def _subject(change: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a change is about: the reference, the attribute, and of an alignment or a copy the other side."""
    field = change.get("field")
    other = (change.get("before"), change.get("after")) if field == "alignment" else change.get("key")
    return change.get("ref"), field, json.dumps(other) if field in {"alignment", "marker"} else None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _changes(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} in the place of a list of changes")
    for each in value:
        if not isinstance(each, dict) or not isinstance(each.get("ref"), str) or not isinstance(each.get("why"), str):
            raise TypeError("a change has no ref or no why")
    return tuple(value)

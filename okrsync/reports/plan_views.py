"""A plan for people: what a sync would do, tracker by tracker and item by item, and what waits for a person.

`plan_lines` decides what is said, as lines with a tone; text and picture only dress them.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from okrsync.domain.ref import Ref
from okrsync.plan.effort import Effort
from okrsync.plan.values import Action, Change, Plan
from okrsync.reports.words import counted, figure, shown, shown_lines, span

if TYPE_CHECKING:
    from rich.console import RenderableType


class Tone(StrEnum):
    """What a line is, for who chooses colours."""

    HEADING = "bold"
    CREATE = "green"
    UPDATE = "yellow"
    CLOSE = "magenta"
    ADOPT = "cyan"
    HELD = "red"
    DETAIL = ""
    MINUS = "red dim"
    PLUS = "green dim"
    WHY = "dim"


@dataclass(frozen=True)
class Line:
    """One line for people."""

    text: str
    tone: Tone = Tone.DETAIL


_TONES = {
    Action.CREATE: Tone.CREATE,
    Action.UPDATE: Tone.UPDATE,
    Action.COMMENT: Tone.UPDATE,
    Action.CLOSE: Tone.CLOSE,
    Action.REOPEN: Tone.CLOSE,
    Action.ADOPT: Tone.ADOPT,
}
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.CLOSE: "closed",
    Action.REOPEN: "reopened",
    Action.COMMENT: "commented",
    Action.ADOPT: "adopted",
}
LONG = 160
"""From how many characters on a text is shown by what changed in it, as one of several lines is."""


def plan_lines(
    plan: Plan, *, complete: bool = True, blind: bool = False, effort: Effort | None = None
) -> Iterator[Line]:
    """Everything in a plan, the changes in the order in which they are applied.

    `complete` is False when a tracker could not be read, so that nobody knows whether there is more to do;
    `blind` is True when none could. `effort` is what applying it takes, where that is to be told.
    """
    for place, changes in _by_place(plan.changes):
        yield Line(f"{_at(place)}: {tally(changes)}", Tone.HEADING)
        for change in changes:
            yield from change_lines(change)
        yield Line("")
    if plan.held:
        yield Line("held: these wait for a person", Tone.HEADING)
        for change in plan.held:
            yield from held_lines(change)
        yield Line("")
    yield Line(summary(plan, complete=complete, blind=blind), Tone.HEADING)
    if effort and effort.writes:
        yield Line(effort_text(effort))


def summary(plan: Plan, *, complete: bool = True, blind: bool = False) -> str:
    """The plan in one line: how much of what, and its digest."""
    held = f"; {len(plan.held)} held" if plan.held else ""
    if not plan.changes and blind:
        return f"nothing could be read{held}"
    if not plan.changes and not complete:
        return f"nothing to do in what could be read{held}"
    if not plan.changes:
        return f"nothing to do{held}" if plan.held else "nothing to do: documents and trackers agree"
    return f"plan {plan.digest}: {tally(plan.changes)}{held}"


def effort_text(effort: Effort) -> str:
    """What a sync takes: `takes 9 requests, 6 of them to write; at least 2 minutes at the pace that …`."""
    said = f"takes {counted(effort.requests, 'request')}, {effort.writes:,} of them to write"
    if effort.seconds < 1:
        return said
    return f"{said}; at least {span(effort.seconds)} at the pace that trackers allow"


def tally(changes: Iterable[Change], *, done: bool = False) -> str:
    """How many changes of which kind: `3 to create, 1 to update`, or `3 created, 1 updated`."""
    count = Counter(change.action for change in changes)
    return ", ".join(
        f"{count[action]:,} {_DONE[action] if done else f'to {action}'}" for action in Action if count[action]
    )


def held_lines(change: Change) -> Iterator[Line]:
    """One change that waits for a person."""
    yield Line(f"  held    {_subject(change)}{_brief(change)}", Tone.HELD)
    yield Line(f"          {shown(change.why)}", Tone.WHY)


def done_lines(changes: Sequence[Change], keys: Mapping[Ref, str]) -> Iterator[Line]:
    """What was done, one line a change; `keys` names the items that were created."""
    for place, group in _by_place(changes):
        yield Line(f"{_at(place)}: {tally(group, done=True)}", Tone.HEADING)
        for change in group:
            key = change.key or keys.get(change.ref)
            yield Line(
                f"  {_DONE[change.action]:<9} {change.ref}{f'  {shown(key)}' if key else ''}{_brief(change)}",
                _TONES[change.action],
            )


def lines_text(lines: Iterable[Line]) -> Iterator[str]:
    """The lines for a pipe or a file."""
    return (line.text for line in lines)


def lines_picture(lines: Iterable[Line]) -> RenderableType:
    """The lines for a terminal; what does not fit goes on below its own indentation."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    def dressed(line: Line) -> RenderableType:
        text = line.text.lstrip(" ")
        if not text:
            return Text()  # Padding would leave an empty line out.
        return Padding(Text(text, style=str(line.tone)), (0, 0, 0, len(line.text) - len(text)), expand=False)

    return Group(*map(dressed, lines))


def _by_place(changes: Iterable[Change]) -> Iterator[tuple[tuple[str, str], list[Change]]]:
    order: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        order.setdefault((change.tracker, change.project), []).append(change)
    yield from order.items()


def _at(place: tuple[str, str]) -> str:
    return " ".join(shown(each) for each in place if each)


def _subject(change: Change) -> str:
    return f"{change.ref}  {shown(change.key)}" if change.key else str(change.ref)


def change_lines(change: Change) -> Iterator[Line]:
    """One change in full: what, from and to, and why."""
    yield Line(f"  {change.action:<7} {_subject(change)}{_brief(change)}", _TONES[change.action])
    if change.action is Action.CREATE and isinstance(change.after, Mapping):
        if details := _initial(change.after):
            yield Line(f"          {details}")
    elif _is_long(change.before) or _is_long(change.after):
        yield from _difference(change.before, change.after)
    yield Line(f"          {shown(change.why)}", Tone.WHY)


def _brief(change: Change) -> str:
    """What the change does, in the rest of its line."""
    if isinstance(change.after, Mapping) and "title" in change.after:
        return f"  {shown(str(change.after['title']))}"
    if change.field is None and change.before is None and change.after is None:
        return ""
    name = f"  {shown(change.field)}" if change.field else ""
    if _is_long(change.before) or _is_long(change.after):
        return name
    return f"{name}{':' if name else ' '} {value_text(change.before)} → {value_text(change.after)}"


def _initial(after: Mapping[str, Any]) -> str:
    fields = after.get("fields") or {}
    parts = [f"due {value_text(after['due'])}"] if after.get("due") else []
    parts += [f"linked to {ref}" for ref in after.get("aligned_to", ())]
    parts += [f"{shown(str(name))} {value_text(value)}" for name, value in fields.items()]
    return ", ".join(parts)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


def _difference(before: Any, after: Any) -> Iterator[Line]:
    """The lines of two texts that differ."""
    old, new = (shown_lines(value or "").split("\n") if value else [] for value in (before, after))
    for line in difflib.ndiff(old, new):
        if line.startswith("- ") and line[2:].strip():
            yield Line(f"          - {line[2:]}", Tone.MINUS)
        elif line.startswith("+ ") and line[2:].strip():
            yield Line(f"          + {line[2:]}", Tone.PLUS)


def value_text(value: Any) -> str:
    """A value of a change as people read it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return figure(float(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return f"“{shown(value)}”"
    return shown(str(value))

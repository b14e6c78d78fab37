"""A plan as Markdown, for a comment on a pull request: what a sync would do, and what waits for a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from okrsync.plan.effort import Effort
from okrsync.plan.values import Action, Change, Plan
from okrsync.reports.markdown import plain, table
from okrsync.reports.plan_views import LONG, change_lines, effort_text, summary, tally, value_text

LONGEST = 60_000
"""Characters; GitHub takes comments of 65,536."""


def plan_markdown(
    plan: Plan, *, complete: bool = True, blind: bool = False, effort: Effort | None = None
) -> Iterator[str]:
    """Everything in a plan, tracker by tracker, as far as it fits into one comment."""
    yield f"### okrsync: {plain(summary(plan, complete=complete, blind=blind))}"
    if effort and effort.writes:
        yield f"It {plain(effort_text(effort))}."
    if not complete and not blind:
        yield ""
        yield "**Not everything could be read**, so nobody knows whether there is more to do."
    parts = [_section("Waits for a person", plan.held)] if plan.held else []
    places = sorted(plan.changes, key=_place)
    parts += [_section(*_headed(place, list(group))) for place, group in groupby(places, key=_place)]
    room = LONGEST
    for number, part in enumerate(parts):
        text = "\n".join(part)
        if len(text) > room:
            yield ""
            yield f"… and {len(parts) - number} more parts that do not fit here: `okrsync plan` shows them."
            return
        room -= len(text)
        yield text


def _place(change: Change) -> tuple[str, str]:
    return change.tracker, change.project


def _headed(place: tuple[str, str], changes: list[Change]) -> tuple[str, list[Change]]:
    return f"{' '.join(each for each in place if each)}: {tally(changes)}", changes


def _section(heading: str, changes: Sequence[Change]) -> Iterator[str]:
    yield ""
    yield f"#### {plain(heading)}"
    yield ""
    yield from table(
        ["", "what", "change", "why"],
        [[change.action.value, _subject(change), _brief(change), plain(change.why)] for change in changes],
    )
    for change in changes:
        if _is_long(change.before) or _is_long(change.after):
            yield from _difference(change)


def _subject(change: Change) -> str:
    key = f" {plain(change.key)}" if change.key else ""
    return f"`{change.ref}`{key}"


def _brief(change: Change) -> str:
    if isinstance(change.after, Mapping) and "title" in change.after:
        return plain(str(change.after["title"]))
    if change.action is Action.COMMENT or (change.field is None and change.before is None and change.after is None):
        return ""
    name = f"{plain(change.field)}: " if change.field else ""
    if _is_long(change.before) or _is_long(change.after):
        return f"{name}see below"
    return f"{name}{plain(value_text(change.before))} → {plain(value_text(change.after))}"


def _is_long(value: object) -> bool:
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


def _difference(change: Change) -> Iterator[str]:
    """The lines that differ, in a block in which nothing means anything."""
    lines = [line.text.strip() for line in change_lines(change) if line.text.strip().startswith(("- ", "+ "))]
    fence = "`" * max(3, 1 + _longest_run(lines))
    yield ""
    yield f"<details><summary>{_subject_text(change)}</summary>"
    yield ""
    yield f"{fence}diff"
    yield from lines
    yield fence
    yield ""
    yield "</details>"


def _subject_text(change: Change) -> str:
    return f"{plain(str(change.ref))} {plain(change.field or '')}".rstrip()


def _longest_run(lines: Iterable[str]) -> int:
    return max((len(run) for line in lines for run in re.findall("`+", line)), default=0)

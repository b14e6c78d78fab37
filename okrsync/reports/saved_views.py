"""How the plan that is due now differs from one that was saved and reviewed, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from okrsync.plan.saved import Difference, SavedPlan
from okrsync.plan.values import Plan
from okrsync.reports.plan_views import LONG, Line, Tone, value_text
from okrsync.reports.words import counted, moment, shown

_TONES = {"new": Tone.CREATE, "gone": Tone.MINUS, "different": Tone.UPDATE}


def difference_lines(saved: SavedPlan, due: Plan, differences: Sequence[Difference]) -> Iterator[Line]:
    """Each difference with what was reviewed and what is due now."""
    when = moment(saved.made_at)
    yield Line(
        f"since the plan {saved.digest} was saved ({when}), {counted(len(differences), 'change')}:", Tone.HEADING
    )
    for each in differences:
        change = each.change
        key = f"  {shown(str(change['key']))}" if change.get("key") else ""
        action = "held" if each.held else shown(str(change.get("action")))
        yield Line(f"  {each.kind:<9} {action:<7} {shown(str(change['ref']))}{key}{_what(change)}", _TONES[each.kind])
        if each.before is not None and each.after is not None:
            yield Line(f"            reviewed: {_values(each.before)}")
            yield Line(f"            due now:  {_values(each.after)}")
        yield Line(f"            {shown(str(change['why']))}", Tone.WHY)
    yield Line(f"the plan that is due now is {due.digest}; nothing was written", Tone.HEADING)


def differences_json(
    saved: SavedPlan, due: Plan, differences: Sequence[Difference], *, exit_code: int
) -> dict[str, Any]:
    """For `sync --plan FILE --json` when the plan is not the saved one any more."""
    return {
        "digest": due.digest,
        "reviewed_digest": saved.digest,
        "differences": [each.to_json() for each in differences],
        "changes": [],
        "exit_code": exit_code,
    }


def _what(change: Mapping[str, Any]) -> str:
    after = change.get("after")
    if isinstance(after, Mapping) and "title" in after:
        return f"  {shown(str(after['title']))}"
    return f"  {shown(str(change['field']))}" if change.get("field") else ""


def _short(value: Any) -> str:
    text = value_text(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _values(change: Mapping[str, Any]) -> str:
    after = change.get("after")
    if isinstance(after, Mapping):
        return ", ".join(f"{shown(str(name))} {_short(value)}" for name, value in after.items())
    return f"{shown(str(change.get('action')))} {_short(change.get('before'))} → {_short(after)}"

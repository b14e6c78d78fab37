"""What the practice of a cycle leaves in a document: changed targets, scores, and the answers of the review."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from okrsync.documents.forms import Keys
from okrsync.documents.keys import RETROSPECTIVE, SCORE, TARGET_CHANGE
from okrsync.documents.tables import Place, read_table
from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import Kind, Retrospective, Score, TargetChange
from okrsync.domain.progress import same_number

LARGEST_ADJUSTMENT = 0.05
"""How far a team may move a score by judgement, where the settings say nothing else."""

_ROUNDING = 1e-9


def target_changes_of(values: Mapping[str, Any], kind: Kind, cycle: Cycle, place: Place) -> tuple[TargetChange, ...]:
    """How a target was changed: in the order of days, each from where the one before it led, the last to the target."""
    changes = []
    for index, data in enumerate(values.get("target_changes", ())):
        here = Place(place.report, (*place.path, "target_changes", index), f"{place.where}, target change {index + 1}")
        step = _complete(data, TARGET_CHANGE, here, {"reason": "OKR502"})
        if step is None:
            continue
        if step["on"] > cycle.end:
            here.wrong("on", f"on is {step['on']}", f"a day up to the end of {cycle.name}, {cycle.end}")
        if same_number(step["from"], step["to"]):
            here.wrong("to", f"from and to are both {step['to']:g}", "two different targets")
        changes.append(TargetChange(step["on"], step["from"], step["to"], step["reason"], step.get("by")))
    if changes and kind is not Kind.REACH:
        place.wrong("target_changes", f"target changes beside kind '{kind}'", do="Remove them: it has no target.")
        return ()
    for before, after in itertools.pairwise(changes):
        if after.on < before.on:
            place.wrong("target_changes", f"a change on {after.on} follows one on {before.on}", "the order of days")
        if not same_number(before.after, after.before):
            place.wrong(
                "target_changes",
                f"a change from {after.before:g} follows one to {before.after:g}",
                f"from = {before.after:g}",
            )
    if changes and "target" in values and not same_number(changes[-1].after, values["target"]):
        place.wrong(
            "target",
            f"target is {values['target']:g}, but the newest of its changes leads to {changes[-1].after:g}",
            "the same number twice",
            "Change the target, or note its newest change under target_changes.",
            "OKR502",
        )
    return tuple(changes)


def score_of(values: Mapping[str, Any], largest_adjustment: float, place: Place) -> Score | None:
    """What a key result scored; an adjustment is small, and has a reason and a name."""
    data = values.get("score")
    if data is None:
        return None
    here = place.below("score")
    step = _complete(data, SCORE, here)
    if step is None:
        return None
    adjustment = step.get("adjustment", 0.0)
    if abs(adjustment) > largest_adjustment + _ROUNDING:
        here.wrong(
            "adjustment",
            f"score.adjustment is {adjustment:g}",
            f"at most {largest_adjustment:g} up or down",
            "A score says what the numbers say; what they do not say belongs into the retrospective.",
        )
    if adjustment and not ("reason" in step and "by" in step):
        here.wrong("adjustment", "score.adjustment has no reason or no name", 'reason = "…" and by = "…" beside it')
    return Score(
        computed=step["computed"],
        final=step.get("final"),
        adjustment=adjustment,
        reason=step.get("reason", ""),
        by=step.get("by"),
        on=step.get("on"),
    )


def retrospective_of(values: Mapping[str, Any], place: Place) -> Retrospective | None:
    """The answers of the review; None where there are none."""
    data = values.get("retrospective")
    return None if data is None else Retrospective(**read_table(data, RETROSPECTIVE, place.below("retrospective")))


def _complete(
    data: Mapping[str, Any], keys: Keys, place: Place, codes: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    values = read_table(data, keys, place, codes)
    return values if all(key.name in values for key in keys.values() if key.required) else None

"""Changing a target in the course of a cycle: when that is in order. The original stays visible, with a reason."""

from __future__ import annotations

import math
import re

from okrsync.domain.numbers import quantity_text
from okrsync.domain.okr import KeyResult, Kind, Objective, Stage, TargetChange
from okrsync.domain.progress import same_number
from okrsync.domain.status import Status

NUMBER = re.compile(r"(?<![\w.,])[+-]?\d+(?:\.\d+)?(?!\d|[.,]\d)")
"""A number in a title that is written as documents write numbers: no date, no version, none with separators."""


def still_named(key_result: KeyResult, change: TargetChange) -> str:
    """The target of before a change as the title still has it, also an earlier one; empty where it has none."""
    before = [each.before for each in (*key_result.target_changes, change)]
    found = (each.group() for each in NUMBER.finditer(key_result.title))
    return next((each for each in found if any(same_number(float(each), old) for old in before)), "")


class NoNewTarget(Exception):
    """A target that cannot be changed so; the text says why and what to do."""


def new_target(objective: Objective, key_result: KeyResult, target: float, reason: str, status: Status) -> TargetChange:
    """A change of target at the moment of `status`.

    Raises:
        NoNewTarget: it has no reason, is none, or the time for it is over.
    """
    ref, today = key_result.ref, status.as_of.date()
    if not math.isfinite(target):
        raise NoNewTarget(f"{target} is no number that a target can be")
    if key_result.kind is not Kind.REACH or key_result.target is None:
        raise NoNewTarget(f"{ref} is of kind '{key_result.kind}' and has no target: change its document instead")
    if objective.stage is Stage.CLOSED:
        raise NoNewTarget(f"{objective.ref} is closed: a target is changed while there is time to reach it")
    if today > status.cycle.end:
        raise NoNewTarget(f"{status.cycle.name} ended on {status.cycle.end}: score it by the target that it had")
    if key_result.score is not None:
        raise NoNewTarget(f"{ref} is scored: a target is changed while there is time to reach it")
    if not reason.strip():
        raise NoNewTarget("a target is changed with a reason, which stays visible: give it with --reason TEXT")
    asked, baseline = quantity_text(target, key_result.unit), key_result.baseline
    if same_number(key_result.target, target):
        raise NoNewTarget(f"the target of {ref} is {asked} already")
    if baseline is not None and (key_result.target - baseline) * (target - baseline) <= 0:
        raise NoNewTarget(
            f"{asked} is not where {ref} is to go: from {quantity_text(baseline, key_result.unit)} towards"
            f" {quantity_text(key_result.target, key_result.unit)}; another direction is another key result"
        )
    if key_result.target_changes and key_result.target_changes[-1].on > today:
        raise NoNewTarget(f"{ref} has a change of target on {key_result.target_changes[-1].on}, which is yet to come")
    return TargetChange(today, key_result.target, target, reason.strip())

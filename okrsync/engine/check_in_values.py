"""Whether a check-in's value counts instead of what a tracker's field shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.plan.merge import CheckedIn, counts_in_field, decide_manual, is_news
from okrsync.plan.revision import base_by_hand
from okrsync.plan.values import Placement
from okrsync.store.values import CheckIn


def as_checked_in(check_in: CheckIn | None) -> CheckedIn | None:
    """A check-in as the planner takes it; None where it names no value."""
    if check_in is None or check_in.value is None:
        return None
    at = check_in.at.astimezone(UTC).isoformat()
    return CheckedIn(check_in.value, at, is_unsent=not check_in.sent, replaces=check_in.replaces)


def counts_in_own_field(
    check_in: CheckIn,
    placement: Placement,
    bases: Mapping[Ref, Mapping[str, Any]],
    number: float | None,
    *,
    readable: bool,
) -> bool:
    """Whether a check-in counts before the `number` in the field of its own item in which people measure.

    A field that is not `readable` is believed to hold what was agreed on.
    """
    ref = check_in.ref
    below = "" if placement.key_results_as_items else ref.key_result
    base = base_by_hand(bases.get(ref.parent if below else ref, {}), below)
    checked_in = counts_in_field(as_checked_in(check_in), number, base)
    if checked_in is None:
        return False
    if not readable:
        return is_news(checked_in, base)
    return not same_number(decide_manual(checked_in, number, base)[1], number)

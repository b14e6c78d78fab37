"""What hints mean: in which trackers and projects to look, and at which items. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from okrsync.daemon.inbox import Hint
from okrsync.settings import Settings

MOST_ITEMS = 5
"""So many items of a tracker are read by their ids; where more are hinted at, one search for changes takes less."""


@dataclass(frozen=True)
class Heard:
    """What was heard of one tracker."""

    projects: frozenset[str]
    items: tuple[str, ...] | None
    """The ids of the items that changed; None where only their projects are known, or they are too many."""


def heard(
    hints: Iterable[Hint], settings: Settings, concerns_us: Callable[[Hint], bool] = lambda _hint: True
) -> dict[str, Heard]:
    """What the hints say, by tracker. What no mapping holds is left out, and what does not concern us."""
    places = {(each.tracker, each.project) for each in settings.mappings}
    by_tracker: dict[str, list[Hint]] = {}
    for hint in hints:
        if (hint.tracker, hint.project) in places and concerns_us(hint):
            by_tracker.setdefault(hint.tracker, []).append(hint)
    return {tracker: _heard(group) for tracker, group in by_tracker.items()}


def _heard(hints: list[Hint]) -> Heard:
    items = tuple(dict.fromkeys(hint.item for hint in hints if hint.item is not None))
    is_whole = all(hint.item is not None for hint in hints) and len(items) <= MOST_ITEMS
    return Heard(frozenset(hint.project for hint in hints), items if is_whole else None)

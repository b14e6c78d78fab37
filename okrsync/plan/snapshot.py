"""From what the trackers answered to a snapshot by reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from okrsync.domain.ref import Marker, Ref
from okrsync.plan.values import Linked, Located


@dataclass(frozen=True)
class Found:
    """Our items in what was read, and the linked items that were not in it."""

    items: Mapping[Ref, Located]
    duplicates: Mapping[Ref, tuple[Located, ...]]
    missing: tuple[Ref, ...]


@dataclass(frozen=True)
class Tolerance:
    """How many linked items may be missing at once before a person has to look: more than `share` of them, and at
    least `at_least`."""

    share: float = 0.2
    at_least: int = 5

    def exceeded(self, missing: int, linked: int) -> bool:
        """Whether `missing` of `linked` items are too many to believe that people deleted them one by one."""
        return missing >= self.at_least and missing > self.share * linked


def find_ours(workspace: str, read: Iterable[Located], links: Mapping[Ref, Linked]) -> Found:
    """Sort what was read by our markers.

    Where several items carry one marker, the linked one counts, else the oldest: people copy items, and the copy comes
    later. An item that lost its marker is still found by its link.
    """
    candidates: dict[Ref, dict[tuple[str, str], Located]] = {}
    by_id: dict[tuple[str, str], Located] = {}
    for located in read:
        identity = (located.tracker, located.item.at.id)
        by_id[identity] = located
        for text in located.item.markers:
            marker = Marker.parse(text)
            if marker and marker.workspace == workspace:
                candidates.setdefault(marker.ref, {})[identity] = located
    for ref, link in links.items():
        linked = by_id.get((link.tracker, link.item_id))
        if linked and not linked.item.markers:
            candidates.setdefault(ref, {})[link.tracker, link.item_id] = linked
    items: dict[Ref, Located] = {}
    duplicates: dict[Ref, tuple[Located, ...]] = {}
    for ref, found in candidates.items():
        ordered = sorted(found.values(), key=partial(_age, link=links.get(ref)))
        items[ref] = ordered[0]
        if len(ordered) > 1:
            duplicates[ref] = tuple(ordered[1:])
    return Found(items, duplicates, tuple(sorted(ref for ref in links if ref not in items)))


def _age(located: Located, link: Linked | None) -> tuple[bool, str, str, int, str]:
    """Sorts the linked item first, then by tracker and by the number that it was given there."""
    identity = located.item.at.id
    is_linked = link is not None and (link.tracker, link.item_id) == (located.tracker, identity)
    return (not is_linked, located.tracker, located.item.at.project, len(identity), identity)

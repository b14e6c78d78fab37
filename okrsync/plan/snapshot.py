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


def find_ours(
    workspace: str,
    read: Iterable[Located],
    links: Mapping[Ref, Linked],
    homes: Mapping[Ref, tuple[str, str]] | None = None,
) -> Found:
    """Sort what was read by our markers.

    Where several items carry one marker, the linked one counts, else one in the tracker and project where `homes` says
    that it belongs, else the oldest: people copy items, and the copy comes later. An item that lost its marker is still
    found by its link.
    """
    homes = homes or {}
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
        ordered = sorted(found.values(), key=partial(_rank, link=links.get(ref), home=homes.get(ref)))
        items[ref] = ordered[0]
        if len(ordered) > 1:
            duplicates[ref] = tuple(ordered[1:])
    return Found(items, duplicates, tuple(sorted(ref for ref in links if ref not in items)))


def claims_of_others(workspace: str, items: Mapping[Ref, Located]) -> dict[Ref, str]:
    """The marker of another workspace that an item of ours carries too, or instead."""
    found: dict[Ref, str] = {}
    for ref, located in items.items():
        markers = filter(None, map(Marker.parse, located.item.markers))
        theirs = sorted(str(each) for each in markers if each.workspace != workspace)
        if theirs:
            found[ref] = theirs[0]
    return found


def _rank(located: Located, link: Linked | None, home: tuple[str, str] | None) -> tuple[bool, bool, str, str, int, str]:
    """Sorts the linked item first, then those at home, then by tracker and by the number that it was given there."""
    identity, project = located.item.at.id, located.item.at.project
    is_linked = link is not None and (link.tracker, link.item_id) == (located.tracker, identity)
    is_home = (located.tracker, project) == home
    return (not is_linked, not is_home, located.tracker, project, len(identity), identity)

"""Reading the comments that are new or were edited, from every tracker; what they say is `check_in_listening`'s."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from okrsync.domain.okr import Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_listening import Ear, Heard
from okrsync.engine.outcome import Cause, Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.plan.values import Located, Placement
from okrsync.practice.check_in_rules import People
from okrsync.store.cache import Cache
from okrsync.trackers.errors import Misconfigured, NotFound, TrackerError

NO_SUCH_LIST = (NotFound, Misconfigured)
"""What a server answers that shows its items but offers no list of their comments."""


def hear(
    items: Mapping[Ref, Located],
    okrs: Okrs,
    place: Callable[[Objective], Placement | None],
    pool: TrackerPool,
    cache: Cache,
    people: People,
    now: datetime,
    only: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Heard:
    """Read the comments that are new or were edited on the items of a cycle, and find out what they say.

    Nothing is written, neither to the cache nor to a tracker.

    Args:
        only: tracker → ids of items, where the comments on its others are left for a later time. What was read is then
            read once more with the others: its cursor is none for them.
    """
    by_tracker: dict[str, dict[str, tuple[Ref, Located]]] = {}
    mine = okrs.by_ref
    for ref, located in items.items():
        # A reading shows the items of other cycles too. Their comments stay unread, for who looks at those cycles.
        if ref.parent in mine:
            by_tracker.setdefault(located.tracker, {})[located.item.at.id] = (ref, located)
    ear = Ear(okrs, place, cache, people, now)
    linked: dict[str, set[str]] = {}
    for link in cache.links.live().values():
        linked.setdefault(link.tracker, set()).add(link.at.id)
    for name, found in by_tracker.items():
        tracker = pool.get(name)
        if name in only:
            found = {item_id: each for item_id, each in found.items() if item_id in only[name]}
        if tracker is None or not found:
            continue
        try:
            reading = tracker.comments_since(
                [located.item for _, located in found.values()],
                cache.comments.cursor(name),
                others=linked.get(name, set()) - found.keys(),
            )
        except NO_SUCH_LIST as error:
            ear.notes.append(f"{name}: check-ins in comments are not heard: {error}")
            continue
        except TrackerError as error:
            ear.failures.append(Failure(cause_of(error), f"its comments could not be read: {error}", tracker=name))
            continue
        for project, error_ in reading.failures.items():
            if isinstance(error_, NO_SUCH_LIST):
                # Its items can be read, so this is a server that offers no such list.
                ear.notes.append(f"{name}, {project}: check-ins in comments are not heard: {error_}")
                continue
            cause = cause_of(error_) if isinstance(error_, TrackerError) else Cause.UNREACHABLE
            ear.failures.append(
                Failure(cause, f"its comments could not be read: {error_}", tracker=name, project=project)
            )
        for item_id, comments in reading.comments.items():
            if item_id in found:
                ref, located = found[item_id]
                for comment in comments:
                    ear.listen(tracker, ref, located, comment)
        if name not in only:
            ear.cursors[name] = reading.cursor
    return ear.heard()

"""Which hints concern us: busy projects change all day long, and few of their items are ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from okrsync.app import Workspace
from okrsync.daemon.inbox import Hint
from okrsync.domain.okr import Measure, Okrs
from okrsync.problems import Problems
from okrsync.store.errors import CacheError
from okrsync.store.reading import Reader


def concerning(workspace: Workspace) -> Callable[[Hint], bool]:
    """Whether a hint may lead to news. Where nothing is measured by other people's items, one about an item that is
    not known to be ours does not: a new one of ours is found by the next poll."""
    try:
        if any(map(_looks_at_others, _measures(workspace.okrs.in_cycle(workspace.cycle.name)))):
            return lambda _hint: True
        with Reader.at(workspace.settings.cache_file, workspace.settings.workspace) as cache:
            ours = {(each.tracker, each.at.id.casefold()) for each in cache.links.live().values()}
    except (CacheError, Problems):
        return lambda _hint: True
    return lambda hint: hint.item is None or (hint.tracker, hint.item.casefold()) in ours


def _measures(okrs: Okrs) -> Iterator[Measure]:
    yield from (each.measure for objective in okrs.objectives for each in objective.key_results)
    yield from (each.measure for each in okrs.kpis)


def _looks_at_others(measure: Measure) -> bool:
    return measure.source != "manual" and (measure.source != "field" or measure.item is not None)

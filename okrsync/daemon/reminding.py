"""Which key results wait for a check-in."""

from __future__ import annotations

from datetime import datetime

from okrsync.app import Workspace
from okrsync.domain.okr import Stage
from okrsync.domain.ref import Ref
from okrsync.store.errors import CacheError, CacheMissing
from okrsync.store.reading import Reader


def due_check_ins(workspace: Workspace, now: datetime) -> tuple[Ref, ...]:
    """The key results of committed objectives about which nobody has checked in for the check-in period, in document
    order; none before the cycle begins and after it ended."""
    settings, cycle = workspace.settings, workspace.cycle
    if not cycle.start <= now.date() <= cycle.end:
        return ()
    try:
        with Reader.at(settings.cache_file, settings.workspace) as cache:
            newest = cache.check_ins.newest(cycle.name)
    except CacheMissing:
        newest = {}
    except CacheError:
        return ()
    return tuple(
        key_result.ref
        for objective in workspace.okrs.in_cycle(cycle.name).objectives
        if objective.stage is Stage.COMMITTED
        for key_result in objective.key_results
        if key_result.ref not in newest or now - newest[key_result.ref].at >= settings.check_in_period
    )

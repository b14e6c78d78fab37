"""Plugins hear what a sync did: the outcome in values that they may know, and nothing of what goes wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from datetime import datetime
from types import MappingProxyType

from okrsync.engine.outcome import Outcome
from okrsync.plan.values import Change
from okrsync.store.cache import Cache
from okrsync.trackers.plugins import Listener
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.synced import SyncChange, SyncFailure, SyncReport


def sync_report(outcome: Outcome, workspace: str, cycle: str, at: datetime, cache: Cache) -> SyncReport:
    """What a sync of a cycle did, with the values that are known since."""
    known = cache.observations.current(cycle)
    return SyncReport(
        workspace=workspace,
        cycle=cycle,
        at=at,
        exit_code=int(outcome.exit_code),
        requests=outcome.requests,
        changes=tuple(map(_told, outcome.done)),
        held=tuple(map(_told, outcome.held)),
        failures=tuple(
            SyncFailure(str(each.cause), each.message, each.tracker, each.project, str(each.ref) if each.ref else None)
            for each in outcome.failures
        ),
        values=MappingProxyType({str(ref): each.value for ref, each in known.items() if each.value is not None}),
    )


def _told(change: Change) -> SyncChange:
    return SyncChange(**change.to_json())


def tell_listeners(listeners: Iterable[Listener], report: SyncReport, warn: Callable[[str], None]) -> None:
    """Hand a report to each of them; `warn` hears of those with which something goes wrong.

    What they print goes to standard error: standard output is what the command was asked for.
    """
    for each in listeners:
        try:
            with redirect_stdout(sys.stderr):
                each.hear(report)
        except Interrupted:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's plugin must not end okrsync
            warn(f"plugin {each.name} failed when it was told of the sync: {type(error).__name__}: {error}")

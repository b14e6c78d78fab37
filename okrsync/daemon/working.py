"""Doing one run: under the workspace's lock, with everything that can go wrong in it made a part of the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from os import environ

from okrsync.app import Workspace
from okrsync.daemon.jobs import Wanted
from okrsync.daemon.tasks import Aim, Ears, Ground, Report, Taken, Task, Trouble, is_meant
from okrsync.engine.connections import Connections, Kept
from okrsync.engine.inputs import Inputs, Told
from okrsync.engine.outcome import ExitCode
from okrsync.engine.polling import Polled, Poller
from okrsync.engine.readings import Readings
from okrsync.problems import Problems
from okrsync.settings import MappingSettings
from okrsync.store.errors import CacheDamaged, CacheError
from okrsync.store.lock import CacheTaken
from okrsync.trackers.errors import TrackerError, Transient
from okrsync.trackers.retry import Interrupted


class OwnHands:
    """Carries runs out in this process, on connections that stay open."""

    def __init__(self) -> None:
        self._connections: Connections | None = None

    def do(self, task: Task, ground: Ground, ears: Ears) -> Report | Taken:
        """Carry a run out."""
        if self._connections is None:
            self._connections = connect(ground.workspace, ears)
        return carry_out(task, ground, self._connections, ears)

    def forget(self) -> None:
        """Let go of the connections, and of what was known through them."""
        if self._connections is not None:
            self._connections.close()
            self._connections = None


def connect(workspace: Workspace, ears: Ears, kept: Kept | None = None) -> Connections:
    """Connections for runs, for who closes them; `kept` is what earlier ones knew."""
    return Connections(
        workspace.settings,
        workspace.plugins,
        environ,
        stop=workspace.stop,
        on_wait=ears.paused,
        on_answer=ears.progress,
        kept=kept,
    )


def carry_out(task: Task, ground: Ground, connections: Connections, ears: Ears) -> Report | Taken:
    """Carry a run out. Whatever goes wrong in it, the next one may go well.

    Raises:
        Interrupted: the workspace's `stop` was set.
    """
    workspace = ground.workspace
    if task.cycle is not None:
        workspace = replace(workspace, asked_cycle=task.cycle)
    try:
        with workspace.turn:
            workspace.forget_the_day()
            ears.began()
            began, before = time.monotonic(), (connections.requests, connections.retries)
            report = _reported(task, replace(ground, workspace=workspace), connections, ears)
    except CacheTaken as taken:
        return Taken(str(taken))
    except CacheError as error:
        ears.began()
        return Report(problems=(str(error),), exit_code=ExitCode.PARTLY_FAILED)
    return replace(
        report,
        seconds=time.monotonic() - began,
        requests=connections.requests - before[0],
        retries=connections.retries - before[1],
        rate_left=connections.rate_left(),
    )


def _reported(task: Task, ground: Ground, connections: Connections, ears: Ears) -> Report:
    try:
        return _done(task, ground, connections, ears)
    except CacheDamaged as error:
        _repair(ground.workspace, error, ears)
        return Report(problems=(str(error),), exit_code=ExitCode.PARTLY_FAILED)
    except Problems as error:
        return Report(problems=tuple(str(each) for each in error.problems), exit_code=ExitCode.BAD_INPUT)
    except (CacheError, TrackerError, OSError) as error:
        return Report(problems=(str(error),), exit_code=ExitCode.PARTLY_FAILED)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the next run may go well
        said = f"an error in okrsync itself, {type(error).__name__}: {error}"
        return Report(problems=(said,), exit_code=ExitCode.PARTLY_FAILED)


def _done(task: Task, ground: Ground, connections: Connections, ears: Ears) -> Report:
    def make(inputs: Inputs) -> Poller:
        return Poller(replace(inputs, readings=Readings(inputs.cache.items, task.changes_only, task.items)))

    told = Told(lambda _text: ears.progress(), lambda _done, _all, _text: ears.progress())
    with ground.workspace.engine(
        told, lambda seconds, why: ears.paused("sources", seconds, why), connections=connections, make=make
    ) as engine:
        assert isinstance(engine, Poller)
        report = _WORK[task.aim](task, ground, engine)
        broken = {name: _trouble(error) for name, error in engine.inputs.pool.broken.items()}
    exit_code = max((int(each.exit_code) for each in report.outcomes), default=0)
    return replace(report, broken=broken, exit_code=exit_code)


def _poll(task: Task, ground: Ground, engine: Poller) -> Report:
    settings = ground.workspace.settings
    assert task.poll is not None

    def may(mapping: MappingSettings | None) -> bool:
        return mapping is None or mapping.tracker not in task.paused

    okrs = ground.jobs.okrs(task.poll, ground.workspace.okrs, settings, may if task.paused else None)
    return _of(engine.poll(okrs, planning=settings.daemon.sync, confirm=task.confirm, kind=task.kind))


def _poll_hinted(task: Task, ground: Ground, engine: Poller) -> Report:
    settings = ground.workspace.settings
    may = _meant(task, engine)
    polled: list[Polled] = []
    for poll in ground.jobs.polls:
        okrs = ground.jobs.okrs(poll, ground.workspace.okrs, settings, may)
        if okrs is not None and okrs.objectives:
            polled.append(engine.poll(okrs, planning=settings.daemon.sync, kind=task.kind))
    return _of(*polled)


def _meant(task: Task, engine: Poller) -> Wanted:
    # What was read of a tracker that tells what changed is known as a whole.
    whole = {tracker for tracker in task.heard if engine.inputs.cache.items.follows(tracker)}

    def may(mapping: MappingSettings | None) -> bool:
        return mapping is not None and (mapping.tracker in whole or is_meant(task, mapping))

    return may


def _sync(task: Task, ground: Ground, engine: Poller) -> Report:
    if ground.workspace.settings.daemon.sync:
        return Report(outcomes=(engine.sync(),))
    return _look(task, ground, engine)


def _look(task: Task, _ground: Ground, engine: Poller) -> Report:
    return _of(engine.poll(planning=False, confirm=True, kind=task.kind))


_WORK: Mapping[Aim, Callable[[Task, Ground, Poller], Report]] = {
    Aim.POLL: _poll,
    Aim.HINTED: _poll_hinted,
    Aim.SYNC: _sync,
    Aim.LOOK_BACK: _look,
}


def _of(*polled: Polled) -> Report:
    return Report(
        outcomes=tuple(each.outcome for each in polled),
        moved=tuple(ref for each in polled for ref in each.moved),
        calls_for_a_sync=any(each.calls_for_a_sync for each in polled),
    )


def _trouble(error: TrackerError) -> Trouble:
    return Trouble(str(error), error.retry_after if isinstance(error, Transient) else None)


def _repair(workspace: Workspace, error: CacheDamaged, ears: Ears) -> None:
    repaired = workspace.repair_cache(known=error.found)
    if repaired is not None:
        found = "; ".join(repaired.found)
        ears.noted(f"the cache was damaged ({found}): it is now {repaired.aside}, and a new one begins")
    workspace.read_again()

"""How it stands with the daemon, from the cache and the files beside it: for `okrsync daemon status`, without a port.

It also tells of a workspace that cron serves, whose runs are in the cache just the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from okrsync.app import Workspace
from okrsync.daemon.jobs import RECONCILE, Jobs, Poll, label, labels
from okrsync.daemon.state import MappingState, Pause, State, StateFile
from okrsync.problems import Problems
from okrsync.store.errors import CacheMissing
from okrsync.store.lock import Post, Signature
from okrsync.store.reading import Reader
from okrsync.store.values import Run

DAY = timedelta(days=1)
_MANY = 2000
"""So many of the newest runs are looked at: a day of polls a minute apart, and more."""
_WHOLE = frozenset({"sync", "pull", RECONCILE})
"""The runs that read everything."""


@dataclass(frozen=True)
class MappingStanding:
    """How it goes with what one mapping holds."""

    mapping: str
    last_success: datetime | None
    failing_since: datetime | None = None
    why: str = ""

    def lag(self, now: datetime) -> timedelta | None:
        """How old what is known is; None where nothing was ever read."""
        return None if self.last_success is None else max(timedelta(0), now - self.last_success)


@dataclass(frozen=True)
class Standing:
    """How it stands, at a moment."""

    workspace: str
    as_of: datetime
    running: Signature | None
    """The daemon; None where none runs."""
    mappings: tuple[MappingStanding, ...] = ()
    last_run: Run | None = None
    requests_of_a_day: int = 0
    runs_of_a_day: int = 0
    held: int = 0
    """Changes that wait for a person, by the newest runs that found out."""
    outbox: int = 0
    """Changes that were begun, and of which nobody knows yet whether they were made."""
    stale: int | None = None
    """Key results whose value is old, or could not be read; None while the documents are wrong."""
    paused: Mapping[str, Pause] = field(default_factory=dict)
    next: Mapping[str, datetime] = field(default_factory=dict)
    """Job → when it is due; empty where no daemon runs."""
    refused: tuple[str, ...] = ()
    documents: str = ""


def standing(workspace: Workspace) -> Standing:
    """How it stands now.

    Raises:
        Problems: the settings are wrong.
        CacheError: the cache cannot be read.
    """
    settings, now = workspace.settings, workspace.now()
    post = Post(settings.cache_file, "daemon status", workspace.now)
    running = (post.signed() or Signature("daemon", 0, now)) if post.is_taken() else None
    state = StateFile(settings.cache_file).read()
    jobs = Jobs.of(settings)
    try:
        with Reader.at(settings.cache_file, settings.workspace) as cache:
            runs, outbox = cache.runs.recent(_MANY), cache.outbox.count_open()
    except CacheMissing:
        runs, outbox = (), 0
    finished = [each for each in runs if each.finished_at is not None]
    recent = [each for each in finished if now - each.started_at < DAY]
    state.last |= _last_polls(runs, jobs)
    return Standing(
        workspace=settings.workspace,
        as_of=now,
        running=running,
        mappings=tuple(_mapping(each, state, finished, _kinds(each, jobs, workspace)) for each in labels(settings)),
        last_run=next(iter(finished), None),
        requests_of_a_day=sum(each.requests for each in recent),
        runs_of_a_day=len(recent),
        # Who only reads finds out nothing of what a sync would hold.
        held=_held(finished, frozenset(each.name for each in jobs.polls) if settings.daemon.sync else frozenset()),
        outbox=outbox,
        stale=_stale(workspace),
        paused={name: each for name, each in state.paused.items() if running and each.until > now},
        next=jobs.timetable.next(state.last, now) if running else {},
        refused=state.refused if running else (),
        documents=state.documents if running else "",
    )


def _stale(workspace: Workspace) -> int | None:
    try:
        status = workspace.status()
    except Problems:
        return None
    return sum(1 for objective in status.objectives for each in objective.key_results if each.stale)


def _held(runs: Sequence[Run], polls: frozenset[str]) -> int:
    """What the newest complete run held, or the newest of every kind of poll since. Polls of hints see a part only."""
    found: dict[str, int] = {}
    for run in runs:
        if run.kind in {"sync", RECONCILE}:
            return max(run.held, sum(found.values()))
        if run.kind in polls:
            found.setdefault(run.kind, run.held)
            if found.keys() == polls:
                break
    return sum(found.values())


def _last_polls(runs: Sequence[Run], jobs: Jobs) -> dict[str, datetime]:
    """When each poll began last, as the runs tell; a complete run is one of every kind."""
    found: dict[str, datetime] = {}
    for run in runs:
        for poll in jobs.polls:
            if run.kind in {poll.name, "sync", RECONCILE}:
                found.setdefault(poll.name, run.started_at)
    return found


def _kinds(mapping: str, jobs: Jobs, workspace: Workspace) -> frozenset[str]:
    """The kinds of the runs that look at a mapping."""

    def holds(poll: Poll) -> bool:
        return any(label(workspace.settings.mappings[index]) == mapping for index in poll.mappings)

    return _WHOLE | {poll.name for poll in jobs.polls if holds(poll)}


def _mapping(name: str, state: State, runs: Sequence[Run], kinds: frozenset[str]) -> MappingStanding:
    known = state.mappings.get(name, MappingState())
    if known.failing_since is not None:
        return MappingStanding(name, known.last_success, known.failing_since, known.why)
    last = next((each.finished_at for each in runs if each.kind in kinds and each.exit_code not in {2, 4}), None)
    return MappingStanding(name, last)

"""How it stands with the daemon, from the cache and the files beside it: for `okrsync daemon status`, without a port.

It also tells of a workspace that cron serves, whose runs are in the cache just the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from okrsync.app import Workspace
from okrsync.daemon.jobs import HINTED, POLL, RECONCILE, Jobs, Poll, label, labels
from okrsync.daemon.state import MappingState, Pause, State, StateFile
from okrsync.problems import Problems
from okrsync.store.errors import CacheError, CacheMissing
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
    wrong: tuple[str, ...] = ()
    """What is wrong in the settings, so that they cannot be used; then what they alone tell is missing."""


def standing(workspace: Workspace) -> Standing:
    """How it stands now.

    Raises:
        Problems: the settings are wrong.
        CacheError: the cache cannot be read.
    """
    settings, now = workspace.settings, workspace.now()
    told = _Told.of(settings.cache_file, settings.workspace, workspace.now)
    jobs, state = Jobs.of(settings), told.state
    state.last |= _last_polls(told.runs, jobs)
    # Who only reads finds out nothing of what a sync would hold.
    polls = frozenset(each.name for each in jobs.polls) if settings.daemon.sync else frozenset[str]()
    return replace(
        told.standing(settings.workspace, now, polls),
        mappings=tuple(
            _mapping(each, state, told.finished, _kinds(each, jobs, workspace)) for each in labels(settings)
        ),
        stale=_stale(workspace),
        next=jobs.timetable.next(state.last, now) if told.running else {},
    )


def standing_apart(cache: Path, workspace: str | None, now: Callable[[], datetime]) -> Standing:
    """How it stands as far as the cache and the files beside it tell, for when the settings cannot be read.

    What mappings there are is told by what was linked and by what fails, and nothing of what is due next.

    Raises:
        CacheError: the cache cannot be read.
    """
    told = _Told.of(cache, workspace, now, where=True)
    polls = frozenset(each.kind for each in told.runs if each.kind.startswith(POLL) and each.kind != HINTED)
    # Of polls on several schedules nobody knows which looks at what.
    kinds = _WHOLE | polls if len(polls) == 1 else _WHOLE
    known = sorted({*told.places, *told.state.mappings})
    return replace(
        told.standing(workspace or told.workspace or "okrsync", now(), polls),
        mappings=tuple(_mapping(each, told.state, told.finished, kinds) for each in known),
    )


def last_successes(workspace: Workspace) -> dict[str, datetime]:
    """Mapping (tracker/project) → when it was last read well, as far as the cache knows; for a daemon that begins."""
    settings = workspace.settings
    try:
        with Reader.at(settings.cache_file, settings.workspace) as cache:
            runs = [each for each in cache.runs.recent(_MANY) if each.finished_at is not None]
    except CacheError:
        return {}
    jobs = Jobs.of(settings)
    found = (_mapping(each, State(), runs, _kinds(each, jobs, workspace)) for each in labels(settings))
    return {each.mapping: each.last_success for each in found if each.last_success is not None}


@dataclass(frozen=True)
class _Told:
    """What the cache and the files beside it tell."""

    running: Signature | None
    state: State
    workspace: str | None = None
    runs: tuple[Run, ...] = ()
    outbox: int = 0
    places: frozenset[str] = frozenset()
    """Where linked items are, as tracker/project; none where nobody wants to know."""

    @classmethod
    def of(cls, path: Path, workspace: str | None, now: Callable[[], datetime], *, where: bool = False) -> _Told:
        post = Post(path, "daemon status", now)
        running = (post.signed() or Signature("daemon", 0, now())) if post.is_taken() else None
        state = StateFile(path).read()
        try:
            with Reader.at(path, workspace) as cache:
                links = cache.links.live().values() if where else ()
                return cls(
                    running,
                    state,
                    workspace or cache.info().workspace,
                    cache.runs.recent(_MANY),
                    cache.outbox.count_open(),
                    frozenset(f"{each.tracker}/{each.at.project}" for each in links),
                )
        except CacheMissing:
            return cls(running, state)

    @property
    def finished(self) -> list[Run]:
        return [each for each in self.runs if each.finished_at is not None]

    def standing(self, workspace: str, now: datetime, polls: frozenset[str]) -> Standing:
        """What is known without the settings; `polls` are those that find out what a sync would hold."""
        recent = [each for each in self.finished if now - each.started_at < DAY]
        return Standing(
            workspace=workspace,
            as_of=now,
            running=self.running,
            last_run=next(iter(self.finished), None),
            requests_of_a_day=sum(each.requests for each in recent),
            runs_of_a_day=len(recent),
            held=_held(self.finished, polls),
            outbox=self.outbox,
            paused={name: each for name, each in self.state.paused.items() if self.running and each.until > now},
            refused=self.state.refused if self.running else (),
            documents=self.state.documents if self.running else "",
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

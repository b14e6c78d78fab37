"""One run of the daemon: under the workspace's lock, on connections that stay open, with its outcome told and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from okrsync.app import Workspace
from okrsync.daemon import events
from okrsync.daemon.hearing import MOST_ITEMS, Heard
from okrsync.daemon.jobs import HINTED, Jobs, Poll, labels, look_at
from okrsync.daemon.state import Pause, State
from okrsync.domain.cycle import Cycle
from okrsync.domain.ref import Ref
from okrsync.engine.connections import Connections
from okrsync.engine.engine import Inputs, Told
from okrsync.engine.outcome import Outcome
from okrsync.engine.polling import Polled, Poller
from okrsync.engine.readings import Readings
from okrsync.problems import Problems
from okrsync.settings import MappingSettings
from okrsync.store.errors import CacheDamaged, CacheError
from okrsync.store.lock import CacheTaken
from okrsync.trackers.errors import TrackerError, Transient

Tell = Callable[[events.Event], None]
FAILED, BAD_INPUT = 1, 2
WORTH_TELLING = 10.0
"""Seconds; nobody needs to hear of a shorter pause."""


@dataclass
class Ground:
    """What runs work on, until settings or documents change."""

    workspace: Workspace
    jobs: Jobs
    connections: Connections


@dataclass
class Done:
    """What came of one run, for who decides what is next."""

    exit_code: int = 0
    calls_for_a_sync: bool = False

    def with_(self, other: Done) -> Done:
        """What came of both."""
        return Done(max(self.exit_code, other.exit_code), self.calls_for_a_sync or other.calls_for_a_sync)


@dataclass
class _Result:
    outcomes: list[Outcome] = field(default_factory=list)
    moved: tuple[Ref, ...] = ()
    calls_for_a_sync: bool = False
    broken: dict[str, TrackerError] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    exit_code: int = 0

    def add(self, polled: Polled) -> None:
        self.outcomes.append(polled.outcome)
        self.moved += polled.moved
        self.calls_for_a_sync |= polled.calls_for_a_sync


class Runner:
    """Carries runs out. What it finds out about mappings and trackers goes into `state`."""

    def __init__(self, state: State, tell: Tell, clock: Callable[[], datetime], progress: Callable[[], None]) -> None:
        self.state = state
        self._tell = tell
        self._clock = clock
        self._progress = progress
        self._written = 0
        """Changes that we made since trackers were last asked for all that changed."""

    def poll(self, ground: Ground, poll: Poll, why: str, *, confirm: bool = False) -> Done | None:
        """Poll; None where another okrsync has its turn. `confirm`: record everything, for when documents changed."""
        settings, paused = ground.workspace.settings, self._paused_now()

        def may(mapping: MappingSettings | None) -> bool:
            return mapping is None or mapping.tracker not in paused

        def work(engine: Poller, result: _Result) -> None:
            okrs = ground.jobs.okrs(poll, ground.workspace.okrs, settings, may if paused else None)
            result.add(engine.poll(okrs, planning=settings.daemon.sync, confirm=confirm, kind=poll.name))

        mappings = labels(settings, poll.mappings, may)
        return self._run(ground, poll.name, why, mappings, work, changes_only=True, hinted={})

    def poll_hinted(self, ground: Ground, told: Mapping[str, Heard], why: str) -> Done | None:
        """Look at what somebody says has changed, and at nothing else where that is possible. None where another
        okrsync has its turn."""
        settings, paused = ground.workspace.settings, self._paused_now()
        told = {tracker: each for tracker, each in told.items() if tracker not in paused}

        def is_meant(mapping: MappingSettings | None) -> bool:
            return mapping is not None and mapping.tracker in told and mapping.project in told[mapping.tracker].projects

        def work(engine: Poller, result: _Result) -> None:
            # What was read of a tracker that tells what changed is known as a whole.
            whole = {tracker for tracker in told if engine.inputs.cache.items.follows(tracker)}

            def may(mapping: MappingSettings | None) -> bool:
                return mapping is not None and (mapping.tracker in whole or is_meant(mapping))

            for poll in ground.jobs.polls:
                okrs = ground.jobs.okrs(poll, ground.workspace.okrs, settings, may)
                if okrs is not None and okrs.objectives:
                    result.add(engine.poll(okrs, planning=settings.daemon.sync, kind=HINTED))

        items = {tracker: each.items for tracker, each in told.items() if each.items is not None}
        if self._written > MOST_ITEMS:
            # What we wrote would be read item by item, for what is kept shows it as it was before.
            items = {}
        mappings = labels(settings, None, is_meant)
        return self._run(ground, HINTED, why, mappings, work, changes_only=True, hinted=items) if told else Done()

    def _paused_now(self) -> set[str]:
        return {name for name, each in self.state.paused.items() if each.until > self._clock()}

    def sync(self, ground: Ground, kind: str, why: str) -> Done | None:
        """Read everything and bring trackers and documents together; only read where the settings say so. None where
        another okrsync has its turn."""
        settings = ground.workspace.settings

        def work(engine: Poller, result: _Result) -> None:
            if settings.daemon.sync:
                result.outcomes.append(engine.sync())
            else:
                result.add(engine.poll(planning=False, confirm=True, kind=kind))

        return self._run(ground, kind, why, labels(settings), work, changes_only=False, hinted={})

    def look_back(self, ground: Ground, cycle: Cycle) -> Done | None:
        """Read what is in another cycle that goes on, and write to no tracker. None where another okrsync has its turn.

        The cache keeps one reading and one status, so what concerns the current cycle is read anew afterwards.
        """
        beside = replace(ground, workspace=replace(ground.workspace, asked_cycle=cycle.name))

        def work(engine: Poller, result: _Result) -> None:
            result.add(engine.poll(planning=False, confirm=True, kind=look_at(cycle)))

        # What mappings hold and whether they can be read is told by runs of the current cycle.
        return self._run(beside, look_at(cycle), "it goes on", (), work, changes_only=False, hinted={})

    def paused(self, tracker: str, seconds: float, why: str) -> None:
        """A tracker has to be waited for."""
        if seconds < WORTH_TELLING:
            return
        until = self._clock() + timedelta(seconds=seconds)
        self.state.paused[tracker] = Pause(until, why)
        self._tell(events.Paused(self._clock(), tracker, until, why))

    def _run(
        self,
        ground: Ground,
        kind: str,
        why: str,
        mappings: tuple[str, ...],
        work: Callable[[Poller, _Result], None],
        *,
        changes_only: bool,
        hinted: Mapping[str, Collection[str]],
    ) -> Done | None:
        workspace = ground.workspace

        def make(inputs: Inputs) -> Poller:
            return Poller(replace(inputs, readings=Readings(inputs.cache.items, changes_only, hinted)))

        def phase(_text: str) -> None:
            self._progress()

        told = Told(phase, lambda _done, _all, text: phase(text))
        result = _Result()
        try:
            with workspace.turn:
                workspace.forget_the_day()
                began, before = time.monotonic(), (ground.connections.requests, ground.connections.retries)
                self._tell(events.RunBegan(self._clock(), kind, why, mappings))
                try:
                    with workspace.engine(
                        told,
                        lambda seconds, reason: self.paused("sources", seconds, reason),
                        connections=ground.connections,
                        make=make,
                    ) as engine:
                        assert isinstance(engine, Poller)
                        work(engine, result)
                        result.broken = dict(engine.inputs.pool.broken)
                    result.exit_code = max((int(each.exit_code) for each in result.outcomes), default=0)
                except CacheDamaged as error:
                    self._repair(workspace, error)
                    result.problems, result.exit_code = (str(error),), FAILED
                except Problems as error:
                    result.problems, result.exit_code = tuple(str(each) for each in error.problems), BAD_INPUT
                except (CacheError, TrackerError, OSError) as error:
                    result.problems, result.exit_code = (str(error),), FAILED
                except Exception as error:  # noqa: BLE001 - whatever it is, the next run may go well
                    said = f"an error in okrsync itself, {type(error).__name__}: {error}"
                    result.problems, result.exit_code = (said,), FAILED
        except CacheTaken as taken:
            self._tell(events.Postponed(self._clock(), kind, str(taken)))
            return None
        return self._ended(ground, kind, mappings, result, began, before, by_items=bool(hinted))

    def _repair(self, workspace: Workspace, error: CacheDamaged) -> None:
        repaired = workspace.repair_cache(known=error.found)
        if repaired is not None:
            found = "; ".join(repaired.found)
            said = f"the cache was damaged ({found}): it is now {repaired.aside}, and a new one begins"
            self._tell(events.Noted(self._clock(), said))
        workspace.read_again()

    def _ended(
        self,
        ground: Ground,
        kind: str,
        mappings: tuple[str, ...],
        result: _Result,
        began: float,
        before: tuple[int, int],
        *,
        by_items: bool,
    ) -> Done:
        now = self._clock()
        self._note_mappings(mappings, result, now)
        self._note_pauses(result, mappings, now)
        failures = tuple(dict.fromkeys(str(each) for outcome in result.outcomes for each in outcome.failures))
        changes = sum(len(each.done) for each in result.outcomes)
        self._written = self._written if by_items else changes
        last = result.outcomes[-1] if result.outcomes else None
        self._tell(
            events.RunEnded(
                now,
                kind,
                mappings,
                result.exit_code,
                time.monotonic() - began,
                requests=ground.connections.requests - before[0],
                retries=ground.connections.retries - before[1],
                changes=changes,
                held=sum(len(each.held) for each in result.outcomes),
                moved=result.moved,
                problems=(*result.problems, *failures),
                outcome=last,
            )
        )
        return Done(result.exit_code, result.calls_for_a_sync)

    def _note_mappings(self, mappings: tuple[str, ...], result: _Result, now: datetime) -> None:
        failed: dict[str, str] = dict.fromkeys(mappings, "; ".join(result.problems)) if result.problems else {}
        for outcome in result.outcomes:
            for failure in outcome.failures:
                for mapping in mappings:
                    tracker, _, project = mapping.partition("/")
                    # What concerns one key result is no fault of everything that the mapping holds.
                    if failure.ref is None and failure.tracker == tracker and failure.project in {None, project}:
                        failed.setdefault(mapping, failure.message)
        for mapping in mappings:
            known = self.state.mapping(mapping)
            if mapping not in failed:
                if known.failing_since is not None:
                    self._tell(events.MappingRecovered(now, mapping, known.failing_since))
                known.last_success, known.failing_since, known.why = now, None, ""
                continue
            if known.failing_since is None:
                known.failing_since = now
                self._tell(events.MappingFailed(now, mapping, failed[mapping], known.last_success))
            known.why = failed[mapping]

    def _note_pauses(self, result: _Result, mappings: tuple[str, ...], now: datetime) -> None:
        waiting = {
            name: error
            for name, error in result.broken.items()
            if isinstance(error, Transient) and (error.retry_after or 0.0) >= WORTH_TELLING
        }
        asked = {each.partition("/")[0] for each in mappings} | {"sources"}
        for name in [name for name in self.state.paused if name in asked and name not in waiting]:
            del self.state.paused[name]
            if name not in result.broken:
                self._tell(events.Resumed(now, name))
        for name, error in waiting.items():
            self.paused(name, error.retry_after or 0.0, str(error))

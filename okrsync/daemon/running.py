"""One run of the daemon: what it is to do, and how its outcome is told and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from okrsync.daemon import events
from okrsync.daemon.hearing import MOST_ITEMS, Heard
from okrsync.daemon.jobs import HINTED, Poll, labels, look_at
from okrsync.daemon.state import Pause, State
from okrsync.daemon.tasks import Aim, Ground, Hands, Report, Taken, Task, is_meant
from okrsync.domain.cycle import Cycle
from okrsync.settings import MappingSettings

Tell = Callable[[events.Event], None]
WORTH_TELLING = 10.0
"""Seconds; nobody needs to hear of a shorter pause."""


@dataclass
class Done:
    """What came of one run, for who decides what is next."""

    exit_code: int = 0
    calls_for_a_sync: bool = False

    def with_(self, other: Done) -> Done:
        """What came of both."""
        return Done(max(self.exit_code, other.exit_code), self.calls_for_a_sync or other.calls_for_a_sync)


class Runner:
    """Has runs carried out by `hands`. What it finds out about mappings and trackers goes into `state`."""

    def __init__(
        self, hands: Hands, state: State, tell: Tell, clock: Callable[[], datetime], progress: Callable[[], None]
    ) -> None:
        self.state = state
        self._hands = hands
        self._tell = tell
        self._clock = clock
        self._progress = progress
        self._written = 0
        """Changes that we made since trackers were last asked for all that changed."""

    def poll(self, ground: Ground, poll: Poll, why: str, *, confirm: bool = False) -> Done | None:
        """Poll; None where another okrsync has its turn. `confirm`: record everything, for when documents changed."""
        paused = self._paused_now()

        def may(mapping: MappingSettings | None) -> bool:
            return mapping is None or mapping.tracker not in paused

        task = Task(Aim.POLL, poll.name, poll=poll, confirm=confirm, paused=paused)
        return self._run(ground, task, why, labels(ground.workspace.settings, poll.mappings, may))

    def poll_hinted(self, ground: Ground, told: Mapping[str, Heard], why: str) -> Done | None:
        """Look at what somebody says has changed, and at nothing else where that is possible. None where another
        okrsync has its turn."""
        paused = self._paused_now()
        told = {tracker: each for tracker, each in told.items() if tracker not in paused}
        if not told:
            return Done()
        items = {tracker: each.items for tracker, each in told.items() if each.items is not None}
        if self._written > MOST_ITEMS:
            # What we wrote would be read item by item, for what is kept shows it as it was before.
            items = {}
        task = Task(Aim.HINTED, HINTED, heard=told, items=items)
        return self._run(ground, task, why, labels(ground.workspace.settings, None, lambda each: is_meant(task, each)))

    def sync(self, ground: Ground, kind: str, why: str) -> Done | None:
        """Read everything and bring trackers and documents together; only read where the settings say so. None where
        another okrsync has its turn."""
        return self._run(ground, Task(Aim.SYNC, kind), why, labels(ground.workspace.settings))

    def look_back(self, ground: Ground, cycle: Cycle) -> Done | None:
        """Read what is in another cycle that goes on, and write to no tracker. None where another okrsync has its turn.

        The cache keeps one reading and one status, so what concerns the current cycle is read anew afterwards.
        """
        # What mappings hold and whether they can be read is told by runs of the current cycle.
        return self._run(ground, Task(Aim.LOOK_BACK, look_at(cycle), cycle=cycle.name), "it goes on", ())

    def paused(self, tracker: str, seconds: float, why: str) -> None:
        """A tracker has to be waited for."""
        if seconds < WORTH_TELLING:
            return
        until = self._clock() + timedelta(seconds=seconds)
        self.state.paused[tracker] = Pause(until, why)
        self._tell(events.Paused(self._clock(), tracker, until, why))

    def _paused_now(self) -> frozenset[str]:
        return frozenset(name for name, each in self.state.paused.items() if each.until > self._clock())

    def _run(self, ground: Ground, task: Task, why: str, mappings: tuple[str, ...]) -> Done | None:
        report = self._hands.do(
            task, ground, _Ears(self, task.kind, why, mappings, self._tell, self._clock, self._progress)
        )
        if isinstance(report, Taken):
            self._tell(events.Postponed(self._clock(), task.kind, report.why))
            return None
        return self._ended(task, mappings, report)

    def _ended(self, task: Task, mappings: tuple[str, ...], report: Report) -> Done:
        now = self._clock()
        self._note_mappings(mappings, report, now)
        self._note_pauses(mappings, report, now)
        failures = tuple(dict.fromkeys(str(each) for outcome in report.outcomes for each in outcome.failures))
        changes = sum(len(each.done) for each in report.outcomes)
        self._written = self._written if task.items else changes
        self._tell(
            events.RunEnded(
                now,
                task.kind,
                mappings,
                report.exit_code,
                report.seconds,
                requests=report.requests,
                retries=report.retries,
                changes=changes,
                held=sum(len(each.held) for each in report.outcomes),
                moved=report.moved,
                problems=(*report.problems, *failures),
                outcome=report.outcomes[-1] if report.outcomes else None,
                rate_left=report.rate_left,
            )
        )
        return Done(report.exit_code, report.calls_for_a_sync)

    def _note_mappings(self, mappings: tuple[str, ...], report: Report, now: datetime) -> None:
        failed: dict[str, str] = dict.fromkeys(mappings, "; ".join(report.problems)) if report.problems else {}
        for outcome in report.outcomes:
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

    def _note_pauses(self, mappings: tuple[str, ...], report: Report, now: datetime) -> None:
        waiting = {name: each for name, each in report.broken.items() if (each.retry_after or 0.0) >= WORTH_TELLING}
        asked = {each.partition("/")[0] for each in mappings} | {"sources"}
        for name in [name for name in self.state.paused if name in asked and name not in waiting]:
            del self.state.paused[name]
            if name not in report.broken:
                self._tell(events.Resumed(now, name))
        for name, trouble in waiting.items():
            self.paused(name, trouble.retry_after or 0.0, trouble.why)


@dataclass
class _Ears:
    """Hears what goes on in one run."""

    runner: Runner
    kind: str
    why: str
    mappings: tuple[str, ...]
    tell: Tell
    clock: Callable[[], datetime]
    progress: Callable[[], None]

    def began(self) -> None:
        self.tell(events.RunBegan(self.clock(), self.kind, self.why, self.mappings))

    def paused(self, tracker: str, seconds: float, why: str) -> None:
        self.runner.paused(tracker, seconds, why)

    def noted(self, text: str) -> None:
        self.tell(events.Noted(self.clock(), text))

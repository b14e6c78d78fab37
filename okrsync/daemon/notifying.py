"""The observer of the daemon that tells people: it sees what happens, and a thread of its own does the telling."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial

from okrsync.app import Workspace, utc_now
from okrsync.daemon import events
from okrsync.daemon.jobs import label
from okrsync.daemon.noticing import (
    CHECK_IN,
    DOWN,
    HEALTH,
    check_in_facts,
    failing_fact,
    health_facts,
    held_fact,
    held_subject,
)
from okrsync.daemon.reminding import due_check_ins
from okrsync.daemon.state import State
from okrsync.daemon.telling import Fact, Picture
from okrsync.daemon.telling_desk import Desk
from okrsync.domain.okr import Objective
from okrsync.domain.ref import Ref
from okrsync.domain.status import Link
from okrsync.problems import Problems
from okrsync.store.errors import CacheError, CacheMissing
from okrsync.store.reading import Reader
from okrsync.trackers.notifiers import Occasion

SYNC = "The sync of"
SETTINGS = "The reload of settings and documents"
DOCUMENTS = "The fetch of documents from git"
"""What may fail, as people are told it."""
_WHY_REFUSED = "the last good ones stay in use; `okrsync check` says what is wrong"
_LONGEST_WAIT = 60.0
_LAST_WORDS = 8.0
"""Seconds that what is still to be told may take when the daemon ends."""


class Notifying:
    """Tells people what happens.

    Args:
        warn: told what an administrator should know, from the thread that tells.
        at_once: whether everything is told before an event comes back, for tests that play time; else a thread tells.
    """

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        state: Callable[[], State],
        *,
        warn: Callable[[str], None],
        clock: Callable[[], datetime] = utc_now,
        at_once: bool = False,
    ) -> None:
        self._workspace = workspace
        self._state = state
        self._warn = warn
        self._clock = clock
        self._at_once = at_once
        self._occasions: frozenset[Occasion] = frozenset()
        self._held: dict[str, tuple[Fact, ...]] = {}
        """Mapping (tracker/project) → what waits there, where that is known since the start."""
        self._since: dict[str, datetime] = {}
        """What fails beside mappings → since when."""
        self._desk: Desk | None = None
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def __call__(self, event: events.Event) -> None:
        """See what happened. Looking takes a moment, and only where somebody wants to be told."""
        match event:
            case events.Started() | events.Reloaded():
                self._open()
            case events.Stopping():
                self.close()
                return
            case events.RunEnded() | events.CheckInsDue() | events.ReloadRefused() | events.DocumentsNotFetched():
                pass
            case _:
                return
        if self._occasions:
            if isinstance(event, events.RunEnded):
                self._note_held(event)
            reminded = event.refs if isinstance(event, events.CheckInsDue) else None
            self._notice(self._picture(event.at, reminded))

    def close(self) -> None:
        """Tell what can still be told, and end the thread."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join(_LAST_WORDS)
            self._thread = None

    # What there is to tell

    def _open(self) -> None:
        workspace = self._workspace()
        self._held = {}
        if not workspace.settings.notify:
            self._occasions = frozenset()
            self._hand_over(partial(self._use, None))
            return
        desk = Desk(
            workspace.settings,
            workspace.plugins,
            os.environ,
            clock=self._clock,
            warn=self._warn,
            stop=workspace.stop,
        )
        self._occasions = desk.occasions()
        self._hand_over(partial(self._use, desk))

    def _use(self, desk: Desk | None) -> None:
        self._desk = desk

    def _note_held(self, event: events.RunEnded) -> None:
        outcome = event.outcome
        # What could not be read may hold more, and an outcome may be but a part of what was found.
        if outcome is None or outcome.failures or len(outcome.held) != event.held:
            return
        okrs = self._workspace().okrs
        facts = [(f"{change.tracker}/{change.project}", held_fact(change, okrs)) for change in outcome.held]
        for mapping in event.mappings:
            self._held[mapping] = tuple(fact for place, fact in facts if place == mapping)

    def _picture(self, now: datetime, reminded: tuple[Ref, ...] | None) -> Picture:
        workspace = self._workspace()
        facts = [fact for group in self._held.values() for fact in group]
        covers = [held_subject(mapping) for mapping in self._held]
        try:
            facts += self._failing(workspace, now)
            covers.append(DOWN)
            if Occasion.HEALTH_CHANGED in self._occasions:
                status = workspace.status()
                # With a new cache nothing is known until trackers were read: that is no news, nor is what comes then.
                if any(each.progress is not None for each in status.objectives):
                    facts += health_facts(status)
                    covers.append(HEALTH)
            if Occasion.CHECK_IN_DUE in self._occasions:
                facts += self._check_ins(workspace, now, reminded)
                covers.append(CHECK_IN)
        except (CacheError, Problems) as error:
            self._warn(f"not everything that people are to be told is known: {error}")
        return Picture(tuple(facts), tuple(covers))

    def _failing(self, workspace: Workspace, now: datetime) -> Iterator[Fact]:
        state, okrs = self._state(), workspace.okrs
        for mapping, each in state.mappings.items():
            if each.failing_since is not None:
                objectives = _objectives_of(workspace, mapping)
                yield failing_fact(f"{SYNC} {mapping}", each.failing_since, each.why, objectives, okrs)
        for name, fails, why in (
            (SETTINGS, bool(state.refused), _WHY_REFUSED),
            (DOCUMENTS, bool(state.documents), state.documents),
        ):
            if not fails:
                self._since.pop(name, None)
                continue
            yield failing_fact(name, self._since.setdefault(name, now), why, (), okrs)

    def _check_ins(self, workspace: Workspace, now: datetime, reminded: tuple[Ref, ...] | None) -> Iterator[Fact]:
        settings, cycle = workspace.settings, workspace.cycle
        newest: dict[Ref, datetime] = {}
        links: dict[Ref, Link] = {}
        with suppress(CacheMissing), Reader.at(settings.cache_file, settings.workspace) as cache:
            newest = {ref: each.at for ref, each in cache.check_ins.newest(cycle.name).items()}
            links = cache.links.shown(cycle.name)
        begun = datetime.combine(cycle.start, datetime.min.time(), tzinfo=now.tzinfo)
        due = due_check_ins(workspace, now) if reminded is None else reminded
        yield from check_in_facts(
            workspace.okrs,
            due,
            newest,
            links,
            begun=begun,
            period=settings.check_in_period,
            now=now,
            reminding=reminded is not None,
        )

    # Telling it

    def _notice(self, picture: Picture) -> None:
        def task() -> None:
            if self._desk is not None:
                self._desk.notice(picture)

        self._hand_over(task)

    def _hand_over(self, task: Callable[[], None]) -> None:
        if self._at_once:
            task()
            if self._desk is not None:
                self._desk.send()
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._tell, name="okrsync-notify", daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def _tell(self) -> None:
        """The thread's life: take up what is new, and send what is due."""
        wait: float | None = None
        while True:
            try:
                task = self._tasks.get(timeout=wait)
            except queue.Empty:
                task = _nothing
            if task is None:
                return
            try:
                task()
                moment = self._desk.send() if self._desk is not None else None
            except Exception as error:  # noqa: BLE001 - whatever it is, the daemon's work goes on
                self._warn(f"an error in okrsync itself, while it told people: {type(error).__name__}: {error}")
                moment = None
            wait = None if moment is None else _seconds(moment, self._clock())


def _nothing() -> None:
    """No news: only what waits is looked at."""


def _seconds(until: datetime, now: datetime) -> float:
    """How long to wait; never too long, for clocks are set and machines sleep."""
    return min(_LONGEST_WAIT, max(0.2, (until - now).total_seconds()))


def _objectives_of(workspace: Workspace, mapping: str) -> Iterator[Objective]:
    for objective in workspace.okrs.objectives:
        found = workspace.settings.mapping_for(objective)
        if found is not None and label(found) == mapping:
            yield objective

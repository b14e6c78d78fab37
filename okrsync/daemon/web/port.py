"""The port beside the daemon: an observer of what happens, and the server that others ask."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from okrsync.app import Workspace, utc_now
from okrsync.daemon import events
from okrsync.daemon.inbox import Inbox
from okrsync.daemon.standing import Standing, standing
from okrsync.daemon.tasks import Ground
from okrsync.daemon.web.answering import port_app
from okrsync.daemon.web.gathering import Gathering
from okrsync.daemon.web.health import Answer, alive, ready
from okrsync.daemon.web.metrics import Metrics
from okrsync.daemon.web.receiving import Door, Fate
from okrsync.daemon.web.serving import Address, Listener
from okrsync.problems import Problems
from okrsync.settings import Settings
from okrsync.settings.secrets import webhook_secret_of
from okrsync.store.errors import CacheError


class Port:
    """Takes webhooks as hints for the daemon, and tells how it is.

    Until the daemon is up it takes no webhooks, and is not ready.

    Args:
        ground: what the daemon works on; asked when it is up.
        last_progress: when it last made progress, by the monotonic clock.
        warn: told what an administrator should know, from any thread.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self,
        address: Address,
        inbox: Inbox,
        *,
        ground: Callable[[], Ground],
        last_progress: Callable[[], float],
        warn: Callable[[str], None],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._inbox = inbox
        self._ground = ground
        self._last_progress = last_progress
        self._warn = warn
        self._standings = _Standings(clock)
        self._doors: Mapping[str, Door] = {}
        self._settings: Settings | None = None
        self._mistaken: set[str] = set()
        """The trackers of which somebody was told that signatures are wrong."""
        self._gathering = Gathering()
        self._timer: asyncio.TimerHandle | None = None
        self.metrics = Metrics(self._standings.now, self._since_progress)
        self._listener = Listener(address)
        self.address = self._listener.address
        self._listener.serve(
            port_app(
                takes_webhooks=lambda name: name in self._doors,
                receive=self._receive,
                refused=self._refused,
                health=lambda: alive(self._since_progress()),
                readiness=self._readiness,
                metrics=self.metrics.exposition,
            )
        )

    def __call__(self, event: events.Event) -> None:
        """Something happened in the daemon."""
        self.metrics(event)
        if isinstance(event, events.Started | events.Reloaded):
            self._use(self._ground().workspace)

    def close(self) -> None:
        """Let go of the address."""
        self._listener.close()

    # In the thread of the daemon

    def _use(self, workspace: Workspace) -> None:
        self._standings.use(workspace.settings)
        doors = {name: door for name in workspace.settings.trackers if (door := self._door(workspace, name))}
        for name, door in doors.items():
            if name in self._doors:
                door.remember_as(self._doors[name])
        self.metrics.expect(doors)
        self._settings, self._doors, self._mistaken = workspace.settings, doors, set()

    def _door(self, workspace: Workspace, name: str) -> Door | None:
        kind = workspace.plugins.trackers[workspace.settings.trackers[name].type]
        try:
            secret = webhook_secret_of(workspace.settings, name, os.environ)
        except Problems as problems:
            for each in problems.problems:
                self._warn(f"{each} Until then, no webhooks of {name} are taken")
            return None
        if secret is None or kind.webhooks is None:
            if secret is not None:
                self._warn(f"trackers.{name}: okrsync takes no webhooks of a {kind.name} tracker")
            return None
        return Door(name, kind.webhooks, secret)

    # In the thread of the server

    def _receive(self, name: str, headers: dict[str, str], body: bytes) -> Fate:
        door, settings = self._doors.get(name), self._settings
        if door is None or settings is None:
            self._refused(name, Fate.UNKNOWN)
            return Fate.UNKNOWN
        fate, hints = door.receive(headers, body, settings)
        self.metrics.delivered(name, fate)
        self._note_mistakes(name, fate)
        if hints:
            loop = asyncio.get_running_loop()
            self._gathering.add(hints, loop.time())
            self._set_timer(loop)
        return fate

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._gathering.due()
        self._timer = None if due is None else loop.call_at(due, self._pass_on, loop)

    def _pass_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        # A timer may come a little early: it has no more than the clock's resolution.
        if hints := self._gathering.take(max(loop.time(), self._gathering.due() or 0.0)):
            self._inbox.hint(*hints)

    def _refused(self, name: str, fate: Fate) -> None:
        self.metrics.delivered(None if fate is Fate.UNKNOWN else name, fate)

    def _note_mistakes(self, name: str, fate: Fate) -> None:
        """Tell of wrong signatures once, until a right one comes: a log is not for strangers to fill."""
        if fate is not Fate.UNSIGNED:
            self._mistaken.discard(name)
        elif name not in self._mistaken:
            self._mistaken.add(name)
            self._warn(
                f"a webhook for {name} had no signature, or a wrong one, and was refused. If the tracker sent it, let"
                f" it sign with the secret that webhook_secret under [trackers.{name}] names"
            )

    # In threads of those who ask

    def _since_progress(self) -> float:
        return max(0.0, time.monotonic() - self._last_progress())

    def _readiness(self) -> Answer:
        return ready(self._standings.now(), is_up=self._settings is not None)


class _Standings:
    """How it stands, for whichever thread asks: on a workspace apart from the daemon's own."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._apart: Workspace | None = None

    def use(self, settings: Settings) -> None:
        """Go by these settings, and read the documents afresh."""
        with self._lock:
            self._apart = Workspace(settings, now=self._clock)

    def now(self) -> Standing | None:
        """How it stands; None where that cannot be known yet, or the cache cannot be read."""
        with self._lock:
            if self._apart is None:
                return None
            self._apart.forget_the_day()
            try:
                return standing(self._apart)
            except (CacheError, Problems):
                return None

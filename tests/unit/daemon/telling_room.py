"""A workspace with people and an audience, notifiers that remember what they sent, and a clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from okrsync.app import Workspace
from okrsync.daemon import events
from okrsync.daemon.notifying import Notifying
from okrsync.daemon.state import State
from okrsync.daemon.telling_desk import Desk
from okrsync.domain.ref import Ref
from okrsync.settings import load
from okrsync.store.values import Measured
from okrsync.trackers.notifiers import Message, Notifier, NotifierContext, NotifierType
from okrsync.trackers.plugins import Plugins

FRIDAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

SETTINGS = """
workspace = "acme"

[audiences]
leads = ["dana", "robin"]

[people.dana]
email = "dana@acme.example"
teams = ["platform"]

[people.kim]
email = "kim@acme.example"

[trackers.work]
type  = "jira"
url   = "https://acme.example"
user  = "okrs@acme.example"
token = { env = "OKRSYNC_TEST_JIRA" }

[[mappings]]
match      = { team = "platform" }
tracker    = "work"
project    = "PLAT"
objectives = { as = "epic" }
"""

DOCUMENT = """
cycle = "2026-Q4"
level = "team"
team  = "platform"

[[objectives]]
id    = "fast"
title = "Feel instant"
owner = "dana"

  [[objectives.key_results]]
  id       = "p95"
  title    = "Sign-up within 1 s"
  baseline = 4
  target   = 1
  unit     = "s"
  measure  = { from = "manual" }

[[objectives]]
id       = "merger"
title    = "Merge with Umbrella"
owner    = "kim"
audience = "leads"

  [[objectives.key_results]]
  id       = "talks"
  title    = "Hold talks with Umbrella's five founders"
  baseline = 0
  target   = 5
  measure  = { from = "manual" }
"""
P95 = Ref("2026-Q4", "fast", "p95")
TALKS = Ref("2026-Q4", "merger", "talks")


class Recorder(Notifier):
    """Remembers what it sent, unless it is to fail."""

    def __init__(self, room: Room, name: str) -> None:
        self._room = room
        self._name = name

    def send(self, message: Message) -> str | None:
        trouble = self._room.troubles.pop(0) if self._room.troubles else None
        if trouble is not None:
            raise trouble
        self._room.sent.append((self._name, message))
        return self._room.note


class Room:
    """The workspace, and all that is said in it."""

    def __init__(self, folder: Path, notify: str) -> None:
        self.folder = folder
        (folder / "okrs").mkdir(exist_ok=True)
        (folder / "okrs" / "platform.toml").write_text(DOCUMENT, encoding="utf-8")
        (folder / "okrsync.toml").write_text(SETTINGS + notify, encoding="utf-8")
        self.now = FRIDAY
        self.sent: list[tuple[str, Message]] = []
        self.troubles: list[BaseException | None] = []
        self.note: str | None = None
        self.warnings: list[str] = []
        self.stop = threading.Event()
        self.state = State()
        kinds = {name: self._kind(name, addressed=name == "mail") for name in ("chat", "mail")}
        self.plugins = Plugins({}, (), notifiers=kinds)
        self.workspace = self.read()

    def _kind(self, kind: str, *, addressed: bool) -> NotifierType:
        def made(context: NotifierContext) -> Notifier:
            return Recorder(self, context.table.name)

        return NotifierType(kind, kind, made, addressed=addressed)

    def read(self) -> Workspace:
        """The workspace, read anew."""
        workspace = Workspace(load(self.folder / "okrsync.toml"), now=lambda: self.now, shown_from=self.folder)
        workspace.__dict__["plugins"] = self.plugins
        workspace.stop = self.stop
        return workspace

    def desk(self, **environment: str) -> Desk:
        """A desk, as after a start."""
        return Desk(
            self.workspace.settings,
            self.plugins,
            environment,
            clock=lambda: self.now,
            warn=self.warnings.append,
            stop=self.stop,
        )

    def notifying(self) -> Notifying:
        """The observer, as after a start."""
        made = Notifying(
            lambda: self.workspace, lambda: self.state, warn=self.warnings.append, clock=lambda: self.now, at_once=True
        )
        made(events.Started(self.now, 1, ("work/PLAT",)))
        return made

    def measure(self, ref: Ref, value: float) -> None:
        """Somebody sees a value."""
        with self.workspace.open_cache() as cache:
            cache.observations.record([Measured(ref, value, self.now, "manual")])

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def heard(self) -> Iterator[str]:
        """What was said since the last time: the notifier, to whom, and the text."""
        for name, message in self.sent:
            whom = f" to {', '.join(message.to)}" if message.to else ""
            yield from (f"{name}{whom}: {each.text}" for each in message.news)
        self.sent.clear()

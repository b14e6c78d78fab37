"""The composition root: settings, plugins, documents and cache become a workspace, and a workspace an engine.

Everything below gets what it needs handed in; here is where it comes from.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from okrsync import settings as settings_files
from okrsync.documents import Documents, load
from okrsync.domain.audience import visible
from okrsync.domain.cycle import Cycle, current_cycle, parse_cycle
from okrsync.domain.linting import Review
from okrsync.domain.okr import EVERYONE, Okrs
from okrsync.domain.status import Facts, Status, assess
from okrsync.practice.check_in_rules import People, Person
from okrsync.problems import Problem, Problems, did_you_mean, listed
from okrsync.reports.facts import gather_facts
from okrsync.settings import Settings
from okrsync.settings.documents import GitDocuments
from okrsync.store.errors import CacheError, CacheMissing, CacheOlder
from okrsync.store.reading import Reader

if TYPE_CHECKING:
    from okrsync.engine.connections import Connections
    from okrsync.engine.engine import Engine
    from okrsync.engine.inputs import Inputs, Told
    from okrsync.store.cache import Cache
    from okrsync.store.lock import Signature, Turn
    from okrsync.store.recovery import Rebuilt
    from okrsync.trackers.interface import Tracker
    from okrsync.trackers.plugins import Plugins


def utc_now() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


@dataclass
class Workspace:
    """One workspace as one command sees it.

    Making one reads the settings only; documents, plugins and the cache are read when they are first asked for. What
    `status` needs imports neither a client library nor sqlite-utils.
    """

    settings: Settings
    asked_cycle: str | None = None
    audience: str | None = None
    """For whom a view is made; None for work that concerns everything there is."""
    now: Callable[[], datetime] = utc_now
    shown_from: Path = field(default_factory=Path.cwd)
    """The folder from which messages name files."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set it to end every wait at once; what runs then raises Interrupted."""
    warn: Callable[[str], None] = lambda _text: None
    """Told what people should know although the work goes on."""
    doing: str = "sync"
    """What is done with it, for who comes meanwhile and has to wait."""
    signature: Signature | None = None
    """Who takes turns, where that is not this process from now on."""
    _parsed: dict[str, str] | None = field(default=None, init=False, repr=False)
    """The documents, parsed, for the next command: the cache takes them over when it is opened for writing."""

    @classmethod
    def load(
        cls,
        config: Path | None = None,
        *,
        cycle: str | None = None,
        audience: str | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> Workspace:
        """Find and read the settings.

        Raises:
            Problems: there are none, or something is wrong in them, or they know no such audience.
        """
        path = settings_files.find(Path.cwd(), config, os.environ)
        settings = settings_files.load(path, Path.cwd())
        known = [EVERYONE, *settings.audiences]
        if audience is not None and audience not in known:
            do = did_you_mean(audience, known) or "Define it under [audiences]."
            raise Problems(
                [Problem(settings.path.name, 0, "", f"there is no audience {audience!r}", listed(known), do)]
            )
        return cls(settings, cycle, audience, now)

    @cached_property
    def plugins(self) -> Plugins:
        """What the installed plugins offer, of those that the settings allow."""
        from okrsync.trackers.plugins import load_plugins

        return load_plugins(allowed=self.settings.plugins.allow)

    @cached_property
    def documents(self) -> Documents:
        """The documents.

        Raises:
            Problems: everything that is wrong in them.
        """
        settings = self.settings
        self.fetch_documents(again=False)
        parsed = self._parsed = self._parsed_before()
        return load(
            settings.documents_folder,
            self.shown_from,
            settings.named_cycles,
            settings.audiences,
            parsed,
            largest_adjustment=settings.scoring.adjustment,
        )

    def assume(self, documents: Documents, parsed: dict[str, str] | None) -> None:
        """Go by documents that were read already; `parsed` is what the cache takes over when it is opened."""
        self.__dict__["documents"], self._parsed = documents, parsed

    def take_parsed(self) -> dict[str, str] | None:
        """The documents, parsed, for whoever opens the cache in this one's place; once."""
        parsed, self._parsed = self._parsed, None
        return parsed

    def fetch_documents(self, *, again: bool = True) -> bool:
        """Fetch documents that come from git, unless not `again` and some are there; whether they changed.

        A fetch that fails is only warned of where documents were fetched before.

        Raises:
            NoDocuments: it failed, and there are none.
            Interrupted: `stop` was set.
        """
        if not isinstance(self.settings.documents, GitDocuments):
            return False
        from okrsync.documents.checkout import Stopped, refresh
        from okrsync.trackers.retry import Interrupted

        try:
            changed = refresh(self.settings, os.environ, self.stop, self.warn, again=again)
        except Stopped:
            raise Interrupted from None
        if changed:
            self.read_again()
        return changed

    def _parsed_before(self) -> dict[str, str]:
        try:
            with Reader.at(self.settings.cache_file, self.settings.workspace) as cache:
                return cache.texts.all()
        except CacheError:
            # Then everything is parsed, which takes longer. Who needs the cache itself will say what is wrong with it.
            return {}

    @property
    def okrs(self) -> Okrs:
        """Everything that the documents say, of every cycle."""
        return self.documents.okrs

    @property
    def visible(self) -> Okrs:
        """What the audience of this view may see, of every cycle."""
        if self.audience is None:
            return self.okrs
        return visible(self.okrs, self.audience, self.settings.audiences)

    @cached_property
    def cycle(self) -> Cycle:
        """The cycle that was asked for, else the one that holds today, else the newest in the documents.

        Raises:
            Problems: the one that was asked for is no cycle, or there is nothing in it.
        """
        named = self.settings.named_cycles
        names = {ref.cycle for ref in self.visible.refs}
        known = {name: parse_cycle(name, named) for name in names}
        if self.asked_cycle is not None:
            if self.asked_cycle in known:
                return known[self.asked_cycle]
            right = ", ".join(sorted(known)) or "none: the documents are empty"
            found = f"no document has the cycle {self.asked_cycle!r}"
            raise Problems([Problem("--cycle", 0, "", found, f"one of those that there are ({right})")])
        today = self.now().date()
        return current_cycle(known.values(), today) or parse_cycle(f"{today.year}-Q{(today.month + 2) // 3}")

    def status(self) -> Status:
        """How the OKRs of the cycle stand, from the documents and the cache alone."""
        return assess(self.visible, self.settings.workspace, self.cycle, self.now(), self._facts())

    def _facts(self) -> Facts:
        period = self.settings.check_in_period
        try:
            with Reader.at(self.settings.cache_file, self.settings.workspace) as cache:
                return gather_facts(cache, self.cycle.name, period)
        except CacheMissing:
            return Facts(check_in_period=period)
        except CacheOlder:
            with self.open_cache() as cache:
                return gather_facts(cache, self.cycle.name, period)

    def open_cache(self) -> Cache:
        """The cache, open for writing; made where there is none."""
        from okrsync.store.cache import Cache

        cache = Cache.open(self.settings.cache_file, self.settings.workspace, clock=self.now)
        if self._parsed is not None:
            with suppress(CacheError):  # It only saves time.
                cache.texts.keep(self._parsed)
        return cache

    @cached_property
    def people(self) -> People:
        """Everybody whom the settings know."""
        return People(
            tuple(
                Person(name, (*each.accounts, *((each.email,) if each.email else ())), each.teams)
                for name, each in self.settings.people.items()
            )
        )

    @property
    def review(self) -> Review:
        """What the settings ask of an objective before it is committed."""
        return Review(self.settings.require_review, self.settings.reviewers)

    @cached_property
    def turn(self) -> Turn:
        """The right to change this workspace, for one process at a time: in a `with`."""
        from okrsync.store.lock import Turn

        return Turn(self.settings.cache_file, self.doing, self.now, self.signature)

    def forget_the_day(self) -> None:
        """Let the current cycle be looked up afresh: the next one may have begun."""
        self.__dict__.pop("cycle", None)

    def read_again(self) -> None:
        """Let the documents be read afresh when they are next asked for."""
        for known in ("documents", "cycle"):
            self.__dict__.pop(known, None)

    def repair_cache(self, *, at_a_glance: bool = False, known: str = "") -> Rebuilt | None:
        """Put a damaged cache aside and begin a new one, where there is damage. Only in one's `turn`."""
        from okrsync.store.recovery import repair

        settings = self.settings
        return repair(settings.cache_file, settings.workspace, self.now, at_a_glance=at_a_glance, known=known)

    def check_trackers(self) -> None:
        """See that every tracker of the settings is of a kind that is installed and can do what the mappings ask for.

        Raises:
            Problems: all that is wrong.
        """
        from okrsync.settings.against import check_against

        if problems := check_against(self.settings, self.plugins):
            raise Problems(problems)

    @contextmanager
    def engine(
        self,
        told: Told | None = None,
        on_wait: Callable[[float, str], None] | None = None,
        *,
        alone: bool = True,
        on_repaired: Callable[[Rebuilt], None] | None = None,
        connections: Connections | None = None,
        make: Callable[[Inputs], Engine] | None = None,
    ) -> Iterator[Engine]:
        """An engine for the cycle; `on_wait` is told before it waits for a tracker: seconds, and why.

        Whoever may change something works `alone`; then a cache whose damage shows is put aside first, and
        `on_repaired` is told. Whoever works again and again hands in `connections`, and closes them; `make` makes
        another engine than the usual one.

        Raises:
            Problems: what is wrong in documents or settings.
            CacheTaken: another process works on the workspace.
        """
        self.check_trackers()
        if connections is None:
            self.fetch_documents()
        with self.turn if alone else nullcontext():
            if alone:
                # What is wrong in the documents comes before anything is done to the cache.
                _ = self.okrs
                repaired = self.repair_cache(at_a_glance=True)
                if repaired and on_repaired:
                    on_repaired(repaired)
            with self._engine(told, on_wait, connections, make) as engine:
                yield engine

    @contextmanager
    def _engine(
        self,
        told: Told | None,
        on_wait: Callable[[float, str], None] | None,
        connections: Connections | None,
        make: Callable[[Inputs], Engine] | None,
    ) -> Iterator[Engine]:
        from okrsync.engine.opening import Materials, engine_on
        from okrsync.engine.telling_plugins import sync_report, tell_listeners

        materials = Materials(
            settings=self.settings,
            plugins=self.plugins,
            documents=self.documents,
            cycle=self.cycle,
            people=self.people,
            review=self.review,
            root=self.shown_from,
            clock=self.now,
            stop=self.stop,
            environment=os.environ,
        )
        with self.open_cache() as cache:
            with suppress(CacheError):  # Room can be made the next time; what is wrong, the work itself will say.
                cache.prune()
            trackers = connections or self.connections(on_wait)
            try:
                with engine_on(materials, cache, trackers, told, on_wait, make) as engine:
                    yield engine
                    if engine.synced and self.plugins.listeners:
                        report = sync_report(engine.synced, materials.workspace, self.cycle.name, self.now(), cache)
                        tell_listeners(self.plugins.listeners, report, self.warn)
            finally:
                if connections is None:
                    trackers.close()

    def connections(self, on_wait: Callable[[float, str], None] | None = None) -> Connections:
        """Connections to the trackers, for who closes them; `on_wait` as for `engine`."""
        from okrsync.engine.connections import Connections

        def told(_name: str, seconds: float, why: str) -> None:
            if on_wait is not None:
                on_wait(seconds, why)

        return Connections(self.settings, self.plugins, os.environ, stop=self.stop, on_wait=told)

    @contextmanager
    def tracker(self, name: str, *, forgetful: bool = False) -> Iterator[Tracker]:
        """One tracker of the settings, for looking around in it; `forgetful`, where the cache is to be left alone.

        Raises:
            TrackerError: it cannot be opened.
        """
        self.check_trackers()
        with nullcontext() if forgetful else self.open_cache() as cache:
            tracker = self.connections().open(name, cache)
            try:
                yield tracker
            finally:
                tracker.close()

"""Making an engine from settings, plugins and documents, on a cache and connections that are open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from okrsync.documents import Documents
from okrsync.domain.cycle import Cycle
from okrsync.domain.linting import Review
from okrsync.engine.connections import Connections
from okrsync.engine.engine import Engine
from okrsync.engine.inputs import Inputs, Told
from okrsync.engine.placements import Atlas
from okrsync.engine.sources import Opened, Sources
from okrsync.plan.snapshot import Tolerance
from okrsync.practice.check_in_rules import People
from okrsync.problems import Problems
from okrsync.settings import Settings
from okrsync.settings.secrets import secrets_of
from okrsync.store.cache import Cache
from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.plugins import Plugins
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.sources import MeasureType, SourceContext, SourceTable

Wait = Callable[[float, str], None]
"""Told before somebody is waited for: seconds, and why."""


@dataclass(frozen=True)
class Materials:
    """What an engine is made from."""

    settings: Settings
    plugins: Plugins
    documents: Documents
    cycle: Cycle
    people: People
    review: Review
    root: Path
    """The folder that the documents' paths are relative to."""
    clock: Callable[[], datetime]
    stop: threading.Event
    environment: Mapping[str, str]
    """Where secrets may be."""

    @property
    def workspace(self) -> str:
        """The name of the workspace."""
        return self.settings.workspace


@contextmanager
def engine_on(
    materials: Materials,
    cache: Cache,
    trackers: Connections,
    told: Told | None = None,
    on_wait: Wait | None = None,
    make: Callable[[Inputs], Engine] | None = None,
) -> Iterator[Engine]:
    """An engine, while inside; `make` makes another than the usual one."""
    settings, okrs = materials.settings, materials.documents.okrs
    kinds = {name: materials.plugins.trackers[each.type] for name, each in settings.trackers.items()}
    before, pool = trackers.requests, trackers.pool(cache)
    door = _Door(materials, on_wait)
    sources = Sources(settings, materials.plugins, materials.cycle, door.open)
    try:
        yield (make or Engine)(
            Inputs(
                workspace=materials.workspace,
                root=materials.root,
                okrs=okrs,
                cycle=materials.cycle,
                atlas=Atlas(settings, kinds, okrs),
                pool=pool,
                cache=cache,
                clock=materials.clock,
                tolerance=Tolerance(settings.safety.share_gone, settings.safety.at_least),
                check_in_period=settings.check_in_period,
                documents={shown: file.digest for shown, file in materials.documents.files.items()},
                sources=sources,
                people=materials.people,
                review=materials.review,
                audiences=settings.audiences,
                stop=materials.stop,
                requests=lambda: trackers.requests - before + door.requests,
                told=told or Told(),
                at_once=True,
            )
        )
    finally:
        trackers.let_go(pool)
        sources.close()


@dataclass
class _Door:
    """Opens sources, each with a retry policy of its own, and counts their requests."""

    materials: Materials
    on_wait: Wait | None
    policies: list[RetryPolicy] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(policy.requests for policy in self.policies)

    def open(self, kind: MeasureType, table: SourceTable) -> Opened:
        settings = self.materials.settings
        token, password = None, None
        try:
            if table.name is not None:
                token, password = secrets_of(settings, table.name, self.materials.environment)
        except Problems as problems:
            raise Misconfigured(*(str(each) for each in problems.problems)) from problems
        policy = RetryPolicy(stop=self.materials.stop, on_wait=self.on_wait)
        self.policies.append(policy)
        source = kind.load(SourceContext(table, token, password, settings.folder, policy))
        return Opened(source, tuple(each for each in (token, password) if each is not None))

"""The connections of a workspace to its trackers: opened when first needed, and kept for who works again and again.

A tracker that was opened knows what never changes there (whether it is Cloud, which fields it has), so whoever keeps
the connection asks for that once.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from okrsync.engine.pool import TrackerPool
from okrsync.problems import Problems
from okrsync.settings import Settings
from okrsync.settings.secrets import token_of
from okrsync.store.cache import Cache
from okrsync.trackers.allowance import Allowance, Gates
from okrsync.trackers.errors import AuthFailed, Misconfigured
from okrsync.trackers.interface import PageCache, Tracker, TrackerContext
from okrsync.trackers.plugins import Plugins
from okrsync.trackers.retry import RetryPolicy

Waiting = Callable[[str, float, str], None]
"""Told before a tracker is waited for: its name, seconds, and why."""


@dataclass
class Kept:
    """What connections know that later ones to the same trackers may take over, in another process too."""

    lasting: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Tracker → see `TrackerContext.lasting`."""
    credentials: dict[str, str] = field(default_factory=dict)
    """Tracker → tells the address and the credential that `lasting` was found out with from others."""
    allowances: dict[str, Allowance] = field(default_factory=dict)
    """Tracker → what was used of its rate limit, and what is left."""


class Connections:
    """Opens the trackers of a workspace, each once, until `close`.

    They may outlive a cache: `pool` says which one keeps their pages from then on. They begin with what is `kept` of
    earlier ones, and keep it up to date.
    """

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        environment: Mapping[str, str],
        *,
        stop: threading.Event | None = None,
        on_wait: Waiting | None = None,
        on_answer: Callable[[], None] = lambda: None,
        kept: Kept | None = None,
    ) -> None:
        self.kept = kept or Kept()
        self._settings = settings
        self._plugins = plugins
        self._environment = environment
        self._stop = stop or threading.Event()
        self._on_wait = on_wait
        self._on_answer = on_answer
        self._cache: Cache | None = None
        self._trackers: dict[str, Tracker] = {}
        self._policies: dict[str, RetryPolicy] = {}
        self._gates = Gates()

    def pool(self, cache: Cache | None) -> TrackerPool:
        """The trackers for one run. Each is opened when it is first needed."""
        self._cache = cache
        return TrackerPool(self._kept)

    def policy(self, name: str) -> RetryPolicy:
        """How the tracker called `name` is asked again; it counts its requests."""
        if name not in self._policies:
            table = self._settings.trackers[name]
            kind = self._plugins.trackers[table.type]
            host = urlsplit(table.url or kind.default_url or "").netloc
            allowance = self.kept.allowances.setdefault(name, Allowance())
            allowance.share = table.share_of_limit
            self._policies[name] = RetryPolicy(
                stop=self._stop,
                on_wait=self._told(name),
                on_answer=self._on_answer,
                allowance=allowance,
                gate=self._gates.gate(host, table.concurrency or kind.concurrency),
            )
        return self._policies[name]

    def open(self, name: str, cache: Cache | None) -> Tracker:
        """The tracker called `name`, for who closes it.

        Raises:
            TrackerError: it cannot be opened.
        """
        self._cache = cache
        return self._opened(name)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return sum(policy.requests for policy in self._policies.values())

    @property
    def retries(self) -> int:
        """How many of them were tries after the first."""
        return sum(policy.retries for policy in self._policies.values())

    def rate_left(self) -> dict[str, float]:
        """Tracker → what was left of its rate limit when it last said so (0–1)."""
        return {name: left for name, each in self.kept.allowances.items() if (left := each.left) is not None}

    def let_go(self, pool: TrackerPool) -> None:
        """Close what a run could not log in to, or did not find as the settings say: the next one opens it afresh,
        with the token and the fields that there are by then."""
        for name, error in pool.broken.items():
            if isinstance(error, AuthFailed | Misconfigured):
                self._close(name)

    def close(self) -> None:
        """Let go of every connection; what is asked next opens them anew."""
        for name in list(self._trackers):
            self._close(name)

    def _close(self, name: str) -> None:
        self.kept.lasting.pop(name, None)
        if tracker := self._trackers.pop(name, None):
            tracker.close()

    def _kept(self, name: str) -> Tracker:
        if name not in self._trackers:
            self._trackers[name] = self._opened(name)
        return self._trackers[name]

    def _opened(self, name: str) -> Tracker:
        settings = self._settings.trackers[name]
        kind = self._plugins.trackers[settings.type]
        try:
            token = token_of(self._settings, name, self._environment)
        except Problems as problems:
            raise Misconfigured(*(str(each) for each in problems.problems)) from problems
        url = settings.url or kind.default_url
        if url is None:
            raise Misconfigured(f'{settings.source}: a {kind.name} tracker needs its address: url = "https://…"')
        # Tells one credential's kept pages from another's without telling the credential.
        credential = hashlib.sha256(f"{url}\0{settings.user}\0{token.reveal()}".encode()).hexdigest()[:16]
        if self.kept.credentials.get(name) != credential:
            # Another account may see other things, or nothing.
            self.kept.lasting.pop(name, None)
            self.kept.credentials[name] = credential
        return kind.load(
            TrackerContext(
                name=name,
                workspace=self._settings.workspace,
                url=url,
                user=settings.user,
                token=token,
                ca_file=str(self._settings.path_of(settings.ca_file)) if settings.ca_file else None,
                options=settings.options,
                policy=self.policy(name),
                pages=_Pages(lambda: self._cache, name, credential),
                lasting=self.kept.lasting.setdefault(name, {}),
            )
        )

    def _told(self, name: str) -> Callable[[float, str], None] | None:
        told = self._on_wait
        return None if told is None else lambda seconds, why: told(name, seconds, why)


class _Pages:
    """The pages that the present cache keeps; none where there is no cache."""

    def __init__(self, cache: Callable[[], Cache | None], name: str, credential: str) -> None:
        self._cache = cache
        self._of = (name, credential)

    def get(self, key: str) -> tuple[str, str] | None:
        pages = self._pages()
        return None if pages is None else pages.get(key)

    def put(self, key: str, etag: str, body: str) -> None:
        pages = self._pages()
        if pages is not None:
            pages.put(key, etag, body)

    def _pages(self) -> PageCache | None:
        cache = self._cache()
        return None if cache is None else cache.pages(*self._of)

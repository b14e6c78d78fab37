"""A GitHub on loopback for the plugin's tests, and trackers that speak with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.github import GitHubSandbox
from okrsync.testing import MemoryPages
from okrsync.trackers.interface import PageCache, Secret, TrackerContext
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.values import Draft, ItemKind, RemoteItem, Scope
from okrsync_github.tracker import GitHubTracker

TOKEN = "sandbox-token"
MARKER = "okrsync:acme:2026-Q4:signup"


@dataclass
class GitHub:
    """A sandbox with its address, and whatever connects to it."""

    site: GitHubSandbox
    url: str
    trackers: list[GitHubTracker] = field(default_factory=list)

    def connect(
        self,
        *,
        url: str | None = None,
        token: str = TOKEN,
        pages: PageCache | None = None,
        policy: RetryPolicy | None = None,
        **options: Any,
    ) -> GitHubTracker:
        """A tracker with a connection of its own."""
        tracker = GitHubTracker(
            TrackerContext(
                name="code",
                workspace="acme",
                url=url or self.url,
                user=None,
                token=Secret(token),
                ca_file=None,
                options=options,
                policy=policy or RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.2),
                pages=pages if pages is not None else MemoryPages(),
            )
        )
        self.trackers.append(tracker)
        return tracker

    def sent(self) -> list[tuple[str, str, int]]:
        """Method, path and status of every request since `clear`."""
        return [(each.method, each.path, each.status) for each in self.site.requests.records]

    def clear(self) -> None:
        """Forget the requests so far."""
        self.site.requests.clear()


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A github.com with the repository acme/web and the board acme/1."""
    site = GitHubSandbox(enforce_limits=False)
    site.add_repository("acme/web")
    board = site.add_project("acme", "OKRs")
    for name in ("KR current", "KR target"):
        site.add_number_field(f"acme/{board}", name)
    with SandboxServer(site) as server:
        found = GitHub(site, server.url)
        yield found
        for tracker in found.trackers:
            tracker.close()


@pytest.fixture
def tracker(github: GitHub) -> GitHubTracker:
    """A tracker with pages and a policy of its own."""
    return github.connect()


@pytest.fixture
def scope() -> Scope:
    """acme/web without a board."""
    return Scope("acme/web", "milestone", labels=("key-result",))


@pytest.fixture
def board_scope() -> Scope:
    """acme/web with a board."""
    fields = ("KR current", "KR target")
    return Scope("acme/web", "milestone", labels=("key-result",), fields=fields, board="acme/1")


Make = Callable[..., tuple[RemoteItem, list[RemoteItem]]]


@pytest.fixture
def make(tracker: GitHubTracker, scope: Scope) -> Make:
    """Makes an objective with key results."""

    def made(key_results: int = 1, slug: str = "signup") -> tuple[RemoteItem, list[RemoteItem]]:
        objective = tracker.create(scope, draft(slug))
        return objective, [
            tracker.create(scope, draft(f"{slug}/kr{number}", parent=objective.at)) for number in range(key_results)
        ]

    return made


def draft(local: str, **changes: Any) -> Draft:
    """A draft of an objective (`signup`) or a key result (`signup/p95`)."""
    values: dict[str, Any] = {"title": f"Make it instant ({local})", "description": "Half of our visitors leave."}
    return Draft(
        kind=ItemKind.KEY_RESULT if "/" in local else ItemKind.OBJECTIVE,
        marker=f"okrsync:acme:2026-Q4:{local}",
        workspace="acme",
        **{**values, **changes},
    )

"""A GitHub on loopback for the plugin's tests, and a tracker that speaks with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.github import GitHubSandbox
from okrsync.trackers.values import RemoteItem, Scope
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import GitHub, Make, draft


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


@pytest.fixture
def make(tracker: GitHubTracker, scope: Scope) -> Make:
    """Makes an objective with key results."""

    def made(key_results: int = 1, slug: str = "signup") -> tuple[RemoteItem, list[RemoteItem]]:
        objective = tracker.create(scope, draft(slug))
        return objective, [
            tracker.create(scope, draft(f"{slug}/kr{number}", parent=objective.at)) for number in range(key_results)
        ]

    return made

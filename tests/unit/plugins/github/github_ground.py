"""What the tests of the GitHub plugin share beside fixtures: a server with what connects to it, and drafts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from okrsync.sandbox.github import GitHubSandbox
from okrsync.testing import MemoryPages
from okrsync.trackers.interface import PageCache, Secret, TrackerContext
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.values import Draft, ItemKind, RemoteItem
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


Make = Callable[..., tuple[RemoteItem, list[RemoteItem]]]


def draft(local: str, **changes: Any) -> Draft:
    """A draft of an objective (`signup`) or a key result (`signup/p95`)."""
    values: dict[str, Any] = {"title": f"Make it instant ({local})", "description": "Half of our visitors leave."}
    return Draft(
        kind=ItemKind.KEY_RESULT if "/" in local else ItemKind.OBJECTIVE,
        marker=f"okrsync:acme:2026-Q4:{local}",
        workspace="acme",
        **{**values, **changes},
    )

"""A `TrackerContext` for tests: nothing in it waits long, nothing is kept outside of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okrsync.trackers.interface import Secret, TrackerContext
from okrsync.trackers.retry import RetryPolicy

URL = "https://tracker.invalid"
TOKEN = "a-token-for-tests"  # noqa: S105 - opens nothing but a server in memory


class MemoryPages:
    """A `PageCache` that lasts as long as it is held."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, str]] = {}

    def get(self, key: str) -> tuple[str, str] | None:
        """The ETag and the body kept under `key`, or None."""
        return self.kept.get(key)

    def put(self, key: str, etag: str, body: str) -> None:
        """Keep the answer."""
        self.kept[key] = (etag, body)


def memory_context(
    *,
    name: str = "work",
    workspace: str = "acme",
    url: str = URL,
    user: str | None = None,
    token: str = TOKEN,
    options: Mapping[str, Any] | None = None,
    policy: RetryPolicy | None = None,
) -> TrackerContext:
    """What a tracker is made from in a test.

    Unless `policy` is given, requests are tried three times, milliseconds apart, and a wait that a server asks for
    is not begun when it is longer than a tenth of a second.
    """
    return TrackerContext(
        name=name,
        workspace=workspace,
        url=url,
        user=user,
        token=Secret(token),
        ca_file=None,
        options=dict(options or {}),
        policy=policy or RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.1),
        pages=MemoryPages(),
    )

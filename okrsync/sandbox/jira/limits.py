"""Jira's rate limits: bursts a second on Cloud, a bucket of tokens on Data Center.

Cloud's numbers for API tokens: 100 GET or POST and 50 PUT or DELETE a second, 20 writes to one issue in 2 s.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.jira.refusals import errors
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.request_log import is_write

ISSUE = re.compile(r"/issue/([A-Za-z][\w]*-\d+|\d+)(/|$)")


@dataclass(frozen=True)
class RateLimits:
    """How much a client may ask for.

    `get_post` and `put_delete` are requests a second and `issue_writes` writes to one issue in `issue_seconds`
    (Cloud); `tokens` is the size of the bucket and `tokens_a_second` how fast it fills (Data Center).
    """

    get_post: int = 100
    put_delete: int = 50
    issue_writes: int = 20
    issue_seconds: float = 2.0
    tokens: int = 100
    tokens_a_second: float = 10.0


class CloudMeter:
    """Counts requests in sliding windows."""

    def __init__(self, limits: RateLimits, clock: SandboxClock) -> None:
        self.limits = limits
        self.clock = clock
        self._seen: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def refuse(self, request: SandboxRequest) -> Response | None:
        """The 429 for a request that is one too many; others are counted."""
        slow = request.method in {"PUT", "DELETE"}
        most = self.limits.put_delete if slow else self.limits.get_post
        found = ISSUE.search(request.path)
        windows = [("jira-burst-based", "slow" if slow else "fast", most, 1.0)]
        if found and is_write(request.method, request.path, request.body):
            issue = f"issue {found[1].upper()}"
            windows.append(("jira-per-issue-on-write", issue, self.limits.issue_writes, self.limits.issue_seconds))
        now = self.clock.now()
        for reason, name, allowed, seconds in windows:
            seen = self._seen[name]
            while seen and seen[0] <= now - timedelta(seconds=seconds):
                seen.popleft()
            if len(seen) >= allowed:
                free = seen[0] + timedelta(seconds=seconds)
                return _too_many(reason, allowed, math.ceil((free - now).total_seconds()), free)
        for _, name, _, _ in windows:
            self._seen[name].append(now)
        return None

    def mark(self, response: Response) -> None:
        """Add what Cloud tells beside every answer."""
        response.headers.setdefault("X-RateLimit-Limit", str(self.limits.get_post))
        left = max(self.limits.get_post - len(self._seen["fast"]), 0)
        response.headers.setdefault("X-RateLimit-Remaining", str(left))


class DataCenterMeter:
    """A bucket that every request takes a token from."""

    def __init__(self, limits: RateLimits, clock: SandboxClock) -> None:
        self.limits = limits
        self.clock = clock
        self._tokens = float(limits.tokens)
        self._at = clock.now()

    def refuse(self, request: SandboxRequest) -> Response | None:
        """The 429 where the bucket is empty."""
        now = self.clock.now()
        gained = (now - self._at).total_seconds() * self.limits.tokens_a_second
        self._tokens = min(self._tokens + max(gained, 0.0), float(self.limits.tokens))
        self._at = now
        if self._tokens < 1:
            response = errors(429, ["Rate limit exceeded."])
            response.headers["retry-after"] = str(self._wait())
            return response
        self._tokens -= 1
        return None

    def mark(self, response: Response) -> None:
        """Add what Data Center tells beside every answer: `retry-after` is 0 while tokens remain."""
        response.headers["X-RateLimit-Limit"] = str(self.limits.tokens)
        response.headers["X-RateLimit-Remaining"] = str(int(self._tokens))
        response.headers["X-RateLimit-FillRate"] = f"{self.limits.tokens_a_second:g}"
        response.headers["X-RateLimit-Interval-Seconds"] = "1"
        response.headers["retry-after"] = str(self._wait())

    def _wait(self) -> int:
        return 0 if self._tokens >= 1 else math.ceil((1 - self._tokens) / self.limits.tokens_a_second)


def _too_many(reason: str, limit: int, wait: int, reset: datetime) -> Response:
    response = errors(429, ["Rate limit exceeded."])
    response.headers.update(
        {
            "Retry-After": str(max(wait, 1)),
            "RateLimit-Reason": reason,
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
        }
    )
    return response

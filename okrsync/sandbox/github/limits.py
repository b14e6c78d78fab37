"""GitHub's rate limits: so much an hour, searches a minute, and the secondary limits on bursts and creations.

Sources: docs.github.com, 'Rate limits for the REST API' and 'Rate limits and query limits for the GraphQL API'.
Not imitated: the limit of 100 requests at once and the limit on processor time.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from okrsync.sandbox.clock import SandboxClock

Resource = Literal["core", "search", "graphql"]
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Allowances:
    """How much is allowed; points a minute count 1 for a read and 5 for a write."""

    core_an_hour: int = 5000
    core_an_hour_without_token: int = 60
    graphql_points_an_hour: int = 5000
    searches_a_minute: int = 30
    creations_a_minute: int = 80
    creations_an_hour: int = 500
    rest_points_a_minute: int = 900
    graphql_points_a_minute: int = 2000


@dataclass
class Window:
    """What was used since the window opened; `resets` is when the next one opens."""

    limit: int
    resets: datetime
    used: int = 0

    @property
    def remaining(self) -> int:
        """What is left of the limit."""
        return max(0, self.limit - self.used)


@dataclass
class _Bursts:
    creations: deque[datetime] = field(default_factory=deque)
    points: dict[Resource, deque[tuple[datetime, int]]] = field(default_factory=dict)


class RateLimits:
    """Counts what every login uses; `enforced` is False where nothing shall ever be refused."""

    def __init__(self, clock: SandboxClock, *, enforced: bool, announced: bool = True) -> None:
        self.allowances = Allowances()
        self.enforced = enforced
        self.announced = announced
        self._clock = clock
        self._windows: dict[tuple[str, Resource], Window] = {}
        self._bursts: dict[str, _Bursts] = {}

    def window(self, login: str, resource: Resource) -> Window:
        """The present window of a login (empty: without a token)."""
        now = self._clock.now()
        window = self._windows.get((login, resource))
        if window is None or now >= window.resets:
            length = MINUTE if resource == "search" else HOUR
            window = Window(self._limit(login, resource), (now + length).replace(microsecond=0))
            self._windows[login, resource] = window
        window.limit = self._limit(login, resource)
        return window

    def _limit(self, login: str, resource: Resource) -> int:
        if resource == "graphql":
            return self.allowances.graphql_points_an_hour
        if resource == "search":
            return self.allowances.searches_a_minute
        return self.allowances.core_an_hour if login else self.allowances.core_an_hour_without_token

    def is_used_up(self, login: str, resource: Resource) -> bool:
        """Whether the login has to wait for the next window."""
        return self.enforced and self.window(login, resource).remaining == 0

    def use(self, login: str, resource: Resource, points: int = 1) -> None:
        """Count a request, or the points of a GraphQL query."""
        self.window(login, resource).used += points

    def burst(self, login: str, resource: Resource, points: int) -> int | None:
        """Count points towards the limit a minute; the seconds to wait if that is too much."""
        allowed = (
            self.allowances.graphql_points_a_minute if resource == "graphql" else self.allowances.rest_points_a_minute
        )
        now = self._clock.now()
        recent = self._bursts.setdefault(login, _Bursts()).points.setdefault(resource, deque())
        while recent and recent[0][0] <= now - MINUTE:
            recent.popleft()
        if self.enforced and sum(cost for _, cost in recent) + points > allowed:
            return _seconds((recent[0][0] if recent else now) + MINUTE - now)
        recent.append((now, points))
        return None

    def creation(self, login: str, count: int = 1) -> int | None:
        """Count things made; the seconds to wait if that is too much in a minute or an hour."""
        now = self._clock.now()
        made = self._bursts.setdefault(login, _Bursts()).creations
        while made and made[0] <= now - HOUR:
            made.popleft()
        if self.enforced:
            in_minute = [at for at in made if at > now - MINUTE]
            if len(made) + count > self.allowances.creations_an_hour:
                return _seconds((made[0] if made else now) + HOUR - now)
            if len(in_minute) + count > self.allowances.creations_a_minute:
                return _seconds((in_minute[0] if in_minute else now) + MINUTE - now)
        made.extend([now] * count)
        return None


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))

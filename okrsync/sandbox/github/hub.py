"""What the REST and GraphQL halves of a GitHub sandbox share: the state, the clock, the limits and the tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github.access import Token
from okrsync.sandbox.github.actions import Doing
from okrsync.sandbox.github.limits import RateLimits
from okrsync.sandbox.github.shapes import Shapes
from okrsync.sandbox.github.state import GitHubState


@dataclass
class Hub:
    """One GitHub.

    `prefix` stands before every REST path (`/api/v3` on an Enterprise Server).  Search finds what is older than
    `search_lag` only, and calls its results incomplete while `search_is_incomplete`.  Who has used up
    a limit gets `rate_limit_status` (403 or 429) from REST and an error of type `rate_limit_error` (RATE_LIMITED or
    RATE_LIMIT) from GraphQL: GitHub gives either.
    """

    clock: SandboxClock
    limits: RateLimits
    enterprise: bool
    largest_page: int
    state: GitHubState = field(default_factory=GitHubState)
    tokens: dict[str, Token] = field(default_factory=dict)
    search_lag: timedelta = timedelta(0)
    search_is_incomplete: bool = False
    rate_limit_status: int = 403
    rate_limit_error: str = "RATE_LIMITED"

    @property
    def prefix(self) -> str:
        """What stands before every REST path."""
        return "/api/v3" if self.enterprise else ""

    @property
    def graphql_path(self) -> str:
        """Where GraphQL is spoken."""
        return "/api/graphql" if self.enterprise else "/graphql"

    def now(self) -> datetime:
        """The present moment in whole seconds, as GitHub stores times."""
        return self.clock.now().astimezone(UTC).replace(microsecond=0)

    def doing(self, login: str) -> Doing:
        """What an action of `login` needs."""
        return Doing(self.state, self.now(), login)

    def shapes(self, base_url: str) -> Shapes:
        """REST's view, with URLs below the host that the client named."""
        return Shapes(self.state, base_url + self.prefix, base_url)

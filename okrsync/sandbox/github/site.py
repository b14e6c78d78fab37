"""The GitHub sandbox itself: routes, authentication, limits and headers around the REST and GraphQL halves."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.responses import PlainTextResponse, Response

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github.access import Token
from okrsync.sandbox.github.answers import answer, checked, failure
from okrsync.sandbox.github.graph.endpoint import GraphEndpoint
from okrsync.sandbox.github.hub import Hub
from okrsync.sandbox.github.limits import RateLimits, Resource
from okrsync.sandbox.github.people import People
from okrsync.sandbox.github.rest import ENDPOINTS, Call, Endpoint
from okrsync.sandbox.github.rest.accounts import ENTERPRISE_VERSION
from okrsync.sandbox.github.state import state_from_json
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.site import Handler, SandboxSite

CREATIONS = re.compile(r"/(issues|comments|milestones|sub_issues)$|^(/api/v3)?/repos/[^/]+/[^/]+/labels$")
SECONDARY_DOCS = "using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"
PRIMARY_DOCS = "overview/rate-limits-for-the-rest-api"
JSON_ACCEPTED = re.compile(r"json|\*/\*|application/\*|octet-stream")


class GitHubSandbox(People, SandboxSite):
    """A GitHub on loopback: REST at `/` and GraphQL at `/graphql`, or with `enterprise` as an Enterprise Server has
    them, at `/api/v3` and `/api/graphql`.

    It begins with one account, `login`, that `token` belongs to.  With `enforce_limits` the documented rate limits
    hold; an Enterprise Server has none unless its administrator switches them on, so there they start switched off
    (`hub.limits.enforced` and `.announced` switch them on).
    """

    def __init__(
        self,
        *,
        token: str = "sandbox-token",  # noqa: S107
        login: str = "okr-bot",
        enterprise: bool = False,
        page_size: int = 100,
        enforce_limits: bool = True,
        clock: SandboxClock | None = None,
    ) -> None:
        SandboxSite.__init__(self, "github", clock=clock)
        limits = RateLimits(self.clock, enforced=enforce_limits and not enterprise, announced=not enterprise)
        hub = Hub(self.clock, limits, enterprise, page_size)
        People.__init__(self, hub, self.lock, login)
        self.add_token(Token(token, login))
        self._graph = GraphEndpoint(hub)

    def add_token(self, token: Token) -> None:
        """Let another token in; its owner becomes a user if there is none of that login."""
        with self.lock:
            if self.hub.state.account(token.login) is None:
                self.add_user(token.login)
            self.hub.tokens[token.secret] = token

    def revoke(self, secret: str) -> None:
        """Let a token in no more."""
        with self.lock:
            del self.hub.tokens[secret]

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        routes: list[tuple[str, str, Handler]] = [("POST", self.hub.graphql_path, self._graph.handle)]
        for endpoint in ENDPOINTS:
            handler = checked(endpoint.docs, partial(self._handle, endpoint))
            routes += [(endpoint.method, path, handler) for path in _paths(self.hub.prefix, endpoint.path)]
        return routes

    def _handle(self, endpoint: Endpoint, request: SandboxRequest) -> Response:
        return endpoint.handle(Call(self.hub, request, endpoint.docs))

    def authenticate(self, request: SandboxRequest) -> Response | None:
        request.notes["resource"] = self._resource(request.path)
        if not request.headers.get("user-agent"):
            return PlainTextResponse(
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
                "(https://docs.github.com/rest/overview/resources-in-the-rest-api#user-agent-required).",
                403,
            )
        given = request.headers.get("authorization", "")
        if given:
            scheme, _, secret = given.partition(" ")
            token = self.hub.tokens.get(secret.strip()) if scheme.lower() in ("token", "bearer") else None
            if token is None:
                return failure(401, "Bad credentials")
            request.notes["token"] = token
        elif self.hub.enterprise:
            return failure(401, "Requires authentication")
        elif request.notes["resource"] == "graphql":
            return failure(401, "This endpoint requires you to be authenticated.")
        accepted = request.headers.get("accept", "*/*")
        if not JSON_ACCEPTED.search(accepted):
            return failure(415, f"Unsupported 'Accept' header: '{accepted}'. Must accept 'application/json'.")
        return None

    def limit(self, request: SandboxRequest) -> Response | None:
        limits, resource, login = self.hub.limits, request.notes["resource"], _login(request)
        if request.path.endswith("/rate_limit"):
            return None
        if limits.is_used_up(login, resource):
            request.notes["free"] = True
            return self._graph.used_up(login) if resource == "graphql" else self._used_up(login)
        writes = request.method not in ("GET", "HEAD")
        wait = None
        if resource != "graphql":
            wait = limits.burst(login, resource, 5 if writes else 1)
            if wait is None and request.method == "POST" and CREATIONS.search(request.path):
                wait = limits.creation(login)
        if wait is not None:
            return self.too_fast(wait)
        return None

    def _used_up(self, login: str) -> Response:
        account = self.hub.state.account(login)
        whom = f"user ID {account.id}" if account else "127.0.0.1"
        return failure(self.hub.rate_limit_status, f"API rate limit exceeded for {whom}.", PRIMARY_DOCS)

    def too_fast(self, wait: int) -> Response:
        """GitHub's refusal by a secondary limit, with the seconds to wait."""
        message = (
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
            "If you reach out to GitHub Support for help, please include the request ID."
        )
        return failure(403, message, SECONDARY_DOCS, headers={"Retry-After": str(wait)})

    def finish(self, request: SandboxRequest, response: Response) -> None:
        resource, login = request.notes.get("resource", "core"), _login(request)
        limits = self.hub.limits
        is_free = (
            response.status_code == 304
            or response.status_code == 401
            or request.notes.get("free", False)
            or request.path.endswith("/rate_limit")
        )
        if not is_free and resource != "graphql":
            limits.use(login, resource)
        headers = response.headers
        if limits.announced:
            window = limits.window(login, resource)
            headers["x-ratelimit-limit"] = str(window.limit)
            headers["x-ratelimit-remaining"] = str(window.remaining)
            headers["x-ratelimit-used"] = str(window.used)
            headers["x-ratelimit-reset"] = str(int(window.resets.timestamp()))
            headers["x-ratelimit-resource"] = resource
        token: Token | None = request.notes.get("token")
        if token is not None and token.scopes is not None:
            headers["x-oauth-scopes"] = ", ".join(token.scopes)
            headers["x-accepted-oauth-scopes"] = "repo" if resource != "graphql" else ""
        if self.hub.enterprise:
            headers["x-github-enterprise-version"] = ENTERPRISE_VERSION
        headers["x-github-request-id"] = uuid.uuid4().hex.upper()[:20]
        headers["x-github-media-type"] = "github.v3; format=json"
        headers["x-github-api-version-selected"] = request.headers.get("x-github-api-version", "2022-11-28")
        headers["server"] = "github.com"

    def empty_list(self, request: SandboxRequest) -> Response:
        if self._resource(request.path) == "graphql":
            return self._graph.empty(request)
        if request.path.endswith("/search/issues"):
            return answer({"total_count": 0, "incomplete_results": False, "search_type": "lexical", "items": []})
        return answer([])

    def _resource(self, path: str) -> Resource:
        if path == self.hub.graphql_path:
            return "graphql"
        return "search" if path.startswith(f"{self.hub.prefix}/search/") else "core"

    def not_found(self, request: SandboxRequest) -> Response:
        return failure(404, "Not Found")

    def method_not_allowed(self, request: SandboxRequest) -> Response:
        return failure(404, "Not Found")

    def dump_state(self) -> dict[str, Any]:
        return self.hub.state.to_json()

    def load_state(self, saved: dict[str, Any]) -> None:
        self.hub.state = state_from_json(saved)


def _paths(prefix: str, path: str) -> list[str]:
    if not path.startswith("{repo}"):
        return [prefix + path]
    tail = path.removeprefix("{repo}")
    return [f"{prefix}/repos/{{owner}}/{{repo}}{tail}", f"{prefix}/repositories/{{repository_id:int}}{tail}"]


def _login(request: SandboxRequest) -> str:
    token: Token | None = request.notes.get("token")
    return token.login if token else ""

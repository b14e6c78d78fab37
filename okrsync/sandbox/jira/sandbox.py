"""The Jira sandbox: a site in memory, its login, and where its endpoints are."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.jira.activity_endpoints import ActivityEndpoints
from okrsync.sandbox.jira.defaults import new_state
from okrsync.sandbox.jira.desk import Desk
from okrsync.sandbox.jira.hands import PeoplesHands
from okrsync.sandbox.jira.issue_endpoints import IssueEndpoints
from okrsync.sandbox.jira.limits import CloudMeter, DataCenterMeter, RateLimits
from okrsync.sandbox.jira.meta_endpoints import MetaEndpoints
from okrsync.sandbox.jira.model import Flavour
from okrsync.sandbox.jira.refusals import InvalidError, answer, errors
from okrsync.sandbox.jira.search_endpoints import SearchEndpoints
from okrsync.sandbox.jira.store import JiraStore
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.site import Handler, SandboxSite

LOGIN_REASON = "X-Seraph-LoginReason"
UNAUTHORIZED_PAGE = (
    "<html><head><title>Unauthorized (401)</title></head><body><h1>Unauthorized (401)</h1>"
    "<p>Encountered a &quot;401 - Unauthorized&quot; error while loading this page.</p></body></html>"
)


class JiraSandbox(PeoplesHands, SandboxSite):
    """A Jira site.

    - `flavour`: "cloud" or "data-center";
    - `user`, `token`: Cloud takes them by basic authentication; Data Center takes the token as a bearer token, or
      the part of `user` before the @ and the token by basic authentication;
    - `time_zone`: the API user's, in which absolute times in JQL are read and times are written;
    - `index_lag`: how long a write stays unseen by searches;
    - `page_size`: the most issues in a page; `id_page_size`: the most on Cloud where only ids and keys are wanted;
    - `rate_limits`: off by default;
    - `admin`: whether the API user is an administrator.
    """

    def __init__(
        self,
        *,
        flavour: Flavour = "cloud",
        user: str = "bot@demo.example",
        token: str = "sandbox-token",  # noqa: S107 - the sandbox's known token
        time_zone: str = "America/Los_Angeles",
        index_lag: timedelta = timedelta(0),
        page_size: int = 100,
        id_page_size: int = 5000,
        rate_limits: RateLimits | None = None,
        admin: bool = False,
        clock: SandboxClock | None = None,
    ) -> None:
        super().__init__(f"jira-{flavour}", clock=clock)
        self.user = user
        self.token = token
        self.store = JiraStore(new_state(flavour, user, time_zone), self.clock, index_lag)
        self.desk = Desk(self.store, ZoneInfo(time_zone), page_size, id_page_size, admin)
        self._answers = itertools.count(1)
        self.rate_limits = rate_limits

    @property
    def index_lag(self) -> timedelta:
        """How long a write stays unseen by searches; a change counts for later writes."""
        return self.store.index_lag

    @index_lag.setter
    def index_lag(self, lag: timedelta) -> None:
        self.store.index_lag = lag

    @property
    def rate_limits(self) -> RateLimits | None:
        """How much a client may ask for; None for no limit.  Setting it counts from zero."""
        return self._meter.limits if self._meter else None

    @rate_limits.setter
    def rate_limits(self, limits: RateLimits | None) -> None:
        self._meter: CloudMeter | DataCenterMeter | None = None
        if limits is not None:
            self._meter = (CloudMeter if self.store.cloud else DataCenterMeter)(limits, self.clock)

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        """Version 2 (also called latest) has everything; version 3 of Cloud what has no text in it."""
        meta = MetaEndpoints(self.desk).routes()
        searches = SearchEndpoints(self.desk).routes()
        whole = [*meta, *searches, *ActivityEndpoints(self.desk).routes(), *IssueEndpoints(self.desk).routes()]
        routes = [
            (method, f"/rest/api/{version}{path}", _guarded(handler))
            for version in ("2", "latest")
            for method, path, handler in whole
        ]
        if self.store.cloud:
            routes += [(method, f"/rest/api/3{path}", _guarded(handler)) for method, path, handler in meta]
        return routes

    def authenticate(self, request: SandboxRequest) -> Response | None:
        """Jira's answer to bad or missing credentials.

        Data Center refuses bad ones everywhere.  Cloud treats them as an anonymous visitor, who finds no issues:
        a search is 200 with an empty list, an issue or project 404, and only the rest 401.
        """
        header = request.headers.get("authorization")
        if header is not None and self._is_ours(header):
            return None
        rest = re.sub(r"^/rest/api/(2|3|latest)", "", request.path)
        if self.store.cloud:
            response = self._as_anonymous(request, rest)
            if response is not None and header is not None:
                response.headers[LOGIN_REASON] = "AUTHENTICATED_FAILED"
            if response is None and header is not None:
                request.notes["login"] = "AUTHENTICATED_FAILED"
            return response
        if header is None:
            said = ["You do not have the permission to see the specified issue.", "Login Required"]
            return None if rest == "/serverInfo" else errors(401, said)
        page = HTMLResponse(UNAUTHORIZED_PAGE, 401)
        page.headers[LOGIN_REASON] = "AUTHENTICATED_FAILED"
        page.headers["WWW-Authenticate"] = 'OAuth realm="http%3A%2F%2Flocalhost"'
        return page

    def _is_ours(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        if scheme.lower() == "bearer":
            return not self.store.cloud and given.strip() == self.token
        if scheme.lower() != "basic":
            return False
        try:
            name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = {self.user} if self.store.cloud else {self.user, self.user.partition("@")[0]}
        return name in known and password == self.token

    def _as_anonymous(self, request: SandboxRequest, rest: str) -> Response | None:
        if rest == "/serverInfo":
            return None
        if rest in {"/search/jql", "/search/approximate-count", "/project", "/project/search"}:
            return self.empty_list(request)
        if request.method == "GET" and re.fullmatch(r"/issue/[^/]+", rest):
            return errors(404, ["Issue does not exist or you do not have permission to see it."])
        if request.method == "GET" and re.fullmatch(r"/project/[^/]+", rest):
            return errors(404, [f"No project could be found with key '{rest.rpartition('/')[2]}'."])
        said = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
        return answer(said, 401, **{"WWW-Authenticate": 'OAuth realm="http%3A%2F%2Flocalhost"'})

    def limit(self, request: SandboxRequest) -> Response | None:
        """The 429 of a request that is one too many, where limits are on."""
        return self._meter.refuse(request) if self._meter else None

    def finish(self, request: SandboxRequest, response: Response) -> None:
        """The headers that Jira adds to its answers."""
        reason = request.notes.get("login", "OK" if "authorization" in request.headers else "OUT")
        response.headers.setdefault(LOGIN_REASON, reason)
        response.headers.setdefault("X-AREQUESTID", f"{next(self._answers)}x1")
        response.headers.setdefault("Cache-Control", "no-cache, no-store, no-transform")
        if self._meter is not None:
            self._meter.mark(response)

    def empty_list(self, request: SandboxRequest) -> Response:
        """An empty page in the shape of the endpoint."""
        rest = re.sub(r"^/rest/api/(2|3|latest)", "", request.path)
        page: dict[str, Any] = {"startAt": 0, "maxResults": 50, "total": 0}
        if rest == "/search/jql":
            return answer({"issues": [], "isLast": True})
        if rest == "/search/approximate-count":
            return answer({"count": 0})
        if rest == "/search":
            return answer({"expand": "schema,names", **page, "issues": []})
        if rest == "/issue/bulkfetch":
            return answer({"issues": [], "issueErrors": []})
        if rest == "/changelog/bulkfetch":
            return answer({"issueChangeLogs": []})
        if rest.endswith("/comment"):
            return answer({**page, "comments": []})
        if rest.endswith("/transitions"):
            return answer({"expand": "transitions", "transitions": []})
        if "/createmeta/" in rest and self.store.cloud:
            return answer({**page, "fields" if rest.count("/") > 4 else "issueTypes": []})
        if rest in {"/field", "/project", "/issuetype", "/status", "/priority"}:
            return answer([])
        return answer({**page, "isLast": True, "values": []})

    def not_found(self, request: SandboxRequest) -> Response:
        """A path that Jira does not know."""
        said = {"message": f"null for uri: {request.base_url}{request.path}", "status-code": 404}
        return answer(said, 404)

    def method_not_allowed(self, request: SandboxRequest) -> Response:
        """A method that the path does not take."""
        return answer({"message": "HTTP 405 Method Not Allowed", "status-code": 405}, 405)

    def dump_state(self) -> dict[str, Any]:
        """Everything people and clients made."""
        return self.store.dump()

    def load_state(self, saved: dict[str, Any]) -> None:
        """Take over a saved state; all of it counts as indexed."""
        self.store.load(saved)


def _guarded(handler: Handler) -> Handler:
    """The handler with refused writes turned into Jira's error answer."""

    def guarded(request: SandboxRequest) -> Response:
        try:
            return handler(request)
        except InvalidError as problem:
            return errors(problem.status, problem.messages, problem.fields)

    return guarded

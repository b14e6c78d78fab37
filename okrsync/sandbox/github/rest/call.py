"""One REST request as the handlers see it: who asks, which repository or issue is meant, and what was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.responses import Response

from okrsync.sandbox.github.access import RANKS, Token, permissions, rank
from okrsync.sandbox.github.actions import Doing
from okrsync.sandbox.github.answers import not_found, refuse
from okrsync.sandbox.github.hub import Hub
from okrsync.sandbox.github.shapes import Shapes
from okrsync.sandbox.github.state import Issue, Milestone, Repository, Role
from okrsync.sandbox.request import SandboxRequest


@dataclass(frozen=True)
class Endpoint:
    """A route: `path` follows the API's root; `{repo}` in it stands for `/repos/{owner}/{repo}`.

    `docs` is the page of the documentation that errors name.
    """

    method: str
    path: str
    docs: str
    handle: Callable[[Call], Response]


@dataclass(frozen=True)
class Call:
    """A request on its way through a handler."""

    hub: Hub
    request: SandboxRequest
    docs: str

    @property
    def token(self) -> Token | None:
        """The token that came with the request."""
        token: Token | None = self.request.notes.get("token")
        return token

    @property
    def login(self) -> str:
        """Who asks; raises a 401 for a request without a token."""
        if self.token is None:
            raise refuse(401, "Requires authentication", self.docs)
        return self.token.login

    @property
    def person(self) -> str:
        """The person who asks; raises a 403 for the token of an app's installation, which is nobody."""
        login = self.login
        if self.token is not None and self.token.installation:
            raise refuse(403, self.token.refusal, self.docs)
        return login

    @property
    def doing(self) -> Doing:
        """What an action needs."""
        return self.hub.doing(self.login)

    @cached_property
    def shapes(self) -> Shapes:
        """REST's view of the state."""
        return self.hub.shapes(self.request.base_url)

    @cached_property
    def repository(self) -> Repository:
        """The repository in the path; raises a 404 where there is none to see, a 301 where it has moved."""
        params = self.request.path_params
        if "repository_id" in params:
            found = self.hub.state.repositories.get(int(params["repository_id"]))
        else:
            name = f"{params['owner']}/{params['repo']}"
            found = self.hub.state.repository(name)
            moved_to = self.hub.state.moved.get(name.casefold())
            if found is None and moved_to in self.hub.state.repositories:
                self._redirect(self.hub.state.repositories[moved_to], name)
        if found is None or not rank(found, self.token):
            raise not_found(self.docs)
        return found

    def _redirect(self, repository: Repository, name: str) -> None:
        if not rank(repository, self.token):
            raise not_found(self.docs)
        api = f"{self.request.base_url}{self.hub.prefix}"
        rest = self.request.path[len(f"{self.hub.prefix}/repos/{name}") :]
        query = f"?{self.request.query_string}" if self.request.query_string else ""
        url = f"{api}/repositories/{repository.id}{rest}{query}"
        raise refuse(
            301 if self.request.method == "GET" else 307, "Moved Permanently", self.docs, headers={"Location": url}
        )

    @property
    def path(self) -> str:
        """Where a `Link` of this list leads: GitHub puts the repository's id into it."""
        if "repo" not in self.request.path_params:
            return self.request.path
        start = len(f"{self.hub.prefix}/repos/{self.request.path_params['owner']}/{self.request.path_params['repo']}")
        return f"{self.hub.prefix}/repositories/{self.repository.id}{self.request.path[start:]}"

    @property
    def permissions(self) -> dict[str, bool]:
        """What the token may do in the repository."""
        return permissions(self.repository, self.token)

    def may(self, role: Role) -> bool:
        """Whether the asking account has at least this role in the repository."""
        return rank(self.repository, self.token) >= RANKS[role]

    def must_write(self, role: Role = "write") -> None:
        """Raise the refusal that GitHub gives where the token may not write to the repository."""
        login = self.login
        assert self.token is not None
        if not self.token.is_classic and self.token.issues == "read":
            raise refuse(
                403,
                self.token.refusal,
                self.docs,
                headers={"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"},
            )
        if not self.may(role) or not self.token.reaches(self.repository):
            if not self.token.is_classic:
                raise refuse(403, self.token.refusal, self.docs)
            if self.request.method == "PATCH":
                raise refuse(403, "Must have admin rights to Repository.", self.docs)
            raise not_found(self.docs)
        if self.repository.archived:
            raise refuse(403, "Repository was archived so is read-only.", self.docs)
        if not self.hub.state.account(login):
            raise refuse(401, "Bad credentials")

    def issue(self) -> Issue:
        """The issue in the path; raises a 404, or a 410 where it was deleted or issues are switched off."""
        number = int(self.request.path_params["number"])
        found = self.repository.issues.get(number)
        if number in self.repository.deleted_issues:
            raise refuse(410, "This issue was deleted", self.docs)
        if found is None or not found.pull_request:
            self.issues_must_be_on()
        if found is None:
            raise not_found(self.docs)
        return found

    def issues_must_be_on(self) -> None:
        """Raise a 410 where the repository has issues switched off."""
        if not self.repository.has_issues:
            raise refuse(410, "Issues are disabled for this repo", "issues/issues")

    def milestone(self) -> Milestone:
        """The milestone in the path; raises a 404 where there is none."""
        found = self.repository.milestones.get(int(self.request.path_params["number"]))
        if found is None:
            raise not_found(self.docs)
        return found

    def choice(self, name: str, allowed: tuple[str, ...], resource: str) -> str:
        """A parameter of the query that has few values, the first one the default; raises a 422 for others."""
        given = self.request.query.get(name) or allowed[0]
        if given not in allowed:
            entry = {"value": given, "resource": resource, "field": name, "code": "invalid"}
            raise refuse(422, "Validation Failed", self.docs, errors=[entry])
        return given

    def body(self) -> Any:
        """The JSON that was sent; raises a 400 for what is none."""
        try:
            return self.request.json()
        except ValueError:
            raise refuse(400, "Problems parsing JSON", self.docs) from None

"""What every endpoint needs: the store, the renderer for a request, and the common refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.sandbox.jira.model import Issue, Project
from okrsync.sandbox.jira.refusals import refused
from okrsync.sandbox.jira.rendering import Renderer
from okrsync.sandbox.jira.store import JiraStore
from okrsync.sandbox.jira.writing import IssueWriter
from okrsync.sandbox.request import SandboxRequest

BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
NOT_ALLOWED = "You do not have the permission to do this."


@dataclass
class Desk:
    """The settings of a site beside its store.

    `page_size` is the most issues in a page, `id_page_size` the most where only ids and keys are asked for on
    Cloud; `admin` is whether the API user may do what takes an administrator.
    """

    store: JiraStore
    zone: ZoneInfo
    page_size: int
    id_page_size: int
    admin: bool

    @property
    def cloud(self) -> bool:
        """Whether the site is a Cloud one."""
        return self.store.cloud

    def renderer(self, request: SandboxRequest) -> Renderer:
        """A renderer with URLs as this request's client sees the site."""
        version = "3" if request.path.startswith("/rest/api/3/") else "2"
        return Renderer(self.store, request.base_url, self.zone, version)

    def writer(self) -> IssueWriter:
        """A writer for the API user."""
        return IssueWriter(self.store, self.store.state.bot)

    def body(self, request: SandboxRequest) -> dict[str, Any]:
        """The JSON object that was sent."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/json":
            raise refused(415, "HTTP 415 Unsupported Media Type")
        try:
            sent = request.json()
        except ValueError as problem:
            raise refused(400, BAD_PAYLOAD if self.cloud else f"Unexpected character: {problem}") from None
        if not isinstance(sent, dict):
            raise refused(400, BAD_PAYLOAD)
        return sent

    def issue(self, request: SandboxRequest) -> Issue:
        """The issue that the path names."""
        issue = self.store.issue(request.path_params["issue"])
        if issue is None:
            raise self.no_issue()
        return issue

    def no_issue(self) -> Exception:
        """The refusal for an issue that is not there, or hidden."""
        return refused(
            404,
            "Issue does not exist or you do not have permission to see it." if self.cloud else "Issue Does Not Exist",
        )

    def project(self, request: SandboxRequest, status: int = 404) -> Project:
        """The project that the path names."""
        named = request.path_params["project"]
        project = self.store.project(named)
        if project is None:
            what = "id" if named.isdigit() else "key"
            raise refused(status, f"No project could be found with {what} '{named}'.")
        return project

    def require(self, permission: str, issue: Issue) -> None:
        """Refuse where the API user lacks a permission in the issue's project."""
        if self.store.revoked(permission, self.store.project_of(issue)):
            raise refused(403, NOT_ALLOWED)

    def number(self, request: SandboxRequest, name: str, default: int, most: int | None = None) -> int:
        """A number from the query, cut to `most`."""
        given = request.query.get(name)
        if given in {None, ""}:
            return default
        try:
            value = int(str(given))
        except ValueError:
            raise refused(400, f"The value '{given}' for '{name}' is not a number.") from None
        if value < 0:
            raise refused(400, f"The value '{given}' for '{name}' is negative.")
        return value if most is None else min(value, most)

    def names(self, request: SandboxRequest, name: str) -> list[str]:
        """A list from the query, given with commas, repeatedly, or both."""
        return split(request.query.getlist(name))

    def page(self, request: SandboxRequest, items: list[Any], default: int, most: int) -> dict[str, Any]:
        """One page of a list, with where it is in the whole."""
        start = self.number(request, "startAt", 0)
        size = self.number(request, "maxResults", default, most)
        chosen = items[start : start + size]
        return {"startAt": start, "maxResults": size, "total": len(items), "chosen": chosen}


def split(given: list[str]) -> list[str]:
    """Words from texts in which commas separate them."""
    return [word.strip() for text in given for word in text.split(",") if word.strip()]


def flag(request: SandboxRequest, name: str, default: bool) -> bool:
    """A yes or no from the query."""
    given = request.query.get(name)
    return default if given is None else given.lower() == "true"

"""Search: by token on Cloud, by offset on Data Center; each refuses the other's way."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from starlette.responses import Response

from okrsync.sandbox.jira.desk import BAD_PAYLOAD, Desk, split
from okrsync.sandbox.jira.jql_syntax import JqlError
from okrsync.sandbox.jira.refusals import answer, errors, refused
from okrsync.sandbox.jira.rendering import MOST_COMMENTS
from okrsync.sandbox.jira.searching import search
from okrsync.sandbox.request import Refused, SandboxRequest
from okrsync.sandbox.site import Handler

REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
    "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
CLOUD_KEYS = {
    "jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "reconcileIssues",
}  # fmt: skip
DATA_CENTER_KEYS = {"jql", "startAt", "maxResults", "validateQuery", "fields", "expand"}
MOST_RECONCILED = 50
CLOUD_CHANGES = 40
"""How many changelog entries a search on Cloud shows for an issue."""


class SearchEndpoints:
    """The endpoints that take JQL."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below the API's prefix, handler."""
        if self.desk.cloud:
            return [
                ("GET", "/search", self.removed),
                ("POST", "/search", self.removed),
                ("GET", "/search/jql", self.by_token),
                ("POST", "/search/jql", self.by_token),
                ("POST", "/search/approximate-count", self.count),
            ]
        return [("GET", "/search", self.by_offset), ("POST", "/search", self.by_offset)]

    def removed(self, request: SandboxRequest) -> Response:
        """Cloud's answer at the old address."""
        return errors(410, [REMOVED])

    def by_token(self, request: SandboxRequest) -> Response:
        """Cloud: pages that follow each other by token, without a total; by default ids and nothing else."""
        sent = self._sent(request, CLOUD_KEYS)
        jql = _words(sent, "jql")
        fields = split(sent.get("fields") or ["id"])
        expand = split([sent.get("expand") or ""])
        only_ids = set(fields) <= {"id", "key"}
        size = _whole(sent, "maxResults", 50)
        size = min(size or 50, self.desk.id_page_size if only_ids else self.desk.page_size)
        reconcile = sent.get("reconcileIssues") or []
        if len(reconcile) > MOST_RECONCILED or not all(str(one).isdigit() for one in reconcile):
            raise refused(400, f"reconcileIssues takes at most {MOST_RECONCILED} numeric issue ids.")
        try:
            found = search(self.desk.store, jql, self.desk.zone, fresh=map(int, reconcile), bounded=True)
        except JqlError as problem:
            raise _refused(problem) from None
        start = _start(_words(sent, "nextPageToken"), jql)
        renderer = self.desk.renderer(request)
        if fields == ["id"] and not expand:
            shown = [{"id": str(issue.id)} for issue in found[start : start + size]]
        else:
            shown = [
                renderer.issue(issue, fields, expand, CLOUD_CHANGES, MOST_COMMENTS)
                for issue in found[start : start + size]
            ]
        page: dict[str, Any] = {"issues": shown, "isLast": start + size >= len(found)}
        if not page["isLast"]:
            page["nextPageToken"] = _token(start + size, jql)
        return answer(page)

    def count(self, request: SandboxRequest) -> Response:
        """Cloud: how many issues a query finds."""
        try:
            jql = _words(self.desk.body(request), "jql")
            found = search(self.desk.store, jql, self.desk.zone, bounded=True)
        except JqlError as problem:
            raise _refused(problem) from None
        return answer({"count": len(found)})

    def by_offset(self, request: SandboxRequest) -> Response:
        """Data Center: pages by offset with a total; the server cuts the page's size."""
        sent = self._sent(request, DATA_CENTER_KEYS)
        try:
            found = search(self.desk.store, _words(sent, "jql"), self.desk.zone)
        except JqlError as problem:
            raise _refused(problem) from None
        start = _whole(sent, "startAt", 0)
        size = min(_whole(sent, "maxResults", 50), self.desk.page_size)
        fields = split(sent.get("fields") or ["*navigable"])
        expand = sent.get("expand") or []
        expand = split(expand if isinstance(expand, list) else [expand])
        renderer = self.desk.renderer(request)
        shown = [renderer.issue(issue, fields, expand) for issue in found[start : start + size]]
        return answer(
            {"expand": "schema,names", "startAt": start, "maxResults": size, "total": len(found), "issues": shown}
        )

    def _sent(self, request: SandboxRequest, known: set[str]) -> dict[str, Any]:
        """The parameters, from the query or the body; a body with unknown ones is refused."""
        if request.method == "GET":
            query = request.query
            sent: dict[str, Any] = {name: query[name] for name in query if name in known}
            for name in {"fields", "reconcileIssues"} & sent.keys():
                sent[name] = split(query.getlist(name))
            return sent
        sent = self.desk.body(request)
        unknown = sorted(sent.keys() - known)
        if unknown:
            said = f'Unrecognized field "{unknown[0]}" (class SearchRequestBean), not marked as ignorable'
            raise refused(400, BAD_PAYLOAD if self.desk.cloud else said)
        for name in ("fields", "reconcileIssues"):
            if not isinstance(sent.get(name), list | None):
                raise refused(400, BAD_PAYLOAD)
        return sent


def _refused(problem: JqlError) -> Refused:
    return Refused(errors(400, problem.messages))


def _words(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str | None):
        raise refused(400, BAD_PAYLOAD)
    return value or ""


def _whole(sent: dict[str, Any], name: str, default: int) -> int:
    value = sent.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise refused(400, BAD_PAYLOAD) from None
    if number < 0:
        raise refused(400, f"The value '{value}' for '{name}' is negative.")
    return number


def _token(start: int, jql: str) -> str:
    """An opaque token that holds where the next page begins and which query it belongs to."""
    content = {"start": start, "query": hashlib.sha256(jql.encode()).hexdigest()[:12]}
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _start(token: str, jql: str) -> int:
    if not token:
        return 0
    try:
        content = json.loads(base64.urlsafe_b64decode(token))
        start = int(content["start"])
    except (ValueError, KeyError, TypeError):
        start = -1
    if start < 0 or _token(start, jql) != token:
        raise refused(400, "The provided next page token is invalid or expired.")
    return start

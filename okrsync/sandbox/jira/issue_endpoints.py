"""Endpoints for issues themselves: create, read, edit, delete, one by one and in bulk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from okrsync.sandbox.jira.desk import BAD_PAYLOAD, Desk, flag, split
from okrsync.sandbox.jira.model import Issue
from okrsync.sandbox.jira.refusals import InvalidError, answer, refused
from okrsync.sandbox.jira.rendering import MOST_COMMENTS
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.site import Handler

MOST_CREATED = 50
MOST_FETCHED = 100


class IssueEndpoints:
    """Version 2 only: version 3 wants Atlassian's document format instead of text."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below the API's prefix, handler."""
        routes: list[tuple[str, str, Handler]] = [
            ("POST", "/issue", self.create),
            ("POST", "/issue/bulk", self.create_many),
            ("GET", "/issue/{issue}", self.read),
            ("PUT", "/issue/{issue}", self.edit),
            ("DELETE", "/issue/{issue}", self.delete),
            ("GET", "/issue/{issue}/editmeta", self.edit_meta),
            ("GET", "/issue/{issue}/properties", self.property_keys),
            ("GET", "/issue/{issue}/properties/{key}", self.read_property),
            ("PUT", "/issue/{issue}/properties/{key}", self.write_property),
            ("DELETE", "/issue/{issue}/properties/{key}", self.delete_property),
        ]
        if self.desk.cloud:
            routes.append(("POST", "/issue/bulkfetch", self.fetch_many))
        return routes

    def create(self, request: SandboxRequest) -> Response:
        """Make one issue."""
        issue = self.desk.writer().create(self.desk.body(request))
        return answer(self._created(request, issue), 201)

    def _created(self, request: SandboxRequest, issue: Issue) -> dict[str, Any]:
        api = self.desk.renderer(request).api
        return {"id": str(issue.id), "key": issue.key, "self": f"{api}/issue/{issue.id}"}

    def create_many(self, request: SandboxRequest) -> Response:
        """Make up to 50 issues; those that are refused are listed beside those that were made."""
        updates = self.desk.body(request).get("issueUpdates")
        if not isinstance(updates, list) or not updates:
            raise refused(400, BAD_PAYLOAD)
        if len(updates) > MOST_CREATED:
            raise refused(400, f"The number of issues to create exceeds the limit of {MOST_CREATED}.")
        made, failed = [], []
        for number, update in enumerate(updates):
            try:
                made.append(self._created(request, self.desk.writer().create(update)))
            except InvalidError as problem:
                said = {"errorMessages": problem.messages, "errors": problem.fields}
                failed.append({"status": 400, "elementErrors": said, "failedElementNumber": number})
        return answer({"issues": made, "errors": failed}, 201 if made else 400)

    def read(self, request: SandboxRequest) -> Response:
        """One issue, as it is now."""
        issue = self.desk.issue(request)
        fields = self.desk.names(request, "fields") or ["*all"]
        shown = self.desk.renderer(request).issue(issue, fields, self.desk.names(request, "expand"))
        wanted = self.desk.names(request, "properties")
        if wanted:
            shown["properties"] = {
                key: value for key, value in issue.properties.items() if key in wanted or "*all" in wanted
            }
        return answer(shown)

    def edit(self, request: SandboxRequest) -> Response:
        """Change an issue; only administrators may do it without notifying the watchers."""
        issue = self.desk.issue(request)
        sent = self.desk.body(request)
        if not flag(request, "notifyUsers", True) and not self.desk.admin:
            raise refused(
                403,
                "To discard the user notification either admin or project admin permissions are required.",
            )
        edited = self.desk.writer().edit(issue, sent)
        if self.desk.cloud and flag(request, "returnIssue", False):
            return answer(self.desk.renderer(request).issue(edited))
        return Response(status_code=204)

    def delete(self, request: SandboxRequest) -> Response:
        """Delete an issue."""
        issue = self.desk.issue(request)
        self.desk.writer().delete(issue, with_subtasks=flag(request, "deleteSubtasks", False))
        return Response(status_code=204)

    def edit_meta(self, request: SandboxRequest) -> Response:
        """The fields on the edit screen of an issue."""
        issue = self.desk.issue(request)
        store, renderer = self.desk.store, self.desk.renderer(request)
        project = store.project_of(issue)
        screen = store.screen("edit", project, store.type_of(issue))
        return answer({"fields": {name: renderer.field_meta(field, project) for name, field in screen.items()}})

    def fetch_many(self, request: SandboxRequest) -> Response:
        """Up to 100 issues by id or key, as they are now; those that are not found are listed as errors."""
        sent = self.desk.body(request)
        wanted = sent.get("issueIdsOrKeys")
        if not isinstance(wanted, list) or not wanted:
            raise refused(400, BAD_PAYLOAD)
        if len(wanted) > MOST_FETCHED:
            raise refused(400, f"The maximum number of issues that can be fetched is {MOST_FETCHED}.")
        renderer = self.desk.renderer(request)
        fields = split(sent.get("fields") or ["*navigable"])
        issues, missing = {}, []
        for one in wanted:
            issue = self.desk.store.issue(str(one))
            if issue is None:
                missing.append(str(one))
            else:
                issues[issue.id] = renderer.issue(issue, fields, sent.get("expand") or (), most_comments=MOST_COMMENTS)
        said = "Issue does not exist or you do not have permission to see it."
        errors = [{"id": one, "errorMessage": said} for one in missing]
        return answer({"issues": [issues[one] for one in sorted(issues)], "issueErrors": errors})

    def property_keys(self, request: SandboxRequest) -> Response:
        """The keys of an issue's properties."""
        issue = self.desk.issue(request)
        base = f"{self.desk.renderer(request).api}/issue/{issue.key}/properties"
        return answer({"keys": [{"self": f"{base}/{key}", "key": key} for key in issue.properties]})

    def read_property(self, request: SandboxRequest) -> Response:
        """One property of an issue."""
        issue, key = self.desk.issue(request), request.path_params["key"]
        if key not in issue.properties:
            raise refused(404, f"The property with key '{key}' does not exist.")
        return answer({"key": key, "value": issue.properties[key]})

    def write_property(self, request: SandboxRequest) -> Response:
        """Set a property; it does not count as an update of the issue."""
        issue, key = self.desk.issue(request), request.path_params["key"]
        self.desk.require("EDIT_ISSUES", issue)
        try:
            value = request.json()
        except ValueError:
            raise refused(400, "The property value is not valid JSON.") from None
        new = key not in issue.properties
        self.desk.store.put(replace(issue, properties={**issue.properties, key: value}))
        return answer({}, 201 if new else 200)

    def delete_property(self, request: SandboxRequest) -> Response:
        """Take a property away."""
        issue, key = self.desk.issue(request), request.path_params["key"]
        self.desk.require("EDIT_ISSUES", issue)
        if key not in issue.properties:
            raise refused(404, f"The property with key '{key}' does not exist.")
        kept = {name: value for name, value in issue.properties.items() if name != key}
        self.desk.store.put(replace(issue, properties=kept))
        return Response(status_code=204)

"""Endpoints for what happens to issues: comments, transitions, links and history."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from okrsync.sandbox.jira.desk import BAD_PAYLOAD, Desk
from okrsync.sandbox.jira.model import Change, Comment, Issue, Link, LinkType
from okrsync.sandbox.jira.refusals import NOT_ON_SCREEN, InvalidError, answer, refused
from okrsync.sandbox.jira.talking import add_comment, add_link, edit_comment, move, remove_link, steps_from
from okrsync.sandbox.jira.writing import moment
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.site import Handler

MOST_HISTORIES = 1000
MOST_HISTORY_FIELDS = 10


class ActivityEndpoints:
    """Version 2 only, as comments are text there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below the API's prefix, handler."""
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/issue/{issue}/comment", self.comments),
            ("POST", "/issue/{issue}/comment", self.comment),
            ("GET", "/issue/{issue}/comment/{id}", self.read_comment),
            ("PUT", "/issue/{issue}/comment/{id}", self.edit_comment),
            ("GET", "/issue/{issue}/transitions", self.transitions),
            ("POST", "/issue/{issue}/transitions", self.transition),
            ("POST", "/issueLink", self.link),
            ("GET", "/issueLink/{link}", self.read_link),
            ("DELETE", "/issueLink/{link}", self.unlink),
        ]
        if self.desk.cloud:
            routes += [
                ("GET", "/issue/{issue}/changelog", self.changelog),
                ("POST", "/changelog/bulkfetch", self.changelogs),
            ]
        return routes

    def comments(self, request: SandboxRequest) -> Response:
        """The comments of an issue by pages."""
        issue = self.desk.issue(request)
        renderer = self.desk.renderer(request)
        shown = [renderer.comment(issue, comment) for comment in issue.comments]
        if request.query.get("orderBy") == "-created":
            shown.reverse()
        page = self.desk.page(request, shown, 100 if self.desk.cloud else 1048576, 5000)
        return answer({"comments": page.pop("chosen"), **page})

    def comment(self, request: SandboxRequest) -> Response:
        """Add a comment."""
        issue, store = self.desk.issue(request), self.desk.store
        self.desk.require("ADD_COMMENTS", issue)
        sent = self.desk.body(request)
        issue = store.put(add_comment(store, issue, sent.get("body"), store.state.bot, moment(store)))
        return answer(self.desk.renderer(request).comment(issue, issue.comments[-1]), 201)

    def _comment(self, request: SandboxRequest) -> tuple[Issue, Comment]:
        issue, wanted = self.desk.issue(request), request.path_params["id"]
        for comment in issue.comments:
            if comment.id == wanted:
                return issue, comment
        raise refused(404, f"Can not find a comment for the id: {wanted}.")

    def read_comment(self, request: SandboxRequest) -> Response:
        """One comment."""
        issue, comment = self._comment(request)
        return answer(self.desk.renderer(request).comment(issue, comment))

    def edit_comment(self, request: SandboxRequest) -> Response:
        """Replace the text of one's own comment."""
        issue, comment = self._comment(request)
        store = self.desk.store
        if comment.author != store.state.bot and not self.desk.admin:
            raise refused(400, f"You do not have the permission to edit the comment with id: {comment.id}.")
        body = self.desk.body(request).get("body")
        issue = store.put(edit_comment(issue, comment, body, store.state.bot, moment(store)))
        edited = next(one for one in issue.comments if one.id == comment.id)
        return answer(self.desk.renderer(request).comment(issue, edited))

    def transitions(self, request: SandboxRequest) -> Response:
        """The steps that are open to an issue."""
        issue, renderer = self.desk.issue(request), self.desk.renderer(request)
        wanted = request.query.get("transitionId")
        steps = [step for step in steps_from(self.desk.store, issue) if wanted in {None, step.id}]
        return answer({"expand": "transitions", "transitions": [renderer.transition(step) for step in steps]})

    def transition(self, request: SandboxRequest) -> Response:
        """Take a step; its screen has no fields, and a comment can go with it."""
        issue, store = self.desk.issue(request), self.desk.store
        self.desk.require("TRANSITION_ISSUES", issue)
        sent = self.desk.body(request)
        wanted = sent.get("transition")
        if not isinstance(wanted, dict) or "id" not in wanted:
            raise refused(400, "Missing 'transition' identifier")
        open_steps = {step.id: step for step in steps_from(store, issue)}
        step = open_steps.get(str(wanted["id"]))
        if step is None:
            raise refused(400, f"Transition id '{wanted['id']}' is not valid for this issue.")
        if sent.get("fields"):
            raise InvalidError(fields={name: NOT_ON_SCREEN.format(field=name) for name in sent["fields"]})
        now = moment(store)
        for said in (sent.get("update") or {}).get("comment", []):
            issue = add_comment(store, issue, said.get("add", {}).get("body"), store.state.bot, now)
        store.put(move(store, issue, step.to, store.state.bot, now))
        return Response(status_code=204)

    def link(self, request: SandboxRequest) -> Response:
        """Link two issues; the answer has no body, not even the link's id."""
        sent, store = self.desk.body(request), self.desk.store
        kind = self._link_type(sent.get("type"))
        source, target = self._end(sent, "inwardIssue"), self._end(sent, "outwardIssue")
        self.desk.require("LINK_ISSUES", source)
        now = moment(store)
        comment = sent.get("comment")
        add_link(store, kind, source, target, store.state.bot, now)
        if comment:
            current = store.state.issues[source.id]
            store.put(add_comment(store, current, comment.get("body"), store.state.bot, now))
        return Response(status_code=201)

    def _link_type(self, wanted: Any) -> LinkType:
        if not isinstance(wanted, dict):
            raise refused(400, BAD_PAYLOAD)
        for kind in self.desk.store.state.link_types.values():
            if wanted.get("id") == kind.id or str(wanted.get("name")).casefold() == kind.name.casefold():
                return kind
        raise refused(404, f"No issue link type with name '{wanted.get('name', wanted.get('id'))}' found.")

    def _end(self, sent: dict[str, Any], side: str) -> Issue:
        given = sent.get(side)
        if not isinstance(given, dict):
            raise refused(400, BAD_PAYLOAD)
        issue = self.desk.store.issue(str(given.get("id") or given.get("key") or ""))
        if issue is None:
            raise self.desk.no_issue()
        return issue

    def _link(self, request: SandboxRequest) -> Link:
        wanted = request.path_params["link"]
        link = self.desk.store.state.links.get(wanted)
        if link is None:
            raise refused(404, f"No issue link with id '{wanted}' exists.")
        return link

    def read_link(self, request: SandboxRequest) -> Response:
        """One link with both issues."""
        return answer(self.desk.renderer(request).link(self._link(request)))

    def unlink(self, request: SandboxRequest) -> Response:
        """Take a link away."""
        link, store = self._link(request), self.desk.store
        self.desk.require("LINK_ISSUES", store.state.issues[link.source])
        remove_link(store, link, store.state.bot, moment(store))
        return Response(status_code=204)

    def changelog(self, request: SandboxRequest) -> Response:
        """The history of an issue by pages, oldest first."""
        issue, renderer = self.desk.issue(request), self.desk.renderer(request)
        page = self.desk.page(request, [renderer.change(one) for one in issue.changes], 100, 100)
        chosen = page.pop("chosen")
        end = page["startAt"] + len(chosen)
        page |= {"self": request.url, "isLast": end >= page["total"], "values": chosen}
        if not page["isLast"]:
            here = f"{request.base_url}{request.path}"
            page["nextPage"] = f"{here}?startAt={end}&maxResults={page['maxResults']}"
        return answer(page)

    def changelogs(self, request: SandboxRequest) -> Response:
        """The history of many issues, of chosen fields if wanted, by pages of changes."""
        sent, store = self.desk.body(request), self.desk.store
        wanted, fields = sent.get("issueIdsOrKeys"), sent.get("fieldIds") or []
        if not isinstance(wanted, list) or not 0 < len(wanted) <= MOST_HISTORIES:
            raise refused(400, f"issueIdsOrKeys takes 1 to {MOST_HISTORIES} ids or keys.")
        if len(fields) > MOST_HISTORY_FIELDS:
            raise refused(400, f"fieldIds takes at most {MOST_HISTORY_FIELDS} ids.")
        issues = sorted({one.id: one for name in wanted if (one := store.issue(str(name)))}.items())
        changes = [
            (issue, change)
            for _, issue in issues
            for change in issue.changes
            if not fields or any(item.field_id in fields for item in change.items)
        ]
        start = int(sent.get("nextPageToken") or 0)
        end = start + min(int(sent.get("maxResults") or 1000), 10000)
        page: dict[str, Any] = {"issueChangeLogs": self._by_issue(request, changes[start:end])}
        if end < len(changes):
            page["nextPageToken"] = str(end)
        return answer(page)

    def _by_issue(self, request: SandboxRequest, changes: list[tuple[Issue, Change]]) -> list[dict[str, Any]]:
        """Changes grouped by issue; here, unlike anywhere else, times are milliseconds since 1970."""
        renderer = self.desk.renderer(request)
        groups: dict[int, list[dict[str, Any]]] = {}
        for issue, change in changes:
            created = int(change.created.timestamp() * 1000)
            groups.setdefault(issue.id, []).append(renderer.change(change) | {"created": created})
        return [{"issueId": str(one), "changeHistories": histories} for one, histories in groups.items()]

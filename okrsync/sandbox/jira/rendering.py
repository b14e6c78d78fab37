"""The JSON shapes of issues, with their links, comments and history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from okrsync.sandbox.jira.model import EPIC_LINK, Change, Comment, Issue, Link
from okrsync.sandbox.jira.site_rendering import NOT_NAVIGABLE, SiteRenderer

MOST_COMMENTS = 20
"""How many of an issue's comments Cloud shows where it shows many issues."""


class Renderer(SiteRenderer):
    """Renders everything that a site stores."""

    def link(self, link: Link, seen_from: Issue | None = None) -> dict[str, Any]:
        """A link with both ends, or from one issue's side with the other end only."""
        issues = self.store.state.issues
        shown = {
            "id": link.id,
            "self": f"{self.api}/issueLink/{link.id}",
            "type": self.link_type(self.store.state.link_types[link.type_id]),
        }
        if seen_from is None or seen_from.id == link.target:
            shown["inwardIssue"] = self.short(issues[link.source])
        if seen_from is None or seen_from.id == link.source:
            shown["outwardIssue"] = self.short(issues[link.target])
        return shown

    def short(self, issue: Issue) -> dict[str, Any]:
        """An issue as part of another one."""
        return {
            "id": str(issue.id),
            "key": issue.key,
            "self": f"{self.api}/issue/{issue.id}",
            "fields": {
                "summary": issue.values["summary"],
                "status": self.status(self.store.state.statuses[issue.status_id]),
                "priority": self.priority(issue.values["priority"]) if "priority" in issue.values else None,
                "issuetype": self.issue_type(self.store.type_of(issue)),
            },
        }

    def comment(self, issue: Issue, comment: Comment) -> dict[str, Any]:
        """A comment."""
        shown = {
            "self": f"{self.api}/issue/{issue.id}/comment/{comment.id}",
            "id": comment.id,
            "author": self.user(comment.author),
            "body": comment.body,
            "updateAuthor": self.user(comment.update_author),
            "created": self.time(comment.created),
            "updated": self.time(comment.updated),
        }
        return shown | {"jsdPublic": True} if self.store.cloud else shown

    def change(self, change: Change) -> dict[str, Any]:
        """An entry of the changelog."""
        items = []
        for item in change.items:
            shown = {
                "field": item.field,
                "fieldtype": "custom" if item.custom else "jira",
                "from": item.old,
                "fromString": item.old_text,
                "to": item.new,
                "toString": item.new_text,
            }
            items.append(shown | {"fieldId": item.field_id} if self.store.cloud else shown)
        return {
            "id": change.id,
            "author": self.user(change.author),
            "created": self.time(change.created),
            "items": items,
        }

    def changelog(self, changes: Sequence[Change], most: int = 100) -> dict[str, Any]:
        """The changelog inside an issue: the newest entries first on Cloud, the oldest first elsewhere."""
        ordered = [*changes][::-1] if self.store.cloud else [*changes]
        histories = [self.change(change) for change in ordered[:most]]
        return {"startAt": 0, "maxResults": len(histories), "total": len(changes), "histories": histories}

    def issue(
        self,
        issue: Issue,
        wanted: Iterable[str] = ("*all",),
        expand: Iterable[str] = (),
        most_changes: int = 100,
        most_comments: int | None = None,
    ) -> dict[str, Any]:
        """An issue with the wanted fields and expansions; of the newest comments only so many, None for all."""
        shown: dict[str, Any] = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": str(issue.id),
            "self": f"{self.api}/issue/{issue.id}",
            "key": issue.key,
        }
        chosen = self._chosen(issue, tuple(wanted))
        if chosen:
            shown["fields"] = {name: value() for name, value in chosen.items()}
        if "comment" in chosen and most_comments is not None:
            shown["fields"]["comment"] = self._comments(issue, most_comments)
        if "changelog" in expand:
            shown["changelog"] = self.changelog(issue.changes, most_changes)
        if "names" in expand:
            shown["names"] = {name: self.store.state.fields[name].name for name in chosen}
        return shown

    def _chosen(self, issue: Issue, wanted: Sequence[str]) -> dict[str, Callable[[], Any]]:
        getters = self._getters(issue)
        names: set[str] = set()
        only_exclusions = bool(wanted) and all(name.startswith("-") for name in wanted)
        for name in ("*all", *wanted) if only_exclusions else wanted:
            if name == "*all":
                names |= getters.keys()
            elif name == "*navigable":
                names |= getters.keys() - NOT_NAVIGABLE
            elif name.startswith("-"):
                names.discard(name[1:])
            elif name in getters:
                names.add(name)
        return {name: getter for name, getter in getters.items() if name in names}

    def _getters(self, issue: Issue) -> dict[str, Callable[[], Any]]:
        store, values = self.store, issue.values
        state = store.state
        getters: dict[str, Callable[[], Any]] = {
            "summary": lambda: values["summary"],
            "description": lambda: values.get("description"),
            "issuetype": lambda: self.issue_type(store.type_of(issue)),
            "project": lambda: self.project(store.project_of(issue)),
            "status": lambda: self.status(state.statuses[issue.status_id]),
            "priority": lambda: self.priority(values["priority"]) if "priority" in values else None,
            "labels": lambda: values.get("labels", []),
            "duedate": lambda: values.get("duedate"),
            "created": lambda: self.time(issue.created),
            "updated": lambda: self.time(issue.updated),
            "resolution": lambda: self.resolution() if issue.resolved else None,
            "resolutiondate": lambda: self.time(issue.resolved) if issue.resolved else None,
            "assignee": lambda: self.user(values["assignee"]) if "assignee" in values else None,
            "reporter": lambda: self.user(values["reporter"]) if "reporter" in values else None,
            "creator": lambda: self.user(issue.creator),
            "components": list,
            "fixVersions": list,
            "versions": list,
            "subtasks": lambda: [self.short(child) for child in self._subtasks(issue)],
            "issuelinks": lambda: [self.link(link, issue) for link in store.links_of(issue)],
            "comment": lambda: self._comments(issue),
        }
        if values.get("parent") in state.issues:
            getters["parent"] = lambda: self.short(state.issues[values["parent"]])
        for field in store.fields_in(store.project_of(issue), store.type_of(issue)):
            if field.custom == EPIC_LINK:
                getters[field.id] = lambda name=field.id: self._key(values.get(name))  # type: ignore[misc]
            elif field.custom:
                getters[field.id] = lambda name=field.id: values.get(name)  # type: ignore[misc]
        return getters

    def _key(self, issue_id: int | None) -> str | None:
        issue = self.store.state.issues.get(issue_id) if issue_id is not None else None
        return issue.key if issue else None

    def _subtasks(self, issue: Issue) -> list[Issue]:
        return [
            other
            for other in self.store.state.issues.values()
            if other.values.get("parent") == issue.id and self.store.type_of(other).subtask
        ]

    def _comments(self, issue: Issue, most: int | None = None) -> dict[str, Any]:
        first = 0 if most is None else max(0, len(issue.comments) - most)
        shown = [self.comment(issue, comment) for comment in issue.comments[first:]]
        page = {"comments": shown, "maxResults": len(shown), "total": len(issue.comments), "startAt": first}
        return page | {"self": f"{self.api}/issue/{issue.id}/comment"} if self.store.cloud else page

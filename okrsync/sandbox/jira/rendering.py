"""The JSON shapes of Jira's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.sandbox.jira.defaults import CATEGORIES, DONE_RESOLUTION, PRIORITIES, RESOLUTIONS
from okrsync.sandbox.jira.model import (
    EPIC_LINK,
    Change,
    Comment,
    Field,
    Issue,
    IssueType,
    Link,
    LinkType,
    Project,
    Status,
    Transition,
    User,
)
from okrsync.sandbox.jira.store import JiraStore

AVATAR_SIZES = {"48x48": "large", "24x24": "small", "16x16": "xsmall", "32x32": "medium"}
NOT_NAVIGABLE = {"comment"}


class Renderer:
    """Renders what a site stores, with URLs on the host the client asked and times in the API user's zone."""

    def __init__(self, store: JiraStore, base_url: str, zone: ZoneInfo, version: str = "2") -> None:
        self.store = store
        self.base_url = base_url
        self.api = f"{base_url}/rest/api/{version}"
        self.zone = zone

    def time(self, moment: datetime) -> str:
        """A time as Jira writes it: milliseconds, and an offset without a colon."""
        local = moment.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def _avatars(self, what: str) -> dict[str, str]:
        return {size: f"{self.base_url}/secure/{what}?size={word}" for size, word in AVATAR_SIZES.items()}

    def user(self, user_id: str) -> dict[str, Any]:
        """A user, by account id on Cloud and by name and key on Data Center."""
        user: User = self.store.state.users[user_id]
        shown: dict[str, Any]
        if self.store.cloud:
            shown = {"self": f"{self.api}/user?accountId={user.id}", "accountId": user.id}
        else:
            shown = {"self": f"{self.api}/user?username={user.id}", "name": user.id, "key": user.id}
        shown |= {
            "emailAddress": user.email,
            "avatarUrls": self._avatars("useravatar"),
            "displayName": user.display_name,
            "active": True,
            "timeZone": user.time_zone,
        }
        return shown | {"accountType": "atlassian"} if self.store.cloud else shown

    def project(self, project: Project, *, whole: bool = False) -> dict[str, Any]:
        """A project, on its own with its issue types or as part of something else."""
        shown: dict[str, Any] = {
            "self": f"{self.api}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "avatarUrls": self._avatars("projectavatar"),
        }
        if self.store.cloud:
            shown |= {"simplified": False}
        if whole:
            shown |= {
                "description": "",
                "lead": self.user(self.store.state.bot),
                "components": [],
                "issueTypes": [self.issue_type(self.store.state.types[one]) for one in project.types],
                "assigneeType": "UNASSIGNED",
                "versions": [],
                "roles": {},
            }
        return shown

    def issue_type(self, kind: IssueType) -> dict[str, Any]:
        """An issue type; only Cloud tells its level."""
        shown = {
            "self": f"{self.api}/issuetype/{kind.id}",
            "id": kind.id,
            "description": "",
            "iconUrl": f"{self.base_url}/secure/viewavatar?avatarType=issuetype&avatarId={kind.id}",
            "name": kind.name,
            "subtask": kind.subtask,
        }
        return shown | {"hierarchyLevel": kind.level} if self.store.cloud else shown

    def status(self, status: Status) -> dict[str, Any]:
        """A status with its category."""
        return {
            "self": f"{self.api}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self.base_url}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": status.id,
            "statusCategory": self.category(status.category),
        }

    def category(self, key: str) -> dict[str, Any]:
        """A status category."""
        found = CATEGORIES[key]
        return {
            "self": f"{self.api}/statuscategory/{found.id}",
            "id": found.id,
            "key": found.key,
            "colorName": found.color,
            "name": found.name,
        }

    def priority(self, priority_id: str) -> dict[str, Any]:
        """A priority."""
        return {
            "self": f"{self.api}/priority/{priority_id}",
            "iconUrl": f"{self.base_url}/images/icons/priorities/{PRIORITIES[priority_id].lower()}.svg",
            "name": PRIORITIES[priority_id],
            "id": priority_id,
        }

    def resolution(self) -> dict[str, Any]:
        """The one resolution of resolved issues."""
        return {
            "self": f"{self.api}/resolution/{DONE_RESOLUTION}",
            "id": DONE_RESOLUTION,
            "description": "Work has been completed on this issue.",
            "name": RESOLUTIONS[DONE_RESOLUTION],
        }

    def field(self, field: Field) -> dict[str, Any]:
        """A field in the list of all fields."""
        clauses = [*field.clauses]
        if field.custom:
            clauses = [f"cf[{field.number}]", field.name]
        shown: dict[str, Any] = {
            "id": field.id,
            "name": field.name,
            "custom": field.custom is not None,
            "orderable": bool(field.screens),
            "navigable": field.id not in NOT_NAVIGABLE,
            "searchable": bool(clauses),
            "clauseNames": clauses,
            "schema": self.schema(field),
        }
        return {"id": field.id, "key": field.id, **shown} if self.store.cloud else shown

    def schema(self, field: Field) -> dict[str, Any]:
        """What kind of values a field holds."""
        shown: dict[str, Any] = {"type": field.kind}
        if field.items:
            shown["items"] = field.items
        if field.custom:
            return shown | {"custom": field.custom, "customId": field.number}
        return shown | {"system": field.id}

    def field_meta(self, field: Field, project: Project) -> dict[str, Any]:
        """What a client is told about a field before it creates or edits an issue."""
        shown: dict[str, Any] = {
            "required": field.required,
            "schema": self.schema(field),
            "name": field.name,
            "hasDefaultValue": field.id == "priority",
            "operations": ["add", "set", "remove"] if field.items else ["set"],
        }
        if self.store.cloud:
            shown["key"] = field.id
        if field.id == "issuetype":
            shown["allowedValues"] = [self.issue_type(self.store.state.types[one]) for one in project.types]
        elif field.id == "project":
            shown["allowedValues"] = [self.project(project)]
        elif field.id == "priority":
            shown["allowedValues"] = [self.priority(one) for one in PRIORITIES]
        return shown

    def transition(self, step: Transition) -> dict[str, Any]:
        """A step of the workflow."""
        shown: dict[str, Any] = {
            "id": step.id,
            "name": step.name,
            "to": self.status(self.store.state.statuses[step.to]),
        }
        if self.store.cloud:
            shown |= {
                "hasScreen": False,
                "isGlobal": step.origins is None,
                "isInitial": False,
                "isAvailable": True,
                "isConditional": False,
                "isLooped": False,
            }
        return shown

    def link_type(self, kind: LinkType) -> dict[str, Any]:
        """A kind of link."""
        return {
            "id": kind.id,
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": f"{self.api}/issueLinkType/{kind.id}",
        }

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
        self, issue: Issue, wanted: Iterable[str] = ("*all",), expand: Iterable[str] = (), most_changes: int = 100
    ) -> dict[str, Any]:
        """An issue with the wanted fields and expansions."""
        shown: dict[str, Any] = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": str(issue.id),
            "self": f"{self.api}/issue/{issue.id}",
            "key": issue.key,
        }
        chosen = self._chosen(issue, tuple(wanted))
        if chosen:
            shown["fields"] = {name: value() for name, value in chosen.items()}
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

    def _comments(self, issue: Issue) -> dict[str, Any]:
        shown = [self.comment(issue, comment) for comment in issue.comments]
        page = {"comments": shown, "maxResults": len(shown), "total": len(shown), "startAt": 0}
        return page | {"self": f"{self.api}/issue/{issue.id}/comment"} if self.store.cloud else page

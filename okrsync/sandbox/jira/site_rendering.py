"""The JSON shapes of what issues are made of: users, projects, types, statuses, fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.sandbox.jira.defaults import CATEGORIES, DONE_RESOLUTION, PRIORITIES, RESOLUTIONS
from okrsync.sandbox.jira.model import Field, IssueType, LinkType, Project, Status, Transition, User
from okrsync.sandbox.jira.store import JiraStore

AVATAR_SIZES = {"48x48": "large", "24x24": "small", "16x16": "xsmall", "32x32": "medium"}
NOT_NAVIGABLE = {"comment"}


class SiteRenderer:
    """Renders all but issues, with URLs on the host the client asked and times in the API user's zone."""

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
        kind = "customer" if user.customer else "atlassian"
        return shown | {"accountType": kind} if self.store.cloud else shown

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

"""Endpoints about the site: who one is, projects, fields, types, and what a create screen takes."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from okrsync.sandbox.jira.defaults import PRIORITIES
from okrsync.sandbox.jira.desk import Desk
from okrsync.sandbox.jira.refusals import answer, refused
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.site import Handler

PERMISSIONS = {
    "BROWSE_PROJECTS": ("10", "Browse Projects"),
    "CREATE_ISSUES": ("11", "Create Issues"),
    "EDIT_ISSUES": ("12", "Edit Issues"),
    "DELETE_ISSUES": ("16", "Delete Issues"),
    "LINK_ISSUES": ("21", "Link Issues"),
    "ADD_COMMENTS": ("15", "Add Comments"),
    "TRANSITION_ISSUES": ("46", "Transition Issues"),
    "ADMINISTER": ("0", "Administer Jira"),
}
LARGEST_META_PAGE = 200


class MetaEndpoints:
    """Read-only endpoints; they are the same in version 3 of Cloud's API."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below the API's prefix, handler."""
        shared: list[tuple[str, str, Handler]] = [
            ("GET", "/serverInfo", self.server_info),
            ("GET", "/myself", self.myself),
            ("GET", "/mypermissions", self.my_permissions),
            ("GET", "/field", self.fields),
            ("GET", "/issuetype", self.issue_types),
            ("GET", "/status", self.statuses),
            ("GET", "/priority", self.priorities),
            ("GET", "/issueLinkType", self.link_types),
            ("GET", "/project", self.projects),
            ("GET", "/issue/createmeta/{project}/issuetypes", self.create_types),
            ("GET", "/issue/createmeta/{project}/issuetypes/{type}", self.create_fields),
        ]
        if self.desk.cloud:
            shared.append(("GET", "/project/search", self.search_projects))
        return [*shared, ("GET", "/project/{project}", self.project)]

    def server_info(self, request: SandboxRequest) -> Response:
        """What runs here; open to everybody."""
        now = self.desk.store.clock.now()
        shown: dict[str, Any] = {"baseUrl": request.base_url}
        if self.desk.cloud:
            shown |= {"version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud"}
        else:
            shown |= {"version": "9.12.15", "versionNumbers": [9, 12, 15], "deploymentType": "Server"}
        shown |= {
            "buildNumber": 100280 if self.desk.cloud else 9120015,
            "buildDate": "2026-09-01T00:00:00.000+0000",
            "serverTime": self.desk.renderer(request).time(now),
            "scmInfo": "0000000000000000000000000000000000000000",
            "serverTitle": "Sandbox Jira",
        }
        if self.desk.cloud:
            shown |= {"displayUrl": request.base_url, "serverTimeZone": str(self.desk.zone)}
        return answer(shown)

    def myself(self, request: SandboxRequest) -> Response:
        """The API user."""
        shown = self.desk.renderer(request).user(self.desk.store.state.bot)
        empty = {"size": 0, "items": []}
        return answer(
            shown
            | {
                "locale": "en_US",
                "groups": empty,
                "applicationRoles": empty,
                "expand": "groups,applicationRoles",
            }
        )

    def my_permissions(self, request: SandboxRequest) -> Response:
        """What the API user may do; Cloud wants to be told which permissions are meant."""
        wanted = self.desk.names(request, "permissions")
        if self.desk.cloud and not wanted:
            raise refused(400, "Permissions have not been provided.")
        unknown = [name for name in wanted if name not in PERMISSIONS]
        if unknown:
            raise refused(400, f"Unrecognized permission: {', '.join(unknown)}")
        named = request.query.get("projectKey") or request.query.get("projectId")
        project = self.desk.store.project(named) if named else None
        if named and project is None:
            raise refused(404, f"No project could be found with key '{named}'.")
        permissions = {}
        for key in wanted or PERMISSIONS:
            number, name = PERMISSIONS[key]
            permissions[key] = {
                "id": number,
                "key": key,
                "name": name,
                "type": "GLOBAL" if key == "ADMINISTER" else "PROJECT",
                "description": name,
                "havePermission": self.desk.admin if key == "ADMINISTER" else not self.desk.store.revoked(key, project),
            }
        return answer({"permissions": permissions})

    def fields(self, request: SandboxRequest) -> Response:
        """All fields of the site."""
        renderer = self.desk.renderer(request)
        return answer([renderer.field(field) for field in self.desk.store.state.fields.values()])

    def issue_types(self, request: SandboxRequest) -> Response:
        """All issue types of the site."""
        renderer = self.desk.renderer(request)
        return answer([renderer.issue_type(kind) for kind in self.desk.store.state.types.values()])

    def statuses(self, request: SandboxRequest) -> Response:
        """All statuses of the site."""
        renderer = self.desk.renderer(request)
        return answer([renderer.status(status) for status in self.desk.store.state.statuses.values()])

    def priorities(self, request: SandboxRequest) -> Response:
        """All priorities of the site."""
        renderer = self.desk.renderer(request)
        return answer([renderer.priority(one) for one in PRIORITIES])

    def link_types(self, request: SandboxRequest) -> Response:
        """All kinds of issue links."""
        renderer = self.desk.renderer(request)
        kinds = self.desk.store.state.link_types.values()
        return answer({"issueLinkTypes": [renderer.link_type(kind) for kind in kinds]})

    def _visible(self, request: SandboxRequest) -> list[dict[str, Any]]:
        renderer = self.desk.renderer(request)
        projects = self.desk.store.state.projects.values()
        return [renderer.project(project) for project in projects if project.visible]

    def projects(self, request: SandboxRequest) -> Response:
        """All projects that the API user sees."""
        return answer(self._visible(request))

    def search_projects(self, request: SandboxRequest) -> Response:
        """The same by pages, chosen by keys or a part of key or name."""
        found = self._visible(request)
        keys = self.desk.names(request, "keys")
        part = (request.query.get("query") or "").casefold()
        found = [
            one
            for one in found
            if (not keys or one["key"] in keys) and (part in one["key"].casefold() or part in one["name"].casefold())
        ]
        page = self.desk.page(request, found, 50, 100)
        chosen = page.pop("chosen")
        here = f"{request.base_url}{request.path}"
        end = page["startAt"] + len(chosen)
        page |= {"self": request.url, "isLast": end >= len(found), "values": chosen}
        if not page["isLast"]:
            page["nextPage"] = f"{here}?startAt={end}&maxResults={page['maxResults']}"
        return answer(page)

    def project(self, request: SandboxRequest) -> Response:
        """One project with its issue types."""
        return answer(self.desk.renderer(request).project(self.desk.project(request), whole=True))

    def create_types(self, request: SandboxRequest) -> Response:
        """The issue types that can be created in a project."""
        project = self.desk.project(request, 400)
        renderer, types = self.desk.renderer(request), self.desk.store.state.types
        page = self.desk.page(
            request, [renderer.issue_type(types[one]) for one in project.types], 50, LARGEST_META_PAGE
        )
        return self._meta_page(page, "issueTypes")

    def create_fields(self, request: SandboxRequest) -> Response:
        """The fields on the create screen of a project's issue type."""
        project = self.desk.project(request, 400)
        wanted = request.path_params["type"]
        if wanted not in project.types:
            raise refused(400, f"No issue type could be found with id '{wanted}'.")
        renderer = self.desk.renderer(request)
        screen = self.desk.store.screen("create", project, self.desk.store.state.types[wanted])
        fields = [{**renderer.field_meta(field, project), "fieldId": field.id} for field in screen.values()]
        return self._meta_page(self.desk.page(request, fields, 50, LARGEST_META_PAGE), "fields")

    def _meta_page(self, page: dict[str, Any], cloud_name: str) -> Response:
        """A page whose items are called `values` on Data Center, and by what they are on Cloud."""
        chosen = page.pop("chosen")
        if self.desk.cloud:
            return answer(page | {cloud_name: chosen})
        last = page["startAt"] + len(chosen) >= page["total"]
        return answer(page | {"isLast": last, "values": chosen})

"""What `okrsync doctor` wants to know of a Jira beyond what `check` finds: permissions, clock, rate limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from okrsync.trackers.diagnosis import Finding, findings_of_headers
from okrsync.trackers.errors import NotFound
from okrsync_jira.client import Client

PERMISSIONS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ADD_COMMENTS": "Add Comments",
    "LINK_ISSUES": "Link Issues",
}
"""What okrsync does in a project, as Jira calls the permission for it. It needs no other."""


def findings(client: Client, projects: Sequence[str]) -> tuple[Finding, ...]:
    """One request for each project."""
    found = [each for project in projects for each in _permissions(client, project)]
    return (*found, *findings_of_headers(client.heard, client.heard_at))


def _permissions(client: Client, project: str) -> Iterator[Finding]:
    about = f"permissions in {project}"
    try:
        said = client.get(
            "mypermissions", {"projectKey": project, "permissions": ",".join(PERMISSIONS)}, about=f"project {project}"
        )
    except NotFound as error:
        yield Finding(about, str(error), "Mend the project's key in the mapping, or let the account browse it.")
        return
    told = said.get("permissions") if isinstance(said, Mapping) else None
    if not isinstance(told, Mapping):
        raise client.unreadable("GET", "mypermissions")
    lacking = [
        name
        for key, name in PERMISSIONS.items()
        if not (isinstance(each := told.get(key), Mapping) and each.get("havePermission") is True)
    ]
    if not lacking:
        yield Finding(about, "all that okrsync needs")
        return
    yield Finding(
        about,
        f"the account lacks {', '.join(lacking)}",
        "Have a Jira administrator give it these in the project's permission scheme.",
    )

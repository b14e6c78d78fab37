"""What GitHub tells of all issues of a repository in one GraphQL request: how many there are, and the newest of some.

The list of issues comes a hundred at a time and never says how many there are. So in a reading of everything this
request stands in for the list's last page: when the issues that were listed and the newest are as many as pass the
list's filters, everything has been seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from okrsync.trackers.errors import Rejected, TrackerError
from okrsync_github import queries
from okrsync_github.client import Client
from okrsync_github.errors import TokenRefused
from okrsync_github.items import Json
from okrsync_github.searching import Search

_STATES = {"open": ["OPEN"], "closed": ["CLOSED"]}


@dataclass(frozen=True)
class InAll:
    """How many issues a repository has, the number of the newest, and what the names in a query stand for."""

    total: int
    newest: int
    milestone: str | None
    labels: tuple[str | None, ...]
    listed: int | None = None
    """How many issues pass the filters of the list; None where that was not asked for."""
    rows: tuple[Json, ...] = ()
    """The hundred of them that were created last, as the list shows them."""


def ask_in_all(
    client: Client, project: str, search: Search, number: int | None, *, newest: bool = False
) -> InAll | None:
    """What there is in all of `search`, whose milestone has `number`; None where this GitHub does not tell.

    With `newest`, also the newest issues of its list, where GraphQL can leave out what the list leaves out.
    """
    owner, _, repository = project.partition("/")
    filters = _filters(search, number) if newest else None
    variables: dict[str, Any] = {"owner": owner, "repository": repository}
    variables |= {f"l{at}": label for at, label in enumerate(search.labels)}
    variables |= {} if number is None else {"milestone": number}
    variables |= {} if filters is None else {"filters": filters}
    document = queries.issues_in_all(len(search.labels), milestone=number is not None, newest=filters is not None)
    try:
        told = client.graphql(document, variables, about=project).data.get("repository") or {}
    except TokenRefused:
        raise
    except Rejected:
        # An older server may not know all that is asked of the newest.
        return ask_in_all(client, project, search, number) if filters is not None else None
    except TrackerError:
        return None
    issues, listed, names = told.get("issues"), told.get("newest"), told.get("milestone")
    if not isinstance(issues, Mapping) or not isinstance(issues.get("totalCount"), int):
        return None
    numbers = [each["number"] for each in issues.get("nodes") or () if each and isinstance(each.get("number"), int)]
    listed = listed if isinstance(listed, Mapping) and isinstance(listed.get("totalCount"), int) else {}
    return InAll(
        total=issues["totalCount"],
        newest=max(numbers, default=0),
        milestone=str(names.get("title")) if isinstance(names, Mapping) else None,
        labels=tuple((told.get(f"l{at}") or {}).get("id") for at in range(len(search.labels))),
        listed=listed.get("totalCount"),
        rows=tuple(_row(each) for each in listed.get("nodes") or () if each),
    )


def _filters(search: Search, number: int | None) -> dict[str, Any] | None:
    """The list's filters for GraphQL; None where it has none that mean the same.

    Several labels mean all of them in the list and any of them in GraphQL; pull requests are in the list alone.
    """
    labels = search.filters.get("labels", "")
    if search.pull_requests or search.created_from or "," in labels:
        return None
    known = {
        "states": _STATES.get(search.filters["state"]),
        "labels": [labels] if labels else None,
        "assignee": search.filters.get("assignee"),
        "createdBy": search.filters.get("creator"),
        "milestoneNumber": None if number is None else str(number),
    }
    return {name: value for name, value in known.items() if value is not None}


def _row(node: Json) -> Json:
    """An issue of GraphQL's as the list of issues shows it, in what queries ask for."""
    reason = node.get("stateReason")
    return {
        "number": node["number"],
        "html_url": node.get("url"),
        "state": str(node.get("state") or "").lower(),
        "state_reason": reason.lower() if isinstance(reason, str) else None,
        "body": node.get("body"),
        "locked": node.get("locked"),
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "closed_at": node.get("closedAt"),
        "user": _account(node.get("author")),
        "assignees": _nodes(node.get("assignees")),
        "labels": _nodes(node.get("labels")),
        "milestone": node.get("milestone"),
        "comments": (node.get("comments") or {}).get("totalCount"),
    }


def _account(actor: Json | None) -> Json | None:
    """Bots have `[bot]` behind their names in the list of issues, and not in GraphQL."""
    if not actor:
        return None
    login = str(actor.get("login") or "")
    return {"login": f"{login}[bot]" if actor.get("__typename") == "Bot" else login}


def _nodes(connection: Json | None) -> list[Json]:
    return [each for each in (connection or {}).get("nodes") or () if each]

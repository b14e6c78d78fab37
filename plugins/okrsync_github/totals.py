"""What GitHub tells by GraphQL of all issues of a repository, and of a list of some: how many there are, newest first.

REST's list of issues comes a hundred at a time, pull requests among them, and never says how many there are. GraphQL
tells that in the request that brings the hundred which were created last. So this request is one of the pages of a
reading of everything: the first one of a reading that goes back in time until nothing can match any more, the last one
of a reading that begins with the oldest, where issues that were listed and the newest are as many as pass the list's
filters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from okrsync.trackers.errors import Rejected, TrackerError, Transient
from okrsync_github import queries
from okrsync_github.client import Client
from okrsync_github.errors import TokenRefused
from okrsync_github.items import Json, time_from
from okrsync_github.queries import Listed, ListKind
from okrsync_github.searching import Search

PAGE_SIZE = 100
"""As many as GraphQL gives at once."""
_STATES: dict[ListKind, dict[str, list[str]]] = {
    "issues": {"open": ["OPEN"], "closed": ["CLOSED"]},
    "pullRequests": {"open": ["OPEN"], "closed": ["CLOSED", "MERGED"]},
}


@dataclass(frozen=True)
class Listing:
    """A list that GraphQL gives page by page, newest first, and in which everything is that can match."""

    listed: Listed
    variables: Json
    created_from: datetime | None
    """What is older may be in the list, and cannot match."""


@dataclass(frozen=True)
class Page:
    """A page of such a list."""

    rows: tuple[Json, ...]
    """As REST's list of issues shows them."""
    following: str | None
    """The cursor that the next page comes behind; None on the last one."""
    listed: int
    """How many there are in all pages."""
    wanted: int | None
    """How many of them are not too old to match; None where none is too old, or that is not known beforehand."""


@dataclass(frozen=True)
class InAll:
    """How many issues a repository has, the number of the newest, and what the names in a query stand for."""

    total: int
    newest: int
    milestone: str | None
    labels: tuple[str | None, ...]
    page: Page | None = None
    """The first page of a list; None where none was asked for, or this GitHub does not give it whole."""


def ask_in_all(
    client: Client, project: str, search: Search, number: int | None, listing: Listing | None = None
) -> InAll | None:
    """What there is in all of `search`, whose milestone has `number`; None where this GitHub does not tell.

    With a `listing` also the first page of that.
    """
    variables = _about(project) | {f"l{at}": label for at, label in enumerate(search.labels)}
    variables |= {} if number is None else {"milestone": number}
    variables |= {} if listing is None else listing.variables
    document = queries.issues_in_all(
        len(search.labels), milestone=number is not None, listed=listing.listed if listing else None
    )
    try:
        answer = client.graphql(document, variables, about=project)
    except TokenRefused:
        raise
    except Rejected:
        # An older server may not know all that is asked of the newest.
        return ask_in_all(client, project, search, number) if listing else None
    except TrackerError:
        return None
    told = answer.data.get("repository") or {}
    issues, names = told.get("issues"), told.get("milestone")
    if not isinstance(issues, Mapping) or not isinstance(issues.get("totalCount"), int):
        return None
    numbers = [each["number"] for each in issues.get("nodes") or () if each and isinstance(each.get("number"), int)]
    return InAll(
        total=issues["totalCount"],
        newest=max(numbers, default=0),
        milestone=str(names.get("title")) if isinstance(names, Mapping) else None,
        labels=tuple((told.get(f"l{at}") or {}).get("id") for at in range(len(search.labels))),
        page=_page(told, listing) if listing and not answer.problems else None,
    )


def ask_more(client: Client, project: str, listing: Listing, after: str) -> Page | None:
    """The page of a list that comes behind the cursor `after`; None where this GitHub does not give it whole."""
    listed = replace(listing.listed, ends=False)
    variables = {name: value for name, value in listing.variables.items() if name != "oldest"}
    variables |= _about(project) | {"after": after}
    try:
        answer = client.graphql(queries.more_issues(listed), variables, about=project)
    except (TokenRefused, Transient):
        raise
    except TrackerError:
        return None
    return None if answer.problems else _page(answer.data.get("repository") or {}, listing)


def listing_of(search: Search, number: int | None) -> Listing | None:
    """A list that everything is in that matches, and not much else; None where GraphQL has none.

    Two labels are those of the issues, or pull requests, of one of them that have the other one. GitHub's schema does
    not tell whether a filter by several labels is about all of them or any; the list is right either way, and may
    be longer than it had to be from three labels on. Pull requests have no filter by people.
    """
    filters = search.filters
    labels = filters.get("labels", "").split(",") if filters.get("labels") else []
    inside: Literal["label", "milestone"] | None = None
    place: int | str | None = None
    if search.pull_requests and number is not None:
        inside, place = "milestone", number
    elif len(labels) > 1:
        inside, place, labels = "label", labels[0], labels[1:]
    kind: ListKind = "pullRequests" if search.pull_requests else "issues"
    states = _STATES[kind].get(filters["state"])
    variables: dict[str, Any] = {"first": PAGE_SIZE, "after": None}
    variables |= {} if place is None else {"inside": place}
    ends = search.created_from is not None and not search.pull_requests
    if search.pull_requests:
        if "assignee" in filters or "creator" in filters:
            return None
        variables |= {"states": states, "labels": labels or None}
    else:
        known = {
            "states": states,
            "labels": labels or None,
            "assignee": filters.get("assignee"),
            "createdBy": filters.get("creator"),
            "milestoneNumber": None if number is None else str(number),
            # What was created since then was also updated since then.
            "since": search.created_from.isoformat() if search.created_from else None,
        }
        variables["filters"] = {name: value for name, value in known.items() if value is not None}
        variables |= {"oldest": variables["filters"]} if ends else {}
    return Listing(Listed(kind, inside, ends), variables, search.created_from)


def _about(project: str) -> dict[str, Any]:
    owner, _, repository = project.partition("/")
    return {"owner": owner, "repository": repository}


def _page(told: Json, listing: Listing) -> Page | None:
    """The page in what GitHub told of a repository; None where a part of it is not there."""
    held = told.get("inside") if listing.listed.inside else told
    newest = held.get("newest") if isinstance(held, Mapping) else None
    if not isinstance(held, Mapping) or not isinstance(newest, Mapping):
        return None
    count, nodes, more = newest.get("totalCount"), newest.get("nodes"), newest.get("pageInfo")
    if not isinstance(count, int) or not isinstance(nodes, list) or not all(nodes) or not isinstance(more, Mapping):
        return None
    if more.get("hasNextPage") and not more.get("endCursor"):
        return None
    return Page(
        rows=tuple(_row(each, listing.listed.kind) for each in nodes),
        following=more.get("endCursor") if more.get("hasNextPage") else None,
        listed=count,
        wanted=_wanted(held.get("oldest"), count, listing.created_from),
    )


def _wanted(oldest: object, listed: int, created_from: datetime | None) -> int | None:
    """How many of a list are not too old, by the times of its oldest: those too old are all that came before others."""
    if created_from is None:
        return None
    nodes = oldest.get("nodes") if isinstance(oldest, Mapping) else None
    times = [time_from((each or {}).get("createdAt")) for each in nodes or ()]
    too_old = sum(each is not None and each < created_from for each in times)
    return listed - too_old if too_old < len(times) or len(times) == listed else None


def _row(node: Json, kind: ListKind) -> Json:
    """An issue or pull request of GraphQL's as the list of issues shows it, in what queries ask for."""
    reason, state = node.get("stateReason"), str(node.get("state") or "").lower()
    row = {
        "number": node["number"],
        "html_url": node.get("url"),
        "state": "closed" if state == "merged" else state,
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
    if kind == "issues":
        return row
    return {**row, "draft": node.get("isDraft"), "pull_request": {"merged_at": node.get("mergedAt")}}


def _account(actor: Json | None) -> Json | None:
    """Bots have `[bot]` behind their names in the list of issues, and not in GraphQL."""
    if not actor:
        return None
    login = str(actor.get("login") or "")
    return {"login": f"{login}[bot]" if actor.get("__typename") == "Bot" else login}


def _nodes(connection: Json | None) -> list[Json]:
    return [each for each in (connection or {}).get("nodes") or () if each]

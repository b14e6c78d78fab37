"""Repositories and their milestones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from okrsync.sandbox.github.access import RANKS, rank
from okrsync.sandbox.github.graph.connections import connection
from okrsync.sandbox.github.graph.context import (
    Info,
    IssueNode,
    LabelNode,
    MilestoneNode,
    asking,
    failure,
    resolves,
)
from okrsync.sandbox.github.graph.issues import issue_page, label_page
from okrsync.sandbox.github.state import Account, Issue, Repository, node_id

FAR_AWAY = datetime.max.replace(tzinfo=UTC)


@resolves("id", "Repository")
def repository_id(source: Repository, _info: Info) -> str:
    return node_id("R", source.id)


@resolves("hasIssuesEnabled", "Repository")
def hasissue_page(source: Repository, _info: Info) -> bool:
    return source.has_issues


@resolves("isArchived", "Repository")
def is_archived(source: Repository, _info: Info) -> bool:
    return source.archived


@resolves("isPrivate", "Repository")
def is_private(source: Repository, _info: Info) -> bool:
    return source.private


@resolves("nameWithOwner", "Repository")
def name_with_owner(source: Repository, _info: Info) -> str:
    return source.full_name


@resolves("owner", "Repository")
def owner(source: Repository, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.owner)


@resolves("url", "Repository")
def repository_url(source: Repository, info: Info) -> str:
    return f"{asking(info).base_url}/{source.full_name}"


@resolves("viewerPermission", "Repository")
def viewer_permission(source: Repository, info: Info) -> str | None:
    mine = rank(source, asking(info).token)
    return next((role.upper() for role, value in RANKS.items() if value == mine), None)


@resolves("milestone", "Repository")
def milestone_of_repository(source: Repository, _info: Info, *, number: int) -> MilestoneNode | None:
    found = source.milestones.get(number)
    return MilestoneNode(source, found) if found else None


@resolves("milestones", "Repository")
def milestones(source: Repository, info: Info, **args: Any) -> Any:
    rows = [MilestoneNode(source, one) for one in source.milestones.values()]
    if args.get("states"):
        rows = [row for row in rows if row.thing.state.upper() in args["states"]]
    if args.get("query"):
        rows = [row for row in rows if args["query"].casefold() in row.thing.title.casefold()]
    order = args.get("orderBy") or {"field": "NUMBER", "direction": "ASC"}
    keys: dict[str, Any] = {
        "CREATED_AT": lambda row: row.thing.created_at,
        "DUE_DATE": lambda row: row.thing.due_on or FAR_AWAY,
        "NUMBER": lambda row: row.thing.number,
        "UPDATED_AT": lambda row: row.thing.updated_at,
    }
    rows.sort(key=lambda row: (keys[order["field"]](row), row.thing.id), reverse=order["direction"] == "DESC")
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("issue", "Repository")
def issue(source: Repository, _info: Info, *, number: int) -> IssueNode:
    found = source.issues.get(number)
    if found is None or found.pull_request or not source.has_issues:
        raise failure("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
    return IssueNode(source, found)


@resolves("pullRequest", "Repository")
def pull_request(source: Repository, _info: Info, *, number: int) -> IssueNode:
    found = source.issues.get(number)
    if found is None or not found.pull_request:
        raise failure("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
    return IssueNode(source, found)


@resolves("issueOrPullRequest", "Repository")
def issue_or_pull_request(source: Repository, _info: Info, *, number: int) -> IssueNode:
    found = source.issues.get(number)
    if found is None:
        raise failure("NOT_FOUND", f"Could not resolve to an issue or pull request with the number of {number}.")
    return IssueNode(source, found)


@resolves("issues", "Repository")
def issues_of_repository(source: Repository, info: Info, **args: Any) -> Any:
    return issue_page(source, info, source.issues.values() if source.has_issues else (), args, pull_requests=False)


@resolves("pullRequests", "Repository")
def pull_requests_of_repository(source: Repository, info: Info, **args: Any) -> Any:
    return issue_page(source, info, source.issues.values(), args, pull_requests=True)


@resolves("issues", "Milestone")
def issues_of_milestone(source: MilestoneNode, info: Info, **args: Any) -> Any:
    return issue_page(source.repository, info, _inside(source), args, pull_requests=False)


@resolves("pullRequests", "Milestone")
def pull_requests_of_milestone(source: MilestoneNode, info: Info, **args: Any) -> Any:
    return issue_page(source.repository, info, _inside(source), args, pull_requests=True)


def _inside(source: MilestoneNode) -> list[Issue]:
    return [one for one in source.repository.issues.values() if one.milestone == source.thing.number]


@resolves("labels", "Repository")
def labels_of_repository(source: Repository, info: Info, **args: Any) -> Any:
    rows = [LabelNode(source, one) for one in source.labels.values()]
    if args.get("query"):
        rows = [row for row in rows if args["query"].casefold() in row.thing.name.casefold()]
    return label_page(info, rows, args)


@resolves("label", "Repository")
def label(source: Repository, _info: Info, *, name: str) -> LabelNode | None:
    found = source.label_named(name)
    return LabelNode(source, found) if found else None


@resolves("id", "Milestone")
def milestone_id(source: MilestoneNode, _info: Info) -> str:
    return node_id("MI", source.thing.id)


@resolves("url", "Milestone")
def milestone_url(source: MilestoneNode, info: Info) -> str:
    return f"{asking(info).base_url}/{source.repository.full_name}/milestone/{source.thing.number}"


@resolves("state", "Milestone")
def milestone_state(source: MilestoneNode, _info: Info) -> str:
    return source.thing.state.upper()


@resolves("creator", "Milestone")
def milestone_creator(source: MilestoneNode, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.thing.creator)


@resolves("progressPercentage", "Milestone")
def progress(source: MilestoneNode, _info: Info) -> float:
    inside = _inside(source)
    return 100 * sum(one.state == "closed" for one in inside) / len(inside) if inside else 0.0

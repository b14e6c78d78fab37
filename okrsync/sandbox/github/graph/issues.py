"""Issues, pull requests, their labels and comments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from okrsync.sandbox.github.graph.connections import connection
from okrsync.sandbox.github.graph.context import (
    CommentNode,
    Info,
    IssueNode,
    LabelNode,
    MilestoneNode,
    asking,
    resolves,
)
from okrsync.sandbox.github.shapes import sub_issue_counts
from okrsync.sandbox.github.state import Account, Issue, Repository, node_id

INT32 = 2**31


def issue_page(
    repository: Repository,
    info: Info,
    found: Iterable[Issue],
    args: dict[str, Any],
    *,
    pull_requests: bool,
) -> Any:
    """A connection of those issues, or of those pull requests, that the arguments ask for."""
    wanted = {**{key: args.get(key) for key in ("states", "labels")}, **(args.get("filterBy") or {})}
    rows = [
        IssueNode(repository, one)
        for one in found
        if one.pull_request == pull_requests and _fits(repository, one, wanted)
    ]
    order = args.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    counts = repository.comment_counts() if order["field"] == "COMMENTS" else {}
    keys: dict[str, Any] = {
        "COMMENTS": lambda row: counts.get(row.thing.number, 0),
        "CREATED_AT": lambda row: row.thing.created_at,
        "UPDATED_AT": lambda row: row.thing.updated_at,
    }
    rows.sort(key=lambda row: (keys[order["field"]](row), row.thing.id), reverse=order["direction"] == "DESC")
    return connection(info, rows, lambda row: row.thing.id, args)


def _fits(repository: Repository, one: Issue, wanted: dict[str, Any]) -> bool:
    labels = {label.name.casefold() for label in repository.labels_of(one)}
    milestone = wanted.get("milestoneNumber") or wanted.get("milestone")
    milestone_fits = {
        None: True,
        "*": one.milestone is not None,
    }.get(milestone, str(one.milestone) == milestone)
    return (
        (not wanted.get("states") or _state(one) in wanted["states"])
        and (not wanted.get("labels") or any(name.casefold() in labels for name in wanted["labels"]))
        and milestone_fits
        and (not wanted.get("since") or one.updated_at >= datetime.fromisoformat(wanted["since"]))
        and (not wanted.get("assignee") or wanted["assignee"] in ("*", *one.assignees))
        and (not wanted.get("createdBy") or wanted["createdBy"] == one.author)
    )


def _state(one: Issue) -> str:
    return "MERGED" if one.merged_at else one.state.upper()


@resolves("labels", "Issue", "PullRequest")
def labels_of_issue(source: IssueNode, info: Info, **args: Any) -> Any:
    return label_page(
        info, [LabelNode(source.repository, one) for one in source.repository.labels_of(source.thing)], args
    )


def label_page(info: Info, rows: list[LabelNode], args: dict[str, Any]) -> Any:
    """A connection of labels in the order that the arguments ask for."""
    order = args["orderBy"]
    rows.sort(
        key=lambda row: (row.thing.name.casefold() if order["field"] == "NAME" else "", row.thing.id),
        reverse=order["direction"] == "DESC",
    )
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("issues", "Label")
def issues_of_label(source: LabelNode, info: Info, **args: Any) -> Any:
    found = _labelled(source) if source.repository.has_issues else []
    return issue_page(source.repository, info, found, args, pull_requests=False)


@resolves("pullRequests", "Label")
def pull_requests_of_label(source: LabelNode, info: Info, **args: Any) -> Any:
    return issue_page(source.repository, info, _labelled(source), args, pull_requests=True)


def _labelled(source: LabelNode) -> list[Issue]:
    return [one for one in source.repository.issues.values() if source.thing.id in one.labels]


@resolves("id", "Label")
def label_id(source: LabelNode, _info: Info) -> str:
    return node_id("LA", source.thing.id)


@resolves("isDefault", "Label")
def label_is_default(_source: LabelNode, _info: Info) -> bool:
    return False


@resolves("url", "Label")
def label_url(source: LabelNode, info: Info) -> str:
    shown: str = asking(info).hub.shapes(asking(info).base_url).label(source.repository, source.thing)["url"]
    return shown


@resolves("closed", "Milestone", "Issue", "PullRequest")
def closed(source: MilestoneNode | IssueNode, _info: Info) -> bool:
    return source.thing.state == "closed"


@resolves("id", "Issue", "PullRequest")
def issue_id(source: IssueNode, _info: Info) -> str:
    return node_id("PR" if source.thing.pull_request else "I", source.thing.id)


@resolves("databaseId", "Issue")
def issue_database_id(source: IssueNode, _info: Info) -> int | None:
    return source.thing.id if source.thing.id < INT32 else None


@resolves("fullDatabaseId", "Issue", "PullRequest", "IssueComment")
def full_database_id(source: IssueNode | CommentNode, _info: Info) -> str:
    return str(source.thing.id)


@resolves("url", "Issue", "PullRequest")
def issue_url(source: IssueNode, info: Info) -> str:
    kind = "pull" if source.thing.pull_request else "issues"
    return f"{asking(info).base_url}/{source.repository.full_name}/{kind}/{source.thing.number}"


@resolves("author", "Issue", "PullRequest", "IssueComment")
def author(source: IssueNode | CommentNode, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.thing.author)


@resolves("assignees", "Issue", "PullRequest")
def assignees(source: IssueNode, info: Info, **args: Any) -> Any:
    accounts = [asking(info).hub.state.account(login) for login in source.thing.assignees]
    return connection(info, [one for one in accounts if one], lambda one: one.id, args)


@resolves("body", "Issue", "PullRequest")
def body(source: IssueNode, _info: Info) -> str:
    return source.thing.body or ""


@resolves("state", "Issue", "PullRequest")
def state(source: IssueNode, _info: Info) -> str:
    return _state(source.thing)


@resolves("locked", "Issue", "PullRequest")
def locked(_source: IssueNode, _info: Info) -> bool:
    return False


@resolves("isDraft", "PullRequest")
def is_draft(_source: IssueNode, _info: Info) -> bool:
    return False


@resolves("stateReason", "Issue")
def state_reason(source: IssueNode, _info: Info, *, enableDuplicate: bool = False) -> str | None:  # noqa: N803
    reason = source.thing.state_reason
    if reason == "duplicate" and not enableDuplicate:
        return "NOT_PLANNED"
    return reason.upper() if reason else None


@resolves("merged", "PullRequest")
def merged(source: IssueNode, _info: Info) -> bool:
    return source.thing.merged_at is not None


@resolves("milestone", "Issue", "PullRequest")
def milestone_of_issue(source: IssueNode, _info: Info) -> MilestoneNode | None:
    number = source.thing.milestone
    return None if number is None else MilestoneNode(source.repository, source.repository.milestones[number])


@resolves("parent", "Issue")
def parent(source: IssueNode, info: Info) -> IssueNode | None:
    found = asking(info).hub.state.issue_by_id(source.thing.parent) if source.thing.parent is not None else None
    return IssueNode(*found) if found and asking(info).sees(found[0]) else None


@resolves("subIssues", "Issue")
def sub_issues(source: IssueNode, info: Info, **args: Any) -> Any:
    found = [one for child in source.thing.sub_issues if (one := asking(info).hub.state.issue_by_id(child))]
    rows = [IssueNode(*one) for one in found if asking(info).sees(one[0])]
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("subIssuesSummary", "Issue")
def sub_issues_summary(source: IssueNode, info: Info) -> dict[str, int]:
    total, completed = sub_issue_counts(asking(info).hub.state, source.thing)
    return {"total": total, "completed": completed, "percentCompleted": completed * 100 // total if total else 0}


@resolves("comments", "Issue", "PullRequest")
def comments(source: IssueNode, info: Info, **args: Any) -> Any:
    rows = [CommentNode(source.repository, one) for one in source.repository.comments_of(source.thing)]
    order = args.get("orderBy")
    if order:
        rows.sort(key=lambda row: (row.thing.updated_at, row.thing.id), reverse=order["direction"] == "DESC")
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("id", "IssueComment")
def comment_id(source: CommentNode, _info: Info) -> str:
    return node_id("IC", source.thing.id)


@resolves("issue", "IssueComment")
def issue_of_comment(source: CommentNode, _info: Info) -> IssueNode:
    return IssueNode(source.repository, source.repository.issues[source.thing.issue])


@resolves("url", "IssueComment")
def comment_url(source: CommentNode, info: Info) -> str:
    page = f"{asking(info).base_url}/{source.repository.full_name}/issues/{source.thing.issue}"
    return f"{page}#issuecomment-{source.thing.id}"

"""Mutations: each is carried out by itself, in order; one that fails is null in the answer and an error beside it."""

from __future__ import annotations

from typing import Any, TypeVar

from graphql import GraphQLError

from okrsync.sandbox.github import actions, boards, hierarchy
from okrsync.sandbox.github.access import account_of
from okrsync.sandbox.github.actions import UNSET, Invalid, IssueChange
from okrsync.sandbox.github.graph.context import (
    Asking,
    CommentNode,
    FieldNode,
    Info,
    IssueNode,
    ItemNode,
    LabelNode,
    MilestoneNode,
    asking,
    failure,
    resolves,
)
from okrsync.sandbox.github.graph.roots import find_node
from okrsync.sandbox.github.state import Account, Project

Kind = TypeVar("Kind")
NAMES: dict[type, str] = {
    IssueNode: "Issue",
    Project: "ProjectV2",
    ItemNode: "ProjectV2Item",
    FieldNode: "ProjectV2Field",
    MilestoneNode: "Milestone",
    LabelNode: "Label",
    Account: "User",
}


def _get(ask: Asking, kind: type[Kind], text: str) -> Kind:
    found = find_node(ask, text)
    if not isinstance(found, kind):
        raise failure("NOT_FOUND", f"Could not resolve to {NAMES[kind]} node with the global id of '{text}'.")
    return found


def _issue(ask: Asking, text: str) -> IssueNode:
    found = _get(ask, IssueNode, text)
    ask.must_write(found.repository)
    return found


def _unprocessable(broken: Invalid) -> GraphQLError:
    first = broken.errors[0] if broken.errors else {}
    said = {
        "missing_field": f"{str(first.get('field', '')).capitalize()} can't be blank",
        "invalid": f"{str(first.get('field', '')).capitalize()} is invalid",
    }.get(str(first.get("code")), str(first.get("message", broken.message)))
    return failure("UNPROCESSABLE", said)


def _answer(given: dict[str, Any], **payload: Any) -> dict[str, Any]:
    return {"clientMutationId": given.get("clientMutationId"), **payload}


@resolves("addComment", "Mutation")
def add_comment(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    ask = asking(info)
    issue = _issue(ask, input["subjectId"])
    try:
        comment = actions.create_comment(ask.doing, issue.repository, issue.thing, input["body"])
    except Invalid as broken:
        raise _unprocessable(broken) from broken
    node = CommentNode(issue.repository, comment)
    return _answer(input, subject=issue, commentEdge={"cursor": str(comment.id), "node": node})


@resolves("updateIssue", "Mutation")
def update_issue(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    ask = asking(info)
    issue = _issue(ask, input["id"])
    change = IssueChange(
        title=UNSET if input.get("title") is None else input["title"],
        body=input.get("body", UNSET),
        state=UNSET if input.get("state") is None else input["state"].lower(),
        milestone=_milestone(ask, issue, input["milestoneId"]) if "milestoneId" in input else UNSET,
        labels=_label_names(ask, issue, input["labelIds"]) if input.get("labelIds") is not None else UNSET,
        assignees=(
            [_get(ask, Account, one).login for one in input["assigneeIds"]]
            if input.get("assigneeIds") is not None
            else UNSET
        ),
    )
    _edit(ask, issue, change)
    return _answer(input, issue=issue, actor=account_of(ask.hub.state, ask.token))


def _milestone(ask: Asking, issue: IssueNode, text: str | None) -> int | None:
    if text is None:
        return None
    milestone = _get(ask, MilestoneNode, text)
    if milestone.repository is not issue.repository:
        raise failure("UNPROCESSABLE", "Milestone is invalid")
    return milestone.thing.number


def _label_names(ask: Asking, issue: IssueNode, ids: list[str]) -> list[str]:
    labels = [_get(ask, LabelNode, one) for one in ids]
    if any(label.repository is not issue.repository for label in labels):
        raise failure("UNPROCESSABLE", "Label is invalid")
    return [label.thing.name for label in labels]


def _edit(ask: Asking, issue: IssueNode, change: IssueChange) -> None:
    try:
        actions.edit_issue(ask.doing, issue.repository, issue.thing, change)
    except Invalid as broken:
        raise _unprocessable(broken) from broken


@resolves("closeIssue", "Mutation")
def close_issue(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    issue = _issue(asking(info), input["issueId"])
    reason = (input.get("stateReason") or "COMPLETED").lower()
    _edit(asking(info), issue, IssueChange(state="closed", state_reason=reason))
    return _answer(input, issue=issue)


@resolves("reopenIssue", "Mutation")
def reopen_issue(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    issue = _issue(asking(info), input["issueId"])
    _edit(asking(info), issue, IssueChange(state="open"))
    return _answer(input, issue=issue)


@resolves("addSubIssue", "Mutation")
def add_sub_issue(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    ask = asking(info)
    if not input.get("subIssueId"):
        raise failure("UNPROCESSABLE", "Either subIssueId or subIssueUrl must be provided")
    parent, child = _issue(ask, input["issueId"]), _issue(ask, input["subIssueId"])
    try:
        hierarchy.add_sub_issue(ask.doing, parent.thing, child.thing, replace_parent=bool(input.get("replaceParent")))
    except Invalid as broken:
        raise _unprocessable(broken) from broken
    return _answer(input, issue=parent, subIssue=child)


@resolves("removeSubIssue", "Mutation")
def remove_sub_issue(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    parent, child = _issue(asking(info), input["issueId"]), _issue(asking(info), input["subIssueId"])
    if child.thing.id not in parent.thing.sub_issues:
        raise failure("UNPROCESSABLE", "The provided sub-issue is not a sub-issue of the parent issue")
    hierarchy.remove_sub_issue(parent.thing, child.thing)
    return _answer(input, issue=parent, subIssue=child)


@resolves("addProjectV2ItemById", "Mutation")
def add_project_item(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    ask = asking(info)
    ask.must_use_projects(to_write=True)
    project, issue = _get(ask, Project, input["projectId"]), _get(ask, IssueNode, input["contentId"])
    return _answer(input, item=ItemNode(project, boards.add_item(ask.doing, project, issue.thing.id)))


@resolves("updateProjectV2ItemFieldValue", "Mutation")
def update_value(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    ask = asking(info)
    item, field = _item_and_field(ask, input)
    given = [value for value in input["value"].values() if value is not None]
    if len(given) != 1:
        raise failure("UNPROCESSABLE", "Exactly one value must be provided")
    try:
        boards.set_value(ask.doing, item.thing, field.thing, given[0])
    except Invalid as broken:
        raise failure("VALIDATION", broken.message) from broken
    return _answer(input, projectV2Item=item)


@resolves("clearProjectV2ItemFieldValue", "Mutation")
def clear_value(_source: Any, info: Info, *, input: dict[str, Any]) -> Any:  # noqa: A002
    ask = asking(info)
    item, field = _item_and_field(ask, input)
    boards.clear_value(ask.doing, item.thing, field.thing)
    return _answer(input, projectV2Item=item)


def _item_and_field(ask: Asking, given: dict[str, Any]) -> tuple[ItemNode, FieldNode]:
    ask.must_use_projects(to_write=True)
    project = _get(ask, Project, given["projectId"])
    item, field = _get(ask, ItemNode, given["itemId"]), _get(ask, FieldNode, given["fieldId"])
    if item.project is not project:
        raise failure("NOT_FOUND", "The item does not exist in the project")
    if field.project is not project:
        raise failure("NOT_FOUND", "The field does not exist in the project")
    return item, field

"""Where queries begin: the viewer, accounts, repositories, nodes by global id, and the rate limit."""

from __future__ import annotations

from typing import Any

from okrsync.sandbox.github.access import account_of
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
from okrsync.sandbox.github.state import Account, Project, Repository, node_id, read_node_id

ISSUE_KINDS = {"I": False, "PR": True}


@resolves("viewer", "Query")
def viewer(_source: Any, info: Info) -> Account:
    ask = asking(info)
    return account_of(ask.hub.state, ask.token)


@resolves("rateLimit", "Query")
def rate_limit(_source: Any, info: Info, **_: Any) -> dict[str, Any] | None:
    ask = asking(info)
    if not ask.hub.limits.announced:
        return None
    window = ask.hub.limits.window(ask.token.login, "graphql")
    return {
        "cost": ask.cost,
        "nodeCount": ask.nodes,
        "limit": window.limit,
        "remaining": window.remaining,
        "used": window.used,
        "resetAt": window.resets,
    }


@resolves("repository", "Query")
def repository(_source: Any, info: Info, *, owner: str, name: str, **_: Any) -> Repository:
    return _repository(asking(info), owner, name)


@resolves("repository", "User", "Organization")
def repository_of(source: Account, info: Info, *, name: str, **_: Any) -> Repository:
    return _repository(asking(info), source.login, name)


def _repository(ask: Asking, owner: str, name: str) -> Repository:
    full_name = f"{owner}/{name}"
    state = ask.hub.state
    found = state.repository(full_name) or state.repositories.get(state.moved.get(full_name.casefold(), 0))
    if found is None or not ask.sees(found):
        raise failure("NOT_FOUND", f"Could not resolve to a Repository with the name '{full_name}'.")
    return found


@resolves("organization", "Query")
def organization(_source: Any, info: Info, *, login: str) -> Account:
    return _account(asking(info), login, "Organization")


@resolves("user", "Query")
def user(_source: Any, info: Info, *, login: str) -> Account:
    return _account(asking(info), login, "User")


@resolves("repositoryOwner", "Query")
def repository_owner(_source: Any, info: Info, *, login: str) -> Account | None:
    return asking(info).hub.state.account(login)


def _account(ask: Asking, login: str, kind: str) -> Account:
    found = ask.hub.state.account(login)
    if found is None or found.kind != kind:
        article = "an" if kind == "Organization" else "a"
        raise failure("NOT_FOUND", f"Could not resolve to {article} {kind} with the login of '{login}'.")
    return found


@resolves("node", "Query")
def node(_source: Any, info: Info, *, id: str) -> Any:  # noqa: A002
    return find_node(asking(info), id)


@resolves("nodes", "Query")
def nodes(_source: Any, info: Info, *, ids: list[str]) -> list[Any]:
    if len(ids) > 100:
        raise failure("ARGUMENT_LIMIT", f"You may not provide more than 100 node ids; you provided {len(ids)}.")
    return [_node_or_error(asking(info), one) for one in ids]


def _node_or_error(ask: Asking, text: str) -> Any:
    try:
        return find_node(ask, text)
    except Exception as problem:  # noqa: BLE001 - graphql-core reports an error value at its place in the list
        return problem


def find_node(ask: Asking, text: str) -> Any:
    """What a global id stands for; raises NOT_FOUND for what is not there or not for this token."""
    key = read_node_id(text)
    found = _find(ask, *key) if key else None
    if found is None:
        raise failure("NOT_FOUND", f"Could not resolve to a node with the global id of '{text}'")
    return found


def _find(ask: Asking, kind: str, number: int, more: int) -> Any:
    state = ask.hub.state
    if kind in ISSUE_KINDS:
        issue = state.issue_by_id(number)
        fits = issue is not None and ask.sees(issue[0]) and issue[1].pull_request == ISSUE_KINDS[kind]
        return IssueNode(*issue) if issue and fits else None
    if kind in ("U", "O"):
        return next((one for one in state.accounts.values() if one.id == number), None)
    if kind.startswith("PVT"):
        return _find_on_board(ask, kind, number, more)
    for found in state.repositories.values():
        if not ask.sees(found):
            continue
        if kind == "R" and found.id == number:
            return found
        if kind == "LA" and number in found.labels:
            return LabelNode(found, found.labels[number])
        if kind == "IC" and number in found.comments:
            return CommentNode(found, found.comments[number])
        if kind == "MI":
            milestone = next((one for one in found.milestones.values() if one.id == number), None)
            if milestone:
                return MilestoneNode(found, milestone)
    return None


def _find_on_board(ask: Asking, kind: str, number: int, more: int) -> Any:
    project = ask.hub.state.projects.get(number)
    if project is None:
        return None
    ask.must_use_projects()
    if kind == "PVT":
        return project
    if kind == "PVTI":
        item = project.items.get(more)
        return ItemNode(project, item) if item else None
    if kind in ("PVTF", "PVTSSF"):
        field = project.fields.get(more)
        return FieldNode(project, field) if field else None
    return None


@resolves("id", "User", "Organization")
def account_id(source: Account, _info: Info) -> str:
    return node_id("O" if source.kind == "Organization" else "U", source.id)


@resolves("databaseId", "User", "Organization", "Repository")
def database_id(source: Account | Repository, _info: Info) -> int:
    return source.id


@resolves("url", "User", "Organization")
def account_url(source: Account, info: Info) -> str:
    return f"{asking(info).base_url}/{source.login}"


@resolves("isViewer", "User")
def is_viewer(source: Account, info: Info) -> bool:
    return source.login.casefold() == asking(info).token.login.casefold()


@resolves("fullDatabaseId", "ProjectV2")
def project_database_id(source: Project, _info: Info) -> str:
    return str(source.id)

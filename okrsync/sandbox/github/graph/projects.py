"""Projects v2: boards, their fields, items and values."""

from __future__ import annotations

from typing import Any

from okrsync.sandbox.github.graph.connections import connection
from okrsync.sandbox.github.graph.context import (
    FieldNode,
    Info,
    IssueNode,
    ItemNode,
    ValueNode,
    asking,
    failure,
    resolves,
)
from okrsync.sandbox.github.state import Account, Project, Repository, node_id, stamp

VALUES = (
    "ProjectV2ItemFieldDateValue",
    "ProjectV2ItemFieldNumberValue",
    "ProjectV2ItemFieldSingleSelectValue",
    "ProjectV2ItemFieldTextValue",
)
FIELDS = ("ProjectV2Field", "ProjectV2SingleSelectField")


@resolves("projectV2", "User", "Organization")
def project_of_owner(source: Account, info: Info, *, number: int) -> Project:
    ask = asking(info)
    ask.must_use_projects()
    found = ask.hub.state.project(source.login, number)
    if found is None:
        raise failure("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")
    return found


@resolves("projectsV2", "User", "Organization")
def projects_of_owner(source: Account, info: Info, **args: Any) -> Any:
    ask = asking(info)
    ask.must_use_projects()
    words = (args.get("query") or "").casefold()
    rows = [
        one
        for one in ask.hub.state.projects.values()
        if one.owner.casefold() == source.login.casefold() and words in one.title.casefold()
    ]
    return connection(info, sorted(rows, key=lambda one: -one.number), lambda one: one.id, args)


@resolves("projectV2", "Repository")
def project_of_repository(_source: Repository, _info: Info, *, number: int) -> Project:
    raise failure("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")


@resolves("projectsV2", "Repository")
def projects_of_repository(_source: Repository, info: Info, **args: Any) -> Any:
    return connection(info, [], lambda _: 0, args)


@resolves("id", "ProjectV2")
def project_id(source: Project, _info: Info) -> str:
    return node_id("PVT", source.id)


@resolves("owner", "ProjectV2")
def owner(source: Project, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.owner)


@resolves("creator", "ProjectV2")
def project_creator(source: Project, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.creator)


@resolves("closed", "ProjectV2")
def closed(_source: Project, _info: Info) -> bool:
    return False


@resolves("public", "ProjectV2")
def public(_source: Project, _info: Info) -> bool:
    return False


@resolves("url", "ProjectV2")
def url(source: Project, info: Info) -> str:
    ask = asking(info)
    account = ask.hub.state.account(source.owner)
    kind = "orgs" if account and account.kind == "Organization" else "users"
    return f"{ask.base_url}/{kind}/{source.owner}/projects/{source.number}"


@resolves("viewerCanUpdate", "ProjectV2")
def viewer_can_update(_source: Project, info: Info) -> bool:
    return asking(info).token.may_use_projects(to_write=True)


@resolves("field", "ProjectV2")
def field(source: Project, _info: Info, *, name: str) -> FieldNode | None:
    found = source.field_named(name)
    return FieldNode(source, found) if found else None


@resolves("fields", "ProjectV2")
def fields(source: Project, info: Info, **args: Any) -> Any:
    rows = [FieldNode(source, one) for one in source.fields.values()]
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("items", "ProjectV2")
def items(source: Project, info: Info, **args: Any) -> Any:
    rows = [ItemNode(source, one) for one in source.items.values()]
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("projectItems", "Issue", "PullRequest")
def items_of_issue(source: IssueNode, info: Info, **args: Any) -> Any:
    ask = asking(info)
    ask.must_use_projects()
    found = [(one, one.item_for(source.thing.id)) for one in ask.hub.state.projects.values()]
    rows = [ItemNode(project, item) for project, item in found if item is not None]
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("id", *FIELDS)
def field_id(source: FieldNode, _info: Info) -> str:
    kind = "PVTSSF" if source.thing.data_type == "SINGLE_SELECT" else "PVTF"
    return node_id(kind, source.project.id, source.thing.id)


@resolves("databaseId", *FIELDS)
def field_database_id(source: FieldNode, _info: Info) -> int:
    return source.thing.id


@resolves("updatedAt", *FIELDS)
def field_updated_at(source: FieldNode, _info: Info) -> str:
    return stamp(source.thing.created_at)


@resolves("options", "ProjectV2SingleSelectField")
def options(source: FieldNode, _info: Info, *, names: list[str] | None = None) -> list[dict[str, str]]:
    return [{"id": key, "name": name} for key, name in source.thing.options.items() if names is None or name in names]


@resolves("id", "ProjectV2Item")
def item_id(source: ItemNode, _info: Info) -> str:
    return node_id("PVTI", source.project.id, source.thing.id)


@resolves("fullDatabaseId", "ProjectV2Item")
def item_database_id(source: ItemNode, _info: Info) -> str:
    return str(source.thing.id)


@resolves("isArchived", "ProjectV2Item")
def is_archived(_source: ItemNode, _info: Info) -> bool:
    return False


@resolves("creator", "ProjectV2Item")
def item_creator(source: ItemNode, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.thing.creator)


@resolves("content", "ProjectV2Item")
def content(source: ItemNode, info: Info) -> IssueNode | None:
    found = asking(info).hub.state.issue_by_id(source.thing.issue)
    return IssueNode(*found) if found and asking(info).sees(found[0]) else None


@resolves("type", "ProjectV2Item")
def item_type(source: ItemNode, info: Info) -> str:
    found = asking(info).hub.state.issue_by_id(source.thing.issue)
    return "PULL_REQUEST" if found and found[1].pull_request else "ISSUE"


@resolves("fieldValueByName", "ProjectV2Item")
def value_by_name(source: ItemNode, _info: Info, *, name: str) -> ValueNode | None:
    found = source.project.field_named(name)
    held = source.thing.values.get(found.id) if found else None
    return ValueNode(source, FieldNode(source.project, found), held) if found and held else None


@resolves("fieldValues", "ProjectV2Item")
def values(source: ItemNode, info: Info, **args: Any) -> Any:
    rows = [
        ValueNode(source, FieldNode(source.project, source.project.fields[key]), held)
        for key, held in source.thing.values.items()
    ]
    return connection(info, rows, lambda row: row.thing.id, args)


@resolves("id", *VALUES)
def value_id(source: ValueNode, _info: Info) -> str:
    return node_id("PVTFV", source.item.project.id, source.thing.id)


@resolves("creator", *VALUES)
def value_creator(source: ValueNode, info: Info) -> Account | None:
    return asking(info).hub.state.account(source.item.thing.creator)


@resolves("number", "ProjectV2ItemFieldNumberValue")
@resolves("date", "ProjectV2ItemFieldDateValue")
@resolves("text", "ProjectV2ItemFieldTextValue")
@resolves("optionId", "ProjectV2ItemFieldSingleSelectValue")
def value(source: ValueNode, _info: Info) -> float | str:
    return source.thing.value


@resolves("name", "ProjectV2ItemFieldSingleSelectValue")
def option_name(source: ValueNode, _info: Info) -> str | None:
    return source.field.thing.options.get(str(source.thing.value))

"""What can be done to Projects v2 boards: fields, items and what items hold.  GraphQL and 'people' act through it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from okrsync.sandbox.github.actions import Doing, Invalid
from okrsync.sandbox.github.state import DataType, FieldValue, Project, ProjectField, ProjectItem

STATUSES = ("Todo", "In Progress", "Done")
KINDS: dict[DataType, str] = {
    "NUMBER": "number",
    "TEXT": "text",
    "DATE": "date",
    "SINGLE_SELECT": "single_select",
    "TITLE": "title",
}


def create_project(doing: Doing, owner: str, title: str) -> Project:
    """Make a board with the fields that every new board has (those that the sandbox knows)."""
    account = doing.state.account(owner)
    if account is None:
        raise LookupError(f"the sandbox has no account {owner}")
    number = 1 + max((one.number for one in doing.state.projects.values() if one.owner == account.login), default=0)
    project = Project(doing.state.next_id(), account.login, number, title, doing.login, doing.at, doing.at)
    doing.state.projects[project.id] = project
    create_field(doing, project, "Title", "TITLE")
    create_field(doing, project, "Status", "SINGLE_SELECT", STATUSES)
    return project


def create_field(
    doing: Doing, project: Project, name: str, data_type: DataType, options: Sequence[str] = ()
) -> ProjectField:
    """Give a board another field, under a name that no other field has."""
    if project.field_named(name) is not None:
        raise Invalid(message="Name has already been taken")
    created = ProjectField(doing.state.next_id(), name, data_type, doing.at)
    created.options = {f"{doing.state.next_id():08x}": option for option in options}
    project.fields[created.id] = created
    project.updated_at = doing.at
    return created


def add_item(doing: Doing, project: Project, issue: int) -> ProjectItem:
    """Put the issue with this id on a board; one that is there already stays as it is."""
    item = project.item_for(issue)
    if item is None:
        item = ProjectItem(doing.state.next_id(), issue, doing.login, doing.at, doing.at)
        project.items[item.id] = item
    return item


def set_value(doing: Doing, item: ProjectItem, field: ProjectField, value: float | str) -> None:
    """Write a value; writing the value that is there already does not move the item's `updated_at`."""
    _check(field, value)
    held = item.values.get(field.id)
    if held is not None and held.value == value:
        return
    if held is None:
        item.values[field.id] = FieldValue(doing.state.next_id(), field.id, value, doing.at, doing.at)
    else:
        held.value, held.updated_at = value, doing.at
    item.updated_at = doing.at


def clear_value(doing: Doing, item: ProjectItem, field: ProjectField) -> None:
    """Empty a field."""
    if item.values.pop(field.id, None) is not None:
        item.updated_at = doing.at


def _check(field: ProjectField, value: float | str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if field.data_type == "TITLE":
        raise Invalid(message="The field of type title is currently not supported.")
    if is_number != (field.data_type == "NUMBER"):
        kind = KINDS[field.data_type]
        what = "single select option Id" if kind == "single_select" else f"{kind} value"
        raise Invalid(message=f"Did not receive a {what} to update a field of type {kind}")
    if field.data_type == "SINGLE_SELECT" and value not in field.options:
        raise Invalid(message="The single select option Id does not belong to the field")
    if field.data_type == "DATE":
        try:
            date.fromisoformat(str(value))
        except ValueError:
            raise Invalid(message=f"{value} is not a date") from None

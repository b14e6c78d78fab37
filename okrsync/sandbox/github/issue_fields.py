"""Issue fields, which organisations have since 2025: what can be done with them, and how REST shows them.

Whether a new value moves an issue's `updated_at` is not documented; here it does not, so that nobody relies on it.
"""

from __future__ import annotations

from typing import Any

from okrsync.sandbox.github.actions import Doing, Invalid
from okrsync.sandbox.github.state import Account, GitHubState, Issue, IssueField, Repository, node_id, stamp

KINDS = ("text", "number", "date")
"""The types that the sandbox knows, of those that there are."""


def create_issue_field(doing: Doing, owner: Account, name: str, data_type: str) -> IssueField:
    """Give an organisation an issue field, under a name that no other has."""
    if owner.kind != "Organization":
        raise LookupError(f"{owner.login} is no organisation, and only those have issue fields")
    if data_type not in KINDS:
        raise LookupError(f"the sandbox knows issue fields of the types {', '.join(KINDS)}")
    if any(each.name.casefold() == name.casefold() for each in owner.issue_fields.values()):
        raise Invalid(message="Name has already been taken")
    created = IssueField(doing.state.next_id(), name, data_type, doing.at)
    owner.issue_fields[created.id] = created
    return created


def set_issue_field(owner: Account, issue: Issue, name: str, value: float | str | None) -> None:
    """Write what an issue holds in a field; None clears it."""
    found = next((each for each in owner.issue_fields.values() if each.name == name), None)
    if found is None:
        raise LookupError(f"{owner.login} has no issue field {name!r}")
    if value is None:
        issue.field_values.pop(found.id, None)
        return
    if isinstance(value, str) is (found.data_type == "number"):
        raise Invalid(message=f"{value!r} is no value of a field of type {found.data_type}")
    issue.field_values[found.id] = value


def field_shape(field: IssueField) -> dict[str, Any]:
    """A field as the list of an organisation's fields shows it."""
    return {
        "id": field.id,
        "node_id": node_id(_kind(field), field.id),
        "name": field.name,
        "description": None,
        "data_type": field.data_type,
        "visibility": "all",
        "options": None,
        "created_at": stamp(field.created_at),
        "updated_at": stamp(field.created_at),
    }


def value_shapes(state: GitHubState, repository: Repository, issue: Issue) -> list[dict[str, Any]] | None:
    """What an issue holds in the fields of its organisation; None for a person's repository, whose issues have none."""
    owner = state.account(repository.owner)
    if owner is None or owner.kind != "Organization":
        return None
    return [
        {
            "issue_field_id": field.id,
            "issue_field_name": field.name,
            "node_id": node_id(_kind(field), field.id),
            "data_type": field.data_type,
            "value": issue.field_values[field.id],
        }
        for field in owner.issue_fields.values()
        if field.id in issue.field_values
    ]


def _kind(field: IssueField) -> str:
    return {"text": "IFT", "number": "IFN", "date": "IFD"}[field.data_type]

"""Reads the values that a client sends for fields, and refuses them in Jira's words."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from okrsync.sandbox.jira.defaults import PRIORITIES
from okrsync.sandbox.jira.model import EPIC_LINK, EPIC_NAME, Field, Issue, IssueType
from okrsync.sandbox.jira.store import JiraStore

LONGEST_TEXT = 32767
LONGEST_LINE = 255


class ValueRefusedError(Exception):
    """A value that a field does not take; the text is Jira's. `field` is set where Jira blames another one."""

    def __init__(self, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


def read_value(store: JiraStore, field: Field, sent: Any, issue_type: IssueType, issue: Issue | None) -> Any:
    """The value to store for what was sent; None where the field is cleared.

    `issue` is the one being edited, None on create.  Raises ValueRefusedError.
    """
    match field.id:
        case "summary":
            return _summary(sent)
        case "labels":
            return _labels(sent)
        case "duedate":
            return _date(sent)
        case "priority":
            return _priority(sent)
        case "assignee" | "reporter":
            return _user(store, field, sent)
        case "parent":
            return _parent(store, sent, issue_type, issue)
    if field.custom == EPIC_LINK:
        return _epic_link(store, sent, issue_type)
    if field.kind == "number":
        return _number(sent)
    if field.custom == EPIC_NAME and (sent is None or (isinstance(sent, str) and not sent.strip())):
        raise ValueRefusedError(f"{field.name} is required.")
    return _text(sent, LONGEST_TEXT if field.id == "description" else LONGEST_LINE)


def _summary(sent: Any) -> str:
    if sent is None or (isinstance(sent, str) and not sent.strip()):
        raise ValueRefusedError("You must specify a summary of the issue.")
    if not isinstance(sent, str):
        raise ValueRefusedError("Operation value must be a string")
    if "\n" in sent or "\r" in sent:
        raise ValueRefusedError("The summary is invalid because it contains newline characters.")
    if len(sent) > LONGEST_LINE:
        raise ValueRefusedError("Summary must be less than 255 characters.")
    return sent.strip()


def _text(sent: Any, longest: int) -> str | None:
    if sent is None or sent == "":
        return None
    if not isinstance(sent, str):
        raise ValueRefusedError("Operation value must be a string")
    if len(sent) > longest:
        raise ValueRefusedError(
            f"The entered text is too long. It exceeds the allowed limit of {longest:,} characters."
        )
    return sent


def _number(sent: Any) -> float | None:
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise ValueRefusedError("Operation value must be a number")
    return float(sent)


def _labels(sent: Any) -> list[str] | None:
    if sent is None:
        return None
    if not isinstance(sent, list):
        raise ValueRefusedError("data was not an array")
    for label in sent:
        if not isinstance(label, str):
            raise ValueRefusedError("string expected at index 0")
        if re.search(r"\s", label) or not label:
            raise ValueRefusedError(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > LONGEST_LINE:
            raise ValueRefusedError(f"The label '{label}' exceeds the maximum length of 255 characters.")
    return sorted(set(sent)) or None


def _date(sent: Any) -> str | None:
    if sent is None or sent == "":
        return None
    if isinstance(sent, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", sent):
        try:
            return date.fromisoformat(sent).isoformat()
        except ValueError:
            pass
    raise ValueRefusedError(f"Error parsing date string: {sent}" if isinstance(sent, str) else "data was not a string")


def _priority(sent: Any) -> str | None:
    if sent is None:
        return None
    given = _reference(sent)
    for priority_id, name in PRIORITIES.items():
        if given.get("id") == priority_id or given.get("name") == name:
            return priority_id
    raise ValueRefusedError("The priority selected is invalid.")


def _user(store: JiraStore, field: Field, sent: Any) -> str | None:
    if sent is None:
        return None
    given = _reference(sent)
    wanted = given.get("accountId", given.get("id")) if store.cloud else given.get("name")
    if wanted is None:
        return None
    user = store.state.users.get(wanted)
    if user is None:
        described = field.name.lower()
        raise ValueRefusedError(
            f"Specify a valid value for {described}" if store.cloud else f"User '{wanted}' does not exist."
        )
    return user.id


def _parent(store: JiraStore, sent: Any, issue_type: IssueType, issue: Issue | None) -> int | None:
    if sent is None or (isinstance(sent, dict) and sent.get("key", sent.get("id", "")) is None):
        if issue_type.subtask:
            raise ValueRefusedError("Issue type is a sub-task but parent issue key or id not specified.")
        return None
    given = _reference(sent)
    parent = store.issue(given.get("id") or given.get("key") or "")
    if parent is None:
        raise ValueRefusedError("Could not find issue by id or key.")
    wrong = store.type_of(parent).level != issue_type.level + 1
    if wrong or (issue is not None and parent.id == issue.id):
        raise ValueRefusedError(
            "Given parent work item does not belong to appropriate hierarchy."
            if store.cloud
            else f"Issue '{parent.key}' of type '{store.type_of(parent).name}' can not have sub-tasks.",
            "parentId",
        )
    return parent.id


def _epic_link(store: JiraStore, sent: Any, issue_type: IssueType) -> int | None:
    if sent is None:
        return None
    if not isinstance(sent, str):
        raise ValueRefusedError("String value expected as the Epic Key.")
    epic = store.issue(sent)
    if epic is None:
        raise ValueRefusedError("gh.epic.error.not.found")
    if store.type_of(epic).level != 1:
        raise ValueRefusedError(f"Issue '{epic.key}' must be of type 'Epic'.")
    if issue_type.level != 0:
        raise ValueRefusedError("Epics and sub-tasks cannot belong to an epic.")
    return epic.id


def _reference(sent: Any) -> dict[str, str]:
    """What a client sends to name another thing: an object with id, key or name."""
    if not isinstance(sent, dict):
        raise ValueRefusedError("data was not an object")
    if any(not isinstance(value, str | None) for value in sent.values()):
        raise ValueRefusedError("expected 'id' property to be a string")
    return {name: value for name, value in sent.items() if value is not None}

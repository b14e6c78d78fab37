"""GitHub's webhooks: which repository, milestone, issue or board they are about.

Source: "Webhook events and payloads" and "Validating webhook deliveries" in GitHub's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.trackers.webhooks import Named, Webhooks
from okrsync_github.addresses import issue_in, milestone_in

_IN_REPOSITORIES = frozenset({"issues", "issue_comment", "milestone", "sub_issues", "pull_request"})


def named(headers: Mapping[str, str], payload: Mapping[str, Any]) -> Iterator[Named]:
    """What a delivery is about; pull requests too, for they may count among a milestone's children.

    Raises:
        ValueError: it does not name what its event is about.
    """
    event = headers.get("x-github-event", "")
    if event == "projects_v2_item":
        yield Named(board=_board(payload))
    elif event in _IN_REPOSITORIES:
        yield _in_repository(event, payload)


WEBHOOKS = Webhooks(signature="x-hub-signature-256", delivery="x-github-delivery", read=named)


def _in_repository(event: str, payload: Mapping[str, Any]) -> Named:
    project = _table(payload, "repository").get("full_name")
    if not isinstance(project, str) or "/" not in project:
        raise ValueError(f"the event {event} names no repository")
    if event == "milestone":
        return Named(project, milestone_in(project, _number(payload, "milestone")).id)
    if event in {"issues", "issue_comment"}:
        return Named(project, issue_in(project, _number(payload, "issue")).id)
    return Named(project)


def _board(payload: Mapping[str, Any]) -> str:
    """The board as owner/number, or its owner alone: only a change of a field's value tells the number."""
    owner = _table(payload, "organization").get("login")
    if not isinstance(owner, str) or not owner:
        raise ValueError("the event projects_v2_item names no organization")
    value = _table(_table(payload, "changes"), "field_value")
    number = value.get("project_number")
    return f"{owner}/{number}" if isinstance(number, int) and not isinstance(number, bool) else owner


def _number(payload: Mapping[str, Any], key: str) -> int:
    number = _table(payload, key).get("number")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"the {key} has no number")
    return number


def _table(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = payload.get(key)
    return found if isinstance(found, Mapping) else {}

"""Jira's webhooks: which issue they are about.

Source: "Webhooks" in Atlassian's documentation of the Jira Cloud platform; `X-Hub-Signature` there is that of WebSub,
and `X-Atlassian-Webhook-Identifier` stays the same where a delivery is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.trackers.webhooks import Named, Webhooks

_ABOUT_ISSUES = ("jira:issue_", "comment_", "issuelink_", "worklog_")


def named(_headers: Mapping[str, str], payload: Mapping[str, Any]) -> Iterator[Named]:
    """The issue that a delivery is about. Links and worklogs come without it, and say nothing that can be looked at.

    Raises:
        ValueError: it names no event, or an issue without id or key.
    """
    event = payload.get("webhookEvent")
    if not isinstance(event, str) or not event:
        raise ValueError("there is no webhookEvent")
    if not event.startswith(_ABOUT_ISSUES) or "issue" not in payload:
        return
    issue = payload["issue"]
    key = issue.get("key") if isinstance(issue, Mapping) else None
    number = issue.get("id") if isinstance(issue, Mapping) else None
    project, dash, _ = str(key or "").rpartition("-")
    if not dash or not project or not str(number or "").isdigit():
        raise ValueError(f"the event {event} names no issue by id and key")
    yield Named(project, str(number))


WEBHOOKS = Webhooks(signature="x-hub-signature", delivery="x-atlassian-webhook-identifier", read=named)

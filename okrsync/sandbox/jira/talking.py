"""Comments, links between issues and steps through the workflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from okrsync.sandbox.jira.defaults import DONE_RESOLUTION
from okrsync.sandbox.jira.field_values import LONGEST_TEXT
from okrsync.sandbox.jira.history import entry, status_changes
from okrsync.sandbox.jira.model import ChangeItem, Comment, Issue, Link, LinkType, Transition
from okrsync.sandbox.jira.refusals import InvalidError
from okrsync.sandbox.jira.store import JiraStore


def add_comment(store: JiraStore, issue: Issue, body: Any, author: str, now: datetime) -> Issue:
    """The issue with one more comment; it is not stored yet."""
    text = _comment_text(body)
    comment = Comment(str(store.state.next_id("comment")), author, text, now, now, author)
    return replace(issue, comments=(*issue.comments, comment), updated=now)


def edit_comment(issue: Issue, comment: Comment, body: Any, author: str, now: datetime) -> Issue:
    """The issue with this comment's text replaced; it is not stored yet."""
    edited = replace(comment, body=_comment_text(body), updated=now, update_author=author)
    comments = tuple(edited if one.id == comment.id else one for one in issue.comments)
    return replace(issue, comments=comments, updated=now)


def remove_comment(issue: Issue, comment: Comment, now: datetime) -> Issue:
    """The issue without this comment; it is not stored yet."""
    return replace(issue, comments=tuple(one for one in issue.comments if one.id != comment.id), updated=now)


def _comment_text(body: Any) -> str:
    if not isinstance(body, str) or not body.strip():
        raise InvalidError(fields={"comment": "Comment body can not be empty!"})
    if len(body) > LONGEST_TEXT:
        raise InvalidError(
            fields={
                "comment": f"The entered text is too long. It exceeds the allowed limit of {LONGEST_TEXT:,} characters."
            }
        )
    return body


def steps_from(store: JiraStore, issue: Issue) -> list[Transition]:
    """The steps of the workflow that are open to an issue."""
    return [
        step for step in store.state.transitions.values() if step.origins is None or issue.status_id in step.origins
    ]


def move(store: JiraStore, issue: Issue, status_id: str, author: str, now: datetime) -> Issue:
    """The issue in another status, resolved or not to match; it is not stored yet."""
    done = store.state.statuses[status_id].category == "done"
    old_resolution = DONE_RESOLUTION if issue.resolved else None
    items = status_changes(store, issue, status_id, old_resolution, DONE_RESOLUTION if done else None)
    return replace(
        issue,
        status_id=status_id,
        resolved=(issue.resolved or now) if done else None,
        updated=now,
        status_changed=now,
        changes=(*issue.changes, entry(store, author, now, items)),
    )


def add_link(store: JiraStore, kind: LinkType, source: Issue, target: Issue, author: str, now: datetime) -> None:
    """Link two issues; a link that is there already stays the only one.

    Both issues count as updated.  Raises InvalidError for an issue with itself.
    """
    if source.id == target.id:
        raise InvalidError("You cannot link an issue to itself.")
    wanted = (kind.id, source.id, target.id)
    if any((link.type_id, link.source, link.target) == wanted for link in store.state.links.values()):
        return
    link_id = str(store.state.next_id("link"))
    store.state.links[link_id] = Link(link_id, *wanted)
    for issue, other, words in ((source, target, kind.outward), (target, source, kind.inward)):
        said = f"This issue {words} {other.key}"
        item = ChangeItem("Link", "issuelinks", False, None, None, other.key, said)
        store.put(replace(issue, updated=now, changes=(*issue.changes, entry(store, author, now, [item]))))


def remove_link(store: JiraStore, link: Link, author: str, now: datetime) -> None:
    """Take a link away; both issues count as updated."""
    del store.state.links[link.id]
    kind = store.state.link_types[link.type_id]
    ends = ((link.source, link.target, kind.outward), (link.target, link.source, kind.inward))
    for issue_id, other_id, words in ends:
        issue, other = store.state.issues[issue_id], store.state.issues[other_id]
        said = f"This issue {words} {other.key}"
        item = ChangeItem("Link", "issuelinks", False, other.key, said, None, None)
        store.put(replace(issue, updated=now, changes=(*issue.changes, entry(store, author, now, [item]))))

"""Sub-issues: at most 100 below an issue and 8 layers deep, each with one parent.

Source: docs.github.com, 'Adding sub-issues'.
"""

from __future__ import annotations

from okrsync.sandbox.github.actions import Doing, Invalid
from okrsync.sandbox.github.state import GitHubState, Issue

SUB_ISSUES_LIMIT = 100
SUB_ISSUE_DEPTH = 8


def add_sub_issue(doing: Doing, parent: Issue, child: Issue, *, replace_parent: bool = False) -> None:
    """Put `child` below `parent`; neither one's `updated_at` moves."""
    refusal = "An error occurred while adding the sub-issue to the parent issue."
    if child.id in parent.sub_issues:
        raise Invalid(message=f"{refusal} Issue may not contain duplicate sub-issues")
    if child.parent is not None and not replace_parent:
        raise Invalid(message=f"{refusal} Sub issue may only have one parent")
    line = _ancestors(doing.state, parent)
    if child.id in [issue.id for issue in line]:
        raise Invalid(message=f"{refusal} Sub issue cannot be an ancestor of its parent")
    if len(line) >= SUB_ISSUE_DEPTH:
        raise Invalid(message=f"{refusal} Parent cannot have more than {SUB_ISSUE_DEPTH - 1} layers of sub-issues")
    if len(parent.sub_issues) >= SUB_ISSUES_LIMIT:
        raise Invalid(message=f"{refusal} Parent cannot have more than {SUB_ISSUES_LIMIT} sub-issues")
    former = doing.state.issue_by_id(child.parent) if child.parent is not None else None
    if former:
        former[1].sub_issues.remove(child.id)
    parent.sub_issues.append(child.id)
    child.parent = parent.id


def remove_sub_issue(parent: Issue, child: Issue) -> None:
    """Take `child` out from under `parent`."""
    parent.sub_issues.remove(child.id)
    child.parent = None


def _ancestors(state: GitHubState, issue: Issue) -> list[Issue]:
    line = [issue]
    while line[-1].parent is not None:
        found = state.issue_by_id(line[-1].parent)
        if found is None:
            break
        line.append(found[1])
    return line

"""Sub-issues and parents; what is added or removed is named by its id, not by its number."""

from __future__ import annotations

from starlette.responses import Response

from okrsync.sandbox.github import hierarchy
from okrsync.sandbox.github.access import rank
from okrsync.sandbox.github.actions import Unset
from okrsync.sandbox.github.answers import answer, not_found
from okrsync.sandbox.github.paging import numbered_page
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.rest.given import Given
from okrsync.sandbox.github.state import Issue, Repository


def list_sub_issues(call: Call) -> Response:
    parent = call.issue()
    children = [found for child in parent.sub_issues if (found := call.hub.state.issue_by_id(child))]
    return numbered_page(
        call.request,
        call.path,
        [found for found in children if rank(found[0], call.token)],
        call.hub.largest_page,
        lambda found: call.shapes.issue(*found),
    )


def add_sub_issue(call: Call) -> Response:
    parent = call.issue()
    call.must_write("triage")
    repository, child = _named(call)
    if repository.owner != call.repository.owner or child.pull_request:
        raise not_found(call.docs)
    hierarchy.add_sub_issue(call.doing, parent, child, replace_parent=Given(call).flag("replace_parent"))
    shown = call.shapes.issue(call.repository, parent, alone=True)
    return answer(shown, 201, {"Location": shown["url"]})


def remove_sub_issue(call: Call) -> Response:
    parent = call.issue()
    call.must_write("triage")
    _, child = _named(call)
    if child.id not in parent.sub_issues:
        raise not_found(call.docs)
    hierarchy.remove_sub_issue(parent, child)
    return answer(call.shapes.issue(call.repository, parent, alone=True))


def get_parent(call: Call) -> Response:
    issue = call.issue()
    parent = call.hub.state.issue_by_id(issue.parent) if issue.parent is not None else None
    if parent is None or not rank(parent[0], call.token):
        raise not_found(call.docs)
    return answer(call.shapes.issue(*parent, alone=True))


def _named(call: Call) -> tuple[Repository, Issue]:
    given = Given(call)
    given.required("sub_issue_id")
    wanted = given.number("sub_issue_id")
    found = None if isinstance(wanted, Unset) else call.hub.state.issue_by_id(wanted)
    if found is None or not rank(found[0], call.token):
        raise not_found(call.docs)
    return found


DOCS = "issues/sub-issues"
ROUTES = (
    Endpoint("GET", "{repo}/issues/{number:int}/sub_issues", f"{DOCS}#list-sub-issues", list_sub_issues),
    Endpoint("POST", "{repo}/issues/{number:int}/sub_issues", f"{DOCS}#add-sub-issue", add_sub_issue),
    Endpoint("DELETE", "{repo}/issues/{number:int}/sub_issue", f"{DOCS}#remove-sub-issue", remove_sub_issue),
    Endpoint("GET", "{repo}/issues/{number:int}/parent", f"{DOCS}#get-parent-issue", get_parent),
)

"""Labels of a repository and of its issues."""

from __future__ import annotations

from starlette.responses import Response

from okrsync.sandbox.github import actions
from okrsync.sandbox.github.actions import IssueChange, Unset
from okrsync.sandbox.github.answers import answer, not_found, refuse
from okrsync.sandbox.github.paging import numbered_page
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.rest.given import Given
from okrsync.sandbox.github.state import Label


def list_labels(call: Call) -> Response:
    labels = sorted(call.repository.labels.values(), key=lambda label: label.name.casefold())
    return _page(call, labels)


def create_label(call: Call) -> Response:
    call.must_write()
    given = Given(call)
    given.required("name")
    name, color, description = given.text("name"), given.text("color"), given.text_or_null("description")
    label = actions.create_label(
        call.doing,
        call.repository,
        "" if isinstance(name, Unset) else name,
        None if isinstance(color, Unset) else color,
        None if isinstance(description, Unset) else description,
    )
    shown = call.shapes.label(call.repository, label)
    return answer(shown, 201, {"Location": shown["url"]})


def get_label(call: Call) -> Response:
    label = call.repository.label_named(call.request.path_params["name"])
    if label is None:
        raise not_found(call.docs)
    return answer(call.shapes.label(call.repository, label))


def list_issue_labels(call: Call) -> Response:
    return _page(call, call.repository.labels_of(call.issue()))


def add_issue_labels(call: Call) -> Response:
    issue = call.issue()
    call.must_write("triage")
    body = call.body()
    names = Given(call).names("labels", "name") if not isinstance(body, list) else body
    if isinstance(names, Unset) or not all(isinstance(name, str) for name in names):
        raise refuse(422, 'Invalid request.\n\n"labels" wasn\'t supplied.', call.docs)
    before = [label.name for label in call.repository.labels_of(issue)]
    actions.edit_issue(call.doing, call.repository, issue, IssueChange(labels=[*before, *names]))
    return answer([call.shapes.label(call.repository, label) for label in call.repository.labels_of(issue)])


def remove_issue_label(call: Call) -> Response:
    issue = call.issue()
    call.must_write("triage")
    label = call.repository.label_named(call.request.path_params["name"])
    if label is None or label.id not in issue.labels:
        raise refuse(404, "Label does not exist", call.docs)
    kept = [one.name for one in call.repository.labels_of(issue) if one is not label]
    actions.edit_issue(call.doing, call.repository, issue, IssueChange(labels=kept))
    return answer([call.shapes.label(call.repository, one) for one in call.repository.labels_of(issue)])


def _page(call: Call, labels: list[Label]) -> Response:
    return numbered_page(
        call.request, call.path, labels, call.hub.largest_page, lambda one: call.shapes.label(call.repository, one)
    )


DOCS = "issues/labels"
ROUTES = (
    Endpoint("GET", "{repo}/labels", f"{DOCS}#list-labels-for-a-repository", list_labels),
    Endpoint("POST", "{repo}/labels", f"{DOCS}#create-a-label", create_label),
    Endpoint("GET", "{repo}/labels/{name:path}", f"{DOCS}#get-a-label", get_label),
    Endpoint("GET", "{repo}/issues/{number:int}/labels", f"{DOCS}#list-labels-for-an-issue", list_issue_labels),
    Endpoint("POST", "{repo}/issues/{number:int}/labels", f"{DOCS}#add-labels-to-an-issue", add_issue_labels),
    Endpoint(
        "DELETE",
        "{repo}/issues/{number:int}/labels/{name:path}",
        f"{DOCS}#remove-a-label-from-an-issue",
        remove_issue_label,
    ),
)

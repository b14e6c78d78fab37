"""Issues and pull requests: list by cursor, get, create, change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from okrsync.sandbox.github import actions
from okrsync.sandbox.github.actions import CLOSE_REASONS, IssueChange, Unset
from okrsync.sandbox.github.answers import Refused, answer, refuse
from okrsync.sandbox.github.paging import cursor_page
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.rest.given import Given
from okrsync.sandbox.github.state import Issue

Test = Callable[[Issue], bool]


def list_issues(call: Call) -> Response:
    repository = call.repository
    tests = [*_state(call), *_milestone(call), *_people(call), *_labels(call), *_since(call)]
    if not repository.has_issues:
        tests.append(lambda issue: issue.pull_request)
    sort = call.choice("sort", ("created", "updated", "comments"), "Issue")
    comments = repository.comment_counts() if sort == "comments" else {}

    def key(issue: Issue) -> tuple[Any, int]:
        if sort == "comments":
            return comments.get(issue.number, 0), issue.id
        moment = issue.updated_at if sort == "updated" else issue.created_at
        return moment.timestamp(), issue.id

    return cursor_page(
        call.request,
        call.path,
        [issue for issue in repository.issues.values() if all(test(issue) for test in tests)],
        call.hub.largest_page,
        key=key,
        descending=call.choice("direction", ("desc", "asc"), "Issue") == "desc",
        show=lambda issue: call.shapes.issue(repository, issue),
        docs=call.docs,
    )


def get_issue(call: Call) -> Response:
    return answer(call.shapes.issue(call.repository, call.issue(), alone=True))


def create_issue(call: Call) -> Response:
    call.must_write("read")
    call.issues_must_be_on()
    given = Given(call)
    given.required("title")
    change = IssueChange(title=given.title(), body=given.text_or_null("body"), **_placing(call, given))
    issue = actions.create_issue(call.doing, call.repository, change)
    shown = call.shapes.issue(call.repository, issue, alone=True)
    return answer(shown, 201, {"Location": shown["url"]})


def edit_issue(call: Call) -> Response:
    issue = call.issue()
    call.must_write("read" if call.token and call.token.login == issue.author else "triage")
    given = Given(call)
    change = IssueChange(
        title=given.title(),
        body=given.text_or_null("body"),
        state=given.choice("state", ("open", "closed")),
        state_reason=given.choice_or_null("state_reason", (*CLOSE_REASONS, "reopened")),
        **_placing(call, given),
    )
    actions.edit_issue(call.doing, call.repository, issue, change)
    return answer(call.shapes.issue(call.repository, issue, alone=True))


def _placing(call: Call, given: Given) -> dict[str, Any]:
    """Milestone, labels and assignees, which GitHub drops in silence for those without push access."""
    milestone = given.number_or_null("milestone")
    labels = given.names("labels", "name")
    assignees = given.names("assignees", "login")
    single = given.text_or_null("assignee")
    if isinstance(assignees, Unset) and not isinstance(single, Unset):
        assignees = [single] if single else []
    if not call.may("triage"):
        return {}
    return {"milestone": milestone, "labels": labels, "assignees": assignees}


def _invalid(call: Call, field: str, value: str) -> Refused:
    entry = {"value": value, "resource": "Issue", "field": field, "code": "invalid"}
    return refuse(422, "Validation Failed", call.docs, errors=[entry])


def _state(call: Call) -> list[Test]:
    state = call.choice("state", ("open", "closed", "all"), "Issue")
    return [] if state == "all" else [lambda issue: issue.state == state]


def _milestone(call: Call) -> list[Test]:
    wanted = call.request.query.get("milestone")
    if not wanted:
        return []
    if wanted == "*":
        return [lambda issue: issue.milestone is not None]
    if wanted == "none":
        return [lambda issue: issue.milestone is None]
    if not wanted.isdigit() or int(wanted) not in call.repository.milestones:
        raise _invalid(call, "milestone", wanted)
    return [lambda issue: issue.milestone == int(wanted)]


def _people(call: Call) -> list[Test]:
    tests: list[Test] = []
    assignee, creator = call.request.query.get("assignee"), call.request.query.get("creator")
    if assignee == "*":
        tests.append(lambda issue: bool(issue.assignees))
    elif assignee == "none":
        tests.append(lambda issue: not issue.assignees)
    elif assignee:
        if call.hub.state.account(assignee) is None:
            raise _invalid(call, "assignee", assignee)
        tests.append(lambda issue: assignee.casefold() in [login.casefold() for login in issue.assignees])
    if creator:
        if call.hub.state.account(creator) is None:
            raise _invalid(call, "creator", creator)
        tests.append(lambda issue: issue.author.casefold() == creator.casefold())
    return tests


def _labels(call: Call) -> list[Test]:
    wanted = [name for name in (call.request.query.get("labels") or "").split(",") if name.strip()]
    if not wanted:
        return []
    labels = [call.repository.label_named(name.strip()) for name in wanted]
    return [lambda issue: all(label is not None and label.id in issue.labels for label in labels)]


def _since(call: Call) -> list[Test]:
    text = call.request.query.get("since")
    if not text:
        return []
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid(call, "since", text) from None
    since = since.replace(tzinfo=since.tzinfo or UTC)
    if since.year <= 1970:
        return [lambda issue: False]  # observed at GitHub: since=1970-01-01T00:00:00Z lists nothing at all
    return [lambda issue: issue.updated_at >= since]


DOCS = "issues/issues"
ROUTES = (
    Endpoint("GET", "{repo}/issues", f"{DOCS}#list-repository-issues", list_issues),
    Endpoint("POST", "{repo}/issues", f"{DOCS}#create-an-issue", create_issue),
    Endpoint("GET", "{repo}/issues/{number:int}", f"{DOCS}#get-an-issue", get_issue),
    Endpoint("PATCH", "{repo}/issues/{number:int}", f"{DOCS}#update-an-issue", edit_issue),
)

"""Comments below issues: of one issue, or of a whole repository since some moment."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from okrsync.sandbox.github import actions
from okrsync.sandbox.github.actions import Unset
from okrsync.sandbox.github.answers import answer, not_found, refuse
from okrsync.sandbox.github.paging import numbered_page
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.rest.given import Given
from okrsync.sandbox.github.state import Comment


def list_comments(call: Call) -> Response:
    comments = call.repository.comments_of(call.issue())
    return _page(call, sorted(comments, key=lambda comment: comment.id))


def list_repository_comments(call: Call) -> Response:
    by_update = call.choice("sort", ("created", "updated"), "IssueComment") == "updated"
    downwards = call.choice("direction", ("asc", "desc"), "IssueComment") == "desc"
    comments = sorted(
        call.repository.comments.values(),
        key=lambda comment: (comment.updated_at if by_update else comment.created_at, comment.id),
        reverse=downwards,
    )
    return _page(call, comments)


def create_comment(call: Call) -> Response:
    issue = call.issue()
    call.must_write("read")
    comment = actions.create_comment(call.doing, call.repository, issue, _body(call))
    shown = call.shapes.comment(call.repository, comment)
    return answer(shown, 201, {"Location": shown["url"]})


def get_comment(call: Call) -> Response:
    return answer(call.shapes.comment(call.repository, _comment(call)))


def edit_comment(call: Call) -> Response:
    comment = _comment(call)
    call.must_write("read" if call.token and call.token.login == comment.author else "write")
    actions.edit_comment(call.doing, call.repository, comment, _body(call))
    return answer(call.shapes.comment(call.repository, comment))


def delete_comment(call: Call) -> Response:
    comment = _comment(call)
    call.must_write("read" if call.token and call.token.login == comment.author else "write")
    actions.delete_comment(call.doing, call.repository, comment)
    return Response(status_code=204)


def _comment(call: Call) -> Comment:
    found = call.repository.comments.get(int(call.request.path_params["comment_id"]))
    if found is None:
        raise not_found(call.docs)
    return found


def _body(call: Call) -> str:
    given = Given(call)
    given.required("body")
    body = given.text("body")
    return "" if isinstance(body, Unset) else body


def _page(call: Call, comments: list[Comment]) -> Response:
    text = call.request.query.get("since")
    if text:
        try:
            since = datetime.fromisoformat(text)
        except ValueError:
            entry = {"value": text, "resource": "IssueComment", "field": "since", "code": "invalid"}
            raise refuse(422, "Validation Failed", call.docs, errors=[entry]) from None
        since = since.replace(tzinfo=since.tzinfo or UTC)
        comments = [comment for comment in comments if comment.updated_at >= since]
    return numbered_page(
        call.request, call.path, comments, call.hub.largest_page, lambda one: call.shapes.comment(call.repository, one)
    )


DOCS = "issues/comments"
ROUTES = (
    Endpoint("GET", "{repo}/issues/comments", f"{DOCS}#list-issue-comments-for-a-repository", list_repository_comments),
    Endpoint("GET", "{repo}/issues/comments/{comment_id:int}", f"{DOCS}#get-an-issue-comment", get_comment),
    Endpoint("PATCH", "{repo}/issues/comments/{comment_id:int}", f"{DOCS}#update-an-issue-comment", edit_comment),
    Endpoint("DELETE", "{repo}/issues/comments/{comment_id:int}", f"{DOCS}#delete-an-issue-comment", delete_comment),
    Endpoint("GET", "{repo}/issues/{number:int}/comments", f"{DOCS}#list-issue-comments", list_comments),
    Endpoint("POST", "{repo}/issues/{number:int}/comments", f"{DOCS}#create-an-issue-comment", create_comment),
)

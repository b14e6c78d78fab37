"""The issue fields of organisations, and what an issue holds in them. An Enterprise Server has no list of fields."""

from __future__ import annotations

from starlette.responses import Response

from okrsync.sandbox.github import issue_fields
from okrsync.sandbox.github.answers import answer, not_found
from okrsync.sandbox.github.paging import numbered_page
from okrsync.sandbox.github.rest.call import Call, Endpoint


def list_fields(call: Call) -> Response:
    owner = call.hub.state.account(call.request.path_params["org"])
    may = call.token is not None and (call.token.scopes is None or "read:org" in call.token.scopes)
    if call.hub.enterprise or owner is None or owner.kind != "Organization" or not may:
        raise not_found(call.docs)
    return answer([issue_fields.field_shape(each) for each in owner.issue_fields.values()])


def list_values(call: Call) -> Response:
    values = issue_fields.value_shapes(call.hub.state, call.repository, call.issue()) or []
    return numbered_page(call.request, call.path, values, call.hub.largest_page, lambda each: each)


ROUTES = (
    Endpoint("GET", "/orgs/{org}/issue-fields", "orgs/issue-fields#list-issue-fields-for-an-organization", list_fields),
    Endpoint(
        "GET",
        "{repo}/issues/{number:int}/issue-field-values",
        "issues/issue-field-values#list-issue-field-values-for-an-issue",
        list_values,
    ),
)

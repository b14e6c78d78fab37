"""Who the token belongs to, what server this is, what is left of the limits, and which repositories there are."""

from __future__ import annotations

from starlette.responses import Response

from okrsync.sandbox.github.access import account_of, permissions, rank
from okrsync.sandbox.github.answers import answer, not_found, refuse
from okrsync.sandbox.github.limits import Resource
from okrsync.sandbox.github.paging import numbered_page
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.state import Repository

ENTERPRISE_VERSION = "3.19.0"
RESOURCES: tuple[Resource, ...] = ("core", "search", "graphql")


def own_account(call: Call) -> Response:
    if call.token is None:
        raise refuse(401, "Requires authentication", call.docs)
    return answer(call.shapes.own_account(account_of(call.hub.state, call.token)))


def about_server(call: Call) -> Response:
    about: dict[str, object] = {"verifiable_password_authentication": call.hub.enterprise}
    if call.hub.enterprise:
        about["installed_version"] = ENTERPRISE_VERSION
    return answer(about)


def rate_limit(call: Call) -> Response:
    if not call.hub.limits.announced:
        raise refuse(404, "Rate limiting is not enabled.", call.docs)
    login = call.token.login if call.token else ""
    shown = {}
    for resource in RESOURCES:
        window = call.hub.limits.window(login, resource)
        shown[resource] = {
            "limit": window.limit,
            "used": window.used,
            "remaining": window.remaining,
            "reset": int(window.resets.timestamp()),
        }
    return answer({"resources": shown, "rate": shown["core"]})


def repository(call: Call) -> Response:
    return answer(call.shapes.whole_repository(call.repository, call.permissions))


def own_repositories(call: Call) -> Response:
    login = call.login
    mine = [
        one
        for one in call.hub.state.repositories.values()
        if rank(one, call.token) and (login in one.roles or one.owner.casefold() == login.casefold())
    ]
    return _repositories(call, call.request.path, mine)


def organization_repositories(call: Call) -> Response:
    given = call.request.path_params["org"]
    wanted = given.casefold()
    accounts = call.hub.state.accounts.values()
    owner = next(
        (one for one in accounts if one.kind == "Organization" and wanted in (one.login.casefold(), str(one.id))), None
    )
    if owner is None:
        raise not_found(call.docs)
    theirs = [
        one
        for one in call.hub.state.repositories.values()
        if one.owner.casefold() == owner.login.casefold() and rank(one, call.token)
    ]
    return _repositories(call, f"{call.hub.prefix}/organizations/{owner.id}/repos", theirs)


def _repositories(call: Call, path: str, found: list[Repository]) -> Response:
    by_name = call.choice("sort", ("created", "updated", "pushed", "full_name"), "Repository") == "full_name"
    ordered = sorted(found, key=lambda one: (one.full_name if by_name else "", one.id))
    return numbered_page(
        call.request,
        path,
        ordered,
        call.hub.largest_page,
        lambda one: call.shapes.repository(one, permissions(one, call.token)),
    )


ROUTES = (
    Endpoint("GET", "/user", "users/users#get-the-authenticated-user", own_account),
    Endpoint("GET", "/meta", "meta/meta#get-apiname-meta-information", about_server),
    Endpoint("GET", "/rate_limit", "rate-limit/rate-limit#get-rate-limit-status", rate_limit),
    Endpoint("GET", "/user/repos", "repos/repos#list-repositories-for-the-authenticated-user", own_repositories),
    Endpoint("GET", "/orgs/{org}/repos", "repos/repos#list-organization-repositories", organization_repositories),
    Endpoint(
        "GET", "/organizations/{org}/repos", "repos/repos#list-organization-repositories", organization_repositories
    ),
    Endpoint("GET", "{repo}", "repos/repos#get-a-repository", repository),
)

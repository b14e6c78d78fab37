"""Who the token belongs to, what server this is, what is left of the limits, and which repositories there are."""

from __future__ import annotations

from starlette.responses import Response

from okrsync.sandbox.github.access import permissions, rank
from okrsync.sandbox.github.answers import answer, not_found, refuse
from okrsync.sandbox.github.limits import Resource
from okrsync.sandbox.github.paging import numbered_links, numbered_page, page_number, page_size
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.state import Repository

ENTERPRISE_VERSION = "3.19.0"
NO_INSTALLATION = (
    "You must authenticate with an installation access token in order to list repositories for an installation."
)
RESOURCES: tuple[Resource, ...] = ("core", "search", "graphql")


def own_account(call: Call) -> Response:
    return answer(call.shapes.own_account(call.hub.state.accounts[call.person.casefold()]))


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
    return _repositories(call, call.request.path, _reached(call, call.person))


def installation_repositories(call: Call) -> Response:
    login = call.login
    if call.token is None or not call.token.installation:
        raise refuse(403, NO_INSTALLATION, call.docs)
    reached = _reached(call, login)
    size, page = page_size(call.request, call.hub.largest_page), page_number(call.request)
    shown = [
        call.shapes.repository(one, permissions(one, call.token)) for one in reached[(page - 1) * size : page * size]
    ]
    body = {
        "total_count": len(reached),
        "repository_selection": "all" if call.token.repositories is None else "selected",
        "repositories": shown,
    }
    return answer(body, headers=numbered_links(call.request, call.request.path, len(reached), size, page))


def _reached(call: Call, login: str) -> list[Repository]:
    """The repositories that the login has a part in, as far as the token reaches."""
    return [
        one
        for one in call.hub.state.repositories.values()
        if call.token and call.token.reaches(one) and (login in one.roles or one.owner.casefold() == login.casefold())
    ]


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
    Endpoint(
        "GET",
        "/installation/repositories",
        "apps/installations#list-repositories-accessible-to-the-app-installation",
        installation_repositories,
    ),
    Endpoint("GET", "/orgs/{org}/repos", "repos/repos#list-organization-repositories", organization_repositories),
    Endpoint(
        "GET", "/organizations/{org}/repos", "repos/repos#list-organization-repositories", organization_repositories
    ),
    Endpoint("GET", "{repo}", "repos/repos#get-a-repository", repository),
)

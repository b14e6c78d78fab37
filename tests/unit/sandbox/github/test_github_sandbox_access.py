"""Tokens, permissions, limits and their headers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from github import Auth, BadCredentialsException, Github, RateLimitExceededException

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.github import GitHubSandbox, Token
from tests.unit.sandbox.github.github_sandbox_api import Api

ISSUES = "/repos/acme/web/issues"


@pytest.fixture
def enterprise() -> Iterator[Api]:
    site = GitHubSandbox(enterprise=True)
    site.add_repository("acme/web")
    with SandboxServer(site) as server:
        api = Api(server)
        yield api
        api.session.close()


def test_a_wrong_token_is_a_401(server: SandboxServer) -> None:
    with (
        Github(auth=Auth.Token("wrong"), base_url=server.url, retry=None) as client,
        pytest.raises(BadCredentialsException),
    ):
        _ = client.get_user().login


def test_without_a_token_public_things_can_be_read(site: GitHubSandbox, server: SandboxServer) -> None:
    site.add_repository("acme/secret", private=True)
    anybody = Api(server, None)
    assert anybody("GET", "/repos/acme/web").headers["X-RateLimit-Limit"] == "60"
    assert anybody("GET", "/repos/acme/secret").status_code == 404
    assert anybody("GET", "/user").json()["message"] == "Requires authentication"
    assert anybody("POST", ISSUES, {"title": "t"}).status_code == 401
    assert anybody("POST", "/graphql", {"query": "{viewer{login}}"}).status_code == 401
    anybody.session.close()


def test_what_a_token_may_not_see_is_not_found(site: GitHubSandbox, server: SandboxServer) -> None:
    site.add_repository("acme/secret", private=True, role=None)
    site.add_token(Token("fine", "okr-bot", scopes=None, repositories=frozenset({"acme/web"})))
    fine = Api(server, "fine")
    missing = fine("GET", "/repos/acme/secret/milestones")
    assert (missing.status_code, missing.json()["message"]) == (404, "Not Found")
    assert "X-OAuth-Scopes" not in missing.headers
    assert fine("POST", ISSUES, {"title": "t"}).status_code == 201
    fine.session.close()


def test_a_read_only_token_cannot_write(site: GitHubSandbox, server: SandboxServer) -> None:
    site.add_token(Token("reader", "okr-bot", scopes=None, issues="read", projects="read"))
    reader = Api(server, "reader")
    number = site.create_issue("acme/web", "t")
    for method, path in (("POST", ISSUES), ("PATCH", f"{ISSUES}/{number}"), ("POST", "/repos/acme/web/milestones")):
        refused = reader(method, path, {"title": "x"})
        assert refused.status_code == 403
        assert refused.json()["message"] == "Resource not accessible by personal access token"
    assert reader("GET", ISSUES).status_code == 200
    reader.session.close()


def test_without_push_access_milestone_and_labels_are_dropped(site: GitHubSandbox, api: Api) -> None:
    site.set_role("acme/web", "okr-bot", None)
    number = site.create_milestone("acme/web", "m")
    made = api("POST", ISSUES, {"title": "t", "labels": ["a"], "milestone": number})
    assert made.status_code == 201
    assert (made.json()["labels"], made.json()["milestone"]) == ([], None)
    assert api("POST", "/repos/acme/web/milestones", {"title": "x"}).status_code == 404
    assert api("GET", "/repos/acme/web").json()["permissions"]["push"] is False


@pytest.mark.parametrize(
    ("scopes", "public", "private"), [((), 404, 404), (("public_repo",), 201, 404), (("repo",), 201, 201)]
)
def test_scopes_of_a_classic_token(
    site: GitHubSandbox, server: SandboxServer, scopes: tuple[str, ...], public: int, private: int
) -> None:
    site.add_repository("acme/secret", private=True)
    site.add_token(Token("classic", "okr-bot", scopes=scopes))
    classic = Api(server, "classic")
    assert classic("POST", ISSUES, {"title": "t"}).status_code == public
    assert classic("POST", "/repos/acme/secret/issues", {"title": "t"}).status_code == private
    assert classic("GET", ISSUES).status_code == 200
    classic.session.close()


def test_an_installation_lists_its_repositories_but_is_nobody(site: GitHubSandbox, server: SandboxServer) -> None:
    site.add_repository("acme/other")
    only = frozenset({"acme/web"})
    site.add_token(Token("app", "okr-bot", scopes=None, repositories=only, installation=True))
    app, bot = Api(server, "app"), Api(server)
    listed = app("GET", "/installation/repositories").json()
    assert [one["full_name"] for one in listed["repositories"]] == ["acme/web"]
    assert (listed["total_count"], listed["repository_selection"]) == (1, "selected")
    assert app("GET", "/user").json()["message"] == "Resource not accessible by integration"
    assert app("POST", ISSUES, {"title": "t"}).status_code == 201
    assert bot("GET", "/installation/repositories").status_code == 403
    app.session.close()
    bot.session.close()


def test_names_of_repositories_do_not_confuse_the_limits(site: GitHubSandbox, api: Api) -> None:
    for name in ("acme/graphql", "search/labels"):
        site.add_repository(name)
        assert api("GET", f"/repos/{name}").headers["X-RateLimit-Resource"] == "core"


def test_an_archived_repository_is_read_only(site: GitHubSandbox, api: Api) -> None:
    site.edit_repository("acme/web", archived=True)
    assert "read-only" in api("POST", ISSUES, {"title": "t"}).json()["message"]


def test_a_renamed_repository_redirects(site: GitHubSandbox, api: Api, client: Github) -> None:
    site.create_milestone("acme/web", "m")
    site.rename_repository("acme/web", "site")
    moved = api("GET", "/repos/acme/web/milestones?state=all")
    assert moved.status_code == 301
    assert [one["title"] for one in api("GET", moved.headers["Location"]).json()] == ["m"]
    assert [one.title for one in client.get_repo("acme/web").get_milestones(state="all")] == ["m"]


def test_repositories_of_the_account_and_of_an_organisation(site: GitHubSandbox, client: Github, api: Api) -> None:
    site.add_repository("acme/api")
    site.add_repository("other/thing", role=None)
    assert [one.full_name for one in client.get_user().get_repos()] == ["acme/web", "acme/api"]
    page = api("GET", "/orgs/acme/repos?sort=full_name&per_page=1")
    assert [one["full_name"] for one in page.json()] == ["acme/api"]
    assert api("GET", page.links["next"]["url"]).json()[0]["full_name"] == "acme/web"
    assert api("GET", "/orgs/nobody/repos").status_code == 404


def test_the_hourly_limit_ends_with_zero_remaining_and_begins_anew(
    site: GitHubSandbox, client: Github, api: Api
) -> None:
    site.hub.limits.allowances.core_an_hour = 2
    for remaining in ("1", "0"):
        assert api("GET", ISSUES).headers["X-RateLimit-Remaining"] == remaining
    refused = api("GET", ISSUES)
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("API rate limit exceeded for user ID")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert int(refused.headers["X-RateLimit-Reset"]) == int((site.clock.now() + timedelta(hours=1)).timestamp())
    with pytest.raises(RateLimitExceededException):
        client.get_repo("acme/web").get_issue(1).complete()
    site.hub.rate_limit_status = 429
    assert api("GET", ISSUES).status_code == 429
    assert api("GET", "/rate_limit").json()["resources"]["core"]["remaining"] == 0
    site.clock.advance(timedelta(hours=1))
    assert api("GET", ISSUES).status_code == 200


def test_eighty_creations_a_minute_and_five_hundred_an_hour(site: GitHubSandbox) -> None:
    made, waited = 0, []
    while made < 520:
        wait = site.hub.limits.creation("okr-bot")
        if wait is None:
            made += 1
        else:
            waited.append(wait)
            site.clock.advance(timedelta(seconds=wait))
    assert waited == [60] * 6 + [3600 - 6 * 60]


def test_too_many_creations_are_refused_until_the_announced_moment(site: GitHubSandbox, api: Api) -> None:
    site.hub.limits.allowances.creations_a_minute = 2
    assert [api("POST", ISSUES, {"title": "t"}).status_code for _ in range(2)] == [201, 201]
    site.clock.advance(timedelta(seconds=15))
    refused = api("POST", ISSUES, {"title": "t"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "45")
    assert refused.json()["message"].startswith("You have exceeded a secondary rate limit")
    assert api("PATCH", f"{ISSUES}/1", {"title": "u"}).status_code == 200
    site.clock.advance(timedelta(seconds=45))
    assert api("POST", ISSUES, {"title": "t"}).status_code == 201


def test_too_many_points_a_minute_are_refused(site: GitHubSandbox, api: Api) -> None:
    site.create_issue("acme/web", "t")
    site.hub.limits.allowances.rest_points_a_minute = 7
    answers = [
        api("PATCH", f"{ISSUES}/1", {"title": "u"}),
        api("GET", ISSUES),
        api("PATCH", f"{ISSUES}/1", {"title": "v"}),
        api("GET", ISSUES),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 403, 200]
    assert answers[2].headers["Retry-After"] == "60"


def test_limits_can_be_switched_off() -> None:
    site = GitHubSandbox(enforce_limits=False)
    site.add_repository("acme/web")
    with SandboxServer(site) as server:
        api = Api(server)
        statuses = {api("POST", ISSUES, {"title": f"t{at}"}).status_code for at in range(90)}
        assert statuses == {201}
        api.session.close()


def test_an_enterprise_server_has_other_addresses_and_no_limits(enterprise: Api) -> None:
    assert enterprise("GET", "/repos/acme/web").status_code == 404
    answer = enterprise("GET", "/api/v3/repos/acme/web/issues")
    assert answer.headers["X-GitHub-Enterprise-Version"].startswith("3.")
    assert "X-RateLimit-Limit" not in answer.headers
    assert enterprise("GET", "/api/v3/rate_limit").json()["message"] == "Rate limiting is not enabled."
    assert enterprise("GET", "/api/v3/meta").json()["installed_version"].startswith("3.")
    assert enterprise("POST", "/graphql", {"query": "{viewer{login}}"}).status_code == 404
    shown = enterprise("POST", "/api/graphql", {"query": "{viewer{login} rateLimit{cost}}"}).json()
    assert shown == {"data": {"viewer": {"login": "okr-bot"}, "rateLimit": None}}


def test_pygithub_reaches_an_enterprise_server(enterprise: Api) -> None:
    with Github(
        auth=Auth.Token("sandbox-token"),
        base_url=f"{enterprise.url}/api/v3",
        retry=None,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ) as client:
        made = client.get_repo("acme/web").create_milestone("m")
        assert made.url.startswith(f"{enterprise.url}/api/v3/repos/acme/web/milestones/")
        _, answer = client.requester.graphql_query("{viewer{login}}", {})
        assert answer["data"] == {"viewer": {"login": "okr-bot"}}


def test_scopes_and_request_ids_are_announced(api: Api) -> None:
    answer = api("GET", "/user")
    assert answer.headers["X-OAuth-Scopes"] == "project, read:org, repo"
    assert answer.headers["X-GitHub-Request-Id"] != api("GET", "/user").headers["X-GitHub-Request-Id"]


def test_a_client_without_a_name_is_turned_away(api: Api) -> None:
    assert api("GET", "/user", User_Agent="").status_code == 403


def test_an_empty_list_fault_has_the_endpoints_own_shape(site: GitHubSandbox, api: Api) -> None:
    site.create_milestone("acme/web", "m")
    site.faults.add(Fault("empty_list", times=2))
    assert api("GET", "/repos/acme/web/milestones").json() == []
    assert api("GET", "/search/issues?q=x").json()["items"] == []
    assert len(api("GET", "/repos/acme/web/milestones").json()) == 1

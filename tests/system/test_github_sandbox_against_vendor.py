"""The GitHub sandbox's answers against GitHub's own descriptions: OpenAPI for REST, the schema for GraphQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
import requests
from github import Auth, Github, GithubException
from graphql import build_schema

from okrsync.sandbox import RequestRecord, SandboxClock, SandboxServer
from okrsync.sandbox.github import GitHubSandbox, Token
from okrsync.sandbox.github.rest import ENDPOINTS
from tests.vendor.github_description import GitHubGraphQLDescription, GitHubRestDescription
from tests.vendor.graphql_subset import outside

SCHEMA = resources.files("okrsync.sandbox.github").joinpath("schema.graphql").read_text(encoding="utf-8")
BOARD = """query($login: String!, $after: String) {
  organization(login: $login) { projectV2(number: 1) {
    id title field(name: "KR current") { ... on ProjectV2Field { id name dataType } }
    items(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id updatedAt
        content { ... on Issue { id number } ... on PullRequest { number } }
        fieldValueByName(name: "KR current") { ... on ProjectV2ItemFieldNumberValue { number } }
      }
    }
  } }
  rateLimit { cost remaining resetAt }
}"""
WRITE = """mutation($project: ID!, $item: ID!, $field: ID!) {
  a: updateProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $item, fieldId: $field, value: {number: 3}}
  ) { projectV2Item { id } }
}"""


@dataclass(frozen=True)
class Visit:
    """Somebody who uses every endpoint, rightly and wrongly."""

    site: GitHubSandbox
    client: Github
    url: str

    def raw(self, method: str, path: str, body: Any = None, token: str = "sandbox-token", **headers: str) -> None:
        """A request past PyGithub, whatever comes of it."""
        sent = {"Authorization": f"token {token}"} if token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else None
        requests.request(
            method,
            self.url + path,
            json=None if content else body,
            data=content,
            headers=sent,
            timeout=10,
            allow_redirects=False,
        )

    def read_and_write(self) -> None:
        """The right uses, through PyGithub."""
        repository = self.client.get_repo("acme/web")
        repository.complete()
        _ = self.client.get_user().login
        _ = [one.full_name for one in self.client.get_user().get_repos()]
        _ = self.client.get_rate_limit()
        due = datetime(2026, 12, 31, 12, tzinfo=UTC)
        milestone = repository.create_milestone("m", state="open", description="why", due_on=due)
        milestone.edit("m", state="closed", description="why not")
        repository.create_milestone("away").delete()
        _ = repository.get_milestone(milestone.number).title
        _ = list(repository.get_milestones(state="all", sort="due_on", direction="desc"))
        _ = list(repository.get_milestones())
        repository.create_label("key-result", "ff0000", "A key result")
        issue = repository.create_issue("parent", "body", "okr-bot", milestone, labels=["key-result"])
        child = repository.create_issue("child")
        child.edit(title="child 2", state="closed", state_reason="not_planned", milestone=milestone)
        issue.add_sub_issue(child.id)
        _ = list(issue.get_sub_issues())
        issue.add_to_labels("another")
        issue.remove_from_labels("another")
        _ = list(issue.get_labels()), list(repository.get_labels())
        comment = issue.create_comment("hello")
        comment.edit("hello again")
        _ = list(issue.get_comments()), repository.get_issue(issue.number).get_comment(comment.id).body
        since = datetime(2026, 10, 1, tzinfo=UTC)
        _ = list(repository.get_issues_comments(sort="updated", direction="asc", since=since))
        comment.delete()
        _ = list(repository.get_issues(state="all", since=since, milestone=milestone, labels=["key-result"]))
        _ = list(self.client.search_issues('repo:acme/web "child" is:issue', sort="updated", order="asc"))
        for path in (f"issues/{child.number}/parent", f"issues/{child.number}", "labels/key-result"):
            self.raw("GET", f"/repos/acme/web/{path}")
        issue.remove_sub_issue(child.id)

    def pages(self) -> None:
        """Links to other pages, and pages that did not change."""
        for at in range(3):
            self.site.create_issue("acme/web", f"i{at}", pull_request=at == 1)
            self.site.create_milestone("acme/web", f"m{at}", due_on=date(2026, 12, 31))
        self.site.merge_pull_request("acme/web", 4)
        for path in (
            "/repos/acme/web/issues?state=all&per_page=2",
            "/repos/acme/web/milestones?state=all&per_page=2",
            "/orgs/acme/repos?per_page=1",
            "/search/issues?q=repo:acme/web&per_page=1",
        ):
            status, headers, _ = self.client.requester.requestJson("GET", path)
            assert status == 200
            following = re.findall(r'<([^>]+)>; rel="next"', headers["link"])
            self.raw("GET", following[0].removeprefix(self.url))
            self.raw("GET", path, If_None_Match=headers["etag"])
        self.site.set_issue_field("acme/web", 1, "Impact", 4.5)
        self.site.set_issue_field("acme/web", 1, "Notes", "large")
        for path in (
            "/repos/acme/web/issues/1/issue-field-values",
            "/repos/acme/web/issues/1",
            "/orgs/acme/issue-fields",
        ):
            self.raw("GET", path)
        self.raw("GET", "/orgs/nobody/issue-fields")
        self.raw("GET", "/meta")
        self.raw("GET", "/installation/repositories?per_page=1", token="app")

    def mistakes(self) -> None:
        """Wrong uses, which end in errors of every kind."""
        web, missing = "/repos/acme/web", "/repos/acme/nothing"
        for method, path, body in (
            ("POST", f"{web}/milestones", {"title": "m"}),
            ("POST", f"{web}/milestones", {"title": ""}),
            ("POST", f"{web}/issues", {"title": "t", "milestone": 99}),
            ("POST", f"{web}/issues", b"{"),
            ("POST", f"{web}/labels", {"name": "key-result"}),
            ("POST", f"{web}/issues/1/comments", {"body": ""}),
            ("POST", f"{web}/issues/1/sub_issues", {"sub_issue_id": 1}),
            ("GET", f"{web}/issues?milestone=99", None),
            ("GET", f"{web}/issues?page=100&per_page=100", None),
            ("GET", f"{web}/issues/99", None),
            ("GET", f"{web}/labels/none", None),
            ("GET", f"{missing}/milestones", None),
            ("GET", missing, None),
            ("GET", "/search/issues?q=repo:acme/nothing", None),
            ("PATCH", f"{web}/milestones/99", {"title": "x"}),
            ("PATCH", f"{web}/milestones/1", {"due_on": None}),
        ):
            self.raw(method, path, body)
        self.raw("GET", "/user", token="wrong")
        self.raw("GET", "/user", token="")
        self.raw("GET", "/user", token="app")
        self.raw("GET", "/installation/repositories")
        self.raw("POST", f"{web}/issues", {"title": "t"}, token="reader")
        self.raw("GET", web, Accept="text/html")
        self.site.delete_issue("acme/web", 3)
        self.raw("GET", f"{web}/issues/3")
        self.site.rename_repository("acme/api", "backend")
        self.raw("GET", "/repos/acme/api/issues")
        self.raw("PATCH", "/repos/acme/api/issues/1", {"title": "t"})
        self.site.edit_repository("acme/backend", has_issues=False)
        self.raw("POST", "/repos/acme/backend/issues", {"title": "t"})
        self.site.hub.limits.allowances.creations_a_minute = 0
        self.raw("POST", f"{web}/issues", {"title": "too fast"})
        self.site.hub.limits.allowances.core_an_hour = 1
        self.raw("GET", "/user")

    def boards(self) -> None:
        """GraphQL, rightly and wrongly."""
        ask = self.client.requester.graphql_query
        self.site.set_project_number("acme", 1, "acme/web", 1, "KR current", 2)
        project = ask(BOARD, {"login": "acme"})[1]["data"]["organization"]["projectV2"]
        values = {"project": project["id"], "item": project["items"]["nodes"][0]["id"], "field": project["field"]["id"]}
        ask(WRITE, values)
        with pytest.raises(GithubException):
            ask('{ repository(owner: "acme", name: "nothing") { id } }', {})


@pytest.fixture(scope="module")
def records() -> list[RequestRecord]:
    site = GitHubSandbox(clock=SandboxClock(datetime(2026, 10, 5, 9, tzinfo=UTC), frozen=True))
    for name in ("acme/web", "acme/api"):
        site.add_repository(name, description="A repository")
    site.add_project("acme", "OKRs")
    site.add_number_field("acme/1", "KR current")
    site.add_issue_field("acme", "Impact")
    site.add_issue_field("acme", "Notes", "text")
    site.add_token(Token("reader", "okr-bot", scopes=None, issues="read"))
    site.add_token(Token("app", "okr-bot", scopes=None, installation=True))
    with (
        SandboxServer(site) as server,
        Github(
            auth=Auth.Token("sandbox-token"),
            base_url=server.url,
            retry=None,
            per_page=100,
            lazy=True,
            timeout=15,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ) as client,
    ):
        visit = Visit(site, client, server.url)
        visit.read_and_write()
        site.clock.advance(timedelta(minutes=1))
        visit.pages()
        visit.boards()
        visit.mistakes()
    return site.requests.records


def test_everything_said_is_as_github_describes_it(records: list[RequestRecord]) -> None:
    description = GitHubRestDescription.load()
    said = [record for record in records if record.status < 400]
    problems = [problem for record in said for problem in description.check(record)]
    assert "\n".join(problems) == ""


def test_refusals_are_as_github_describes_them(records: list[RequestRecord]) -> None:
    description = GitHubRestDescription.load()
    refused = [record for record in records if record.status >= 400]
    assert {record.status for record in refused} >= {400, 401, 403, 404, 410, 415, 422}
    problems = [problem for record in refused for problem in description.check(record) if ": answer: " in problem]
    assert "\n".join(problems) == ""


def test_every_described_operation_was_used_and_answered(records: list[RequestRecord]) -> None:
    description = GitHubRestDescription.load()
    used = set()
    for record in records:
        found = description.operation(record.method, record.path)
        if found and record.status < 300:
            used.add((record.method.lower(), found[0]))
    described = {(method, path) for path, methods in description.document["paths"].items() for method in methods}
    assert described - used == set()


def test_every_endpoint_of_the_sandbox_is_described() -> None:
    description = GitHubRestDescription.load()
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{repo}", "/repos/acme/web").replace("{org}", "1")
        path = re.sub(r"\{\w+(:\w+)?\}", "1", path)
        assert description.operation(endpoint.method, path), (endpoint.method, endpoint.path)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ({"path": "/repos/acme/web/milestoness"}, "no such operation"),
        ({"query": "stat=all"}, "no parameter 'stat'"),
        ({"query": "state=done"}, "'done' is not one of"),
        ({"query": "per_page=many"}, "'many' is not of type 'integer'"),
        ({"body": b'{"a": 1}'}, "takes no body"),
        ({"status": 202}, "status 202 is not described"),
        ({"response_body": b"<html>"}, "no JSON"),
    ],
)
def test_the_check_sees_what_is_wrong(records: list[RequestRecord], damage: dict[str, Any], complaint: str) -> None:
    listed = _list_of_milestones(records)
    assert GitHubRestDescription.load().check(listed) == []
    problems = GitHubRestDescription.load().check(replace(listed, **damage))
    assert any(complaint in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("true", "false", "complaint"),
    [
        (b'"number":', b'"nummer":', "nummer"),
        (b'"state":"closed"', b'"state":"CLOSED"', "'CLOSED'"),
        (b"T09:00:00Z", b"", "date-time"),
        (b'"open_issues":', b'"open_issues":null,"other":', "'other' was unexpected"),
    ],
)
def test_the_check_sees_what_is_wrong_in_an_answer(
    records: list[RequestRecord], true: bytes, false: bytes, complaint: str
) -> None:
    listed = _list_of_milestones(records)
    assert true in listed.response_body
    problems = GitHubRestDescription.load().check(
        replace(listed, response_body=listed.response_body.replace(true, false))
    )
    assert any(complaint in problem for problem in problems), problems


def _list_of_milestones(records: list[RequestRecord]) -> RequestRecord:
    lists = [one for one in records if (one.method, one.path) == ("GET", "/repos/acme/web/milestones")]
    return next(one for one in lists if b'"state":"closed"' in one.response_body)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"titel": "m"}', "titel"),
        (b'{"title": "m", "due_on": null}', "None is not of type 'string'"),
        (b'{"title": "m", "due_on": "2026-12-31"}', "date-time"),
        (b"", "needs a body"),
    ],
)
def test_the_check_sees_what_is_wrong_in_a_request(records: list[RequestRecord], body: bytes, complaint: str) -> None:
    created = next(one for one in records if one.path == "/repos/acme/web/milestones" and one.status == 201)
    assert GitHubRestDescription.load().check(created) == []
    problems = GitHubRestDescription.load().check(replace(created, body=body))
    assert any(complaint in problem for problem in problems), problems


def test_graphql_queries_are_valid_at_github(records: list[RequestRecord]) -> None:
    description = GitHubGraphQLDescription.load()
    asked = [record for record in records if record.path == "/graphql"]
    assert asked
    assert [problem for record in asked for problem in description.check_record(record)] == []
    assert "Cannot query field 'nickname'" in description.check("{ viewer { nickname } }")[0]
    assert description.check("query($n: Int!) { repository(owner: $n, name: $n) { id } }") != []
    assert description.check("query($l: String!) { user(login: $l) { id } }", {"l": 3}) != []
    assert description.check("{ viewer {") != []


def test_the_sandbox_speaks_a_true_subset_of_githubs_schema() -> None:
    assert outside(build_schema(SCHEMA), GitHubGraphQLDescription.load().schema) == []


@pytest.mark.parametrize(
    ("true", "false", "complaint"),
    [
        ("dueOn: DateTime\n", "dueOn: DateTime!\n", "Milestone.dueOn: is DateTime, not DateTime!"),
        ("dueOn: DateTime\n", "dueDate: DateTime\n", "Milestone.dueDate: there is no such field"),
        (
            "enum MilestoneState { CLOSED OPEN }",
            "enum MilestoneState { DONE }",
            "MilestoneState: has no DONE",
        ),
        ("followRenames: Boolean = true", "followRenames: Boolean = false", "Boolean = true, not Boolean = false"),
        ("subIssueId: ID!\n", "subIssueId: ID\n", "RemoveSubIssueInput(subIssueId): is ID!"),
        ("  subjectId: ID!\n", "", "AddCommentInput(subjectId): is demanded"),
        ("type Label implements Node {", "type Label implements Node & Actor { login: String!", "Label: has no Actor"),
        ("= Issue | PullRequest\n", "= Issue | PullRequest | Label\n", "IssueOrPullRequest: has no Label"),
    ],
)
def test_the_proof_sees_what_is_outside(true: str, false: str, complaint: str) -> None:
    assert true in SCHEMA
    tampered = build_schema(SCHEMA.replace(true, false), assume_valid=True)
    problems = outside(tampered, GitHubGraphQLDescription.load().schema)
    assert any(complaint in problem for problem in problems), problems


def test_the_excerpts_say_where_they_come_from() -> None:
    notice = (resources.files("tests.vendor") / "github" / "NOTICE.md").read_text(encoding="utf-8")
    assert re.search(r"@octokit/openapi \d+\.\d+\.\d+", notice)
    assert re.search(r"@octokit/graphql-schema \d+\.\d+\.\d+", notice)
    assert "Permission is hereby granted" in notice

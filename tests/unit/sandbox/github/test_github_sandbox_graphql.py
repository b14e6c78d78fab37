"""GraphQL: every field of the schema resolves, and what GitHub refuses is refused in its words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from github import Github
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.github import GitHubSandbox, Token
from okrsync.sandbox.github.graph.schema import github_schema
from tests.unit.sandbox.github.github_sandbox_api import Api

ARGUMENTS = {"number": "1", "name": '"KR current"', "login": '"acme"', "first": "2"}


@pytest.fixture
def board(site: GitHubSandbox) -> GitHubSandbox:
    site.add_project("acme", "OKRs 2026-Q4")
    site.add_number_field("acme/1", "KR current")
    site.add_field("acme/1", "Note", "TEXT")
    site.add_field("acme/1", "Due", "DATE")
    milestone = site.create_milestone("acme/web", "m", due_on=date(2026, 12, 31))
    parent = site.create_issue("acme/web", "parent", milestone=milestone, labels=["a"], assignees=["okr-bot"])
    child = site.create_issue("acme/web", "child", milestone=milestone, parent=parent)
    site.create_issue("acme/web", "pull", milestone=milestone, pull_request=True)
    site.close_issue("acme/web", child)
    site.comment("acme/web", parent, "hello")
    site.set_project_number("acme", 1, "acme/web", parent, "KR current", 2.5)
    site.set_project_value("acme", 1, "acme/web", parent, "Note", "text")
    site.set_project_value("acme", 1, "acme/web", parent, "Due", "2026-12-31")
    site.set_project_value("acme", 1, "acme/web", parent, "Status", "In Progress")
    return site


def test_progress_and_fields_in_one_query(board: GitHubSandbox, api: Api) -> None:
    answer = api.graphql(
        """query($number: Int!) {
          repository(owner: "acme", name: "web") {
            milestone(number: $number) {
              dueOn progressPercentage
              issues { totalCount }
              closed: issues(states: CLOSED) { totalCount }
              pullRequests { totalCount }
            }
            issue(number: 1) {
              subIssuesSummary { total completed percentCompleted }
              projectItems(first: 10) { nodes {
                project { number }
                fieldValueByName(name: "KR current") { ... on ProjectV2ItemFieldNumberValue { number } }
              } }
            }
          }
        }""",
        number=1,
    )
    assert answer == {
        "data": {
            "repository": {
                "milestone": {
                    "dueOn": "2026-12-31T08:00:00Z",
                    "progressPercentage": pytest.approx(100 / 3),
                    "issues": {"totalCount": 2},
                    "closed": {"totalCount": 1},
                    "pullRequests": {"totalCount": 1},
                },
                "issue": {
                    "subIssuesSummary": {"total": 1, "completed": 1, "percentCompleted": 100},
                    "projectItems": {"nodes": [{"project": {"number": 1}, "fieldValueByName": {"number": 2.5}}]},
                },
            }
        }
    }


def test_every_field_of_every_type_resolves(board: GitHubSandbox, api: Api) -> None:
    schema = github_schema()
    ids = _ids_of_everything(api)
    kinds = [kind for kind in schema.get_possible_types(_interface(schema, "Node")) if kind.name not in VALUES]
    for kind in kinds:
        fields = _select_all(schema, kind, 2)
        answer = api.graphql(
            f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {kind.name} {fields} }} }}", ids=ids
        )
        assert "errors" not in answer, (kind.name, answer["errors"][0])
        assert kind.name in {node["__typename"] for node in answer["data"]["nodes"]}, f"no {kind.name} to look at"
    assert "errors" not in api.graphql(f"{{ viewer {{ login }} rateLimit {_select_all(schema, 'RateLimit', 1)} }}")


VALUES = {
    "ProjectV2ItemFieldDateValue",
    "ProjectV2ItemFieldNumberValue",
    "ProjectV2ItemFieldSingleSelectValue",
    "ProjectV2ItemFieldTextValue",
}
"""Reached through their items only, as `_select_all` does."""


def _interface(schema: GraphQLSchema, name: str) -> GraphQLInterfaceType:
    kind = schema.type_map[name]
    assert isinstance(kind, GraphQLInterfaceType)
    return kind


def _ids_of_everything(api: Api) -> list[str]:
    answer = api.graphql(
        """{
          viewer { id }
          organization(login: "acme") { id projectV2(number: 1) {
            id fields(first: 20) { nodes { ... on Node { id } } } items(first: 20) { nodes { id } }
          } }
          repository(owner: "acme", name: "web") {
            id milestones(first: 5) { nodes { id } } labels(first: 5) { nodes { id } }
            issues(first: 5) { nodes { id comments(first: 5) { nodes { id } } } }
            pull: issueOrPullRequest(number: 3) { ... on Node { id } }
          }
        }"""
    )
    assert "errors" not in answer
    return list(_walk(answer["data"]))


def _walk(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for one in part for text in _walk(one)]
    if isinstance(part, dict):
        return [text for key, one in part.items() for text in ([one] if key == "id" else _walk(one))]
    return []


def _select_all(schema: GraphQLSchema, kind: Any, depth: int) -> str:
    kind = schema.type_map[kind] if isinstance(kind, str) else kind
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        parts = [f"... on {one.name} {_select_all(schema, one, depth)}" for one in schema.get_possible_types(kind)]
        return "{ __typename " + " ".join(parts) + " }"
    assert isinstance(kind, GraphQLObjectType)
    parts = ["__typename"]
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        given = [
            f"{argument}: {ARGUMENTS[argument]}"
            for argument, about in field.args.items()
            if is_required_argument(about) or argument == "first"
        ]
        if name in ("issue", "pullRequest", "projectV2", "repository") and given:
            continue
        arguments = f"({', '.join(given)})" if given else ""
        if is_leaf_type(below):
            parts.append(f"{kind.name}_{name}: {name}{arguments}")
        elif depth > 0 or below.name == "PageInfo":
            wrapped = below.name.endswith(("Connection", "Edge"))
            parts.append(f"{kind.name}_{name}: {name}{arguments} {_select_all(schema, below, depth - (not wrapped))}")
    return "{ " + " ".join(parts) + " }"


def test_connections_need_a_size_of_at_most_a_hundred(board: GitHubSandbox, api: Api) -> None:
    missing = api.graphql('{ repository(owner: "acme", name: "web") { issues { nodes { number } } } }')
    assert missing["data"] == {"repository": None}
    [error] = missing["errors"]
    assert (error["type"], error["path"]) == ("MISSING_PAGINATION_BOUNDARIES", ["repository", "issues"])
    assert error["locations"] == [{"line": 1, "column": 44}]
    much = api.graphql('{ repository(owner: "acme", name: "web") { issues(first: 101) { totalCount } } }')
    assert much["errors"][0]["type"] == "EXCESSIVE_PAGINATION"
    assert "exceeds the `first` limit of 100 records" in much["errors"][0]["message"]
    counted = api.graphql('{ repository(owner: "acme", name: "web") { issues { totalCount } } }')
    assert counted["data"]["repository"]["issues"]["totalCount"] == 2


def test_paging_forth_and_back(site: GitHubSandbox, api: Api) -> None:
    for at in range(5):
        site.create_milestone("acme/web", f"m{at}")
    page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { title }"
    query = f"""query($after: String) {{
      repository(owner: "acme", name: "web") {{ milestones(first: 2, after: $after) {{ {page} }} }}
    }}"""
    seen, after = [], None
    while True:
        found = api.graphql(query, after=after)["data"]["repository"]["milestones"]
        seen += [one["title"] for one in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["m0", "m1", "m2", "m3", "m4"]
    before = found["pageInfo"]["startCursor"]
    last = api.graphql(
        f'{{ repository(owner: "acme", name: "web") {{ milestones(last: 2, before: "{before}") {{ {page} }} }} }}'
    )["data"]["repository"]["milestones"]
    assert [one["title"] for one in last["nodes"]] == ["m2", "m3"]
    wrong = api.graphql(query, after="nonsense")
    assert wrong["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


def test_not_found_is_an_error_beside_the_rest(api: Api) -> None:
    answer = api.graphql(
        '{ ok: repository(owner: "acme", name: "web") { name } gone: repository(owner: "acme", name: "x") { name } }'
    )
    assert answer["data"] == {"ok": {"name": "web"}, "gone": None}
    assert answer["errors"] == [
        {
            "type": "NOT_FOUND",
            "path": ["gone"],
            "locations": [{"line": 1, "column": 55}],
            "message": "Could not resolve to a Repository with the name 'acme/x'.",
        }
    ]
    nodes = api.graphql('{ nodes(ids: ["MI_kwDOAAAAAAAAAAE", "nonsense"]) { id } }')
    assert nodes["data"] == {"nodes": [None, None]}
    assert [error["path"] for error in nodes["errors"]] == [["nodes", 0], ["nodes", 1]]
    absent = api.graphql('{ repository(owner: "acme", name: "web") { milestone(number: 9) { id } } }')
    assert absent == {"data": {"repository": {"milestone": None}}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ viewer { nickname } }", "Field 'nickname' doesn't exist on type 'User'"),
        ('{ viewer(login: "x") { login } }', "Field 'viewer' doesn't accept argument 'login'"),
        ("{ viewer { login }", "Syntax Error"),
        ("query($n: Int!) { rateLimit { cost } }", "$n"),
    ],
)
def test_invalid_queries_come_without_data(api: Api, query: str, message: str) -> None:
    answer = api.graphql(query)
    assert "data" not in answer
    assert message in answer["errors"][0]["message"]


def test_a_missing_variable_and_a_missing_query(api: Api) -> None:
    answer = api.graphql('query($n: Int!) { repository(owner: "a", name: "b") { issue(number: $n) { id } } }')
    assert "$n" in answer["errors"][0]["message"]
    refused = api("POST", "/graphql", {"variables": {}})
    assert refused.status_code == 400


def test_the_price_of_a_query_and_its_limit_in_nodes(api: Api) -> None:
    answer = api.graphql(
        """{ rateLimit { cost nodeCount remaining }
             repository(owner: "acme", name: "web") {
               milestones(first: 100) { nodes { issues(first: 50) { nodes { labels(first: 2) { nodes { name } } } } } }
             } }"""
    )
    assert answer["data"]["rateLimit"] == {"cost": 51, "nodeCount": 100 + 5000 + 10000, "remaining": 4949}
    refused = api.graphql(
        """{ repository(owner: "acme", name: "web") {
               milestones(first: 100) { nodes { issues(first: 100) { nodes { labels(first: 100) { totalCount } } } } }
             } }"""
    )
    assert refused["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"


def test_no_points_left_is_an_error_with_status_200(site: GitHubSandbox, api: Api) -> None:
    site.hub.limits.allowances.graphql_points_an_hour = 1
    assert "errors" not in api.graphql("{ viewer { login } }")
    refused = api("POST", "/graphql", {"query": "{ viewer { login } }"})
    assert refused.status_code == 200
    assert refused.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert "ETag" not in refused.headers
    site.clock.advance(timedelta(hours=1))
    assert "errors" not in api.graphql("{ viewer { login } }")


def test_many_writes_in_one_document_each_for_itself(board: GitHubSandbox, api: Api) -> None:
    found = api.graphql(
        """{ organization(login: "acme") { projectV2(number: 1) {
             id field(name: "kr current") { ... on ProjectV2Field { id } }
           } }
           repository(owner: "acme", name: "web") { one: issue(number: 1) { id } two: issue(number: 2) { id } } }"""
    )["data"]
    project = found["organization"]["projectV2"]["id"]
    field = found["organization"]["projectV2"]["field"]["id"]
    added = api.graphql(
        """mutation($project: ID!, $one: ID!, $two: ID!) {
          a: addProjectV2ItemById(input: {projectId: $project, contentId: $one}) { item { id } }
          b: addProjectV2ItemById(input: {projectId: $project, contentId: $two}) { item { id } }
        }""",
        project=project,
        one=found["repository"]["one"]["id"],
        two=found["repository"]["two"]["id"],
    )["data"]
    board.clock.advance(timedelta(minutes=1))
    write = """mutation($project: ID!, $field: ID!, $a: ID!, $b: ID!) {
      a: updateProjectV2ItemFieldValue(
        input: {projectId: $project, itemId: $a, fieldId: $field, value: {number: 2.5}}
      ) { projectV2Item { updatedAt } }
      wrong: updateProjectV2ItemFieldValue(
        input: {projectId: $project, itemId: $a, fieldId: $field, value: {text: "2.5"}}
      ) { projectV2Item { updatedAt } }
      b: updateProjectV2ItemFieldValue(
        input: {projectId: $project, itemId: $b, fieldId: $field, value: {number: 7}}
      ) { projectV2Item { updatedAt } }
    }"""
    ids = {"a": added["a"]["item"]["id"], "b": added["b"]["item"]["id"]}
    answer = api.graphql(write, project=project, field=field, **ids)
    assert answer["data"] == {
        "a": {"projectV2Item": {"updatedAt": "2026-10-05T09:00:00Z"}},
        "wrong": None,
        "b": {"projectV2Item": {"updatedAt": "2026-10-05T09:01:00Z"}},
    }
    [error] = answer["errors"]
    assert (error["type"], error["path"]) == ("VALIDATION", ["wrong"])
    assert board.project_value("acme", 1, "acme/web", 2, "KR current") == 7
    cleared = api.graphql(
        """mutation($project: ID!, $field: ID!, $b: ID!) {
          clearProjectV2ItemFieldValue(input: {projectId: $project, itemId: $b, fieldId: $field}) {
            projectV2Item { fieldValueByName(name: "KR current") { __typename } }
          }
        }""",
        project=project,
        field=field,
        b=ids["b"],
    )
    assert cleared["data"]["clearProjectV2ItemFieldValue"]["projectV2Item"]["fieldValueByName"] is None


def test_lists_of_a_label_and_of_pull_requests(site: GitHubSandbox, api: Api) -> None:
    both = site.create_issue("acme/web", "both", labels=["a", "b"])
    site.create_issue("acme/web", "one", labels=["a"])
    pull = site.create_issue("acme/web", "pull", labels=["a", "b"], pull_request=True)
    merged = site.create_issue("acme/web", "merged", labels=["a"], pull_request=True)
    site.merge_pull_request("acme/web", merged)
    answer = api.graphql(
        """{ repository(owner: "acme", name: "web") {
          label(name: "a") {
            issues(first: 10, filterBy: { labels: ["b"] }) { totalCount nodes { number } }
            pullRequests(first: 10, labels: ["b"], states: OPEN) { nodes { number isDraft locked } }
          }
          pullRequests(first: 1, orderBy: { field: CREATED_AT, direction: DESC }) {
            totalCount
            pageInfo { hasNextPage }
            nodes { number state mergedAt assignees(first: 1) { totalCount } comments(first: 1) { totalCount } }
          }
        } }"""
    )
    found = answer["data"]["repository"]
    assert found["label"] == {
        "issues": {"totalCount": 1, "nodes": [{"number": both}]},
        "pullRequests": {"nodes": [{"number": pull, "isDraft": False, "locked": False}]},
    }
    (newest,) = found["pullRequests"].pop("nodes")
    assert found["pullRequests"] == {"totalCount": 2, "pageInfo": {"hasNextPage": True}}
    assert (newest["number"], newest["state"], bool(newest["mergedAt"])) == (merged, "MERGED", True)
    assert newest["assignees"] == newest["comments"] == {"totalCount": 0}


def test_issues_are_changed_by_mutation(board: GitHubSandbox, api: Api) -> None:
    one = board.issue("acme/web", 1)["node_id"]
    two = board.issue("acme/web", 2)["node_id"]
    answer = api.graphql(
        """mutation($one: ID!, $two: ID!) {
          updateIssue(input: {id: $one, title: "new title", milestoneId: null, labelIds: []}) {
            issue { title milestone { id } labels(first: 1) { totalCount } }
          }
          closeIssue(input: {issueId: $one, stateReason: NOT_PLANNED}) { issue { state stateReason } }
          reopenIssue(input: {issueId: $one}) { issue { state } }
          addComment(input: {subjectId: $one, body: "done"}) { commentEdge { node { body } } subject { id } }
          removeSubIssue(input: {issueId: $one, subIssueId: $two}) { issue { subIssues(first: 1) { totalCount } } }
          addSubIssue(input: {issueId: $two, subIssueId: $one}) { subIssue { parent { number } } }
          blank: updateIssue(input: {id: $one, title: ""}) { issue { title } }
        }""",
        one=one,
        two=two,
    )
    data = answer["data"]
    assert data["updateIssue"]["issue"] == {"title": "new title", "milestone": None, "labels": {"totalCount": 0}}
    assert data["closeIssue"]["issue"] == {"state": "CLOSED", "stateReason": "NOT_PLANNED"}
    assert data["addComment"]["subject"] == {"id": one}
    assert data["addSubIssue"]["subIssue"]["parent"] == {"number": 2}
    assert data["blank"] is None
    assert answer["errors"][0]["message"] == "Title can't be blank"
    assert board.issue("acme/web", 1)["title"] == "new title"


def test_tokens_without_boards_or_without_writing(board: GitHubSandbox, server: SandboxServer) -> None:
    board.add_token(Token("classic", "okr-bot", scopes=("repo",)))
    board.add_token(Token("fine", "okr-bot", scopes=None, issues="read", projects="none"))
    classic, fine = Api(server, "classic"), Api(server, "fine")
    query = '{ organization(login: "acme") { projectV2(number: 1) { title } } viewer { login } }'
    refused = classic.graphql(query)
    assert "data" not in refused
    assert refused["errors"][0]["type"] == "INSUFFICIENT_SCOPES"
    partial = fine.graphql(query)
    assert partial["data"] == {"organization": {"projectV2": None}, "viewer": {"login": "okr-bot"}}
    assert partial["errors"][0]["type"] == "FORBIDDEN"
    node = board.issue("acme/web", 1)["node_id"]
    write = fine.graphql("mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }", id=node)
    assert (write["data"], write["errors"][0]["type"]) == ({"closeIssue": None}, "FORBIDDEN")
    classic.session.close()
    fine.session.close()


def test_an_empty_list_fault_empties_every_connection(board: GitHubSandbox, api: Api) -> None:
    board.faults.add(Fault("empty_list", times=2))
    query = """{ organization(login: "acme") { projectV2(number: 1) {
      title items(first: 5) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
    } } }"""
    assert api.graphql(query)["data"]["organization"]["projectV2"] == {
        "title": "OKRs 2026-Q4",
        "items": {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}},
    }
    node = board.issue("acme/web", 1)["node_id"]
    api.graphql("mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }", id=node)
    assert board.issue("acme/web", 1)["state"] == "open"


def test_pygithub_raises_on_any_error(client: Github) -> None:
    with pytest.raises(Exception, match="Could not resolve to a Repository"):
        client.requester.graphql_query('{ viewer { login } repository(owner: "acme", name: "x") { name } }', {})


def test_creations_by_mutation_count_too(board: GitHubSandbox, api: Api) -> None:
    node = board.issue("acme/web", 1)["node_id"]
    aliases = " ".join(
        f'c{at}: addComment(input: {{subjectId: $id, body: "{at}"}}) {{ clientMutationId }}' for at in range(80)
    )
    api.graphql(f"mutation($id: ID!) {{ {aliases} }}", id=node)
    refused = api(
        "POST",
        "/graphql",
        {
            "query": 'mutation($id: ID!) { addComment(input: {subjectId: $id, body: "x"}) { clientMutationId } }',
            "variables": {"id": node},
        },
    )
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "60")
    assert len(board.comments("acme/web", 1)) == 81

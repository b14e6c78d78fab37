"""What the plugin sends is what GitHub describes: every GraphQL document and every REST request."""

from __future__ import annotations

import re
from datetime import date

import pytest
from graphql import OperationDefinitionNode, parse

from okrsync.trackers.values import Edit, Scope
from okrsync_github import queries
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import GitHub, draft
from tests.vendor.github_description import GitHubGraphQLDescription, GitHubRestDescription


@pytest.mark.parametrize("name", queries.SAMPLES)
def test_documents_parse_and_use_what_they_declare(name: str) -> None:
    document = queries.SAMPLES[name]
    (operation,) = parse(document).definitions

    assert isinstance(operation, OperationDefinitionNode)
    declared = [each.variable.name.value for each in operation.variable_definitions]
    assert len(set(declared)) == len(declared)
    for variable in declared:
        assert len(re.findall(rf"\${variable}\b", document)) == 2, f"${variable} is declared and used once"


@pytest.mark.parametrize("name", queries.SAMPLES)
def test_documents_are_valid_in_githubs_schema(name: str) -> None:
    assert GitHubGraphQLDescription.load().check(queries.SAMPLES[name]) == []


def test_every_request_is_one_that_github_describes(github: GitHub, tracker: GitHubTracker, board_scope: Scope) -> None:
    tracker.login()
    tracker.projects()
    tracker.check(board_scope)
    objective = tracker.create(board_scope, draft("signup", due=date(2026, 12, 31)))
    key_result = tracker.create(board_scope, draft("signup/p95", parent=objective.at))
    github.site.create_issue("acme/web", "Work", parent=1)
    tracker.write_fields(board_scope, {key_result.at.id: {"KR current": 4.0, "KR target": None}})
    tracker.update(board_scope, objective, Edit(title="New", description="Because.", due=None))
    tracker.update(board_scope, key_result, Edit(title="New", description="Because."))
    tracker.set_closed(objective, True)
    tracker.set_closed(key_result, True)
    tracker.comment(key_result.at, "Confidence 0.7")
    tracker.comments(key_result.at)
    items = tracker.read([board_scope]).items
    tracker.children(items, "KR target", "acme/1")
    tracker.item("acme/web#1", ["KR current"], "acme/1")
    tracker.find(board_scope, ["okrsync:acme:2026-Q4:signup", "okrsync:acme:2026-Q4:signup/lost"])

    rest, graphql = GitHubRestDescription.load(), GitHubGraphQLDescription.load()
    records = github.site.requests.records
    assert {(each.method, each.status) for each in records} >= {("GET", 200), ("POST", 201), ("PATCH", 200)}
    for record in records:
        problems = graphql.check_record(record) if record.path == "/graphql" else rest.check(record)
        assert problems == [], f"{record.method} {record.path}?{record.query}"


@pytest.mark.parametrize("count", [1, 20])
def test_mutations_are_batched_by_aliases(count: int) -> None:
    document = queries.set_values(count)

    assert document.count("updateProjectV2ItemFieldValue(") == count
    assert f"m{count - 1}:" in document and f"m{count}:" not in document

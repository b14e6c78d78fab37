"""JQL is read only so far that it can be asked within a project, and again."""

from __future__ import annotations

import pytest

from okrsync_jira.jql import read_jql


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("type = Bug", 'project = "PLAT" AND (type = Bug)'),
        ("type = Bug OR labels = x", 'project = "PLAT" AND (type = Bug OR labels = x)'),
        ("type = Bug ORDER BY created DESC", 'project = "PLAT" AND (type = Bug)'),
        ("type=Bug order by key", 'project = "PLAT" AND (type=Bug)'),
        ("ORDER BY key", 'project = "PLAT"'),
        ('summary ~ "order by price"', 'project = "PLAT" AND (summary ~ "order by price")'),
        (r'summary ~ "say \"order by\"" ORDER BY key', r'project = "PLAT" AND (summary ~ "say \"order by\"")'),
        ("project = WEB", "(project = WEB)"),
        ("type = Bug AND PROJECT IN (WEB, PLAT)", "(type = Bug AND PROJECT IN (WEB, PLAT))"),
        ("project!=WEB", "(project!=WEB)"),
        ("'project' is not EMPTY", "('project' is not EMPTY)"),
        ("!project = WEB", "(!project = WEB)"),
        ("summary ~ project", 'project = "PLAT" AND (summary ~ project)'),
        ("cf[10016] > 3", 'project = "PLAT" AND (cf[10016] > 3)'),
    ],
)
def test_a_query_is_asked_within_its_project(text: str, within: str) -> None:
    assert read_jql(text).within("PLAT") == within


@pytest.mark.parametrize(
    "text",
    [
        "type = Bug",
        "type in (Bug, Task) AND NOT (labels = x OR labels is EMPTY)",
        "created >= 2026-10-01 AND created < '2026/12/31 12:00'",
        "!(type = Bug) && (labels = x) || (labels = y)",
        'status was "In Progress"',
        "summary ~ 'at -7d'",
        '"Story Points" > 3 ORDER BY updated',
    ],
)
def test_what_only_a_change_of_the_issue_can_change_is_settled(text: str) -> None:
    assert read_jql(text).settled


@pytest.mark.parametrize(
    "text",
    [
        "created > -7d",
        "created > '-1w 2d'",
        'due < "4d"',
        "updated >= startOfDay()",
        "sprint in openSprints()",
        "assignee in membersOf ('web')",
        "filter = 10001",
        "votes > 3",
        "NOT category = Product",
    ],
)
def test_what_changes_by_itself_is_not(text: str) -> None:
    assert not read_jql(text).settled


@pytest.mark.parametrize(
    ("text", "compares"), [("type = Bug", True), ("PLAT-12", False), ("", False), ("sprint in openSprints()", True)]
)
def test_a_query_that_compares_nothing_is_known(text: str, compares: bool) -> None:
    assert read_jql(text).compares is compares

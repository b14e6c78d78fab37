"""The state survives saving, ids can be read back, and people's hands do what they say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.github.actions import Invalid
from okrsync.sandbox.github.state import node_id, read_node_id
from tests.unit.sandbox.github.github_sandbox_api import Api


def busy(site: GitHubSandbox) -> GitHubSandbox:
    site.add_user("dana", "Dana")
    site.add_project("acme", "OKRs")
    site.add_number_field("acme/1", "KR current")
    milestone = site.create_milestone("acme/web", "m", due_on=date(2026, 12, 31), description="why")
    parent = site.create_issue("acme/web", "parent", milestone=milestone, labels=["a"], author="dana")
    child = site.create_issue("acme/web", "child", parent=parent)
    site.close_issue("acme/web", child, "not_planned")
    site.comment("acme/web", parent, "hello", author="dana")
    site.set_project_number("acme", 1, "acme/web", parent, "KR current", 2.5)
    site.delete_issue("acme/web", site.create_issue("acme/web", "gone"))
    site.rename_repository("acme/web", "site")
    return site


def test_saving_and_loading_gives_the_same_github(site: GitHubSandbox, tmp_path: Path) -> None:
    path = tmp_path / "github.json"
    busy(site).save(path)
    other = GitHubSandbox()
    other.load(path)
    assert other.to_json() == site.to_json() == json.loads(path.read_text(encoding="utf-8"))
    assert other.clock.now() == site.clock.now()
    assert "sandbox-token" not in path.read_text(encoding="utf-8")
    assert other.milestones("acme/site") == site.milestones("acme/site")
    assert other.issues("acme/site") == site.issues("acme/site")
    assert other.create_issue("acme/site", "next") == 4
    assert other.project_value("acme", 1, "acme/site", 1, "KR current") == 2.5


def test_every_write_is_saved_where_that_is_wanted(site: GitHubSandbox, api: Api, tmp_path: Path) -> None:
    site.autosave = tmp_path / "github.json"
    api("POST", "/repos/acme/web/milestones", {"title": "m"})
    other = GitHubSandbox()
    other.load(site.autosave)
    assert [one["title"] for one in other.milestones("acme/web")] == ["m"]


@given(
    st.sampled_from(["MI", "I", "PVTI"]),
    st.integers(1, 2**63),
    st.integers(0, 2**63),
)
def test_global_ids_are_opaque_but_readable(kind: str, number: int, more: int) -> None:
    assert read_node_id(node_id(kind, number, more)) == (kind, number, more)


@given(st.text())
def test_nonsense_is_no_global_id(text: str) -> None:
    found = read_node_id(text)
    assert found is None or node_id(*found)


def test_issues_and_pull_requests_share_their_numbers(site: GitHubSandbox) -> None:
    numbers = [site.create_issue("acme/web", f"t{at}", pull_request=at == 1) for at in range(3)]
    assert numbers == [1, 2, 3]
    assert "pull_request" in site.issue("acme/web", 2)
    assert "sub_issues_summary" not in site.issue("acme/web", 2)


def test_hands_meet_the_same_rules_and_name_what_is_not_there(site: GitHubSandbox) -> None:
    with pytest.raises(Invalid, match="missing_field"):
        site.create_issue("acme/web", " ")
    with pytest.raises(LookupError, match="acme/nothing"):
        site.issues("acme/nothing")
    with pytest.raises(LookupError, match="no milestone 3"):
        site.edit_milestone("acme/web", 3, title="x")
    with pytest.raises(LookupError, match="owner/number"):
        site.add_number_field("acme", "x")


def test_deleting_takes_an_issue_out_of_everything(site: GitHubSandbox) -> None:
    site.add_project("acme", "OKRs")
    site.add_number_field("acme/1", "KR current")
    milestone = site.create_milestone("acme/web", "m")
    parent = site.create_issue("acme/web", "parent", milestone=milestone)
    child = site.create_issue("acme/web", "child", parent=parent, milestone=milestone)
    site.set_project_number("acme", 1, "acme/web", child, "KR current", 1)
    site.delete_issue("acme/web", child)
    assert site.issue("acme/web", parent)["sub_issues_summary"]["total"] == 0
    assert site.milestone("acme/web", milestone)["open_issues"] == 1
    assert [one["number"] for one in site.issues("acme/web")] == [parent]
    site.delete_milestone("acme/web", milestone)
    assert site.milestones("acme/web") == []


def test_a_clock_of_its_own(site: GitHubSandbox) -> None:
    site.create_milestone("acme/web", "m")
    assert site.milestone("acme/web", 1)["created_at"] == "2026-10-05T09:00:00Z"
    site.set_parent("acme/web", site.create_issue("acme/web", "b"), site.create_issue("acme/web", "a"))
    site.set_parent("acme/web", 1, None)
    assert "parent_issue_url" not in site.issue("acme/web", 1)
    site.reopen_issue("acme/web", 1)
    assert site.issue("acme/web", 1)["state"] == "open"

"""Number fields that an organisation gives to the issues of all its repositories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.github import GitHubSandbox, Token
from okrsync.testing import memory_context
from okrsync.trackers.errors import Misconfigured, NotFound
from okrsync.trackers.values import Query, RemoteItem, Scope
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import GitHub, draft

WEB = "acme/web"
SCOPE = Scope(WEB, "milestone", fields=("Impact",))


@pytest.fixture
def tracker(github: GitHub) -> GitHubTracker:
    github.site.add_issue_field("acme", "Impact")
    github.site.add_issue_field("acme", "Notes", "text")
    return github.connect()


def issues(github: GitHub, *impacts: float | None) -> list[int]:
    numbers = [github.site.create_issue(WEB, "Some work", labels=["toil"]) for _ in impacts]
    for number, impact in zip(numbers, impacts, strict=True):
        github.site.set_issue_field(WEB, number, "Impact", impact)
    return numbers


def values(tracker: GitHubTracker, query: Query) -> list[object]:
    return [each.values for each in tracker.matches(query).matches]


def test_a_query_reads_them_with_its_rows(github: GitHub, tracker: GitHubTracker) -> None:
    first, *_ = issues(github, 2.0, None, 6.5)
    query = Query("label:toil", WEB, ("Impact",))
    github.clear()
    assert values(tracker, query) == [{"Impact": 2.0}, {"Impact": None}, {"Impact": 6.5}]
    assert [path for _, path, _ in github.sent()] == ["/repos/acme/web/issues"], "no further request"

    # A new value is seen although the issue does not count as changed.
    answer = tracker.matches(query)
    moved = github.site.issue(WEB, first)["updated_at"]
    github.site.set_issue_field(WEB, first, "Impact", 3.0)
    assert github.site.issue(WEB, first)["updated_at"] == moved
    after = tracker.matches(query, answer.after({}), answer.cursor)
    assert after.complete and after.matches[0].values == {"Impact": 3.0}


def test_a_long_list_is_read_anew_each_time(github: GitHub) -> None:
    site = GitHubSandbox(enforce_limits=False, page_size=3)
    site.add_repository(WEB)
    site.add_issue_field("acme", "Impact")
    with SandboxServer(site) as server:
        here = GitHub(site, server.url)
        numbers = issues(here, *[1.0] * 11)
        tracker = here.connect()
        query = Query("label:toil", WEB, ("Impact",))
        found = tracker.matches(query)
        site.set_issue_field(WEB, numbers[5], "Impact", 8.0)
        later = tracker.matches(query, found.after({}), found.cursor)
        assert sum(float(each.values["Impact"] or 0) for each in later.after(found.after({})).values()) == 18.0
        tracker.close()


def test_the_board_comes_first_and_both_serve_one_query(github: GitHub, tracker: GitHubTracker) -> None:
    (number,) = issues(github, 2.0)
    github.site.add_number_field("acme/1", "Days")
    github.site.set_project_number("acme", 1, WEB, number, "Days", 5.0)
    query = Query("label:toil", WEB, ("Days", "Impact"), "acme/1")
    assert values(tracker, query) == [{"Days": 5.0, "Impact": 2.0}]
    github.site.add_number_field("acme/1", "Impact")
    github.site.set_project_number("acme", 1, WEB, number, "Impact", 7.0)
    assert values(github.connect(), query) == [{"Days": 5.0, "Impact": 7.0}]


@pytest.mark.parametrize("board", [None, "acme/1"])
def test_a_field_that_is_nowhere_is_named_with_those_that_are(
    github: GitHub, tracker: GitHubTracker, board: str | None
) -> None:
    issues(github, 2.0)
    with pytest.raises(Misconfigured, match=r"'Impct'.*the number fields there are 'Impact'; write 'Impact'"):
        tracker.matches(Query("label:toil", WEB, ("Impct",), board))
    with pytest.raises(Misconfigured, match="'Notes' of acme holds text, not a number"):
        tracker.matches(Query("label:toil", WEB, ("Notes",), board))
    assert tracker.check(replace(SCOPE, fields=("Impct",), board=board)) != ()
    assert tracker.check(replace(SCOPE, board=board)) == ()


def test_an_empty_field_is_none_and_one_that_is_nowhere_is_missing(github: GitHub, tracker: GitHubTracker) -> None:
    (item,) = _key_results(github, tracker)
    scope = replace(SCOPE, fields=("Impact", "Impct"))
    assert tracker.read([scope]).items[-1].fields == {"Impact": None}
    number = int(item.at.key.partition("#")[2])
    github.site.set_issue_field(WEB, number, "Impact", 4.5)
    assert tracker.read([scope]).items[-1].fields == {"Impact": 4.5}
    assert tracker.item(item.at.key, ["Impact", "Impct"]).fields == {"Impact": 4.5}
    assert tracker.item(item.at.key, ["Impact", "KR current"], "acme/1").fields == {"Impact": 4.5, "KR current": None}


def test_children_weigh_what_they_hold(github: GitHub, tracker: GitHubTracker) -> None:
    (parent,) = _key_results(github, tracker)
    above = int(parent.at.key.partition("#")[2])
    for impact, done in ((2.0, True), (3.0, False), (None, True)):
        child = github.site.create_issue(WEB, "Part", parent=above)
        github.site.set_issue_field(WEB, child, "Impact", impact)
        if done:
            github.site.close_issue(WEB, child)
    (parent,) = [each for each in tracker.read([SCOPE]).items if each.at == parent.at]
    children = tracker.children([parent], "Impact", "acme/1")[parent.at.id]
    assert [(each.points, each.done) for each in children] == [(2.0, True), (3.0, False), (None, True)]


def test_where_github_lists_no_fields_what_issues_show_is_enough() -> None:
    site = GitHubSandbox(enterprise=True)
    site.add_repository(WEB)
    site.add_issue_field("acme", "Impact")
    site.add_token(Token("narrow", "okr-bot", scopes=("repo", "project")))
    with SandboxServer(site) as server:
        tracker = GitHubTracker(memory_context(url=f"{server.url}/api/v3", token="narrow"))
        number = site.create_issue(WEB, "Some work", labels=["toil"])
        with pytest.raises(Misconfigured, match="lists none of its issue fields"):
            tracker.matches(Query("label:toil", WEB, ("Impact",)))
        site.set_issue_field(WEB, number, "Impact", 2.0)
        assert values(tracker, Query("label:toil", WEB, ("Impact",))) == [{"Impact": 2.0}]
        assert tracker.fields(WEB) == ()
        tracker.close()


def test_a_persons_repository_has_none() -> None:
    site = GitHubSandbox()
    site.add_user("robin")
    site.add_repository("robin/site")
    with SandboxServer(site) as server:
        tracker = GitHubTracker(memory_context(url=server.url, token="sandbox-token"))
        site.create_issue("robin/site", "Some work")
        assert "issue_field_values" not in site.issue("robin/site", 1)
        with pytest.raises(Misconfigured, match="no field 'Impact'"):
            tracker.matches(Query("is:open", "robin/site", ("Impact",)))
        tracker.close()


def test_they_are_listed_beside_the_boards(tracker: GitHubTracker) -> None:
    assert [(each.name, each.type) for each in tracker.fields(WEB)] == [("Impact", "number"), ("Notes", "text")]
    assert [each.name for each in tracker.fields(WEB, "acme/1")][-2:] == ["Impact", "Notes"]


def _key_results(github: GitHub, tracker: GitHubTracker) -> list[RemoteItem]:
    objective = tracker.create(SCOPE, draft("signup"))
    return [tracker.create(SCOPE, draft("signup/p95", parent=objective.at))]


def test_the_fields_of_no_repository_are_not_called_none(github: GitHub) -> None:
    tracker = github.connect()
    with pytest.raises(NotFound, match="nobody/nope"):
        tracker.fields("nobody/nope")
    with pytest.raises(Misconfigured, match="write owner/repository"):
        tracker.fields("acme")
    assert tracker.fields(WEB) == ()


def test_what_an_earlier_run_did_not_find_is_looked_for_again(github: GitHub) -> None:
    github.site.add_issue_field("acme", "Effort")
    github.site.create_issue(WEB, "Some work", labels=["toil"])
    earlier = github.connect()
    query = Query("label:toil", WEB, ("Impact",))
    with pytest.raises(Misconfigured, match="have no field 'Impact'"):
        values(earlier, query)
    github.site.add_issue_field("acme", "Impact")
    later = GitHubTracker(earlier.context)
    assert values(later, query) == [{"Impact": None}]
    earlier.close()
    later.close()

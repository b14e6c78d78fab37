"""Reading: how many requests it takes, what pages and ETags do, and what a failing repository does to the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.github.access import Token
from okrsync.testing import MemoryPages
from okrsync.trackers.errors import AuthFailed, NotFound, Transient
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.values import ItemKind, Scope
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import MARKER, GitHub, Make, draft


def populate(github: GitHub, repository: str, milestones: int, key_results: int) -> None:
    """OKRs that an earlier sync made."""
    for number in range(milestones):
        marker = f"okrsync:acme:2026-Q4:o{number}"
        at = github.site.create_milestone(repository, f"Objective {number}", description=f"Why.\n\n<!-- {marker} -->")
        for each in range(key_results // milestones):
            body = f"<!-- {marker}/k{each} -->"
            github.site.create_issue(repository, f"KR {each}", body=body, milestone=at, labels=["key-result"])


def test_ten_repositories_cost_twenty_requests_and_twenty_conditional_ones_after_that(github: GitHub) -> None:
    repositories = [f"acme/r{number}" for number in range(10)]
    for name in repositories:
        github.site.add_repository(name)
        populate(github, name, milestones=10, key_results=40)
    scopes = [Scope(name, "milestone") for name in repositories]
    pages = MemoryPages()

    first = github.connect(pages=pages).read(scopes)
    assert len(first.items) == 10 * 50
    assert len(github.sent()) == 20

    github.clear()
    again = github.connect(pages=pages).read(scopes)

    assert again == first
    assert [status for _, _, status in github.sent()] == [304] * 20


def test_a_board_costs_one_more_request_for_a_hundred_items(github: GitHub, board_scope: Scope) -> None:
    populate(github, "acme/web", milestones=3, key_results=120)
    for number in range(1, 121):
        github.site.set_project_number("acme", 1, "acme/web", number, "KR current", number / 4)
    tracker = github.connect()

    reading = tracker.read([board_scope])

    values = {item.at.key: item.fields for item in reading.items if item.kind is ItemKind.KEY_RESULT}
    assert values["acme/web#101"] == {"KR current": 25.25, "KR target": None}
    assert len(values) == 120
    assert [(method, path) for method, path, _ in github.sent()].count(("POST", "/graphql")) == 2
    assert len(github.sent()) == 1 + 2 + 2


def test_whether_a_boards_owner_is_a_person_is_found_out_once(github: GitHub, board_scope: Scope) -> None:
    github.site.add_user("dana")
    github.site.add_repository("dana/notes")
    board = github.site.add_project("dana", "Mine")
    github.site.add_number_field(f"dana/{board}", "KR current")
    populate(github, "dana/notes", milestones=1, key_results=150)
    for number in range(1, 151):
        github.site.set_project_number("dana", board, "dana/notes", number, "KR current", 1.0)
    mine = replace(board_scope, project="dana/notes", board=f"dana/{board}", fields=("KR current",))

    tracker = github.connect()
    assert not tracker.read([mine]).failures
    tracker.read([mine])

    assert [path for _, path, _ in github.sent()].count("/graphql") == 1 + 2 + 2


def test_a_key_result_may_be_on_either_board_of_its_repository(github: GitHub, board_scope: Scope, make: Make) -> None:
    _, (key_result,) = make()
    other = github.site.add_project("acme", "Growth")
    github.site.add_number_field(f"acme/{other}", "KR current")
    github.site.set_project_number("acme", other, "acme/web", 1, "KR current", 3.5)
    scopes = [replace(board_scope, fields=("KR current",), board=f"acme/{each}") for each in (other, 1)]

    for order in (scopes, scopes[::-1]):
        found = {item.at.id: item.fields for item in github.connect().read(order).items}
        assert found[key_result.at.id] == {"KR current": 3.5}


def test_without_a_board_no_graphql_is_sent(github: GitHub, tracker: GitHubTracker, scope: Scope, make: Make) -> None:
    objective, (key_result,) = make()
    tracker.login()
    tracker.projects()
    assert tracker.fields("acme/web") == ()
    assert tracker.check(scope) == ()
    tracker.read([scope])
    tracker.item(key_result.at.id, ["KR current"], None)
    tracker.find(scope, [*objective.markers, *key_result.markers])
    tracker.children([objective, key_result])
    tracker.write_fields(scope, {})

    assert not [path for _, path, _ in github.sent() if path.endswith("graphql")]


def test_issues_and_milestones_of_people_are_left_out(github: GitHub, tracker: GitHubTracker, scope: Scope) -> None:
    site = github.site
    site.create_milestone("acme/web", "Version 2")
    site.create_milestone("acme/web", "Theirs", description="<!-- okrsync:neighbours:2026-Q4:signup -->")
    site.create_issue("acme/web", "Just labelled", labels=["key-result"])
    site.create_issue("acme/web", "Quoting", body=f"> <!-- {MARKER}/p95 -->", labels=["key-result"])
    site.create_issue("acme/web", "PR", body=f"<!-- {MARKER}/p95 -->", labels=["key-result"], pull_request=True)
    site.create_issue("acme/web", "A milestone's text", body=f"<!-- {MARKER} -->", labels=["key-result"])

    assert tracker.read([scope]).items == ()


def test_pages_that_did_not_change_keep_their_etag_when_issues_are_added(github: GitHub, scope: Scope) -> None:
    populate(github, "acme/web", milestones=1, key_results=250)
    pages = MemoryPages()
    assert len(github.connect(pages=pages).read([scope]).items) == 251
    github.site.create_issue("acme/web", "New", body=f"<!-- {MARKER}/new -->", labels=["key-result"])
    github.clear()

    reading = github.connect(pages=pages).read([scope])

    assert len(reading.items) == 252
    assert [status for _, path, status in github.sent() if path.endswith("/issues")] == [304, 304, 200]


def test_a_full_last_page_does_not_hide_the_page_that_follows_by_now(github: GitHub, scope: Scope) -> None:
    """GitHub's ETag covers the entries of a page and not its `Link`: a 304 says nothing of a page behind it."""
    populate(github, "acme/web", milestones=1, key_results=100)
    pages = MemoryPages()
    github.connect(pages=pages).read([scope])
    github.clear()

    github.connect(pages=pages).read([scope])

    (request,) = [each for each in github.site.requests.records if each.path.endswith("/issues")]
    assert "if-none-match" not in request.headers


def test_a_page_kept_in_another_form_is_read_again(github: GitHub, scope: Scope, make: Make) -> None:
    make()
    pages = MemoryPages()
    first = github.connect(pages=pages).read([scope])
    pages.kept = {key: (etag, "nonsense") for key, (etag, _) in pages.kept.items()}

    assert github.connect(pages=pages).read([scope]) == first


def test_scopes_of_one_repository_share_its_pages(github: GitHub, tracker: GitHubTracker, make: Make) -> None:
    make()
    scopes = [
        Scope("acme/web", "milestone", labels=("key-result",)),
        Scope("acme/web", "milestone", labels=("key-result", "web")),
        Scope("ACME/Web", "milestone", labels=("growth",)),
    ]
    github.clear()

    reading = tracker.read(scopes)

    assert len(reading.items) == 2
    assert len(github.sent()) == 3, "milestones, and issues by key-result and by growth"


def test_a_repository_that_fails_does_not_take_the_others_along(github: GitHub, scope: Scope, make: Make) -> None:
    objective, key_results = make()
    github.site.add_repository("acme/broken")
    github.site.add_repository("acme/secret", private=True, role=None)
    github.site.faults.add(Fault("status", path="/repos/acme/broken/", times=None, status=502))
    names = ["acme/broken", "acme/secret", "not-a-repository", "acme/web"]

    reading = github.connect().read([replace(scope, project=name) for name in names])

    assert {item.at.id for item in reading.items} == {objective.at.id, key_results[0].at.id}
    assert set(reading.failures) == {*names} - {"acme/web"}
    assert isinstance(reading.failures["acme/secret"], NotFound)
    assert isinstance(reading.failures["acme/broken"], Transient)
    assert "owner/repository" in str(reading.failures["not-a-repository"])


def test_a_server_that_is_down_is_not_asked_for_every_repository(github: GitHub, scope: Scope) -> None:
    github.site.faults.add(Fault("drop_before", times=None))
    tracker = github.connect()

    with pytest.raises(Transient):
        tracker.read([replace(scope, project=f"acme/r{number}") for number in range(50)])

    assert tracker.context.policy.requests == 2 * tracker.context.policy.attempts


def test_a_used_up_limit_ends_the_reading(github: GitHub, scope: Scope) -> None:
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4102444800"}
    github.site.faults.add(
        Fault(
            "status", times=None, status=403, headers=used_up, response_body=b'{"message": "API rate limit exceeded"}'
        )
    )
    tracker = github.connect()

    with pytest.raises(Transient) as caught:
        tracker.read([replace(scope, project=f"acme/r{number}") for number in range(50)])

    assert caught.value.retry_after is not None and caught.value.retry_after > 1_000_000
    assert tracker.context.policy.requests == 1


def test_a_wrong_token_is_no_failure_of_one_repository(github: GitHub, scope: Scope) -> None:
    with pytest.raises(AuthFailed, match="does not accept the token"):
        github.connect(token="ghp_wrong").read([scope])


def test_an_unreadable_board_leaves_the_items_without_fields(github: GitHub, board_scope: Scope, make: Make) -> None:
    make()
    missing = replace(board_scope, board="acme/9")

    reading = github.connect().read([missing])

    assert len(reading.items) == 2
    assert all(not item.fields for item in reading.items)
    assert "board acme/9 does not exist" in str(reading.failures["acme/web"])


def test_a_field_that_is_not_on_the_board_is_not_empty_but_absent(
    github: GitHub, board_scope: Scope, make: Make
) -> None:
    _, (key_result,) = make()
    scope = replace(board_scope, fields=("KR current", "Nope"))

    found = {item.at.id: item.fields for item in github.connect().read([scope]).items}

    assert found[key_result.at.id] == {"KR current": None}


def test_a_renamed_repository_is_read_under_its_old_name_with_its_closed_items(
    github: GitHub, scope: Scope, make: Make
) -> None:
    """PyGithub alone would follow the redirect without its query, and read the open ones only."""
    objective, (key_result,) = make()
    github.site.edit_milestone("acme/web", 1, state="closed")
    github.site.close_issue("acme/web", 1)
    github.site.rename_repository("acme/web", "site")

    items = {item.at.id: item for item in github.connect().read([scope]).items}

    assert set(items) == {objective.at.id, key_result.at.id}
    assert all(item.closed for item in items.values())


def test_a_renamed_repository_is_written_to(github: GitHub, tracker: GitHubTracker, scope: Scope, make: Make) -> None:
    objective, (key_result,) = make()
    github.site.rename_repository("acme/web", "site")

    tracker.set_closed(objective, True)
    tracker.set_closed(key_result, True)

    assert github.site.milestone("acme/site", 1)["state"] == "closed"
    assert github.site.issue("acme/site", 1)["state"] == "closed"


def test_due_dates_are_pacific_days(github: GitHub, tracker: GitHubTracker, scope: Scope) -> None:
    made = tracker.create(scope, draft("signup", due=date(2026, 12, 31)))

    assert github.site.milestone("acme/web", 1)["due_on"] == "2026-12-31T08:00:00Z"
    assert made.due == tracker.item(made.at.key).due == date(2026, 12, 31)


def test_issues_that_lost_their_label_or_milestone_are_still_found(
    github: GitHub, tracker: GitHubTracker, scope: Scope, make: Make
) -> None:
    _, (first, second, third) = make(3)
    github.site.edit_issue("acme/web", 2, labels=[])
    github.site.edit_issue("acme/web", 3, labels=[], milestone=None)
    markers = [marker for item in (first, second, third) for marker in item.markers]

    github.clear()
    assert [item.at.key for item in tracker.find(scope, markers[:1])] == ["acme/web#1"]
    assert len(github.sent()) == 1
    assert sorted(item.at.key for item in tracker.find(scope, markers)) == ["acme/web#1", "acme/web#2", "acme/web#3"]


def test_finding_never_trusts_what_was_kept(github: GitHub, scope: Scope, make: Make) -> None:
    objective, _ = make()
    tracker = github.connect()
    tracker.read([scope])
    github.clear()

    tracker.find(scope, objective.markers)

    (request,) = github.site.requests.records
    assert "if-none-match" not in request.headers


def test_sub_issues_are_asked_for_only_where_there_are_some(
    github: GitHub, tracker: GitHubTracker, scope: Scope, make: Make
) -> None:
    _, key_results = make(3)
    github.site.create_issue("acme/web", "Work", parent=2)
    tracker.read([scope])
    github.clear()

    children = tracker.children(key_results)

    assert {key: len(found) for key, found in children.items()} == {
        "acme/web/issues/1": 0,
        "acme/web/issues/2": 1,
        "acme/web/issues/3": 0,
    }
    assert [path for _, path, _ in github.sent()] == ["/repos/acme/web/issues/2/sub_issues"]

    github.site.create_issue("acme/web", "More work", parent=3)
    tracker.read([scope])
    assert len(tracker.children(key_results)["acme/web/issues/3"]) == 1


def test_a_parent_that_is_gone_has_no_entry(github: GitHub, tracker: GitHubTracker, make: Make) -> None:
    objective, (first, second) = make(2)
    github.site.delete_issue("acme/web", 1)

    assert set(tracker.children([objective, first, second])) == {objective.at.id, second.at.id}


def test_an_issue_that_moved_comes_with_its_new_name(github: GitHub, tracker: GitHubTracker) -> None:
    github.site.add_repository("acme/app")
    github.site.create_issue("acme/app", "Elsewhere")
    number = github.site.create_issue("acme/app", "Moved here")
    moved = f"{github.url}/repos/acme/app/issues/{number}"
    github.site.faults.add(
        Fault("status", path="/repos/acme/web/issues/9$", status=301, headers={"location": moved}, response_body=b"{}")
    )

    assert tracker.item("acme/web#9").at.id == f"acme/app/issues/{number}"


def test_logging_in_as_an_app(github: GitHub, tracker: GitHubTracker) -> None:
    refusal = b'{"message": "Resource not accessible by integration"}'
    github.site.faults.add(Fault("status", path="^/user", times=2, status=403, response_body=refusal))
    answer = b'{"total_count": 1, "repositories": [{"full_name": "acme/web"}]}'
    github.site.faults.add(Fault("status", path="^/installation/", status=200, response_body=answer))

    assert tracker.login().account == "a GitHub App"
    assert tracker.projects() == ("acme/web",)


def test_checking_names_everything_that_would_fail(github: GitHub, board_scope: Scope) -> None:
    github.site.edit_repository("acme/web", has_issues=False, archived=True)
    github.site.set_role("acme/web", "okr-bot", "read")
    wrong = replace(
        board_scope,
        objective_form="epic",
        key_result_form="fields",
        labels=("a,b",),
        fields=("KR current", "Status", "X"),
    )

    problems = "\n".join(github.connect().check(wrong))

    for word in ("'epic'", "'fields'", "'a,b'", "switched off", "archived", "may not write", "'Status'", "'X'"):
        assert word in problems
    assert "'KR current'" in problems, "it says which fields exist"
    assert not github.site.requests.writes()


def test_checking_a_board_that_is_missing_forbidden_or_not_named(github: GitHub, board_scope: Scope) -> None:
    tracker = github.connect()
    assert "board acme/9 does not exist" in tracker.check(replace(board_scope, board="acme/9"))[0]
    assert "like acme/1" in tracker.check(replace(board_scope, board=None))[0]
    assert "not a board" in tracker.check(replace(board_scope, board="OKRs"))[0]

    github.site.add_token(Token("github_pat_narrow", "okr-bot", scopes=None, projects="none"))
    (problem,) = github.connect(token="github_pat_narrow").check(board_scope)
    assert "Projects (read and write)" in problem


def test_checking_knows_the_scopes_of_a_classic_token(github: GitHub, board_scope: Scope) -> None:
    github.site.add_token(Token("ghp_narrow", "okr-bot", scopes=("read:org", "read:project")))
    problems = github.connect(token="ghp_narrow").check(board_scope)

    assert any("lacks the scope repo" in each and "read:org, read:project" in each for each in problems)
    assert any("lacks the scope project" in each for each in problems)


def test_waiting_for_the_limit_can_be_interrupted_and_is_counted(github: GitHub, scope: Scope) -> None:
    github.site.faults.add(Fault("status", status=429, headers={"Retry-After": "0"}, times=2))
    policy = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.2)

    github.connect(policy=policy).read([scope])

    assert (policy.requests, policy.retries) == (4, 2)

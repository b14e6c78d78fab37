"""Writing: one request each, nothing made twice, people's things left alone, boards in batches, in GitHub's pace."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import date

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.github.access import Token
from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.retry import Interrupted, RetryPolicy
from okrsync.trackers.values import Edit, Scope
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import MARKER, GitHub, Make, draft


def bodies(github: GitHub) -> list[object]:
    return [json.loads(each.body) for each in github.site.requests.writes()]


def test_creating_sends_the_item_whole_and_once(github: GitHub, tracker: GitHubTracker, scope: Scope) -> None:
    objective = tracker.create(scope, draft("signup", due=date(2026, 12, 31)))
    tracker.create(scope, draft("signup/p95", parent=objective.at))

    assert [(method, path) for method, path, _ in github.sent()] == [
        ("POST", "/repos/acme/web/milestones"),
        ("POST", "/repos/acme/web/issues"),
    ]
    milestone, issue = bodies(github)
    assert milestone == {
        "title": "Make it instant (signup)",
        "description": f"Half of our visitors leave.\n\n<!-- {MARKER} -->",
        "due_on": "2026-12-31T12:00:00Z",
    }
    assert issue == {
        "title": "Make it instant (signup/p95)",
        "body": f"Half of our visitors leave.\n\n<!-- {MARKER}/p95 -->",
        "milestone": 1,
        "labels": ["key-result"],
    }


def test_a_mapping_without_labels_uses_key_result(github: GitHub, tracker: GitHubTracker) -> None:
    bare = Scope("acme/web", "milestone")
    objective = tracker.create(bare, draft("signup"))

    assert tracker.create(bare, draft("signup/p95", parent=objective.at)).labels == {"key-result"}


def test_updating_sends_what_changes_and_clears_a_due_date(
    github: GitHub, tracker: GitHubTracker, scope: Scope
) -> None:
    made = tracker.create(scope, draft("signup", due=date(2026, 12, 31)))
    github.clear()

    tracker.update(scope, made, Edit(due=None))
    tracker.update(scope, made, Edit())

    assert bodies(github) == [{"due_on": None}]
    assert tracker.item(made.at.id).due is None


def test_somebody_elses_milestone_of_that_title_is_named_and_left_alone(
    github: GitHub, tracker: GitHubTracker, scope: Scope
) -> None:
    wanted = draft("signup")
    github.site.create_milestone("acme/web", wanted.title, description="Ours since 2019", state="closed")

    with pytest.raises(Conflict, match="acme/web/milestone/1"):
        tracker.create(scope, wanted)

    assert github.site.milestone("acme/web", 1)["description"] == "Ours since 2019"
    assert len(github.site.milestones("acme/web")) == 1


def test_a_milestone_of_that_title_with_our_marker_is_the_one(
    github: GitHub, tracker: GitHubTracker, scope: Scope
) -> None:
    github.site.faults.add(Fault("drop_after", method="POST"))
    with pytest.raises(Transient):
        tracker.create(scope, draft("signup"))

    adopted = tracker.create(scope, draft("signup"))

    assert adopted.at.key == "acme/web/milestone/1"
    assert adopted.markers == (MARKER,)
    assert len(github.site.milestones("acme/web")) == 1


def test_a_title_that_another_milestone_has_is_named(github: GitHub, tracker: GitHubTracker, scope: Scope) -> None:
    made = tracker.create(scope, draft("signup"))
    github.site.create_milestone("acme/web", "Version 2")

    with pytest.raises(Conflict, match="'Version 2' already: acme/web/milestone/2"):
        tracker.update(scope, made, Edit(title="Version 2"))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status_after", method="POST", status=502),
        Fault("truncate", method="POST"),
        Fault("wrong_json", method="POST"),
        Fault("html_login", method="POST"),
    ],
)
def test_an_answer_that_tells_nothing_leaves_a_create_open(
    github: GitHub, tracker: GitHubTracker, scope: Scope, fault: Fault
) -> None:
    github.site.faults.add(fault)

    with pytest.raises(Transient) as caught:
        tracker.create(scope, draft("signup"))

    assert caught.value.acted is None
    assert len(github.site.requests.writes()) == 1


def test_what_github_refuses_is_said_in_its_words(github: GitHub, tracker: GitHubTracker, scope: Scope) -> None:
    with pytest.raises(Rejected, match=r"Issue\.title .*too long"):
        tracker.create(scope, draft("signup/p95", title="x" * 300))
    github.site.set_role("acme/web", "okr-bot", "read")
    with pytest.raises(NotFound, match=r"Issues \(read and write\)"):
        tracker.create(scope, draft("signup"))


def test_a_milestone_takes_no_comment(tracker: GitHubTracker, make: Make) -> None:
    objective, (key_result,) = make()

    with pytest.raises(Rejected, match="milestones take no comments"):
        tracker.comment(objective.at, "Confidence 0.7")
    assert tracker.comments(objective.at) == ()
    made = tracker.comment(key_result.at, "Confidence 0.7")
    assert [(each.id, each.author) for each in tracker.comments(key_result.at)] == [(made, "okr-bot")]


def test_fields_are_written_in_batches_and_issues_put_on_the_board(
    github: GitHub, tracker: GitHubTracker, board_scope: Scope, make: Make
) -> None:
    _, key_results = make(25)
    values = {item.at.id: {"KR current": float(at), "KR target": 9.0} for at, item in enumerate(key_results)}
    github.clear()

    tracker.write_fields(board_scope, values)

    assert len(github.sent()) == 1 + 2 + 3, "the board; 25 issues in 2 requests; 50 values in 3"
    assert github.site.project_value("acme", 1, "acme/web", 25, "KR current") == 24.0
    github.clear()
    tracker.write_fields(board_scope, {key_results[0].at.id: {"KR current": None}})
    assert len(github.sent()) == 1
    assert github.site.project_value("acme", 1, "acme/web", 1, "KR current") is None


def test_fields_are_written_to_issues_that_nobody_read_before(github: GitHub, board_scope: Scope, make: Make) -> None:
    _, (key_result,) = make()

    github.connect().write_fields(board_scope, {key_result.at.id: {"KR current": 4.0}})

    assert github.site.project_value("acme", 1, "acme/web", 1, "KR current") == 4.0


def test_what_cannot_be_written_is_named_and_the_rest_is_written(
    github: GitHub, tracker: GitHubTracker, board_scope: Scope, make: Make
) -> None:
    _, key_results = make(3)
    github.site.delete_issue("acme/web", 2)

    with pytest.raises(NotFound, match=r"1 of 3 issues could not be written: acme/web#2"):
        tracker.write_fields(board_scope, {item.at.id: {"KR current": 4.0} for item in key_results})

    assert [github.site.project_value("acme", 1, "acme/web", number, "KR current") for number in (1, 3)] == [4.0, 4.0]


def test_wrong_fields_stop_everything_before_it_is_written(
    github: GitHub, tracker: GitHubTracker, board_scope: Scope, make: Make
) -> None:
    objective, (key_result,) = make()
    github.clear()

    with pytest.raises(Misconfigured) as caught:
        tracker.write_fields(board_scope, {key_result.at.id: {"Status": 1.0, "Nope": 1.0, "KR current": "four"}})
    assert len(caught.value.problems) == 3
    with pytest.raises(Misconfigured, match="project_board"):
        tracker.write_fields(replace(board_scope, board=None), {key_result.at.id: {"KR current": 1.0}})
    with pytest.raises(Rejected, match="milestone"):
        tracker.write_fields(board_scope, {objective.at.id: {"KR current": 1.0}})
    assert not github.site.requests.writes()


def test_a_board_that_may_only_be_read_says_what_is_missing(github: GitHub, board_scope: Scope, make: Make) -> None:
    _, (key_result,) = make()
    github.site.add_token(Token("github_pat_reader", "okr-bot", scopes=None, projects="read"))
    reader = github.connect(token="github_pat_reader")

    with pytest.raises(AuthFailed, match="Projects \\(read and write\\)"):
        reader.write_fields(board_scope, {key_result.at.id: {"KR current": 4.0}})


def test_writes_keep_their_distance_and_reads_do_not_wait(github: GitHub, scope: Scope) -> None:
    waits: list[float] = []

    class Noted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            waits.append(timeout)
            return False

    tracker = github.connect(write_interval=1000, policy=RetryPolicy(stop=Noted()))
    made = tracker.create(scope, draft("signup"))
    for _ in range(3):
        tracker.item(made.at.id)
    assert waits == []

    tracker.set_closed(made, True)
    tracker.set_closed(made, False)

    assert len(waits) == 2
    assert all(900 < each <= 1000 for each in waits), "less what has passed since the write before"


def test_the_wait_between_writes_ends_when_somebody_wants_to_stop(github: GitHub, scope: Scope) -> None:
    policy = RetryPolicy()
    tracker = github.connect(write_interval=60, policy=policy)
    made = tracker.create(scope, draft("signup"))
    threading.Timer(0.1, policy.stop.set).start()
    started = time.monotonic()

    with pytest.raises(Interrupted):
        tracker.set_closed(made, True)

    assert time.monotonic() - started < 30
    assert len(github.site.requests.writes()) == 1


@pytest.mark.parametrize("value", ["soon", -1, True, None])
def test_a_wrong_interval_is_a_mistake_in_the_settings(github: GitHub, value: object) -> None:
    with pytest.raises(Misconfigured, match="write_interval of tracker code"):
        github.connect(write_interval=value).login()

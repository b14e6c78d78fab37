"""Queries on GitHub: what matches, what it costs, and what is said when it cannot be told."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from unittest import mock

import pytest

from okrsync.sandbox import Fault
from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.values import Matches, Query
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import MARKER, GitHub
from tests.vendor.github_description import GitHubGraphQLDescription, GitHubRestDescription

WEB = "acme/web"


def asked(text: str, *fields: str, board: str | None = None, **more: Any) -> Query:
    return Query(text, WEB, fields, board, **more)


def numbers(found: Matches) -> list[int]:
    return sorted(int(each.key.partition("#")[2]) for each in found.matches)


def made(github: GitHub, count: int, **more: Any) -> list[int]:
    return [github.site.create_issue(WEB, "Some work", **more) for _ in range(count)]


def test_what_matches_comes_with_its_state_and_its_numbers(github: GitHub, tracker: GitHubTracker) -> None:
    first, second = made(github, 2, labels=["bug"])
    made(github, 1)
    github.site.close_issue(WEB, first)
    github.site.set_project_number("acme", 1, WEB, first, "KR current", 2.5)

    found = tracker.matches(asked("label:bug", "KR current", "KR target", board="acme/1"))

    by_key = {each.key: each for each in found.matches}
    assert sorted(by_key) == [f"{WEB}#{first}", f"{WEB}#{second}"]
    assert by_key[f"{WEB}#{first}"].done and not by_key[f"{WEB}#{second}"].done
    assert by_key[f"{WEB}#{first}"].values == {"KR current": 2.5, "KR target": None}
    assert by_key[f"{WEB}#{second}"].values == {"KR current": None, "KR target": None}
    assert by_key[f"{WEB}#{first}"].id == f"{WEB}/issues/{first}"
    assert by_key[f"{WEB}#{first}"].url.endswith(f"/{WEB}/issues/{first}")


def test_pull_requests_count_only_where_they_are_asked_for(github: GitHub, tracker: GitHubTracker) -> None:
    (issue,) = made(github, 1)
    (pull_request,) = made(github, 1, pull_request=True)

    assert numbers(tracker.matches(asked("is:open"))) == [issue]
    assert numbers(tracker.matches(asked("is:open is:pr"))) == [pull_request]


def test_okrsyncs_own_issues_never_match(github: GitHub, tracker: GitHubTracker) -> None:
    made(github, 1, body=f"Why.\n\n<!-- {MARKER}/p95 -->")
    (theirs,) = made(github, 1, body=f"See okrsync's {MARKER}/p95")

    assert numbers(tracker.matches(asked("is:open"))) == [theirs]


def test_days_of_creation_are_those_of_utc(github: GitHub, tracker: GitHubTracker) -> None:
    site = github.site
    site.clock.set(datetime(2026, 10, 5, 23, 59, tzinfo=UTC))
    (first,) = made(github, 1)
    site.clock.set(datetime(2026, 10, 6, 0, 1, tzinfo=UTC))
    (second,) = made(github, 1)
    one, other = datetime(2026, 10, 5, tzinfo=UTC).date(), datetime(2026, 10, 6, tzinfo=UTC).date()

    assert numbers(tracker.matches(asked("is:open", created_from=one))) == [first, second]
    assert numbers(tracker.matches(asked("is:open", created_from=other))) == [second]
    assert numbers(tracker.matches(asked("is:open", created_to=one))) == [first]
    assert numbers(tracker.matches(asked("is:open", created_from=one, created_to=one))) == [first]


def test_what_cannot_be_told_is_said(github: GitHub, tracker: GitHubTracker) -> None:
    github.site.create_milestone(WEB, "Fast pages")
    with pytest.raises(Rejected, match="'involves:robin'"):
        tracker.matches(asked("involves:robin"))
    with pytest.raises(Rejected, match="no milestone called 'Fast page'; the newest that it has: 'Fast pages'"):
        tracker.matches(asked('milestone:"Fast page"'))
    with pytest.raises(NotFound, match="acme/gone"):
        tracker.matches(Query("is:open", "acme/gone"))
    with pytest.raises(
        Misconfigured, match="no field 'KR current': no number field is there; for a board's fields set project_board"
    ):
        tracker.matches(asked("is:open", "KR current"))
    with pytest.raises(Misconfigured, match=r"no field 'KR curent'.*'KR current'"):
        tracker.matches(asked("is:open", "KR curent", board="acme/1"))
    with pytest.raises(Misconfigured, match="holds option, not a number"):
        tracker.matches(asked("is:open", "Status", board="acme/1"))
    with pytest.raises(AuthFailed):
        github.connect(token="not-the-token").matches(asked("is:open"))


def test_nothing_may_mean_that_nothing_can_be_seen(github: GitHub, tracker: GitHubTracker) -> None:
    assert tracker.matches(asked("label:bug")).deserted
    made(github, 1)

    assert not tracker.matches(asked("label:bug")).deserted
    github.site.faults.add(Fault("empty_list", path="/issues", times=None))
    assert tracker.matches(asked("is:open")) == Matches(deserted=True)


def test_githubs_search_is_never_asked_and_no_estimate_is_made(github: GitHub, tracker: GitHubTracker) -> None:
    made(github, 1)

    assert tracker.count(asked("is:open")) is None
    tracker.matches(asked("is:open"))

    assert not [path for _, path, _ in github.sent() if "/search" in path]


def test_a_milestone_is_known_from_the_reading_before(github: GitHub, tracker: GitHubTracker, scope: Any) -> None:
    number = github.site.create_milestone(WEB, "Fast pages")
    (inside,) = made(github, 1, milestone=number)
    tracker.read([scope])
    github.clear()

    assert numbers(tracker.matches(asked('milestone:"FAST pages"'))) == [inside]
    assert len(github.sent()) == 1


@pytest.fixture
def many(github: GitHub, tracker: GitHubTracker) -> list[int]:
    """A repository of 5,000 issues, of which 4,000 are bugs, and a tracker that was let in."""
    found = [*made(github, 1000, labels=["wontfix"]), *made(github, 4000, labels=["bug"])]
    github.site.clock.advance(timedelta(hours=1))
    tracker.login()
    github.clear()
    return found[1000:]


def test_five_thousand_issues_cost_as_many_pages_as_match_and_later_as_many_as_changed(
    github: GitHub, tracker: GitHubTracker, many: list[int]
) -> None:
    site = github.site
    query = asked("label:bug -label:wontfix")
    first = tracker.matches(query)
    known, cursor = first.after({}), first.cursor
    listed = [path for _, path, _ in github.sent() if path.endswith("/issues")]
    assert (len(known), len(listed), len(github.sent())) == (4000, 39, 40)

    for changes in (0, 1, 7, 130):
        site.clock.advance(timedelta(minutes=5))
        for at, number in enumerate(many[:changes]):
            if at % 3 == 0:
                site.edit_issue(WEB, number, labels=["bug", "wontfix"])
            elif at % 3 == 1:
                site.close_issue(WEB, number)
            else:
                site.create_issue(WEB, "New", labels=["bug"])
        del many[:changes]
        github.clear()
        found = tracker.matches(query, known, cursor)
        known, cursor = found.after(known), found.cursor
        assert not found.complete
        assert len(github.sent()) <= -(-changes // 100) + 2, changes
        expected = {
            f"{WEB}/issues/{each.number}": each.state == "closed"
            for repository in site.hub.state.repositories.values()
            for each in repository.issues.values()
            if {"bug"} == {label.name for label in repository.labels_of(each)}
        }
        assert {each.id: each.done for each in known.values()} == expected


@pytest.mark.parametrize("number", [99, 100, 101, 200, 201, 299, 300, 301, 430])
@pytest.mark.parametrize(
    "text", ["is:open", "is:closed label:bug", "label:bug milestone:fast -label:x", "author:robin assignee:robin"]
)
def test_the_first_reading_costs_a_request_for_each_hundred(
    github: GitHub, tracker: GitHubTracker, scope: Any, text: str, number: int
) -> None:
    site = github.site
    site.add_user("robin")
    milestone = site.create_milestone(WEB, "fast")
    made(github, 5, labels=["other"])
    work = made(github, number, labels=["bug"], milestone=milestone, assignees=["robin"], author="robin")
    if "is:closed" in text:
        for each in work:
            site.close_issue(WEB, each)
    elif "is:open" in text:
        site.edit_issue(WEB, work[-1], labels=["bug", "big"])
        work = [*range(work[0] - 5, work[0]), *work]
    site.clock.advance(timedelta(hours=1))
    tracker.read([scope])
    github.clear()

    found = tracker.matches(asked(text))

    assert sorted(numbers(found)) == work
    assert len(github.sent()) == -(-len(work) // 100)
    assert (found.cursor is not None) is (len(work) > 200)
    if found.cursor:
        github.clear()
        assert not tracker.matches(asked(text), found.after({}), found.cursor).complete
        assert len(github.sent()) == 2


SINCE = datetime(2026, 10, 1, tzinfo=UTC)


def grown(github: GitHub, number: int, **more: Any) -> list[int]:
    """A repository of 130 issues that are older than `SINCE`, 20 of which were changed since, and `number` new ones."""
    site = github.site
    site.add_user("robin")
    site.clock.set(SINCE - timedelta(days=30))
    old = made(github, 130, **more)
    site.clock.set(SINCE)
    for each in old[:20]:
        site.comment(WEB, each, "Is this still so?")
    work = made(github, number, **more)
    made(github, 150, pull_request=True, labels=["bug", "big"], author="robin")
    site.clock.advance(timedelta(hours=1))
    return work


@pytest.mark.parametrize("number", [100, 101, 200, 300, 301])
@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("is:open", {"created_from": SINCE.date()}),
        ("created:>=2026-10-01 -reason:duplicate", {}),
        ("label:bug label:big author:robin", {"created_from": SINCE.date()}),
        ('label:bug milestone:"Fast pages" assignee:robin', {"created_from": SINCE.date()}),
    ],
)
def test_what_was_created_lately_costs_a_request_for_each_hundred_of_it(
    github: GitHub, tracker: GitHubTracker, scope: Any, text: str, more: Any, number: int
) -> None:
    milestone = github.site.create_milestone(WEB, "Fast pages")
    each = {"labels": ["bug", "big"], "milestone": milestone, "author": "robin", "assignees": ["robin"]}
    work = grown(github, number, **each)
    tracker.read([scope])
    github.clear()

    found = tracker.matches(asked(text, **more), {}, None)

    assert numbers(found) == work
    assert len(github.sent()) == -(-len(work) // 100)
    assert (found.cursor is not None) is (len(work) > 200)
    if found.cursor:
        github.site.clock.advance(timedelta(minutes=5))
        github.site.close_issue(WEB, work[0])
        github.clear()
        later = tracker.matches(asked(text, **more), found.after({}), found.cursor)
        assert not later.complete and len(later.after(found.after({}))) == len(work) - text.startswith("is:open")
        assert len(github.sent()) == 2


def test_where_many_old_ones_changed_a_request_more_tells_that_nothing_is_missing(
    github: GitHub, tracker: GitHubTracker
) -> None:
    github.site.clock.set(SINCE - timedelta(days=30))
    old = made(github, 120)
    github.site.clock.set(SINCE)
    for each in old:
        github.site.comment(WEB, each, "Is this still so?")
    work = made(github, 300)
    github.clear()

    found = tracker.matches(asked("is:open", created_from=SINCE.date()))

    assert numbers(found) == work and len(github.sent()) == 4


@pytest.mark.parametrize("number", [201, 300, 301])
def test_two_labels_cost_a_request_for_each_hundred_that_has_both(
    github: GitHub, tracker: GitHubTracker, number: int
) -> None:
    made(github, 120, labels=["bug"])
    work = made(github, number, labels=["big", "bug"])
    made(github, 120, labels=["big"])
    github.site.clock.advance(timedelta(hours=1))
    github.clear()

    found = tracker.matches(asked("label:bug label:big -label:x"))

    assert sorted(numbers(found)) == work and len(github.sent()) == -(-number // 100)
    assert not tracker.matches(asked("label:bug label:big -label:x"), found.after({}), found.cursor).complete


@pytest.mark.parametrize("since", [None, SINCE.date()])
def test_three_labels_are_right_whatever_a_filter_by_several_means(
    github: GitHub, tracker: GitHubTracker, since: Any
) -> None:
    made(github, 210, labels=["bug", "big"])
    work = made(github, 210, labels=["bug", "big", "old"])
    made(github, 110, labels=["bug", "old"])

    found = tracker.matches(asked("label:bug label:big label:old", created_from=since))

    assert sorted(numbers(found)) == work and found.cursor is not None


@pytest.mark.parametrize(
    ("text", "matching", "requests"),
    [
        ("is:pr", 310, 4),
        ("is:pr is:open -label:x", 250, 3),
        ("is:merged", 60, 1),
        ("is:pr label:bug label:big", 60, 1),
        ('is:pr milestone:"Fast pages" label:bug', 60, 1),
        ("is:pr created:>=2026-10-01", 310, 4),
        # Robin's 310 pull requests and 90 issues, by the list that has both.
        ("is:pr author:robin", 310, 4),
        ("is:pr author:robin label:bug", 310, 5),
    ],
)
def test_pull_requests_cost_a_request_for_each_hundred(
    github: GitHub, tracker: GitHubTracker, scope: Any, text: str, matching: int, requests: int
) -> None:
    site = github.site
    site.add_user("robin")
    milestone = site.create_milestone(WEB, "Fast pages")
    made(github, 400)
    made(github, 90, author="robin", labels=["bug"])
    made(github, 250, pull_request=True, author="robin", labels=["bug"])
    for number in made(github, 60, pull_request=True, author="robin", labels=["bug", "big"], milestone=milestone):
        site.merge_pull_request(WEB, number)
    site.clock.advance(timedelta(hours=1))
    tracker.read([scope])
    github.clear()

    found = tracker.matches(asked(text))

    assert (len(found.matches), len(github.sent())) == (matching, requests)
    if found.cursor:
        site.create_issue(WEB, "New", pull_request=True, author="robin", labels=["bug"])
        github.clear()
        later = tracker.matches(asked(text), found.after({}), found.cursor)
        assert not later.complete and len(later.after(found.after({}))) == matching + 1
        assert len(github.sent()) == 2


@pytest.mark.parametrize(("old", "requests"), [(0, 5), (250, 7)])
def test_pull_requests_among_the_issues_cost_three_pages_at_most(
    github: GitHub, tracker: GitHubTracker, old: int, requests: int
) -> None:
    """The list is read up to the first page that has some, and two pages at least."""
    work = made(github, old)
    for _ in range(50):
        work += made(github, 7)
        made(github, 13, pull_request=True)
    github.clear()

    assert sorted(numbers(tracker.matches(asked("is:open")))) == work
    assert len(github.sent()) == requests


def test_pull_requests_are_read_as_the_list_shows_them(github: GitHub, tracker: GitHubTracker) -> None:
    site = github.site
    site.add_user("robin")
    first, merged, closed = made(github, 3, pull_request=True, labels=["bug"], assignees=["robin"])
    site.merge_pull_request(WEB, merged)
    site.close_issue(WEB, closed)
    site.comment(WEB, first, "How far are we?")
    listed = {each["number"]: each for each in tracker._queries._repositories.issues(WEB)}

    found = tracker.matches(asked("is:pr"))

    assert {each.key: (each.done, each.url) for each in found.matches} == {
        f"{WEB}#{number}": (row["state"] == "closed", row["html_url"]) for number, row in listed.items()
    }
    for text, expected in (
        ("is:merged", [merged]),
        ("is:unmerged", [first, closed]),
        ("is:pr is:closed", [merged, closed]),
        ("is:pr comments:>0", [first]),
        ("is:pr -is:draft is:unlocked label:bug", [first, merged, closed]),
        ("is:draft", []),
        ("is:pr -assignee:*", []),
    ):
        assert sorted(numbers(tracker.matches(asked(text)))) == expected, text


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("text", ["is:open", "is:pr"])
def test_a_list_that_graphql_does_not_give_whole_is_read_by_rest(
    github: GitHub, tracker: GitHubTracker, at: int, text: str
) -> None:
    """A part that is missing beside an error, a cursor that leads in a circle: neither leaves anything out."""
    work = made(github, 350, pull_request=text == "is:pr")
    client = tracker._queries._client
    graphql, asks = client.graphql, count()

    def torn(*arguments: Any, **options: Any) -> Any:
        answer = graphql(*arguments, **options)
        newest = answer.data["repository"].get("newest")
        if newest and next(asks) == at:
            newest["nodes"][7] = None
        return answer

    cursors: list[str] = []

    def circling(*arguments: Any, **options: Any) -> Any:
        answer = graphql(*arguments, **options)
        if newest := answer.data["repository"].get("newest"):
            cursors.append(newest["pageInfo"]["endCursor"])
            newest["pageInfo"] = {"hasNextPage": True, "endCursor": cursors[0]}
        return answer

    since = None if text == "is:pr" else SINCE.date()
    with mock.patch.object(client, "graphql", torn):
        found = tracker.matches(asked(text, created_from=since))
    assert sorted(numbers(found)) == work

    with mock.patch.object(client, "graphql", circling):
        assert sorted(numbers(tracker.matches(asked(text, created_from=since)))) == work
        assert cursors


def test_the_newest_are_read_as_the_list_shows_them(github: GitHub, tracker: GitHubTracker) -> None:
    site = github.site
    site.add_user("robin")
    site.add_user("hubot[bot]")
    made(github, 250, assignees=["robin"])
    bot = site.create_issue(WEB, "Bump", author="hubot[bot]", labels=["bug"], assignees=["robin"])
    (own,) = made(github, 1, assignees=["robin"])
    site.edit_issue(WEB, own, body=f"<!-- {MARKER}/p95 -->")
    last, dull = made(github, 2, labels=["bug", "big"], assignees=["robin"])
    site.comment(WEB, last, "How far are we?")
    site.close_issue(WEB, last, "duplicate")
    site.close_issue(WEB, dull, "not_planned")
    assignee = "assignee:robin -author:nobody"

    assert numbers(tracker.matches(asked(f"{assignee} author:app/hubot"))) == [bot]
    for text, expected in (
        (f"{assignee} reason:duplicate", [last]),
        (f"{assignee} comments:>0", [last]),
        (f"{assignee} label:big,bug", [bot, last, dull]),
        (f"{assignee} is:unlocked is:closed -reason:duplicate", [dull]),
        (f"{assignee} closed:>=2020-01-01 no:milestone", [last, dull]),
    ):
        assert sorted(numbers(tracker.matches(asked(text)))) == expected, text
    assert own not in numbers(tracker.matches(asked(assignee)))


def test_an_older_server_that_does_not_know_all_is_read_to_the_end(github: GitHub, tracker: GitHubTracker) -> None:
    work = made(github, 250)
    github.site.faults.add(Fault("status", path="/graphql", status=422, times=1))

    found = tracker.matches(asked("is:open"))

    assert sorted(numbers(found)) == work and found.cursor is not None
    assert [path.rpartition("/")[2] for _, path, _ in github.sent()] == [
        "issues", "issues", "graphql", "graphql", "issues",
    ]  # fmt: skip


def test_what_changes_while_everything_is_read_has_it_read_anew(github: GitHub, tracker: GitHubTracker) -> None:
    """An issue that left the list after it was listed is not in the count of the list: one too few seems to be all."""
    site, work = github.site, made(github, 401)
    site.clock.advance(timedelta(hours=1))
    pages = tracker._queries._client.pages

    def busy(*arguments: Any, **options: Any) -> Any:
        for at, page in enumerate(pages(*arguments, **options)):
            yield page
            if at == 0:
                site.clock.advance(timedelta(seconds=5))
                site.close_issue(WEB, work[3])
                site.clock.advance(timedelta(seconds=5))

    tracker._queries._client.pages = busy  # type: ignore[method-assign]
    first = tracker.matches(asked("is:open"))
    tracker._queries._client.pages = pages  # type: ignore[method-assign]
    assert work[300] not in numbers(first)

    found = tracker.matches(asked("is:open"), first.after({}), first.cursor)
    assert sorted(numbers(found)) == [each for each in work if each != work[3]]


@pytest.mark.parametrize("offsets", [False, True])
def test_what_moves_between_pages_from_the_newest_has_it_read_anew(
    github: GitHub, tracker: GitHubTracker, offsets: bool
) -> None:
    """Rows that left have the next page begin too late; so do, where cursors were offsets, some that came and went."""
    site, work = github.site, grown(github, 350)
    query, client = asked("is:open", created_from=SINCE.date()), tracker._queries._client
    graphql, asks = client.graphql, count(1)
    passing: list[int] = []

    def offset(cursor: str | None) -> str | None:
        place = int(b64decode(cursor).decode().split(":")[2]) if cursor else 0
        return b64encode(f"cursor:v2:{place + 1}:0".encode()).decode() if cursor else None

    def busy(document: str, variables: Any, **options: Any) -> Any:
        more = {"after": offset(variables.get("after"))} if offsets else {}
        answer = graphql(document, {**variables, **more}, **options)
        site.clock.advance(timedelta(seconds=5))
        match next(asks), offsets:
            case 1, False:
                site.close_issue(WEB, work[-1])
                site.close_issue(WEB, work[-100])
            case 1, True:
                passing.extend(made(github, 1))
            case 2, True:
                site.delete_issue(WEB, passing[0])
        site.clock.advance(timedelta(seconds=5))
        return answer

    with mock.patch.object(client, "graphql", busy):
        first = tracker.matches(query)
    lost = {*work} - {*numbers(first)}
    site.clock.advance(timedelta(minutes=5))

    found = tracker.matches(query, first.after({}), first.cursor)

    assert len(lost) == 1
    left = [] if offsets else [work[-1], work[-100]]
    assert sorted(numbers(found)) == [each for each in work if each not in left]


def test_a_cycle_in_an_old_repository_costs_the_issues_of_the_cycle(
    github: GitHub, tracker: GitHubTracker, many: list[int]
) -> None:
    github.site.clock.advance(timedelta(days=100))
    today = github.site.clock.now().astimezone(UTC).date()
    new = made(github, 30)

    assert numbers(tracker.matches(asked("is:open", created_from=today))) == new
    assert len(github.sent()) == 1


def test_what_was_deleted_is_missed(github: GitHub, tracker: GitHubTracker) -> None:
    work = made(github, 230)
    query = asked("is:open")
    first = tracker.matches(query)
    known = first.after({})

    github.site.delete_issue(WEB, work[17])
    made(github, 1)
    found = tracker.matches(query, known, first.cursor)

    assert len(found.after(known)) == 230
    assert f"{WEB}/issues/{work[17]}" not in found.after(known)


def test_a_renamed_milestone_or_label_begins_anew(github: GitHub, tracker: GitHubTracker) -> None:
    site = github.site
    milestone = site.create_milestone(WEB, "Fast pages")
    made(github, 230, milestone=milestone, labels=["bug"])
    by_milestone, by_label = asked('milestone:"Fast pages"'), asked("label:bug")
    first, second = tracker.matches(by_milestone), tracker.matches(by_label)

    site.edit_milestone(WEB, milestone, title="Faster pages")
    (repository,) = site.hub.state.repositories.values()
    (label,) = [each for each in repository.labels.values() if each.name == "bug"]
    label.name = "defect"

    with pytest.raises(Rejected, match="no milestone called 'Fast pages'"):
        github.connect().matches(by_milestone, first.after({}), first.cursor)
    assert tracker.matches(by_label, second.after({}), second.cursor) == Matches()


def test_without_graphql_every_reading_is_a_full_one(github: GitHub, tracker: GitHubTracker) -> None:
    made(github, 230)
    github.site.faults.add(Fault("status", path="/graphql", status=404, times=None))

    found = tracker.matches(asked("is:open"))

    assert (len(found.matches), found.cursor) == (230, None)


@pytest.mark.parametrize("page", range(3))
def test_a_page_that_fails_fails_the_whole(github: GitHub, tracker: GitHubTracker, page: int) -> None:
    made(github, 430)
    github.site.faults.add(Fault("status", status=502, path="/issues", skip=page, times=None))

    with pytest.raises(Transient):
        tracker.matches(asked("is:open"))


def test_everything_is_read_anew_after_a_day(github: GitHub, tracker: GitHubTracker) -> None:
    made(github, 230)
    query = asked("is:open")
    first = tracker.matches(query)

    github.site.clock.advance(timedelta(hours=23))
    tracker.login()
    second = tracker.matches(query, first.after({}), first.cursor)
    github.site.clock.advance(timedelta(hours=2))
    tracker.login()
    third = tracker.matches(query, first.after({}), second.cursor)

    assert (first.complete, second.complete, third.complete) == (True, False, True)


def test_a_board_is_read_again_though_no_issue_changed(github: GitHub, tracker: GitHubTracker) -> None:
    work = made(github, 230)
    query = asked("is:open", "KR current", board="acme/1")
    first = tracker.matches(query)
    known = first.after({})

    github.site.set_project_number("acme", 1, WEB, work[4], "KR current", 7.0)
    found = tracker.matches(query, known, first.cursor)

    assert not found.complete
    assert [(each.id, each.values) for each in found.matches] == [(f"{WEB}/issues/{work[4]}", {"KR current": 7.0})]


@pytest.mark.parametrize("cursor", ["", "nonsense", "[1]", '{"seen": "2026-10-05"}'])
def test_a_cursor_that_nobody_wrote_begins_anew(github: GitHub, tracker: GitHubTracker, cursor: str) -> None:
    (number,) = made(github, 1)

    found = tracker.matches(asked("is:open"), {}, cursor)

    assert found.complete and numbers(found) == [number]


def test_every_request_is_one_that_github_describes(github: GitHub, tracker: GitHubTracker) -> None:
    milestone = github.site.create_milestone(WEB, "Fast pages")
    for pull_request in (False, True):
        made(
            github,
            230,
            milestone=milestone,
            labels=["bug", "big"],
            assignees=["okr-bot"],
            pull_request=pull_request,
        )
    people = 'milestone:"Fast pages" assignee:okr-bot author:okr-bot'
    for query in (
        asked(f"is:open label:bug {people}", "KR current", board="acme/1"),
        asked(f"is:open label:bug label:big {people}", created_from=SINCE.date()),
        asked("is:pr is:open label:bug label:big"),
        asked('is:pr milestone:"Fast pages" label:bug', created_from=SINCE.date()),
    ):
        first = tracker.matches(query)
        assert not tracker.matches(query, first.after({}), first.cursor).complete

    rest, graphql = GitHubRestDescription.load(), GitHubGraphQLDescription.load()
    for record in github.site.requests.records:
        problems = graphql.check_record(record) if record.path == "/graphql" else rest.check(record)
        assert problems == [], f"{record.method} {record.path}?{record.query}"

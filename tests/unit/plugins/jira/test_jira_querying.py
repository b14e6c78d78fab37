"""Queries in JQL: what matches, what it costs, and what is said when it cannot be told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.trackers.errors import AuthFailed, Misconfigured, Rejected, Transient
from okrsync.trackers.values import Match, Matches, Query
from okrsync_jira.tracker import JiraTracker
from tests.unit.plugins.jira.conftest import Connect


def keys(found: Matches) -> list[str]:
    return sorted(each.key for each in found.matches)


def asked(text: str, *fields: str, **more: Any) -> Query:
    return Query(text, "PLAT", fields, **more)


def searches(site: JiraSandbox) -> int:
    return site.requests.count(path_regex="/search")


def test_what_matches_comes_with_its_state_and_its_numbers(site: JiraSandbox, tracker: JiraTracker) -> None:
    first = site.create_issue("PLAT", "Bug", "Slow", Points=3)
    second = site.create_issue("PLAT", "Bug", "Slower", labels={"q4"})
    site.create_issue("PLAT", "Task", "Other")
    site.transition(first, "Done")

    found = tracker.matches(asked("type = Bug ORDER BY created DESC", "Points"))

    by_key = {each.key: each for each in found.matches}
    assert sorted(by_key) == [first, second]
    assert by_key[first].done and not by_key[second].done
    assert by_key[first].values == {"Points": 3.0} and by_key[second].values == {"Points": None}
    assert by_key[first].id == str(site.issue(first).id) and by_key[first].url.endswith(f"/browse/{first}")
    assert found.complete and not found.deserted


def test_a_query_is_about_the_mappings_project_unless_it_names_one(site: JiraSandbox, tracker: JiraTracker) -> None:
    here, there = site.create_issue("PLAT", "Bug", "Here"), site.create_issue("WEB", "Bug", "There")

    assert keys(tracker.matches(asked("type = Bug"))) == [here]
    assert keys(tracker.matches(asked("type = Bug OR type = Task"))) == [here]
    assert keys(tracker.matches(asked("project in (PLAT, WEB) AND type = Bug"))) == [here, there]
    assert keys(tracker.matches(asked('"project" = WEB'))) == [there]
    assert keys(tracker.matches(asked("ORDER BY created"))) == [here]


def test_okrsyncs_own_items_never_match(site: JiraSandbox, tracker: JiraTracker) -> None:
    site.create_issue("PLAT", "Task", "Ours", labels={"okrsync:acme:2026-Q4:signup/p95"})
    site.create_issue("PLAT", "Task", "Another workspace's", labels={"okrsync:other:2026-Q4:signup/p95"})
    theirs = site.create_issue("PLAT", "Task", "Theirs", labels={"okrsync"})

    assert keys(tracker.matches(asked("type = Task"))) == [theirs]


def test_days_of_creation_are_those_of_the_account(site: JiraSandbox, tracker: JiraTracker) -> None:
    zone = site.desk.zone
    today = site.clock.now().astimezone(zone).date()
    key = site.create_issue("PLAT", "Bug", "Today")

    def between(start: date | None, end: date | None) -> list[str]:
        return keys(tracker.matches(asked("type = Bug", created_from=start, created_to=end)))

    assert between(today, None) == between(None, today) == between(today, today) == [key]
    assert between(today + timedelta(days=1), None) == between(None, today - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type == Bug", "Error in the JQL Query"),
        ("Sprintfield = 3", "'Sprintfield' does not exist"),
        ("type = Bug)", "closes a parenthesis that it never opened, at character 11"),
        ("(type = Bug", "opens a parenthesis that it never closes"),
        ('summary ~ "open', "a quotation mark that is not closed, at character 11"),
    ],
)
def test_a_wrong_query_is_refused_in_jiras_words_or_ours(tracker: JiraTracker, text: str, said: str) -> None:
    with pytest.raises(Rejected, match=said.replace("(", r"\(")):
        tracker.matches(asked(text))


def test_an_unknown_field_is_named_with_those_that_exist(tracker: JiraTracker) -> None:
    with pytest.raises(
        Misconfigured, match=r"no field called 'Pointz'; the closest are 'Points'.*Correct the name, or"
    ):
        tracker.matches(asked("type = Bug", "Pointz"))


def test_a_field_that_holds_no_numbers_is_refused(site: JiraSandbox, tracker: JiraTracker) -> None:
    site.add_text_field("Effort")

    with pytest.raises(Misconfigured, match=r"field 'Effort' \(customfield_\d+\) is of the type text.*'Points'"):
        tracker.matches(asked("type = Bug", "Effort"))


def test_of_two_fields_with_one_name_none_is_guessed(site: JiraSandbox, tracker: JiraTracker) -> None:
    again = site.add_number_field("Points")
    site.edit(site.create_issue("PLAT", "Bug", "Slow"), **{again: 2.0})

    with pytest.raises(Misconfigured, match="2 fields of this Jira are called 'Points'"):
        tracker.matches(asked("type = Bug", "Points"))
    assert tracker.matches(asked("type = Bug", again)).matches[0].values == {again: 2.0}


def test_nothing_may_mean_that_nothing_can_be_seen(site: JiraSandbox, tracker: JiraTracker) -> None:
    assert tracker.matches(asked("type = Bug")).deserted
    site.create_issue("PLAT", "Task", "Some work")

    assert tracker.matches(asked("type = Bug")) == Matches()
    site.faults.add(Fault("empty_list", path="/search", times=None))
    assert tracker.matches(asked("type = Task")) == Matches(deserted=True)


def test_a_project_out_of_sight_is_no_empty_project(site: JiraSandbox, tracker: JiraTracker) -> None:
    site.create_issue("PLAT", "Task", "Some work")
    site.hide_project("PLAT")

    with pytest.raises(Rejected, match="'PLAT' does not exist for the field 'project'"):
        tracker.matches(asked("type = Task"))


def test_a_wrong_token_is_no_empty_answer(site: JiraSandbox, connect: Connect) -> None:
    site.create_issue("PLAT", "Task", "Some work")

    with pytest.raises(AuthFailed):
        connect(token="not-the-token").matches(asked("type = Task"))


def test_an_estimate_takes_one_request_on_cloud(site: JiraSandbox, tracker: JiraTracker) -> None:
    for _ in range(3):
        site.create_issue("PLAT", "Bug", "Slow")
    tracker.login()
    site.requests.clear()

    assert tracker.count(asked("type = Bug")) == (3 if site.store.cloud else None)
    assert len(site.requests.records) == (1 if site.store.cloud else 0)
    if site.store.cloud:
        with pytest.raises(Rejected, match="Error in the JQL Query"):
            tracker.count(asked("type == Bug"))


@pytest.fixture
def many(site: JiraSandbox, tracker: JiraTracker) -> list[str]:
    """A project of 5,000 issues, of which 4,000 are bugs, and a tracker that knows where it is."""
    made = [site.create_issue("PLAT", "Task" if number % 5 == 0 else "Bug", "Some work") for number in range(5000)]
    tracker.login()
    site.requests.clear()
    return [key for number, key in enumerate(made) if number % 5]


def test_five_thousand_issues_cost_as_many_pages_as_match_and_later_as_many_as_changed(
    site: JiraSandbox, tracker: JiraTracker, many: list[str]
) -> None:
    query = asked("type = Bug AND (labels is EMPTY OR labels != wontfix)")
    first = tracker.matches(query)
    known: dict[str, Match] = first.after({})
    assert (len(known), searches(site), len(site.requests.records)) == (4000, 40, 40)

    cursor = first.cursor
    for changes in (0, 1, 7, 130):
        for number, key in enumerate(many[:changes]):
            if number % 3 == 0:
                site.edit(key, labels={"wontfix"})
            elif number % 3 == 1:
                site.transition(key, "Done" if changes % 2 else "In Progress")
            else:
                site.create_issue("PLAT", "Bug", "New")
        del many[:changes]
        site.requests.clear()
        found = tracker.matches(query, known, cursor)
        known, cursor = found.after(known), found.cursor
        assert not found.complete
        assert len(site.requests.records) <= -(-changes // 100) + 2, changes
        expected = {
            str(each.id): each.status_category == "done"
            for each in site.issues("PLAT")
            if each.type == "Bug" and "wontfix" not in each.labels
        }
        assert {each.id: each.done for each in known.values()} == expected


def test_what_was_deleted_is_missed(site: JiraSandbox, tracker: JiraTracker) -> None:
    made = [site.create_issue("PLAT", "Bug", "Some work") for _ in range(230)]
    query = asked("type = Bug")
    first = tracker.matches(query)

    site.delete(made[17])
    found = tracker.matches(query, first.after({}), first.cursor)

    assert sorted(each.key for each in found.after(first.after({})).values()) == sorted(set(made) - {made[17]})


@pytest.mark.parametrize("page", range(3))
def test_a_page_that_fails_fails_the_whole(site: JiraSandbox, tracker: JiraTracker, page: int) -> None:
    for _ in range(230):
        site.create_issue("PLAT", "Bug", "Some work")
    tracker.login()
    site.faults.add(Fault("status", status=502, path="/search", skip=page, times=None))

    with pytest.raises(Transient):
        tracker.matches(asked("type = Bug"))


def test_everything_is_read_anew_after_a_day(site: JiraSandbox, connect: Connect) -> None:
    for _ in range(230):
        site.create_issue("PLAT", "Bug", "Some work")
    query = asked("type = Bug")
    first = connect().matches(query)

    site.clock.advance(timedelta(hours=23))
    second = connect().matches(query, first.after({}), first.cursor)
    site.clock.advance(timedelta(hours=2))
    third = connect().matches(query, first.after({}), second.cursor)

    assert (first.complete, second.complete, third.complete) == (True, False, True)


def test_everything_is_read_anew_when_the_servers_clock_was_set_back(site: JiraSandbox, connect: Connect) -> None:
    made = [site.create_issue("PLAT", "Bug", "Some work") for _ in range(230)]
    query = asked("type = Bug")
    first = connect().matches(query)

    site.clock.advance(timedelta(hours=-1))
    site.transition(made[0], "Done")
    found = connect().matches(query, first.after({}), first.cursor)

    assert found.complete
    assert [each.key for each in found.matches if each.done] == [made[0]]


@pytest.mark.parametrize("cursor", ["", "nonsense", "[1]", '["2026-10-05","x","y",[]]'])
def test_a_cursor_that_nobody_wrote_begins_anew(site: JiraSandbox, tracker: JiraTracker, cursor: str) -> None:
    key = site.create_issue("PLAT", "Bug", "Some work")

    found = tracker.matches(asked("type = Bug"), {"1": Match("1", "PLAT-0", "")}, cursor)

    assert found.complete and keys(found) == [key]


def test_a_field_that_may_be_computed_is_read_anew_each_time(site: JiraSandbox, tracker: JiraTracker) -> None:
    field = site.add_number_field("Sum of points")
    site.change_field(field, custom="com.apps.example:computed-number")
    made = [site.create_issue("PLAT", "Bug", "Some work") for _ in range(230)]
    query = asked("type = Bug", field)
    first = tracker.matches(query)
    issue = site.store.issue(made[0])
    assert issue is not None
    issue.values[field] = 7.0  # Without an update of the issue.

    second = tracker.matches(query, first.after({}), first.cursor)

    assert [each.values[field] for each in second.after({}).values() if each.values[field]] == [7.0]


def test_moved_away_is_left(site: JiraSandbox, tracker: JiraTracker) -> None:
    made = [site.create_issue("PLAT", "Bug", "Some work", labels={"q4"}) for _ in range(230)]
    query = asked("labels = q4")
    first = tracker.matches(query)
    known = first.after({})

    site.edit(made[3], labels=set())
    site.requests.clear()
    found = tracker.matches(query, known, first.cursor)

    gone = str(site.issue(made[3]).id)
    assert found.left == {gone} and gone not in found.after(known)
    assert len(site.requests.records) <= 3

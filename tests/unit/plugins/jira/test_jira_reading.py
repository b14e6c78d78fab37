"""What a reading costs, what it holds, and what it never takes for an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected
from okrsync.trackers.values import ItemKind, RemoteItem, Scope
from okrsync_jira.paging import LONGEST_LIST, chunks, listed
from okrsync_jira.tracker import JiraTracker
from okrsync_jira.transport import encoded

Connect = Callable[..., JiraTracker]
SCOPE = Scope("PLAT", "epic", fields=("KR current",), objective_fields=("OKR progress",))
MARK = "okrsync:acme:2026-Q4:"


def fill(site: JiraSandbox, objectives: int, key_results: int = 4) -> None:
    """Epics with key results, as okrsync makes them, without its code."""
    for number in range(objectives):
        epic = site.create_issue("PLAT", "Epic", f"O{number}", labels=[f"{MARK}o{number}"])
        for part in range(key_results):
            labels = [f"{MARK}o{number}/k{part}"]
            site.create_issue("PLAT", "Task", f"KR{part}", labels=labels, parent=epic, **{"KR current": 1.0})


def marks(site: JiraSandbox) -> list[str]:
    """All our markers on the site."""
    return [label for issue in site.issues() for label in issue.labels if label.startswith(MARK)]


def jqls(site: JiraSandbox) -> list[str]:
    return [parse_qs(record.query)["jql"][0] for record in site.requests.records if "/search" in record.path]


@pytest.mark.parametrize("page_size", [100, 50])
def test_a_full_read_costs_its_pages_and_two_requests(connect: Connect, site: JiraSandbox, page_size: int) -> None:
    fill(site, 50)
    site.desk.page_size = page_size
    tracker = connect()

    reading = tracker.read([SCOPE, replace(SCOPE, project="PLAT")], markers=marks(site))

    assert len(reading.items) == 250
    assert len({each.at.id for each in reading.items}) == 250
    assert len(site.requests.records) <= -(-250 // page_size) + 2
    assert tracker.context.policy.requests == len(site.requests.records)
    assert all("fields=" in record.query for record in site.requests.records if "/search" in record.path)
    assert all(each.fields["KR current"] == 1.0 for each in reading.items if each.kind is ItemKind.KEY_RESULT)
    epics = {each.at.id for each in reading.items if each.kind is ItemKind.OBJECTIVE}
    assert {each.parent for each in reading.items if each.kind is ItemKind.KEY_RESULT} == epics


def test_pages_are_in_a_stable_order_and_hold_our_workspace_alone(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    site.create_issue("PLAT", "Task", "of others", labels=["okrsync:acme2:2026-Q4:o0"])
    assert len(connect().read([SCOPE], markers=marks(site)).items) == 5
    assert jqls(site) == [f"labels in ({listed(marks(site))}) ORDER BY key"]


def test_an_item_that_was_moved_to_another_project_is_still_found(connect: Connect, site: JiraSandbox) -> None:
    site.create_issue("WEB", "Epic", "moved away", labels=[f"{MARK}o"], **{"OKR progress": 0.5})

    (item,) = connect().read([SCOPE], markers=marks(site)).items
    assert item.at.project == "WEB"
    assert item.fields["OKR progress"] == 0.5


def test_a_reading_since_a_cursor_asks_for_minutes_that_overlap(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 2)
    site.clock.advance(timedelta(days=1))
    site.edit("PLAT-6", summary="Changed before")
    cursor = connect().read([SCOPE], markers=marks(site)).cursor
    assert cursor is not None
    site.clock.advance(timedelta(hours=3))
    site.edit("PLAT-1", summary="Renamed")
    site.requests.clear()

    reading = connect().read([SCOPE], markers=marks(site), since=cursor)

    assert not reading.complete
    assert [each.title for each in reading.items] == ["Renamed", "Changed before"], "what lies in the overlap"
    assert reading.cursor is not None
    assert reading.cursor > cursor
    (jql,) = [each for each in jqls(site) if "labels" in each]
    minutes = re.search(r'updated >= "-(\d+)m"', jql)
    assert minutes is not None
    assert 180 + 15 <= int(minutes[1]) <= 180 + 18


def test_a_clock_that_is_a_day_wrong_loses_nothing(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    cursor = connect().read([SCOPE], markers=marks(site)).cursor
    for days in (-1, 2):
        site.clock.advance(timedelta(days=days))
        site.edit("PLAT-1", summary=f"Renamed {days}")
        assert f"Renamed {days}" in {
            each.title for each in connect().read([SCOPE], markers=marks(site), since=cursor).items
        }


def test_what_lay_in_the_overlap_once_is_not_read_for_ever(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    cursor = connect().read([SCOPE], markers=marks(site)).cursor
    site.clock.advance(timedelta(days=1))

    reading = connect().read([SCOPE], markers=marks(site), since=cursor)
    assert len(reading.items) == 5, "all of them lie in the overlap"
    assert reading.cursor is not None and cursor is not None
    assert timedelta(hours=23) < datetime.fromisoformat(reading.cursor) - datetime.fromisoformat(cursor)

    assert connect().read([SCOPE], markers=marks(site), since=reading.cursor).items == ()


def test_a_cursor_that_is_none_of_ours_reads_everything(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    reading = connect().read([SCOPE], markers=marks(site), since="not a time")
    assert reading.complete
    assert len(reading.items) == 5


def test_an_empty_site_is_believed_after_a_look_at_who_we_are(connect: Connect, site: JiraSandbox) -> None:
    reading = connect().read([SCOPE], markers=[f"{MARK}o"])

    assert reading.items == ()
    assert reading.failures == {}
    assert reading.complete
    assert site.requests.count("GET", "/myself$") == 1


def test_an_empty_answer_with_bad_credentials_is_no_answer(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    site.faults.add(Fault("empty_list", path="/search"))
    site.faults.add(Fault("status", path="/myself$", status=401))

    with pytest.raises(AuthFailed):
        connect().read([SCOPE], markers=marks(site))


def test_a_project_that_is_hidden_now_is_a_failure_and_not_an_empty_answer(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    markers = marks(site)
    site.hide_project("PLAT")

    reading = connect().read([SCOPE], markers=markers)

    assert reading.items == ()
    assert isinstance(reading.failures["PLAT"], NotFound)
    assert "WEB" in str(reading.failures["PLAT"]), "it says which projects can be seen"


def test_a_project_that_is_listed_is_not_called_absent(connect: Connect, site: JiraSandbox) -> None:
    site.faults.add(
        Fault("status", path="/project/PLAT$", status=404, response_body=b'{"errorMessages": ["dead path"]}')
    )
    assert connect().read([SCOPE], markers=marks(site)).failures == {}


@pytest.mark.parametrize("kind", ["html_login", "wrong_json"])
def test_what_is_no_search_result_is_no_answer(connect: Connect, site: JiraSandbox, kind: str) -> None:
    site.faults.add(Fault.from_json({"kind": kind, "path": "/search", "times": None}))
    with pytest.raises((AuthFailed, Misconfigured), match=re.escape(site.base_url)):
        connect().read([SCOPE], markers=[f"{MARK}o"])


def test_a_truncated_page_is_read_again(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 2)
    site.faults.add(Fault("truncate", path="/search"))
    assert len(connect().read([SCOPE], markers=marks(site)).items) == 10


def test_fields_that_cannot_be_read_are_absent(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    site.add_number_field("KR current")
    names = ("KR current", "Nobody made it", "KR target")

    items = connect().read([replace(SCOPE, fields=names)], markers=marks(site)).items
    assert {name for each in items for name in each.fields} == {"KR target", "OKR progress"}


def test_text_in_a_field_is_given_as_it_is(connect: Connect, site: JiraSandbox) -> None:
    site.add_text_field("Notes")
    key = site.create_issue("PLAT", "Task", "x", Notes="about 3.5")
    assert connect().item(key, ("Notes", "KR current")).fields == {"Notes": "about 3.5", "KR current": None}


def test_a_key_results_epic_is_known_by_its_id_in_a_fresh_process(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 2, key_results=1)
    epic = str(site.issue("PLAT-3").id)

    assert connect().item("PLAT-4").parent == epic
    assert [each.parent for each in connect().find(SCOPE, [f"{MARK}o1/k0"])] == [epic]


def test_many_markers_are_found_in_chunks(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 30)
    markers = [f"{MARK}o{number}/k{part}" for number in range(30) for part in range(4)]

    found = connect().find(SCOPE, [*markers, *markers])

    assert sorted(each.markers[0] for each in found) == sorted(markers)
    assert all(len(record.query) < 5000 for record in site.requests.records)


def test_labels_that_differ_in_letter_case_alone_are_not_taken_for_ours(connect: Connect, site: JiraSandbox) -> None:
    site.create_issue("PLAT", "Epic", "x", labels=[f"{MARK}O1".upper()])
    assert connect().find(SCOPE, [f"{MARK}o1"]) == ()


def test_children_of_many_parents_cost_one_search_for_each_hundred(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 120, key_results=1)
    tracker = connect()
    parents = [each for each in tracker.read([SCOPE], markers=marks(site)).items if each.kind is ItemKind.OBJECTIVE]
    site.requests.clear()

    children = tracker.children(parents)

    assert len(children) == 120
    assert all(len(each) == 1 and each[0].markers for each in children.values())
    assert site.requests.count(path_regex="/search") == 2


def test_a_parent_that_was_deleted_does_not_hide_the_others(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 5, key_results=1)
    tracker = connect()
    parents = [each for each in tracker.read([SCOPE], markers=marks(site)).items if each.kind is ItemKind.OBJECTIVE]
    site.delete(parents[2].at.key)

    children = tracker.children(parents)

    gone = parents[2].at.id
    assert {each.at.id for each in parents} - set(children) == {gone}
    assert all(len(each) == 1 for each in children.values())
    with pytest.raises(Rejected):
        tracker.children([parents[2]])


def test_children_are_weighed_by_a_field_of_their_project(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1, key_results=0)
    site.create_issue("PLAT", "Story", "S", parent="PLAT-1", Points=5)
    tracker = connect()
    (epic,) = tracker.read([SCOPE], markers=marks(site)).items

    assert [each.points for each in tracker.children([epic], "Points")[epic.at.id]] == [5.0]
    assert [each.points for each in tracker.children([epic], "No such field")[epic.at.id]] == [None]


@pytest.mark.parametrize("site", ["cloud"], indirect=True)
def test_a_token_that_comes_again_ends_the_reading(connect: Connect, site: JiraSandbox) -> None:
    row = b'{"id": "1", "key": "PLAT-1", "fields": {"labels": ["okrsync:acme:2026-Q4:a"]}}'
    page = b'{"issues": [' + row + b'], "nextPageToken": "again"}'
    site.faults.add(Fault("status", path="/search/jql", status=200, response_body=page, times=None))

    reading = connect().read([replace(SCOPE, fields=(), objective_fields=())], markers=[f"{MARK}a"])

    assert len(reading.items) == 1
    assert site.requests.count(path_regex="/search/jql") == 2


def test_the_search_of_the_other_flavour_is_tried_where_ours_is_gone(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    kind = b'"Server"' if site.store.cloud else b'"Cloud"'
    said = b'{"version": "9.12.0", "deploymentType": ' + kind + b"}"
    site.faults.add(Fault("status", path="/serverInfo", status=200, response_body=said))
    tracker = connect()

    assert len(tracker.read([SCOPE], markers=marks(site)).items) == 5
    before = len(site.requests.records)
    assert len(tracker.read([SCOPE], markers=marks(site)).items) == 5
    assert len(site.requests.records) == before + 1, "it is remembered"


def test_chunks_are_small_enough_for_a_request_line() -> None:
    values = [f"okrsync:acme:2026-Q4:{'long-' * 12}{number}" for number in range(500)]
    groups = list(chunks([*values, *values]))
    assert [value for group in groups for value in group] == values
    assert max(map(len, groups)) <= 100
    assert [len(group) for group in chunks(map(str, range(250)))] == [100, 100, 50]
    assert all(len(encoded(listed(group))) <= LONGEST_LIST for group in groups)
    assert list(chunks([])) == []
    assert list(chunks(["x" * 9000])) == [("x" * 9000,)], "a value is never lost"


def test_quotes_in_a_value_stay_inside_it() -> None:
    assert listed(['a"b\\', "c"]) == r'"a\"b\\", "c"'


def test_comments_come_from_every_page(connect: Connect, site: JiraSandbox) -> None:
    key = site.create_issue("PLAT", "Task", "x")
    for number in range(130):
        site.comment(key, f"Comment {number}")
    tracker = connect()
    item: RemoteItem = tracker.item(key)

    assert [each.text for each in tracker.comments(item.at)] == [f"Comment {number}" for number in range(130)]


def test_a_hundred_markers_are_one_search_however_long_they_are(connect: Connect, site: JiraSandbox) -> None:
    markers = [f"{MARK}{'make-it-feel-instant-' * 4}{number}/kr" for number in range(100)]
    for marker in markers:
        site.create_issue("PLAT", "Task", "x", labels=[marker])
    site.requests.clear()

    assert len(connect().read([SCOPE], markers=markers).items) == 100
    assert site.requests.count(path_regex="/search") == 1
    assert site.requests.writes() == []


def test_where_long_questions_are_refused_short_ones_are_asked(connect: Connect, site: JiraSandbox) -> None:
    markers = [f"{MARK}{'make-it-feel-instant-' * 4}{number}/kr" for number in range(100)]
    for marker in markers:
        site.create_issue("PLAT", "Task", "x", labels=[marker])
    site.faults.add(Fault("status", method="POST", path="/search", status=405, times=None))

    assert len(connect().read([SCOPE], markers=markers).items) == 100


def test_500_items_of_5_projects_cost_5_pages_and_two_requests(connect: Connect, site: JiraSandbox) -> None:
    markers = []
    for number in range(100):
        project = ("PLAT", "WEB")[number % 2]
        epic = site.create_issue(project, "Epic", "O", labels=[f"{MARK}o-{number}"])
        for part in range(4):
            markers.append(f"{MARK}o-{number}/kr{part}")
            site.create_issue(project, "Task", "KR", labels=markers[-1:], parent=epic)
        markers.append(f"{MARK}o-{number}")
    site.requests.clear()

    assert len(connect().read([SCOPE, replace(SCOPE, project="WEB")], markers=markers).items) == 500
    assert len(site.requests.records) == 5 + 2


def test_the_changes_of_a_project_that_is_hidden_now_are_a_failure(connect: Connect, site: JiraSandbox) -> None:
    fill(site, 1)
    cursor = connect().read([SCOPE], markers=marks(site)).cursor
    site.add_project("GONE", "Gone")
    site.hide_project("GONE")

    reading = connect().read([SCOPE, replace(SCOPE, project="GONE")], since=cursor, markers=marks(site))

    assert len(reading.items) == 5
    assert list(reading.failures) == ["GONE"]


def test_keys_alone_name_the_epics_to_adopt(tracker: JiraTracker, site: JiraSandbox) -> None:
    first, second = (site.create_issue("PLAT", "Epic", title) for title in ("One", "Two"))
    for asked, found in ((first, [first]), (f" {first}, {second} ", [first, second]), (first.lower(), [first])):
        assert [each.item.at.key for each in tracker.candidates(SCOPE, asked)] == found


@pytest.mark.parametrize("asked", ["PLAT-99", "newcomers", "type = Epic AND newcomers"])
def test_a_query_is_refused_without_a_parenthesis_that_nobody_wrote(tracker: JiraTracker, asked: str) -> None:
    with pytest.raises(Rejected) as refused:
        tracker.candidates(SCOPE, asked)
    assert "')'" not in str(refused.value)

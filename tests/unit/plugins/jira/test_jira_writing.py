"""What writes send, what they say when Jira refuses, and what `check` finds before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import TrackerContract
from okrsync.trackers.errors import Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.values import Edit, RemoteItem, Scope
from okrsync_jira.tracker import JiraTracker

SCOPE = Scope("PLAT", "epic", fields=("KR current",), objective_fields=("OKR progress",))


def make(tracker: JiraTracker, local: str = "o", scope: Scope = SCOPE, **changes: Any) -> RemoteItem:
    return tracker.create(scope, TrackerContract.draft(tracker, local, **changes))


def bodies(site: JiraSandbox) -> list[Any]:
    return [json.loads(record.body) for record in site.requests.writes() if record.body]


def test_marker_and_workspace_are_in_the_creating_request(tracker: JiraTracker, site: JiraSandbox) -> None:
    made = make(tracker)

    (body,) = bodies(site)
    assert body["fields"]["labels"] == ["okrsync:acme:2026-Q4:o"]
    assert made.at.url == f"{site.base_url}/browse/PLAT-1"
    assert site.issue("PLAT-1").type == "Epic"


def test_a_key_result_hangs_below_its_epic(tracker: JiraTracker, site: JiraSandbox) -> None:
    epic = make(tracker)
    make(tracker, "o/k", parent=epic.at, fields={"KR current": 2.0})

    assert site.issue("PLAT-2").parent == "PLAT-1"
    assert site.issue("PLAT-2").fields["KR current"] == 2


def test_an_update_sends_only_what_changes(tracker: JiraTracker, site: JiraSandbox) -> None:
    epic = make(tracker)
    site.requests.clear()

    tracker.update(SCOPE, epic, Edit())
    assert not site.requests.records

    tracker.update(SCOPE, epic, Edit(title="New", fields={"OKR progress": 0.25}))
    (body,) = bodies(site)
    progress = body["fields"].keys() - {"summary"}
    assert body["fields"]["summary"] == "New"
    assert [body["fields"][each] for each in progress] == [0.25]
    assert "update" not in body


def test_types_and_labels_come_from_the_scope(tracker: JiraTracker, site: JiraSandbox) -> None:
    scope = replace(SCOPE, key_result_type="Story", labels=("key-result",))
    epic = make(tracker, scope=scope)
    make(tracker, "o/k", scope=scope, parent=epic.at)

    assert site.issue("PLAT-2").type == "Story"
    assert "key-result" in site.issue("PLAT-2").labels
    assert "key-result" not in site.issue("PLAT-1").labels


def test_an_unknown_field_writes_nothing(tracker: JiraTracker, site: JiraSandbox) -> None:
    with pytest.raises(Misconfigured, match="'KR curent'; the closest are 'KR current'"):
        make(tracker, "o/k", fields={"KR curent": 1.0})
    assert not site.requests.writes()


def test_an_ambiguous_field_writes_nothing_until_its_id_is_named(tracker: JiraTracker, site: JiraSandbox) -> None:
    second = site.add_number_field("KR current", on_screen=False)

    with pytest.raises(Misconfigured, match="2 fields") as caught:
        make(tracker, fields={"KR current": 1.0})
    assert second in str(caught.value)
    assert not site.requests.writes()

    (first,) = {each.id for each in tracker.fields("PLAT") if each.name == "KR current"} - {second}
    make(tracker, fields={first: 1.0})
    assert f'"{first}": 1' in site.requests.writes()[0].body.decode()


def test_a_field_that_left_the_screen_is_named(tracker: JiraTracker, site: JiraSandbox) -> None:
    hidden = site.add_number_field("Hidden metric", on_screen=False)

    with pytest.raises(Rejected, match="Hidden metric") as caught:
        make(tracker, fields={"Hidden metric": 1.0})
    assert hidden not in str(caught.value)
    assert "screen" in str(caught.value)


def test_a_field_that_was_renamed_is_found_after_a_refusal(tracker: JiraTracker, site: JiraSandbox) -> None:
    epic = make(tracker, fields={"KR current": 1.0})
    (known,) = [each.id for each in tracker.fields("PLAT") if each.name == "KR current"]
    site.change_field(known, name="KR now", screens=())
    with pytest.raises(Rejected):
        tracker.update(SCOPE, epic, Edit(fields={"KR current": 2.0}))
    site.change_field(known, screens=("create", "edit"))

    tracker.update(SCOPE, epic, Edit(fields={"KR now": 3.0}))
    assert site.issue("PLAT-1").fields["KR now"] == 3


def test_a_marker_that_is_too_long_for_a_label_writes_nothing(tracker: JiraTracker, site: JiraSandbox) -> None:
    with pytest.raises(Rejected, match="255"):
        make(tracker, marker=f"okrsync:acme:2026-Q4:{'x' * 300}")
    assert not site.requests.records


def test_a_wrong_issue_type_is_refused_in_words(tracker: JiraTracker) -> None:
    with pytest.raises(Rejected, match="correct the issue type in the mapping"):
        make(tracker, scope=replace(SCOPE, objective_type="Initiative"))


@pytest.mark.parametrize("body", [b"{}", b"", b"truncated{", b'{"unexpected": []}'])
def test_an_answer_without_an_id_leaves_open_what_was_created(
    tracker: JiraTracker, site: JiraSandbox, body: bytes
) -> None:
    site.faults.add(
        Fault("status_after", method="POST", status=201, response_body=body, headers={"content-type": "text/plain"})
    )
    with pytest.raises(Transient) as caught:
        make(tracker)
    assert caught.value.acted is None
    assert len(site.issues()) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_create_that_failed_at_a_gateway_is_not_sent_again(
    tracker: JiraTracker, site: JiraSandbox, status: int
) -> None:
    site.faults.add(Fault("status_after", method="POST", status=status, headers={"Retry-After": "0"}))
    with pytest.raises(Transient) as caught:
        make(tracker)
    assert caught.value.acted is None
    assert len(site.issues()) == 1


def test_a_create_that_meets_a_login_page_was_not_done(tracker: JiraTracker, site: JiraSandbox) -> None:
    tracker.login()
    site.faults.add(Fault("html_login", method="POST"))
    with pytest.raises(Exception, match="login page"):
        make(tracker)


def test_closing_goes_by_the_category_and_is_not_done_twice(tracker: JiraTracker, site: JiraSandbox) -> None:
    epic = make(tracker)
    tracker.set_closed(epic, True)
    assert site.issue("PLAT-1").status_category == "done"
    tracker.set_closed(epic, False)
    assert site.issue("PLAT-1").status_category != "done"


def test_a_closing_whose_answer_is_lost_has_happened(tracker: JiraTracker, site: JiraSandbox) -> None:
    epic = make(tracker)
    site.faults.add(Fault("drop_after", method="POST", path="/transitions"))
    tracker.set_closed(epic, True)
    assert site.issue("PLAT-1").status_category == "done"

    site.faults.add(Fault("drop_before", method="POST", path="/transitions"))
    with pytest.raises(Transient):
        tracker.set_closed(epic, False)


def test_a_workflow_that_leads_nowhere_is_named(tracker: JiraTracker, site: JiraSandbox) -> None:
    epic = make(tracker)
    for step in [each for each in site.store.state.transitions.values() if each.to == "10001"]:
        del site.store.state.transitions[step.id]
    with pytest.raises(Rejected, match="the workflow offers") as caught:
        tracker.set_closed(epic, True)
    assert "In Progress" in str(caught.value)


def test_a_link_says_who_supports_whom_and_can_be_taken_back(tracker: JiraTracker, site: JiraSandbox) -> None:
    scope = replace(SCOPE, link_type="Blocks")
    parent, child = make(tracker, "p"), make(tracker, "c")

    tracker.link(scope, child.at, parent.at)
    assert site.issue(child.at.key).links == (f"blocks {parent.at.key}",)
    assert {
        each.at.key: each.links for each in tracker.read([scope], markers=[*parent.markers, *child.markers]).items
    } == {
        child.at.key: {parent.at.id},
        parent.at.key: frozenset(),
    }

    tracker.unlink(scope, child.at, parent.at)
    assert site.issue(child.at.key).links == ()
    before = len(site.requests.writes())
    tracker.unlink(scope, child.at, parent.at)
    assert len(site.requests.writes()) == before


def test_a_link_that_somebody_else_takes_away_is_gone(tracker: JiraTracker, site: JiraSandbox) -> None:
    parent, child = make(tracker, "p"), make(tracker, "c")
    tracker.link(SCOPE, child.at, parent.at)
    site.faults.add(Fault("drop_after", method="DELETE"))
    tracker.unlink(SCOPE, child.at, parent.at)
    assert site.issue(child.at.key).links == ()


def test_a_missing_link_type_lists_those_that_exist(tracker: JiraTracker) -> None:
    parent, child = make(tracker, "p"), make(tracker, "c")
    with pytest.raises(Misconfigured, match="Blocks, Cloners, Duplicate, Relates"):
        tracker.link(replace(SCOPE, link_type="Supports"), child.at, parent.at)


def test_a_link_to_what_is_gone_says_so(tracker: JiraTracker, site: JiraSandbox) -> None:
    parent, child = make(tracker, "p"), make(tracker, "c")
    site.delete(parent.at.key)
    with pytest.raises(NotFound):
        tracker.link(SCOPE, child.at, parent.at)


class TestCheck:
    def test_a_sound_scope_has_no_problems(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        assert tracker.check(replace(SCOPE, link_type="relates")) == ()
        assert tracker.check(replace(SCOPE, key_result_form="fields")) == ()
        assert not site.requests.writes()

    def test_it_costs_few_requests(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        tracker.check(SCOPE)
        tracker.check(SCOPE)
        assert len(site.requests.records) == 5, "serverInfo, fields, types, and two screens"

    def test_everything_is_found_at_once(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.add_text_field("Notes")
        site.add_number_field("Hidden metric", on_screen=False)
        site.add_number_field("Twice")
        site.add_number_field("Twice", on_screen=False)
        scope = replace(
            SCOPE,
            fields=("KR curent", "Notes", "Hidden metric", "Twice"),
            objective_fields=("Hidden metric",),
            key_result_type="Taks",
            objective_type="Initiative",
            link_type="Supports",
        )

        problems = tracker.check(scope)

        said = "\n".join(problems)
        for expected in (
            "no issue type 'Initiative'",
            "no issue type 'Taks'; it has 'Bug', 'Epic', 'Story', 'Task'; did you mean 'Task'?",
            "no field called 'KR curent'; the closest are 'KR current'",
            "field 'Notes'",
            "only a number field can be tracked",
            "2 fields of this Jira are called 'Twice'",
            "no issue link type 'Supports'",
        ):
            assert expected in said, expected
        assert len(problems) == len(set(problems)) == 6

    def test_a_field_off_the_screen_names_the_fields_on_it(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.add_number_field("Hidden metric", types=["Epic"])
        (problem,) = tracker.check(replace(SCOPE, fields=("Hidden metric",)))
        assert "'Hidden metric'" in problem
        assert "create screen of Task in project PLAT" in problem
        assert "'KR current'" in problem

    def test_an_ambiguous_field_says_which_is_on_the_screen(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        hidden = site.add_number_field("KR current", on_screen=False)
        (problem,) = tracker.check(SCOPE)
        assert f"{hidden} (number) not on the screen in PLAT" in problem
        assert "on the screen of Task in PLAT" in problem

    def test_a_due_date_off_the_screen_is_found(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.change_field("duedate", screens=())
        problems = tracker.check(SCOPE)
        assert ["Due date" in each for each in problems] == [True, True]

    def test_labels_off_the_screen_are_found(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.change_field("labels", screens=())
        assert any("Labels" in each for each in tracker.check(SCOPE))

    def test_a_required_field_that_okrsync_does_not_know_is_found(
        self, tracker: JiraTracker, site: JiraSandbox
    ) -> None:
        team = site.add_text_field("Team", types=["Task"])
        site.change_field(team, required=True)
        (problem,) = tracker.check(SCOPE)
        assert "'Team'" in problem
        assert "create screen of Task" in problem

    def test_what_jira_fills_in_by_itself_is_no_problem(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        for name in ("reporter", "priority"):
            site.change_field(name, required=True)
        assert tracker.check(SCOPE) == ()

    def test_a_missing_project_lists_those_that_can_be_seen(self, tracker: JiraTracker) -> None:
        (problem,) = tracker.check(replace(SCOPE, project="PLATT"))
        assert "'PLATT'" in problem
        assert "PLAT, WEB" in problem

    @pytest.mark.parametrize(
        "answer",
        [
            {"status": 404, "response_body": b'{"errorMessages": ["dead path"]}'},
            {"status": 404, "response_body": b"<html>no such page</html>"},
            {"status": 405},
            {"status": 403, "response_body": b'{"errorMessages": ["no"]}'},
        ],
    )
    def test_without_createmeta_the_screens_are_left_out(
        self, tracker: JiraTracker, site: JiraSandbox, answer: dict[str, Any]
    ) -> None:
        site.faults.add(Fault("status", path="/createmeta/", times=None, **answer))

        assert tracker.check(SCOPE) == ()
        assert len(tracker.check(replace(SCOPE, fields=("KR curent",)))) == 1
        assert len(tracker.check(replace(SCOPE, key_result_type="Taks"))) == 1, "the project's types are known"
        assert {each.on for each in tracker.fields("PLAT")} == {None}
        assert make(tracker).at.key == "PLAT-1"

    def test_no_type_that_may_be_created_is_a_missing_permission(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.faults.add(Fault("empty_list", path="/createmeta/"))
        (problem,) = tracker.check(SCOPE)
        assert "Create Issues" in problem


def test_fields_say_where_they_are_shown(tracker: JiraTracker, site: JiraSandbox) -> None:
    site.add_number_field("Hidden metric", types=["Epic"])
    found = {each.name: each for each in tracker.fields("PLAT")}
    assert found["Hidden metric"].on == ("Epic",)
    assert found["KR current"].type == "number"
    assert set(found["KR current"].on or ()) == {"Epic", "Story", "Task", "Bug"}
    with pytest.raises(NotFound, match="PLAT, WEB"):
        tracker.fields("PLATT")


def test_a_field_of_another_project_alone_does_not_make_a_name_ambiguous(
    tracker: JiraTracker, site: JiraSandbox
) -> None:
    web = site.add_project("APP", "App")
    listed = [
        {"id": "customfield_1", "name": "Progress", "schema": {"type": "number"}},
        {
            "id": "customfield_2",
            "name": "Progress",
            "schema": {"type": "number"},
            "scope": {"type": "PROJECT", "project": {"id": web}},
        },
    ]
    site.faults.add(Fault("status", path="/field$", status=200, response_body=json.dumps(listed).encode(), times=None))

    assert [each.id for each in tracker.fields("PLAT")] == ["customfield_1"]
    scope = replace(SCOPE, fields=("Progress",), objective_fields=())
    assert not any("2 fields" in each for each in tracker.check(scope))
    assert any("2 fields" in each for each in tracker.check(replace(scope, project="APP")))


@pytest.mark.parametrize("site", ["data-center"], indirect=True)
class TestDataCenter:
    def test_epics_have_a_name_and_children_a_link(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        epic = make(tracker)
        make(tracker, "o/k", parent=epic.at)
        first, second = bodies(site)
        assert first["fields"]["customfield_10101"] == epic.title
        assert second["fields"]["customfield_10100"] == "PLAT-1"
        assert "parent" not in second["fields"]

    def test_names_in_another_language_do_not_matter(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.change_field("customfield_10100", name="Epos-Verknüpfung")
        site.change_field("customfield_10101", name="Epos-Name")
        epic = make(tracker)
        made = make(tracker, "o/k", parent=epic.at)
        assert [each.id for each in tracker.children([epic])[epic.at.id]] == [made.at.id]

    def test_without_jira_software_it_is_explained(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        for name in ("customfield_10100", "customfield_10101"):
            site.change_field(name, custom="com.example:other", required=False)
        epic = make(tracker)
        with pytest.raises(Misconfigured, match="Epic Link"):
            make(tracker, "o/k", parent=epic.at)
        assert any("Epic Link" in each for each in tracker.check(SCOPE))
        assert not any("Epic Link" in each for each in tracker.check(replace(SCOPE, key_result_form="fields")))

    def test_an_epic_name_that_left_the_screen_is_not_sent(self, tracker: JiraTracker, site: JiraSandbox) -> None:
        site.change_field("customfield_10101", screens=("edit",), required=False)
        tracker.check(SCOPE)
        make(tracker)
        assert "customfield_10101" not in bodies(site)[0]["fields"]

    def test_epics_by_another_name_have_an_epic_name_where_their_screen_has_it(
        self, tracker: JiraTracker, site: JiraSandbox
    ) -> None:
        make(tracker, scope=replace(SCOPE, objective_type="Story"))
        assert "customfield_10101" not in bodies(site)[0]["fields"]

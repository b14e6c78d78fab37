"""Who we are there, what exists there, and finding items again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from okrsync.testing.contract.adapters import Faults, People
from okrsync.testing.contract.ground import Ground
from okrsync.trackers.errors import NotFound
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import ItemKind, RemoteItem, Scope

MISSING_FIELD = "A field that nobody made"


class FindingContract(Ground):
    """login, projects, fields, check, read, find and item."""

    def test_login_says_who_we_are_and_what_answers(self, tracker: Tracker) -> None:
        login = tracker.login()

        assert login.account
        assert login.server

    def test_projects_are_listed_in_order(self, tracker: Tracker, scope: Scope, other_scope: Scope) -> None:
        found = tracker.projects()

        assert {scope.project, other_scope.project} <= set(found)
        assert list(found) == sorted(found)

    def test_fields_are_listed_in_order_with_their_types(self, tracker: Tracker, scope: Scope) -> None:
        found = tracker.fields(scope.project, scope.board)

        assert [each.name for each in found] == sorted(each.name for each in found)
        types = {each.name: each.type for each in found}
        assert {name: types.get(name) for name in scope.fields} == dict.fromkeys(scope.fields, "number")

    def test_open_objectives_are_found_and_closed_ones_and_key_results_are_not(
        self, tracker: Tracker, scope: Scope, objective: RemoteItem, slug: str
    ) -> None:
        if not tracker.capabilities.adoption:
            pytest.skip("the tracker does not look for what people have")
        other = tracker.create(scope, self.draft(tracker, f"{slug}-other"))
        below = tracker.create(scope, self.draft(tracker, f"{slug}/p95", parent=objective.at))
        tracker.set_closed(other, True)

        found = {each.at.id: each for each in tracker.open_objectives(scope)}

        assert objective.at.id in found
        assert found[objective.at.id].markers == objective.markers
        assert not {other.at.id, below.at.id} & found.keys()

    def test_a_good_scope_has_no_problems_and_looking_writes_nothing(
        self, tracker: Tracker, scope: Scope, faults: Faults
    ) -> None:
        before = faults.writes()

        assert tracker.check(scope) == ()
        assert faults.writes() == before

    def test_a_missing_field_is_named_beside_those_that_exist(self, tracker: Tracker, scope: Scope) -> None:
        problems = tracker.check(replace(scope, fields=(*scope.fields, MISSING_FIELD)))

        assert any(MISSING_FIELD in each for each in problems), problems
        assert any(scope.fields[0] in each for each in problems), "no problem says which fields exist"

    def test_a_missing_project_is_named(self, tracker: Tracker, scope: Scope) -> None:
        missing = f"{scope.project}NOT"

        problems = tracker.check(replace(scope, project=missing))

        assert any(missing in each for each in problems), problems

    def test_an_item_is_named_by_its_id_and_by_its_key(self, tracker: Tracker, objective: RemoteItem) -> None:
        by_id, by_key = tracker.item(objective.at.id), tracker.item(objective.at.key)

        assert by_id.at == by_key.at == objective.at
        assert by_id == by_key

    def test_a_key_results_item_is_named_by_its_id_and_by_its_key(
        self, tracker: Tracker, key_result: RemoteItem
    ) -> None:
        assert tracker.item(key_result.at.id).at == tracker.item(key_result.at.key).at == key_result.at

    def test_a_deleted_item_is_not_found(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        people.delete(objective.at)

        for name in (objective.at.id, objective.at.key):
            with pytest.raises(NotFound):
                tracker.item(name)
        assert objective.at.id not in self.ids(tracker.read([scope], markers=objective.markers).items)
        assert tracker.find(scope, objective.markers) == ()

    def test_reading_twice_shows_the_same(self, tracker: Tracker, scope: Scope, key_result: RemoteItem) -> None:
        first, second = (tracker.read([scope], markers=key_result.markers) for _ in range(2))

        assert key_result.at.id in self.ids(first.items)
        assert sorted(first.items, key=lambda each: each.at.id) == sorted(second.items, key=lambda each: each.at.id)

    def test_one_reading_holds_the_items_of_several_projects(
        self, tracker: Tracker, scope: Scope, other_scope: Scope, slug: str, objective: RemoteItem
    ) -> None:
        there = tracker.create(other_scope, self.draft(tracker, f"{slug}-there"))

        reading = tracker.read([scope, other_scope], markers=[*objective.markers, *there.markers])

        assert not reading.failures
        places = {each.at.id: each.at.project for each in reading.items}
        assert places[objective.at.id] == scope.project
        assert places[there.at.id] == other_scope.project

    def test_many_items_are_all_read_each_once(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem
    ) -> None:
        made = [objective, *(tracker.create(scope, self.draft(tracker, f"{slug}-{number}")) for number in range(6))]
        if "issues" in tracker.capabilities.key_result_forms:
            made += [
                tracker.create(scope, self.draft(tracker, f"{slug}/kr{number}", parent=objective.at))
                for number in range(5)
            ]

        markers = [each.markers[0] for each in made]
        reading = [each for each in tracker.read([scope], markers=markers).items if slug in str(each.markers)]
        found = tracker.find(scope, markers)

        assert self.ids(reading) == self.ids(found) == self.ids(made)
        assert {each.at.id: each.kind for each in reading} == {each.at.id: each.kind for each in made}

    def test_a_project_that_cannot_be_read_does_not_hide_the_others(
        self, tracker: Tracker, scope: Scope, objective: RemoteItem
    ) -> None:
        missing = replace(scope, project=f"{scope.project}NOT")

        reading = tracker.read([scope, missing], markers=objective.markers)

        assert list(reading.failures) == [missing.project]
        assert objective.at.id in self.ids(reading.items)

    def test_a_reading_since_an_earlier_one_holds_what_changed(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        cursor = tracker.read([scope], markers=objective.markers).cursor
        people.edit(objective.at, title=f"Renamed by a person ({slug})")
        made = tracker.create(scope, self.draft(tracker, f"{slug}-later"))

        markers = [*objective.markers, *made.markers]
        titles = {each.at.id: each.title for each in tracker.read([scope], since=cursor, markers=markers).items}

        assert titles[objective.at.id] == f"Renamed by a person ({slug})"
        assert titles[made.at.id] == made.title

    def test_a_value_and_a_closing_since_an_earlier_reading_are_in_the_next(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        self.write_field(tracker, scope, key_result, scope.fields[0], 1.0)
        markers = [*objective.markers, *key_result.markers]
        cursor = tracker.read([scope], markers=markers).cursor
        people.set_field(key_result.at, scope.fields[0], 2.5)
        people.close(objective.at)

        changed = {each.at.id: each for each in tracker.read([scope], since=cursor, markers=markers).items}

        assert changed[key_result.at.id].fields[scope.fields[0]] == 2.5
        assert changed[objective.at.id].closed

    def test_an_unknown_marker_finds_nothing(self, tracker: Tracker, scope: Scope, objective: RemoteItem) -> None:
        assert tracker.find(scope, [f"{objective.markers[0]}-unknown"]) == ()
        assert tracker.find(scope, []) == ()

    def test_a_sure_look_finds_what_is_there_and_nothing_else(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        markers = [*objective.markers, *key_result.markers, f"{objective.markers[0]}-unknown"]
        gone = tracker.create(scope, self.draft(tracker, f"{slug}-gone"))
        people.delete(gone.at)

        assert self.ids(tracker.find(scope, markers, sure=True)) == sorted([objective.at.id, key_result.at.id])
        assert tracker.find(scope, gone.markers, sure=True) == ()

    def test_a_marker_is_not_found_in_a_longer_one(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        longer = tracker.create(scope, self.draft(tracker, f"{slug}-2"))

        assert self.ids(tracker.find(scope, objective.markers)) == [objective.at.id]
        assert self.ids(tracker.find(scope, key_result.markers)) == [key_result.at.id]
        assert self.ids(tracker.find(scope, longer.markers)) == [longer.at.id]

    def test_several_markers_are_found_at_once(
        self, tracker: Tracker, scope: Scope, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        found = tracker.find(scope, [*objective.markers, *key_result.markers])

        assert self.ids(found) == sorted([objective.at.id, key_result.at.id])
        assert {each.kind for each in found} == {ItemKind.OBJECTIVE, ItemKind.KEY_RESULT}

    def test_a_closed_item_is_still_found(self, tracker: Tracker, scope: Scope, people: People, slug: str) -> None:
        made = tracker.create(scope, self.draft(tracker, slug))
        people.close(made.at)

        assert [each.closed for each in tracker.find(scope, made.markers)] == [True]
        assert self.listed(tracker, scope, made).closed

    def test_two_items_with_one_marker_are_both_found(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        both = sorted([objective.at.id, tracker.item(people.clone(objective.at).key).at.id])

        assert self.ids(tracker.find(scope, objective.markers)) == both
        reading = tracker.read([scope], markers=objective.markers)
        marked = [each for each in reading.items if objective.markers[0] in each.markers]
        assert self.ids(marked) == both

    def test_two_items_of_key_results_with_one_marker_are_both_found(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        both = sorted([key_result.at.id, tracker.item(people.clone(key_result.at).key).at.id])

        assert self.ids(tracker.find(scope, key_result.markers)) == both

    def test_the_items_of_another_workspace_carry_its_marker(self, tracker: Tracker, scope: Scope, slug: str) -> None:
        theirs = self.draft(tracker, slug, marker=f"okrsync:neighbours:2026-Q4:{slug}", workspace="neighbours")
        made = tracker.create(scope, theirs)

        assert tracker.find(scope, [f"okrsync:{tracker.context.workspace}:2026-Q4:{slug}"]) == ()
        assert self.ids(tracker.find(scope, [theirs.marker])) == [made.at.id]
        assert made.markers == (theirs.marker,)

"""What stands below and beside an item: children, links, and the history of its fields."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from okrsync.testing.contract.adapters import People
from okrsync.testing.contract.ground import Ground
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Edit, RemoteItem, Scope


class RelatingContract(Ground):
    """children, link, unlink and field_changes."""

    def test_children_are_done_or_not(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        for number in range(7):
            people.add_child(objective.at, f"Work {number}", done=number < 3)

        children = tracker.children([objective], None, scope.board)[objective.at.id]

        assert sorted(each.done for each in children) == [False] * 4 + [True] * 3
        assert len({each.id for each in children}) == 7
        assert all(each.key and not each.markers and not each.pull_request for each in children)

    def test_every_parent_has_an_entry_of_its_own(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        second, childless = (tracker.create(scope, self.draft(tracker, f"{slug}-{each}")) for each in "ab")
        people.add_child(objective.at, "Work of the first")
        people.add_child(second.at, "Work of the second", done=True)

        found = tracker.children([objective, second, childless], None, scope.board)

        assert [each.done for each in found[objective.at.id]] == [False]
        assert [each.done for each in found[second.at.id]] == [True]
        assert found[childless.at.id] == ()
        assert tracker.children([], None, scope.board) == {}

    def test_the_items_of_key_results_show_their_markers(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        people.add_child(objective.at, "Work of a person")

        children = tracker.children([objective], None, scope.board)[objective.at.id]

        assert {each.id: each.markers for each in children if each.markers} == {key_result.at.id: key_result.markers}
        assert len(children) == 2

    def test_a_key_results_item_has_children_too(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        assert tracker.children([key_result], None, scope.board)[key_result.at.id] == ()
        for number in range(4):
            people.add_child(key_result.at, f"Work {number}", done=number < 1)

        children = tracker.children([key_result], None, scope.board)[key_result.at.id]

        assert sorted(each.done for each in children) == [False, False, False, True]

    def test_children_show_their_points(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        if self.points_field is None:
            pytest.skip("the suite names no field for points")
        people.add_child(objective.at, "Large", points=(self.points_field, 8.0))
        people.add_child(objective.at, "Free", points=(self.points_field, 0.0))
        people.add_child(objective.at, "Nobody knows")

        children = tracker.children([objective], self.points_field, scope.board)[objective.at.id]

        assert {each.points for each in children} == {8.0, 0.0, None}
        assert len(children) == 3

    def test_pull_requests_are_told_apart(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        if not tracker.capabilities.pull_requests:
            pytest.skip("the tracker has no pull requests")
        people.add_child(objective.at, "Work")
        people.add_child(objective.at, "Code", pull_request=True)

        children = tracker.children([objective], None, scope.board)[objective.at.id]

        assert sorted(each.pull_request for each in children) == [False, True]

    def test_linking_twice_is_one_link(self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem) -> None:
        if not tracker.capabilities.native_links:
            pytest.skip("the tracker has no links of its own")
        child = tracker.create(scope, self.draft(tracker, f"{slug}-child"))
        assert self.listed(tracker, scope, child).links == frozenset()

        for _ in range(2):
            tracker.link(scope, child.at, objective.at)

        assert self.listed(tracker, scope, child).links == {objective.at.id}
        assert self.listed(tracker, scope, objective).links == frozenset(), "a link says who supports whom"

    def test_a_link_is_taken_back_and_the_others_stay(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem
    ) -> None:
        if not tracker.capabilities.native_links:
            pytest.skip("the tracker has no links of its own")
        child, second = (tracker.create(scope, self.draft(tracker, f"{slug}-{each}")) for each in ("child", "second"))
        for parent in (objective, second):
            tracker.link(scope, child.at, parent.at)

        # Twice: a retry after a lost answer does exactly that.
        for _ in range(2):
            tracker.unlink(scope, child.at, objective.at)
            assert self.listed(tracker, scope, child).links == {second.at.id}

        tracker.unlink(scope, objective.at, child.at)
        assert self.listed(tracker, scope, child).links == {second.at.id}

    def test_a_number_field_tells_who_changed_it_and_when(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        name, other = self.fields_with_history(tracker, scope)
        drafts = (self.draft(tracker, f"{slug}/kr{each}", parent=objective.at) for each in range(3))
        changed, written, still = (tracker.create(scope, each) for each in drafts)
        for value in (4.0, 2.5, None, 12_345_678.0, 0.001):
            people.set_field(changed.at, name, value)
        people.set_field(changed.at, other, 7.0)
        tracker.update(scope, written, Edit(fields={name: 3.0}))

        found = tracker.field_changes([(each, name) for each in (changed, written, still)])

        values = [None, 4.0, 2.5, None, 12_345_678.0, 0.001]
        told = found[changed.at.id, name]
        assert [(each.before, each.after) for each in told] == list(itertools.pairwise(values))
        assert [each.at for each in told] == sorted(each.at for each in told)
        assert all(each.by and each.at.utcoffset() == timedelta(0) for each in told)
        assert [(each.before, each.after) for each in found[written.at.id, name]] == [(None, 3.0)]
        assert found[still.at.id, name] == ()
        assert len(found) == 3

    def test_what_an_item_was_made_with_is_no_change(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        name, other = self.fields_with_history(tracker, scope)
        made = self.draft(tracker, f"{slug}/p95", parent=objective.at, fields={name: 4.0, other: 1.5})
        item = tracker.create(scope, made)
        people.set_field(item.at, name, 3.25)

        found = tracker.field_changes([(item, name), (item, other)])

        assert [(each.before, each.after) for each in found[item.at.id, name]] == [(4.0, 3.25)]
        assert found[item.at.id, other] == ()
        again = self.again(tracker, scope, item)
        assert again.created is not None and again.created <= found[item.at.id, name][0].at

    def test_what_has_no_history_spoils_none_of_the_rest(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        name, _ = self.fields_with_history(tracker, scope)
        drafts = (self.draft(tracker, f"{slug}/kr{each}", parent=objective.at) for each in range(2))
        gone, item = (tracker.create(scope, each) for each in drafts)
        people.set_field(item.at, name, 4.0)
        people.delete(gone.at)

        found = dict(tracker.field_changes([(gone, name), (item, name), (item, "no such field")]))

        assert [each.after for each in found.pop((item.at.id, name))] == [4.0]
        assert not any(found.values())
        assert tracker.field_changes([]) == {}

    @staticmethod
    def fields_with_history(tracker: Tracker, scope: Scope) -> tuple[str, str]:
        """Two fields whose history the tracker keeps; skips the test where it keeps none."""
        if not tracker.capabilities.field_history:
            pytest.skip("the tracker keeps no history of fields")
        name, other, *_ = scope.fields
        return name, other

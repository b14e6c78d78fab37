"""Creating items and changing them, so that nothing else changes."""

from __future__ import annotations

from datetime import date

import pytest

from okrsync.testing.contract.adapters import People
from okrsync.testing.contract.ground import Ground
from okrsync.trackers.errors import Conflict, NotFound
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Edit, ItemKind, RemoteItem, Scope

DAYS = [date(2026, 12, 31), date(2026, 1, 1), date(2028, 2, 29), date(2026, 3, 8), date(2026, 3, 29), date(2026, 11, 1)]
"""Ends of years and months, a leap day, and days on which clocks change in Europe and America."""

TITLES = [
    pytest.param("Größere Übung: \"quoted\", 'single' & <b>tagged</b>", id="quotes and tags"),
    pytest.param("[Brackets] {braces} *stars* _lines_ `ticks` #7 | 100 % \\ back", id="markup"),
    pytest.param("Launch 🚀 — naïve café, 日本語", id="beyond ASCII"),
]

DESCRIPTIONS = [
    pytest.param("One line.", id="one line"),
    pytest.param(
        "First paragraph,\nwith two lines.\n\nSecond – with „Umlauten“ äöüß and 'quotes' and \"quotes\".",
        id="paragraphs",
    ),
    pytest.param(
        "h2. Wiki\n* list\n** deeper\n||head||\n|cell|\n{code}x{code}\n{color:red}red{color} [link|https://okr.example]",
        id="wiki",
    ),
    pytest.param(
        "# Markdown\n\n- [ ] task\n- *list*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx\n```\n\n<!-- note -->\n& <b>",
        id="markdown",
    ),
    pytest.param("", id="nothing"),
]


NUMBERS = [0.0, 1.0, -3.25, 0.1, 99.99, 1_234_567.0]


class WritingContract(Ground):
    """create, update, write_fields and set_closed."""

    def test_an_objective_is_created_whole(self, tracker: Tracker, scope: Scope, slug: str) -> None:
        draft = self.draft(tracker, slug, due=date(2026, 12, 31))
        made = tracker.create(scope, draft)

        for item in (made, self.again(tracker, scope, made), self.listed(tracker, scope, made)):
            assert item.at == made.at
            assert item.at.project == scope.project
            assert ":" in item.at.url, "an address that people can open"
            assert item.kind is ItemKind.OBJECTIVE
            assert item.markers == (draft.marker,)
            assert item.title == draft.title
            assert self.plain(item.description) == draft.description
            assert item.due == draft.due
            assert not item.closed
        assert self.ids(tracker.find(scope, [draft.marker])) == [made.at.id]

    def test_a_key_result_is_created_whole(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem
    ) -> None:
        self.only_with_issues(tracker)
        can = tracker.capabilities
        values = dict.fromkeys(scope.fields, 4.5)
        draft = self.draft(
            tracker,
            f"{slug}/p95",
            parent=objective.at,
            due=date(2026, 11, 30) if can.due_on_key_results else None,
            fields=values if can.fields_with_item else {},
        )
        made = tracker.create(scope, draft)
        if not can.fields_with_item:
            tracker.write_fields(scope, {made.at.id: values})

        for item in (self.again(tracker, scope, made), self.listed(tracker, scope, made)):
            assert item.at == made.at
            assert item.kind is ItemKind.KEY_RESULT
            assert item.markers == (draft.marker,)
            assert item.title == draft.title
            assert self.plain(item.description) == draft.description
            assert item.parent == objective.at.id
            assert item.due == draft.due
            assert set(scope.labels) <= item.labels
            assert {name: item.fields.get(name) for name in scope.fields} == values

    def test_creating_and_updating_cost_one_request_each(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem
    ) -> None:
        policy = tracker.context.policy
        self.again(tracker, scope, objective)

        before = policy.requests
        made = tracker.create(scope, self.draft(tracker, f"{slug}-2"))
        assert policy.requests == before + 1

        before = policy.requests
        tracker.update(scope, made, Edit(title=f"Another title ({slug})", description="Another why.", due=DAYS[0]))
        assert policy.requests == before + 1

    def test_a_title_that_exists_already_is_a_second_item_or_a_conflict(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        draft = self.draft(tracker, f"{slug}-2", title=objective.title)

        conflict = ""
        try:
            made = tracker.create(scope, draft)
        except Conflict as error:
            conflict = str(error)
        else:
            assert made.at.id != objective.at.id

        assert people.titled(scope.project, objective.title) == (1 if conflict else 2)
        assert not conflict or objective.title in conflict, "a conflict names what exists"

    @pytest.mark.parametrize("title", TITLES)
    def test_special_characters_in_a_title_arrive(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, title: str
    ) -> None:
        whole = f"{title} {slug}"
        made = tracker.create(scope, self.draft(tracker, slug, title=whole))

        assert self.again(tracker, scope, made).title == whole
        assert people.titled(scope.project, whole) == 1

    @pytest.mark.parametrize("description", DESCRIPTIONS)
    def test_a_description_comes_back_as_it_was_written(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem, description: str
    ) -> None:
        made = tracker.create(scope, self.draft(tracker, f"{slug}-2", description=description))
        assert self.plain(self.again(tracker, scope, made).description) == self.plain(description)

        tracker.update(scope, objective, Edit(description=description))
        assert self.plain(self.again(tracker, scope, objective).description) == self.plain(description)
        assert self.listed(tracker, scope, objective).markers == objective.markers

    @pytest.mark.parametrize("description", DESCRIPTIONS)
    def test_a_key_results_description_comes_back_as_it_was_written(
        self, tracker: Tracker, scope: Scope, key_result: RemoteItem, description: str
    ) -> None:
        tracker.update(scope, key_result, Edit(description=description))

        assert self.plain(self.again(tracker, scope, key_result).description) == self.plain(description)
        assert self.ids(tracker.find(scope, key_result.markers)) == [key_result.at.id]

    @pytest.mark.parametrize("day", DAYS, ids=str)
    def test_a_due_date_is_never_off_by_a_day(self, tracker: Tracker, scope: Scope, slug: str, day: date) -> None:
        made = tracker.create(scope, self.draft(tracker, slug, due=day))
        assert made.due == day
        assert self.again(tracker, scope, made).due == day
        assert self.listed(tracker, scope, made).due == day

    def test_a_due_date_is_changed_and_cleared(self, tracker: Tracker, scope: Scope, objective: RemoteItem) -> None:
        assert objective.due is None
        for day in (*DAYS, None, DAYS[0], None):
            tracker.update(scope, objective, Edit(due=day))
            assert self.again(tracker, scope, objective).due == day

    def test_a_key_results_due_date_is_changed_and_cleared(
        self, tracker: Tracker, scope: Scope, key_result: RemoteItem
    ) -> None:
        if not tracker.capabilities.due_on_key_results:
            pytest.skip("the tracker's items of key results have no due date")
        for day in (*DAYS, None):
            tracker.update(scope, key_result, Edit(due=day))
            assert self.again(tracker, scope, key_result).due == day

    def test_an_update_of_the_title_leaves_what_people_wrote(
        self, tracker: Tracker, scope: Scope, people: People, slug: str
    ) -> None:
        before = tracker.create(scope, self.draft(tracker, slug, due=DAYS[0]))
        people.edit(before.at, description="Written by a person,\nin the meantime.")

        tracker.update(scope, before, Edit(title=f"A new title ({slug})"))

        after = self.again(tracker, scope, before)
        assert after.title == f"A new title ({slug})"
        assert self.plain(after.description) == "Written by a person,\nin the meantime."
        assert after.due == DAYS[0]
        assert after.markers == before.markers
        assert not after.closed

    def test_an_update_of_the_description_leaves_the_title(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        people.edit(objective.at, title=f"Renamed by a person ({slug})")

        tracker.update(scope, objective, Edit(description="A new why."))

        after = self.again(tracker, scope, objective)
        assert after.title == f"Renamed by a person ({slug})"
        assert self.plain(after.description) == "A new why."
        assert after.markers == objective.markers

    def test_an_update_of_a_key_result_leaves_labels_fields_and_parent(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, key_result: RemoteItem
    ) -> None:
        self.write_field(tracker, scope, key_result, scope.fields[0], 7.0)
        people.add_label(key_result.at, "of-our-own")

        tracker.update(scope, key_result, Edit(title=f"A new title ({slug})", description="New."))

        after = self.again(tracker, scope, key_result)
        assert after.title == f"A new title ({slug})"
        assert {"of-our-own", *scope.labels} <= after.labels
        assert after.fields[scope.fields[0]] == 7.0
        assert after.parent == key_result.parent
        assert after.markers == key_result.markers

    def test_an_edit_of_nothing_changes_nothing(self, tracker: Tracker, scope: Scope, objective: RemoteItem) -> None:
        before = self.again(tracker, scope, objective)
        tracker.update(scope, before, Edit())
        after = self.again(tracker, scope, objective)

        assert (after.title, after.description, after.due, after.markers, after.closed) == (
            before.title,
            before.description,
            before.due,
            before.markers,
            before.closed,
        )

    def test_a_lost_marker_comes_back(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        self._lose_and_mend(tracker, scope, people, objective)

    def test_a_key_results_lost_marker_comes_back(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        people.add_label(key_result.at, "of-our-own")
        self._lose_and_mend(tracker, scope, people, key_result)
        assert "of-our-own" in self.again(tracker, scope, key_result).labels

    def test_updating_what_is_gone_says_so(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        people.delete(objective.at)

        with pytest.raises(NotFound):
            tracker.update(scope, objective, Edit(title="Nobody will read this"))

    @pytest.mark.parametrize("number", NUMBERS)
    def test_a_number_is_written_and_cleared(
        self, tracker: Tracker, scope: Scope, key_result: RemoteItem, number: float
    ) -> None:
        name = scope.fields[0]

        self.write_field(tracker, scope, key_result, name, number)
        assert self.is_number(self.again(tracker, scope, key_result).fields[name], number)
        assert self.is_number(self.listed(tracker, scope, key_result).fields[name], number)

        self.write_field(tracker, scope, key_result, name, None)
        assert self.again(tracker, scope, key_result).fields.get(name) is None
        assert self.listed(tracker, scope, key_result).fields.get(name) is None

    def test_writing_one_field_leaves_the_others(self, tracker: Tracker, scope: Scope, key_result: RemoteItem) -> None:
        for value, name in enumerate(scope.fields, start=1):
            self.write_field(tracker, scope, key_result, name, float(value))
        self.write_field(tracker, scope, key_result, scope.fields[0], None)

        fields = self.again(tracker, scope, key_result).fields
        assert [fields.get(name) for name in scope.fields[1:]] == [float(n) for n in range(2, len(scope.fields) + 1)]
        assert fields.get(scope.fields[0]) is None

    def test_fields_of_several_items_are_written_together(
        self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        if tracker.capabilities.fields_with_item:
            pytest.skip("the tracker writes fields with their item")
        second = tracker.create(scope, self.draft(tracker, f"{slug}/second", parent=objective.at))
        name = scope.fields[0]

        tracker.write_fields(scope, {key_result.at.id: {name: 1.0}, second.at.id: {name: 2.0}})

        assert self.again(tracker, scope, key_result).fields[name] == 1.0
        assert self.again(tracker, scope, second).fields[name] == 2.0

    def test_a_number_that_a_person_wrote_is_read(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        name = scope.fields[0]
        self.write_field(tracker, scope, key_result, name, 4.0)
        people.set_field(key_result.at, name, 3.1)

        assert self.is_number(self.again(tracker, scope, key_result).fields[name], 3.1)
        assert self.is_number(self.listed(tracker, scope, key_result).fields[name], 3.1)

    def test_a_field_on_an_objective_is_written_and_read(
        self, tracker: Tracker, scope: Scope, people: People, objective: RemoteItem
    ) -> None:
        if not scope.objective_fields:
            pytest.skip("the scope names no fields on objectives")
        name = scope.objective_fields[0]

        self.write_field(tracker, scope, objective, name, 0.0)
        assert self.is_number(self.again(tracker, scope, objective).fields[name], 0.0)
        people.set_field(objective.at, name, 12.5)
        assert self.is_number(self.listed(tracker, scope, objective).fields[name], 12.5)

    def test_an_objective_is_closed_and_reopened(self, tracker: Tracker, scope: Scope, objective: RemoteItem) -> None:
        self._close_and_reopen(tracker, scope, objective)

    def test_a_key_result_is_closed_and_reopened(self, tracker: Tracker, scope: Scope, key_result: RemoteItem) -> None:
        self._close_and_reopen(tracker, scope, key_result)

    def _close_and_reopen(self, tracker: Tracker, scope: Scope, item: RemoteItem) -> None:
        # Twice each, with an item that was read before: a retry after a lost answer does exactly that.
        for closed in (True, True, False, False):
            tracker.set_closed(item, closed)
            after = self.again(tracker, scope, item)
            assert after.closed is closed
            assert (after.title, after.markers) == (item.title, item.markers)

    def _lose_and_mend(self, tracker: Tracker, scope: Scope, people: People, item: RemoteItem) -> None:
        people.remove_marker(item.at, item.markers[0])
        bare = self.again(tracker, scope, item)
        assert bare.markers == ()
        assert tracker.find(scope, item.markers) == ()

        tracker.update(scope, bare, Edit(add_marker=item.markers[0]))

        mended = self.again(tracker, scope, item)
        assert mended.markers == item.markers
        assert self.plain(mended.description) == self.plain(item.description)
        assert self.ids(tracker.find(scope, item.markers)) == [item.at.id]
        assert self.listed(tracker, scope, item).markers == item.markers

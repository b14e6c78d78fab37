"""The ground that the suite's tests stand on: names that nobody used before, and items to work with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from okrsync.domain.progress import same_number
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Draft, Edit, FieldValue, ItemKind, RemoteItem, Scope


class Ground:
    """Makes items for the tests; each test has its own, so that a server may be shared between tests."""

    points_field: ClassVar[str | None] = None
    """The name of a number field that weighs children, where the tracker's children have one."""

    @pytest.fixture
    def slug(self) -> str:
        """An id for an objective that no other test uses."""
        return f"o{uuid4().hex[:10]}"

    @pytest.fixture
    def objective(self, tracker: Tracker, scope: Scope, slug: str) -> RemoteItem:
        """An objective's item."""
        return tracker.create(scope, self.draft(tracker, slug))

    @pytest.fixture
    def key_result(self, tracker: Tracker, scope: Scope, slug: str, objective: RemoteItem) -> RemoteItem:
        """A key result's item below `objective`."""
        self.only_with_issues(tracker)
        return tracker.create(scope, self.draft(tracker, f"{slug}/p95", parent=objective.at))

    @staticmethod
    def draft(tracker: Tracker, local: str, **changes: Any) -> Draft:
        """A draft with the marker of `local` (`objective` or `objective/key-result`), and as told."""
        workspace = tracker.context.workspace
        plain = Draft(
            kind=ItemKind.KEY_RESULT if "/" in local else ItemKind.OBJECTIVE,
            marker=f"okrsync:{workspace}:2026-Q4:{local}",
            workspace=workspace,
            title=f"Make signing up feel instant ({local})",
            description="Half of our visitors leave while they wait.",
        )
        return replace(plain, **changes)

    @staticmethod
    def write_field(tracker: Tracker, scope: Scope, item: RemoteItem, name: str, value: FieldValue) -> None:
        """Write a field the way the tracker wants it written."""
        if tracker.capabilities.fields_with_item:
            tracker.update(scope, item, Edit(fields={name: value}))
        else:
            tracker.write_fields(scope, {item.at.id: {name: value}})

    @staticmethod
    def again(tracker: Tracker, scope: Scope, item: RemoteItem) -> RemoteItem:
        """The item, read afresh with the fields of its kind."""
        names = scope.objective_fields if item.kind is ItemKind.OBJECTIVE else scope.fields
        return tracker.item(item.at.id, names, scope.board)

    @staticmethod
    def listed(tracker: Tracker, scope: Scope, item: RemoteItem) -> RemoteItem:
        """The item as a reading of its project shows it."""
        reading = tracker.read([scope], markers=item.markers)
        assert not reading.failures
        assert reading.complete
        found = [each for each in reading.items if each.at.id == item.at.id]
        assert len(found) == 1, f"{item.at.key} is {len(found)} times in the reading of {scope.project}"
        return found[0]

    @staticmethod
    def ids(items: Iterable[RemoteItem]) -> list[str]:
        """The ids of the items, sorted, so that a double shows."""
        return sorted(each.at.id for each in items)

    @staticmethod
    def is_number(value: FieldValue, number: float | None) -> bool:
        """Whether a field holds this number, or nothing when that is None."""
        return not isinstance(value, str) and same_number(value, number)

    @staticmethod
    def only_with_issues(tracker: Tracker) -> None:
        """Skip a test that needs items for key results where the tracker makes none."""
        if "issues" not in tracker.capabilities.key_result_forms:
            pytest.skip("the tracker makes no items for key results")

    @staticmethod
    def plain(text: str) -> str:
        """A text without what trackers change in it and people do not see: line ends, and space around it."""
        return text.replace("\r\n", "\n").strip()

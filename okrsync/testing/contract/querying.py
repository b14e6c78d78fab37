"""What matches a query: now, later, and when it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from okrsync.testing.contract.adapters import Faults, People
from okrsync.testing.contract.finding import MISSING_FIELD
from okrsync.testing.contract.ground import Ground
from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected
from okrsync.trackers.interface import Tracker
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.values import ItemId, Match, Query, RemoteItem, Scope


class QueryingContract(Ground):
    """matches, with and without a cursor."""

    labelled: ClassVar[str] = ""
    """A query for the items with the label `{label}`."""
    labelled_and_open: ClassVar[str] = ""
    """A query for those of them that are not done."""
    no_query: ClassVar[str] = ""
    """A text that the tracker takes for no query."""

    @pytest.fixture
    def query(self, tracker: Tracker, scope: Scope, slug: str) -> Query:
        """A query for what carries the label that is the test's own."""
        if not tracker.capabilities.queries:
            pytest.skip("the tracker answers no queries")
        return Query(self.labelled.format(label=slug), scope.project, (), scope.board)

    @pytest.fixture
    def work(self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem) -> list[ItemId]:
        """Seven items of people's with that label, the first two done."""
        for number in range(7):
            people.add_child(objective.at, f"Work {number}", done=number < 2)
        children = tracker.children([objective], None, scope.board)[objective.at.id]
        items = [ItemId(scope.project, each.id, each.key, each.url) for each in children]
        for each in items:
            people.add_label(each, slug)
        return sorted(items, key=lambda each: (each.id not in {one.id for one in children if one.done}, each.key))

    def test_what_matches_is_found_with_its_state(self, tracker: Tracker, query: Query, work: list[ItemId]) -> None:
        found = tracker.matches(query)

        assert found.complete
        assert not found.left
        assert not found.deserted
        assert {each.id: (each.key, each.done) for each in found.matches} == {
            each.id: (each.key, number < 2) for number, each in enumerate(work)
        }
        assert all(each.url and not each.values for each in found.matches)

    def test_items_of_okrsync_never_match(
        self, tracker: Tracker, query: Query, people: People, slug: str, key_result: RemoteItem
    ) -> None:
        people.add_label(key_result.at, slug)

        assert tracker.matches(query).matches == ()

    def test_wanted_fields_come_with_what_matches(
        self, tracker: Tracker, query: Query, people: People, work: list[ItemId]
    ) -> None:
        if self.points_field is None:
            pytest.skip("the suite names no field for points")
        people.set_field(work[0], self.points_field, 8.0)
        wanted = Query(query.text, query.project, (self.points_field,), query.board)

        found = tracker.matches(wanted)
        values = {each.id: each.values for each in found.matches}
        assert values == {each.id: {self.points_field: 8.0 if each == work[0] else None} for each in work}

        people.set_field(work[1], self.points_field, 0.0)
        later = tracker.matches(wanted, found.after({}), found.cursor).after(found.after({}))
        assert later[work[1].id].values == {self.points_field: 0.0}

    @pytest.mark.usefixtures("work")
    def test_only_what_was_created_on_the_days_matches(self, tracker: Tracker, query: Query) -> None:
        # Two days, because the server's day may not be ours.
        before, after = (datetime.now(UTC).date() + timedelta(days=days) for days in (-2, 2))

        def count(**days: object) -> int:
            return len(tracker.matches(Query(query.text, query.project, (), query.board, **days)).matches)  # type: ignore[arg-type]

        assert (
            count(created_from=before) == count(created_to=after) == count(created_from=before, created_to=after) == 7
        )
        assert count(created_from=after) == count(created_to=before) == 0

    def test_whatever_leaves_the_query_leaves_the_answer(
        self, tracker: Tracker, query: Query, scope: Scope, people: People, slug: str, work: list[ItemId]
    ) -> None:
        open_ones = Query(self.labelled_and_open.format(label=slug), scope.project, (), scope.board)
        queries = {"all": query, "open": open_ones}
        known: dict[str, Mapping[str, Match]] = {name: {} for name in queries}
        cursors: dict[str, str | None] = dict.fromkeys(queries)

        def matching(name: str) -> set[str]:
            found = tracker.matches(queries[name], known[name], cursors[name])
            known[name], cursors[name] = found.after(known[name]), found.cursor
            assert known[name] == tracker.matches(queries[name]).after({}), "going on is not beginning anew"
            return set(known[name])

        everyone = {each.id for each in work}
        done = {each.id for each in work[:2]}
        assert (matching("all"), matching("open")) == (everyone, everyone - done)

        people.close(work[2])
        done.add(work[2].id)
        assert (matching("all"), matching("open")) == (everyone, everyone - done)

        people.delete(work[3])
        everyone.discard(work[3].id)
        assert (matching("all"), matching("open")) == (everyone, everyone - done)

        people.delete(work[0])
        people.edit(work[5], title="Still the same work")
        everyone.discard(work[0].id)
        assert (matching("all"), matching("open")) == (everyone, everyone - done)
        assert (matching("all"), matching("open")) == (everyone, everyone - done)

    def test_nothing_that_matches_is_an_answer(self, tracker: Tracker, query: Query, objective: RemoteItem) -> None:
        found = tracker.matches(query)

        assert found.matches == ()

    def test_what_is_no_query_is_refused(self, tracker: Tracker, query: Query) -> None:
        with pytest.raises(Rejected):
            tracker.matches(Query(self.no_query, query.project, (), query.board))

    def test_a_missing_field_or_project_is_an_error(self, tracker: Tracker, query: Query) -> None:
        with pytest.raises((Misconfigured, NotFound), match=MISSING_FIELD):
            tracker.matches(Query(query.text, query.project, (MISSING_FIELD,), query.board))
        with pytest.raises((Misconfigured, NotFound, Rejected)):
            tracker.matches(Query(query.text, f"{query.project}NOT", (), query.board))

    @pytest.mark.usefixtures("work")
    def test_a_wrong_token_is_no_answer_to_a_query(self, stranger: Tracker, query: Query) -> None:
        with pytest.raises(AuthFailed):
            stranger.matches(query)

    def test_a_refused_query_is_repeated(
        self, tracker: Tracker, query: Query, faults: Faults, work: list[ItemId]
    ) -> None:
        faults.refuse()
        assert len(tracker.matches(query).matches) == len(work)

        faults.drop_read()
        assert len(tracker.matches(query).matches) == len(work)

    @pytest.mark.usefixtures("work")
    def test_no_query_is_sent_after_the_wish_to_stop(self, tracker: Tracker, query: Query) -> None:
        sent = tracker.context.policy.requests
        tracker.context.policy.stop.set()
        try:
            with pytest.raises(Interrupted):
                tracker.matches(query)
        finally:
            tracker.context.policy.stop.clear()
        assert tracker.context.policy.requests == sent

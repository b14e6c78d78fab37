"""What happens when the way to the tracker fails: nothing is done twice, nothing is taken for gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from okrsync.testing.contract.adapters import Faults, People
from okrsync.testing.contract.ground import Ground
from okrsync.trackers.errors import AuthFailed, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.values import Edit, RemoteItem, Scope


class FailingContract(Ground):
    """Wrong credentials, rate limits, lost answers, and the wish to stop."""

    def test_a_wrong_token_is_never_an_empty_answer(
        self, stranger: Tracker, scope: Scope, objective: RemoteItem
    ) -> None:
        attempts: dict[str, Callable[[], object]] = {
            "login": stranger.login,
            "read": lambda: stranger.read([scope], markers=objective.markers),
            "find": lambda: stranger.find(scope, objective.markers),
            "item": lambda: stranger.item(objective.at.id),
            "children": lambda: stranger.children([objective], None, scope.board),
        }
        for name, attempt in attempts.items():
            with pytest.raises(AuthFailed) as caught:
                pytest.fail(f"{name} answered {attempt()!r} to a wrong token")
            assert stranger.context.token.reveal() not in f"{caught.value!r} {caught.value}"

    def test_a_wrong_token_writes_nothing(
        self, tracker: Tracker, stranger: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem
    ) -> None:
        draft = self.draft(stranger, f"{slug}-2")
        with pytest.raises(AuthFailed):
            stranger.create(scope, draft)
        with pytest.raises(AuthFailed):
            stranger.update(scope, objective, Edit(title="Nobody may write this"))

        assert people.titled(scope.project, draft.title) == 0
        assert self.again(tracker, scope, objective).title == objective.title

    def test_a_refused_read_is_repeated(
        self, tracker: Tracker, scope: Scope, faults: Faults, objective: RemoteItem
    ) -> None:
        faults.refuse(times=2)
        assert self.again(tracker, scope, objective).title == objective.title

        faults.refuse()
        assert objective.at.id in self.ids(tracker.read([scope], markers=objective.markers).items)

    def test_a_read_that_broke_off_is_repeated(
        self, tracker: Tracker, scope: Scope, faults: Faults, objective: RemoteItem
    ) -> None:
        faults.drop_read()
        assert objective.at.id in self.ids(tracker.read([scope], markers=objective.markers).items)

        faults.drop_read()
        assert self.ids(tracker.find(scope, objective.markers)) == [objective.at.id]

    def test_an_endless_refusal_ends(self, tracker: Tracker, faults: Faults, objective: RemoteItem) -> None:
        faults.refuse(times=tracker.context.policy.attempts)
        before = tracker.context.policy.requests

        with pytest.raises(Transient) as caught:
            tracker.item(objective.at.id)

        assert caught.value.acted is False
        assert tracker.context.policy.requests == before + tracker.context.policy.attempts

    def test_a_refused_create_is_sent_again_and_makes_one_item(
        self, tracker: Tracker, scope: Scope, people: People, faults: Faults, slug: str, objective: RemoteItem
    ) -> None:
        draft = self.draft(tracker, f"{slug}-2")
        faults.refuse()

        made = tracker.create(scope, draft)

        assert self.ids(tracker.find(scope, [draft.marker])) == [made.at.id]
        assert people.titled(scope.project, draft.title) == 1

    def test_a_create_whose_answer_is_lost_is_not_sent_again(
        self, tracker: Tracker, scope: Scope, people: People, faults: Faults, slug: str, objective: RemoteItem
    ) -> None:
        draft = self.draft(tracker, f"{slug}-2")
        faults.lose_answer()
        before = faults.writes()

        with pytest.raises(Transient) as caught:
            tracker.create(scope, draft)

        assert caught.value.acted is None, "nobody knows whether the item exists"
        assert faults.writes() == before + 1
        assert people.titled(scope.project, draft.title) == 1
        assert len(tracker.find(scope, [draft.marker])) == 1, "the marker settles it"

    def test_a_key_result_whose_answer_is_lost_is_not_created_again(
        self, tracker: Tracker, scope: Scope, people: People, faults: Faults, slug: str, objective: RemoteItem
    ) -> None:
        self.only_with_issues(tracker)
        draft = self.draft(tracker, f"{slug}/p95", parent=objective.at)
        faults.lose_answer()

        with pytest.raises(Transient):
            tracker.create(scope, draft)

        assert people.titled(scope.project, draft.title) == 1
        assert [each.parent for each in tracker.find(scope, [draft.marker])] == [objective.at.id]

    def test_an_update_whose_answer_is_lost_is_repeated(
        self, tracker: Tracker, scope: Scope, faults: Faults, slug: str, objective: RemoteItem
    ) -> None:
        faults.lose_answer()

        tracker.update(scope, objective, Edit(title=f"A new title ({slug})"))

        assert self.again(tracker, scope, objective).title == f"A new title ({slug})"

    def test_a_comment_whose_answer_is_lost_is_not_sent_again(
        self, tracker: Tracker, faults: Faults, key_result: RemoteItem
    ) -> None:
        faults.lose_answer()

        with pytest.raises(Transient):
            tracker.comment(key_result.at, "Confidence 0.7")

        assert [self.plain(each.text) for each in tracker.comments(key_result.at)] == ["Confidence 0.7"]

    def test_nothing_is_sent_after_the_wish_to_stop(
        self, tracker: Tracker, scope: Scope, faults: Faults, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        self.again(tracker, scope, key_result)
        sent, written = tracker.context.policy.requests, faults.writes()
        attempts: list[Callable[[], object]] = [
            lambda: tracker.read([scope], markers=objective.markers),
            lambda: tracker.find(scope, objective.markers),
            lambda: tracker.item(objective.at.id),
            lambda: tracker.children([objective], None, scope.board),
            lambda: tracker.create(scope, self.draft(tracker, f"{slug}-2")),
            lambda: tracker.update(scope, objective, Edit(title="Too late")),
            lambda: self.write_field(tracker, scope, key_result, scope.fields[0], 1.0),
            lambda: tracker.set_closed(objective, True),
            lambda: tracker.comment(key_result.at, "Too late"),
            lambda: tracker.comments(key_result.at),
            lambda: tracker.comments_since([replace(key_result, comments=None)]),
        ]
        tracker.context.policy.stop.set()
        try:
            for attempt in attempts:
                with pytest.raises(Interrupted):
                    attempt()
        finally:
            tracker.context.policy.stop.clear()

        assert tracker.context.policy.requests == sent
        assert faults.writes() == written

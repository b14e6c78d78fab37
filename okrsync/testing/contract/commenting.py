"""What people say below items, and that nothing they say is passed over."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from okrsync.testing.contract.adapters import Faults, People
from okrsync.testing.contract.ground import Ground
from okrsync.trackers.errors import AuthFailed, Rejected, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Comment, CommentReading, ItemKind, RemoteItem, Scope


class CommentingContract(Ground):
    """comment, comments and comments_since."""

    @staticmethod
    def said(reading: CommentReading, item: RemoteItem) -> list[str]:
        """The texts of an item's comments in a reading that lacks nothing."""
        assert not reading.failures
        return [each.text.strip() for each in reading.comments.get(item.at.id, ())]

    def test_comments_come_back_oldest_first(self, tracker: Tracker, scope: Scope, key_result: RemoteItem) -> None:
        texts = ["Confidence 0.7", "Zweite Zeile folgt:\n\n* „Umlaute“ äöüß\n* <b>&amp;</b> {code}", "Third"]
        assert tracker.comments(key_result.at) == ()

        made = [tracker.comment(key_result.at, text) for text in texts]

        found = tracker.comments(key_result.at)
        assert [self.plain(each.text) for each in found] == texts
        assert [each.id for each in found] == made
        assert len(set(made)) == 3
        assert [each.created for each in found] == sorted(each.created for each in found)
        assert all(each.author and each.created.utcoffset() is not None for each in found)
        assert self.again(tracker, scope, key_result).title == key_result.title

    def test_an_objective_takes_comments_or_says_that_it_does_not(
        self, tracker: Tracker, scope: Scope, objective: RemoteItem
    ) -> None:
        takes = ItemKind.OBJECTIVE in tracker.capabilities.comments_on
        try:
            made = tracker.comment(objective.at, "Mid-term review")
        except Rejected:
            assert not takes
            assert tracker.comments(objective.at) == ()
            assert tracker.comments_since([objective]).comments == {}
        else:
            assert takes
            found = tracker.comments(objective.at)
            assert [(each.id, self.plain(each.text)) for each in found] == [(made, "Mid-term review")]
            assert self.said(self._read(tracker, scope, objective), objective) == ["Mid-term review"]

    def test_a_persons_comment_says_who_and_when(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        id_ = people.comment(key_result.at, "okr: 3.1 @0.6 waiting\nfor the vendor")

        reading = self._read(tracker, scope, key_result)

        assert reading.complete
        (found,) = reading.comments[key_result.at.id]
        assert (found.id, self.plain(found.text)) == (str(id_), "okr: 3.1 @0.6 waiting\nfor the vendor")
        assert found.author
        assert found.account
        assert found.insider is not False, "those who work there are no outsiders"
        assert found.edited is None
        assert found.created.utcoffset() is not None
        assert tracker.comments(key_result.at) == (found,)

    def test_our_own_comment_comes_back_too(self, tracker: Tracker, scope: Scope, key_result: RemoteItem) -> None:
        before = self._read(tracker, scope, key_result)
        made = tracker.comment(key_result.at, "okr: 3.1 @0.6")

        after = self._read(tracker, scope, key_result, before.cursor)

        assert [each.id for each in after.comments[key_result.at.id]] == [made]

    def test_what_is_said_after_a_reading_comes_with_the_next(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        people.comment(key_result.at, "first")
        cursor = self._read(tracker, scope, key_result).cursor

        for text in ("second", "third"):
            people.comment(key_result.at, text)
            reading = self._read(tracker, scope, key_result, cursor)
            assert self.said(reading, key_result)[-1] == text
            cursor = reading.cursor

        assert self.said(self._read(tracker, scope, key_result), key_result) == ["first", "second", "third"]

    def test_an_edited_comment_comes_again(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        id_ = people.comment(key_result.at, "okr: 31")
        people.comment(key_result.at, "another")
        before = self._read(tracker, scope, key_result)

        people.edit_comment(key_result.at, id_, "okr: 3.1")

        after = self._read(tracker, scope, key_result, before.cursor)
        (edited,) = [each for each in after.comments[key_result.at.id] if each.id == str(id_)]
        assert self.plain(edited.text) == "okr: 3.1"
        assert edited.created == before.comments[key_result.at.id][0].created
        assert edited.edited is None or edited.edited > edited.created

    def test_a_deleted_comment_is_gone(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        id_ = people.comment(key_result.at, "said in anger")
        people.comment(key_result.at, "stays")
        cursor = self._read(tracker, scope, key_result).cursor

        people.delete_comment(key_result.at, id_)

        assert "said in anger" not in self.said(self._read(tracker, scope, key_result, cursor), key_result)
        assert self.said(self._read(tracker, scope, key_result), key_result) == ["stays"]

    def test_an_item_that_comes_later_brings_all_that_was_said_before(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        late = tracker.create(scope, self.draft(tracker, f"{slug}/late", parent=objective.at))
        people.comment(late.at, "before anybody listened")
        people.comment(key_result.at, "heard")
        cursor = self._read(tracker, scope, key_result).cursor

        both = [self.listed(tracker, scope, each) for each in (key_result, late)]
        reading = tracker.comments_since(both, cursor)

        assert self.said(reading, late) == ["before anybody listened"]

    def test_what_is_read_another_time_keeps_its_place(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        other = tracker.create(scope, self.draft(tracker, f"{slug}/other", parent=objective.at))
        both = [self.listed(tracker, scope, each) for each in (key_result, other)]
        cursor = tracker.comments_since(both).cursor
        people.comment(other.at, "heard in its turn")

        first = tracker.comments_since([self.listed(tracker, scope, key_result)], cursor, {other.at.id})
        second = tracker.comments_since([self.listed(tracker, scope, other)], first.cursor, {key_result.at.id})

        assert self.said(first, key_result) == []
        assert self.said(second, other) == ["heard in its turn"]

    def test_comments_are_told_apart_by_item_and_project(
        self, tracker: Tracker, scope: Scope, other_scope: Scope, people: People, slug: str, key_result: RemoteItem
    ) -> None:
        above = tracker.create(other_scope, self.draft(tracker, f"{slug}-there"))
        there = [
            tracker.create(other_scope, self.draft(tracker, f"{slug}-there/kr{number}", parent=above.at))
            for number in range(3)
        ]
        everything = [(scope, key_result), *((other_scope, each) for each in there)]
        for _, item in everything[:-1]:
            for number in range(3):
                people.comment(item.at, f"{item.at.key} {number}")

        reading = tracker.comments_since([self.listed(tracker, *each) for each in everything])

        for _, item in everything[:-1]:
            assert self.said(reading, item) == [f"{item.at.key} {number}" for number in range(3)]
        assert there[-1].at.id not in reading.comments

    def test_an_item_that_is_gone_hides_no_other(
        self, tracker: Tracker, scope: Scope, people: People, slug: str, objective: RemoteItem, key_result: RemoteItem
    ) -> None:
        gone = tracker.create(scope, self.draft(tracker, f"{slug}/gone", parent=objective.at))
        cursor = self._read(tracker, scope, key_result).cursor
        people.comment(key_result.at, "still here")
        both = [self.listed(tracker, scope, each) for each in (key_result, gone)]
        people.delete(gone.at)

        for since in (None, cursor):
            assert self.said(tracker.comments_since(both, since), key_result) == ["still here"]

    def test_what_is_said_while_somebody_reads_is_not_passed_over(
        self, tracker: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        seen = self.listed(tracker, scope, key_result)
        people.comment(key_result.at, "after the items were read")
        first = tracker.comments_since([seen])
        people.comment(key_result.at, "after the comments were read")

        second = self._read(tracker, scope, key_result, first.cursor)

        assert set(self.said(first, key_result)) | set(self.said(second, key_result)) == {
            "after the items were read",
            "after the comments were read",
        }

    def test_a_reading_of_comments_that_broke_off_is_repeated(
        self, tracker: Tracker, scope: Scope, people: People, faults: Faults, key_result: RemoteItem
    ) -> None:
        people.comment(key_result.at, "heard at last")
        seen = self.listed(tracker, scope, key_result)

        faults.drop_read()
        assert self.said(tracker.comments_since([seen]), key_result) == ["heard at last"]
        faults.refuse(times=2)
        assert self.said(tracker.comments_since([seen]), key_result) == ["heard at last"]

    def test_what_could_not_be_read_comes_the_next_time(
        self, tracker: Tracker, scope: Scope, people: People, faults: Faults, key_result: RemoteItem
    ) -> None:
        cursor = self._read(tracker, scope, key_result).cursor
        people.comment(key_result.at, "heard at last")
        seen = self.listed(tracker, scope, key_result)

        faults.refuse(times=tracker.context.policy.attempts)
        with pytest.raises(Transient):
            tracker.comments_since([seen], cursor)

        assert self.said(tracker.comments_since([seen], cursor), key_result) == ["heard at last"]

    def test_a_wrong_token_is_never_silence(
        self, tracker: Tracker, stranger: Tracker, scope: Scope, people: People, key_result: RemoteItem
    ) -> None:
        people.comment(key_result.at, "for our ears only")
        seen = self.listed(tracker, scope, key_result)

        with pytest.raises(AuthFailed):
            stranger.comments_since([seen])
        with pytest.raises(AuthFailed):
            stranger.comments(seen.at)

    def test_a_comment_in_doubt_is_settled_by_looking(
        self, tracker: Tracker, scope: Scope, people: People, faults: Faults, key_result: RemoteItem
    ) -> None:
        people.comment(key_result.at, "Confidence 0.6")
        faults.lose_answer()

        with pytest.raises(Transient) as caught:
            tracker.comment(key_result.at, "Confidence 0.7")

        assert caught.value.acted is None, "nobody knows whether the comment exists"
        assert self._texts(tracker.comments(key_result.at)) == ["Confidence 0.6", "Confidence 0.7"]
        assert self.said(self._read(tracker, scope, key_result), key_result) == ["Confidence 0.6", "Confidence 0.7"]

    def _read(self, tracker: Tracker, scope: Scope, item: RemoteItem, since: str | None = None) -> CommentReading:
        """The comments of an item as a reading of its project shows it now."""
        return tracker.comments_since([self.listed(tracker, scope, item)], since)

    def _texts(self, comments: Iterable[Comment]) -> list[str]:
        return [self.plain(each.text) for each in comments]

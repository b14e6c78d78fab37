"""Comments that okrsync writes, each once: check-ins that no tracker has yet, and answers to comments.

A comment is: attempt in the journal → one POST → its id in the cache. When the answer is lost, or a run was cut off in
between, the item's comments are looked through before it is sent again; each tells itself from all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.okr import Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_journal import CheckInJournal, Kept, key_of, signed
from okrsync.engine.check_in_listening import Heard
from okrsync.engine.outbox import Unsettled
from okrsync.engine.outcome import Cause, Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.plan.values import Action, Change, Placement, Remark
from okrsync.practice.check_in_comments import answered_in, render, signed_in
from okrsync.practice.score_comments import scored_in
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn, CommentAnswer
from okrsync.trackers.errors import TrackerError, Transient
from okrsync.trackers.interface import Tracker


def bring_back(cache: Cache, journal: CheckInJournal) -> None:
    """Put check-ins that only the journal knows into the cache: it was lost, or somebody else worked with it."""
    for key, check_in in journal.read().check_ins.items():
        known = cache.check_ins.find(check_in.ref, check_in.at, check_in.author)
        if known is None:
            cache.check_ins.add(check_in)
        elif known.sent:
            journal.over(key)


@dataclass(frozen=True)
class Talk:
    """What there is to be said on the items of a cycle."""

    okrs: Okrs
    place: Callable[[Objective], Placement | None]
    cache: Cache
    heard: Heard

    def remarks(self, keys: Mapping[Ref, ItemId | None], takes: Callable[[str, ItemKind], bool]) -> tuple[Remark, ...]:
        """The comments that are to be written, check-ins first, oldest first.

        `keys` are the items that there are, and those that there will be by then (None); `takes` tells whether a
        tracker takes comments on items of a kind.
        """
        return tuple(
            remark
            for remark in (*self._check_ins(), *self._answers())
            if remark.at in keys and takes(remark.change.tracker, _kind(remark.at))
            for remark in [replace(remark, change=_on(remark.change, keys[remark.at]))]
        )

    def _check_ins(self) -> Iterator[Remark]:
        heard = {key_of(each) for each in self.heard.check_ins}
        by_ref = {each.ref: (objective, each) for objective in self.okrs.objectives for each in objective.key_results}
        for check_in in self.cache.check_ins.unsent():
            if check_in.ref not in by_ref or key_of(check_in) in heard:
                continue
            objective, key_result = by_ref[check_in.ref]
            placement = self.place(objective)
            if placement is None:
                continue  # No tracker has anything of it; the journal keeps it.
            on_objective = not placement.key_results_as_items
            text = render(signed(check_in), key_result, placement.markup, named=on_objective)
            why = f"a check-in of {check_in.author} that the tracker does not have yet"
            yield Remark(
                _change(check_in.ref, placement, text, why),
                objective.ref if on_objective else check_in.ref,
                key_of(check_in),
            )

    def _answers(self) -> Iterator[Remark]:
        by_ref = self.okrs.by_ref
        answers = {
            **self.cache.comments.answers(),
            **{(each.tracker, each.comment_id): each for each in self.heard.answers},
        }
        for key, each in sorted(answers.items()):
            objective = by_ref.get(each.ref.parent)
            if each.given or key in self.heard.settled or objective is None:
                continue
            placement = self.place(objective)
            if placement is not None and placement.tracker == each.tracker:
                why = f"comment {each.comment_id} was meant as a check-in and is none"
                yield Remark(_change(each.ref, placement, each.text, why), each.ref, answer_key(*key))


def answer_key(tracker: str, comment_id: str) -> str:
    """What tells an answer from all other comments."""
    return f"answer {tracker} {comment_id}"


def _kind(ref: Ref) -> ItemKind:
    return ItemKind.KEY_RESULT if ref.is_key_result else ItemKind.OBJECTIVE


def _change(ref: Ref, placement: Placement, text: str, why: str) -> Change:
    return Change(Action.COMMENT, ref, placement.tracker, placement.project, None, None, None, text, why)


def _on(change: Change, at: ItemId | None) -> Change:
    return change if at is None else replace(change, project=at.project, key=at.key)


@dataclass
class Speaker:
    """Writes comments."""

    pool: TrackerPool
    cache: Cache
    journal: CheckInJournal
    done: list[Change] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def say(self, remarks: Iterable[Remark], places: Mapping[Ref, ItemId]) -> None:
        """Write each that can be written; one that fails never stops the others."""
        kept = self.journal.read()
        for remark in remarks:
            tracker, item = self.pool.get(remark.change.tracker), places.get(remark.at)
            if tracker is None or item is None:
                continue  # Why is reported already.
            try:
                remote_id = self._once(remark, tracker, item, kept)
            except Unsettled as unsettled:
                self._failed(remark, Cause.PENDING, str(unsettled))
            except TrackerError as error:
                self._failed(remark, cause_of(error), str(error))
                if isinstance(error, Transient) and error.acted is False:
                    self.pool.broke(remark.change.tracker, error)
            else:
                self._note(remark, remote_id)
                self.done.append(remark.change)
        self.journal.tidy()

    def _once(self, remark: Remark, tracker: Tracker, item: ItemId, kept: Kept) -> str:
        since = kept.attempts.get(remark.key)
        if since is not None or remark.key not in kept.known:
            if (found := _find(remark, tracker, item)) is not None:
                return found
            left = tracker.settle_after - self.journal.age(since) if since else 0.0
            if left > 0:
                raise Unsettled(
                    "an earlier run was cut off while writing it, and the tracker may still be at it: sync again in"
                    f" {left:.0f} s"
                )
        self.journal.attempt(remark.key)
        try:
            return tracker.comment(item, str(remark.change.after))
        except Transient as error:
            if error.acted is False:
                self.journal.unsent(remark.key)
                raise
            return self._after_lost_answer(remark, tracker, item, error)
        except TrackerError:
            self.journal.unsent(remark.key)
            raise

    def _after_lost_answer(self, remark: Remark, tracker: Tracker, item: ItemId, error: Transient) -> str:
        try:
            found = _find(remark, tracker, item)
        except TrackerError:
            found, wait = None, tracker.settle_after
        else:
            wait = tracker.settle_after
        if found is not None:
            return found
        raise Unsettled(
            f"{error}; whether the comment was written cannot be told yet, so it waits: sync again in {wait:.0f} s"
        ) from error

    def _note(self, remark: Remark, remote_id: str) -> None:
        if remark.key.startswith("answer "):
            _, tracker, comment_id = remark.key.split(" ", 2)
            self.cache.comments.put(
                CommentAnswer(tracker, comment_id, remark.change.ref, str(remark.change.after), given=True)
            )
        else:
            check_in = _of(remark, self.cache)
            if check_in is not None and check_in.id is not None:
                self.cache.check_ins.mark_sent(check_in.id, remote_id)
        self.journal.over(remark.key)

    def _failed(self, remark: Remark, cause: Cause, message: str) -> None:
        change = remark.change
        text = f"its comment could not be written, and waits for the next sync: {message}"
        self.failures.append(Failure(cause, text, tracker=change.tracker, project=change.project, ref=change.ref))


def _of(remark: Remark, cache: Cache) -> CheckIn | None:
    return next((each for each in cache.check_ins.unsent() if key_of(each) == remark.key), None)


def _find(remark: Remark, tracker: Tracker, item: ItemId) -> str | None:
    """The id of the comment, where it is there already. Raises TrackerError."""
    for comment in tracker.comments(item):
        if comment.insider is False:
            continue  # Somebody outside may write whatever they like.
        ours = signed_in(comment.text)
        if ours and f"{remark.change.ref.parent.child(ours.key_result)} {ours.signature}" == remark.key:
            return comment.id
        answered = answered_in(comment.text)
        if answered and answer_key(tracker.context.name, answered) == remark.key:
            return comment.id
        if scored_in(comment.text) == remark.key:
            return comment.id
    return None

"""Check-ins that people write as comments, and okrsync's own that come back: judged, and recorded.

A comment counts for its author. One that nobody can read, or that is not its author's to make, is answered once; one by
somebody outside changes nothing and is not answered, for strangers could make okrsync talk without end. A comment that
is edited changes its check-in; one that is deleted leaves it in the cache, for no tracker tells of deletions: to take a
check-in back, edit its line away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from okrsync.domain.items import Markup
from okrsync.domain.okr import KeyResult, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Failure
from okrsync.plan.values import Located, Placement
from okrsync.plan.wanted import own_field
from okrsync.practice.check_in_comments import Signed, answer, answered_in, refusal, signed_in
from okrsync.practice.check_in_rules import People, value_refusal
from okrsync.practice.check_ins import Line, Said, Unreadable, lines, parse
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn, CheckInOrigin, CommentAnswer
from okrsync.trackers.errors import TrackerError
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Comment

WAITS_FOR_AN_ANSWER = timedelta(days=28)
"""For how long after a comment somebody may still want to hear that it is no check-in."""
CLOCKS_DIFFER = timedelta(days=1)
"""How far the clock of whoever checked in may be ahead of the tracker's."""


@dataclass(frozen=True)
class Heard:
    """What comments say that was not known before."""

    check_ins: tuple[CheckIn, ...] = ()
    """New ones, and known ones in another wording."""
    withdrawn: tuple[tuple[Ref, str], ...] = ()
    """References and the comments that no longer say anything of them."""
    answers: tuple[CommentAnswer, ...] = ()
    """Answers that are due, and those that were found to be given."""
    settled: tuple[tuple[str, str], ...] = ()
    """Tracker and comment: mended before they were answered."""
    cursors: Mapping[str, str | None] = field(default_factory=dict)
    """Tracker → from where its next reading may go on."""
    notes: tuple[str, ...] = ()
    """What a person may want to know, and is told once."""
    failures: tuple[Failure, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether there is anything to write down but up to where comments were read."""
        return bool(self.check_ins or self.withdrawn or self.answers or self.settled)

    def record(self, cache: Cache) -> None:
        """Keep all of it, and up to where comments were read, in one transaction."""
        with cache.transaction():
            for ref, remote_id in self.withdrawn:
                cache.check_ins.withdraw(ref, remote_id)
            for check_in in self.check_ins:
                cache.check_ins.take(check_in)
            for each in self.answers:
                cache.comments.put(each)
            for tracker, comment_id in self.settled:
                cache.comments.settle(tracker, comment_id)
            for tracker, cursor in self.cursors.items():
                cache.comments.read_up_to(tracker, cursor)


class Ear:
    """Takes in one comment after the other. Nothing is written, neither to the cache nor to a tracker."""

    def __init__(
        self,
        okrs: Okrs,
        place: Callable[[Objective], Placement | None],
        cache: Cache,
        people: People,
        now: datetime,
    ) -> None:
        self.now = now
        self.by_ref = okrs.by_ref
        self.place = place
        self.cache = cache
        self.people = people
        self.known = cache.comments.answers()
        self.check_ins: dict[tuple[Ref, str], CheckIn] = {}
        self.withdrawn: list[tuple[Ref, str]] = []
        self.answers: dict[tuple[str, str], CommentAnswer] = {}
        self.settled: list[tuple[str, str]] = []
        self.cursors: dict[str, str | None] = {}
        self.notes: list[str] = []
        self.failures: list[Failure] = []
        self.logins: dict[str, str] = {}

    def heard(self) -> Heard:
        """All that the comments said."""
        given = {key for key, each in self.answers.items() if each.given}
        due = {key: each for key, each in self.answers.items() if each.given or key not in given}
        return Heard(
            tuple(self.check_ins.values()),
            tuple(self.withdrawn),
            tuple(due.values()),
            tuple(self.settled),
            self.cursors,
            tuple(self.notes),
            tuple(self.failures),
        )

    def listen(self, tracker: Tracker, ref: Ref, located: Located, comment: Comment) -> None:
        """Take in one comment."""
        objective = self.by_ref.get(ref.parent)
        if objective is None:
            return
        name, outside = tracker.context.name, self._is_outside(comment)
        answered = answered_in(comment.text)
        if answered is not None:
            if not outside:
                self._note_answer(CommentAnswer(name, answered, ref, "", given=True))
            return
        ours = None if outside else signed_in(comment.text)
        written = [] if ours else list(lines(comment.text))
        said: dict[Ref, CheckIn] = {}
        problem = ""
        if ours:
            said = self._back(ours, objective, comment)
        elif written and outside:
            self._pass_over(name, ref, located, comment)
        else:
            said, problem = self._understood(written, ref, objective, comment, located)
        if problem:
            self._answer(tracker, ref, located, comment, problem)
        elif (name, comment.id) in self.known and not self.known[name, comment.id].given:
            self.settled.append((name, comment.id))
        self._compare(objective, comment, said)

    def _answer(self, tracker: Tracker, ref: Ref, located: Located, comment: Comment, text: str) -> None:
        """Note that a comment is to be answered, unless it is our own, or so old that nobody waits for an answer."""
        key = (tracker.context.name, comment.id)
        where = comment.url or f"comment {comment.id}"
        if key in self.known and self.known[key].given:
            return
        if self._is_own(tracker, comment):
            self.notes.append(f"{located.item.at.key}: a comment of our own account is no check-in: {where}")
            self.answers[key] = CommentAnswer(*key, ref, "", given=True)
        elif self.now - (comment.edited or comment.created) > WAITS_FOR_AN_ANSWER:
            self.notes.append(f"{located.item.at.key}: an old comment looks like a check-in and is none: {where}")
            self.answers[key] = CommentAnswer(*key, ref, "", given=True)
        else:
            self._note_answer(CommentAnswer(*key, ref, text))

    def _is_outside(self, comment: Comment) -> bool:
        return comment.insider is False and self.people.by_account(comment.account, comment.author) is None

    def _is_own(self, tracker: Tracker, comment: Comment) -> bool:
        """Whether okrsync's own account wrote it. Who asks its tracker once does so only where an answer is due."""
        name = tracker.context.name
        if name not in self.logins:
            try:
                self.logins[name] = tracker.login().account
            except TrackerError:
                self.logins[name] = ""
        mine = self.logins[name].casefold()
        return bool(mine) and mine in {comment.account.casefold(), comment.author.casefold()}

    def _pass_over(self, tracker: str, ref: Ref, located: Located, comment: Comment) -> None:
        if (tracker, comment.id) in self.known:
            return
        who = comment.author or "somebody"
        self.notes.append(
            f"{located.item.at.key}: the check-in of {who} does not count, for they are outside the project"
            f" ({comment.url or f'comment {comment.id}'}); where they belong to it, name their account under [people]"
        )
        self.answers[tracker, comment.id] = CommentAnswer(tracker, comment.id, ref, "", given=True)

    def _note_answer(self, due: CommentAnswer) -> None:
        key = (due.tracker, due.comment_id)
        known = self.answers.get(key) or self.known.get(key)
        if known is None or (not known.given and known != due):
            self.answers[key] = due

    def _back(self, ours: Signed, objective: Objective, comment: Comment) -> dict[Ref, CheckIn]:
        """A check-in that okrsync itself wrote down there."""
        ref = objective.ref.child(ours.key_result)
        if ref not in {each.ref for each in objective.key_results}:
            return {}
        if ours.at > comment.created + CLOCKS_DIFFER:
            # It would count before every other until its time has come.
            self.notes.append(f"{objective.ref}: a check-in does not count, for its time lies ahead: {comment.url}")
            return {}
        return {ref: _check_in(ref, ours.said, ours, comment)}

    def _understood(
        self, written: Iterable[Line], ref: Ref, objective: Objective, comment: Comment, located: Located
    ) -> tuple[dict[Ref, CheckIn], str]:
        """What the lines of a comment say, and the answer to what of them does not count."""
        markup = self._markup(objective)
        found: dict[Ref, CheckIn] = {}
        answer_ = ""
        for line in written:
            key_result: KeyResult | None = None
            try:
                key_result, rest = _meant(line, ref, objective)
                if key_result is None:
                    continue  # It is prose that begins with the word.
                said = parse(rest, key_result)
                placement = self.place(objective)
                in_own_field = placement is not None and own_field(key_result, placement) is not None
                if why := value_refusal(said.value, key_result, in_own_field=in_own_field):
                    raise Unreadable(why)
            except Unreadable as error:
                example = key_result or _own(ref, objective) or next(iter(objective.key_results), None)
                answer_ = answer_ or answer(comment.id, str(error), example, markup)
                continue
            person = self.people.by_account(comment.account, comment.author)
            author = person.name if person else comment.author or comment.account or "somebody"
            if why := self.people.refusal(author, objective, key_result):
                hint = "; whoever is asked to may run `okrsync checkin` with `--on-behalf-of`"
                if person is None:
                    hint = f"; if {author} is one of them, name the account under [people] in okrsync.toml"
                answer_ = answer_ or refusal(comment.id, why + hint, markup)
                continue
            found[key_result.ref] = CheckIn(
                key_result.ref,
                comment.created,
                author,
                said.value,
                said.confidence,
                said.note,
                said.obstacles,
                said.help_needed,
                CheckInOrigin.COMMENT,
                sent=True,
                remote_id=comment.id,
            )
        return found, answer_

    def _markup(self, objective: Objective) -> Markup:
        placement = self.place(objective)
        return placement.markup if placement else Markup.MARKDOWN

    def _compare(self, objective: Objective, comment: Comment, said: Mapping[Ref, CheckIn]) -> None:
        """Keep what is not known yet, and what a comment said before it was edited."""
        known = {each.ref: each for each in self.cache.check_ins.in_comment(comment.id, objective.ref)}
        self.withdrawn += [(ref, comment.id) for ref in known if ref not in said]
        for ref, check_in in said.items():
            standing = known.get(ref)
            if standing is None or _content(standing) != _content(check_in):
                self.check_ins[ref, comment.id] = check_in


def _meant(line: Line, ref: Ref, objective: Objective) -> tuple[KeyResult | None, str]:
    """The key result that a line is about, and what it says; None where the line is mere prose.

    Raises:
        Unreadable: it names none, or one that there is not.
    """
    by_id = {each.ref.key_result: each for each in objective.key_results}
    line = line.named(by_id)
    if line.name in by_id:
        return by_id[line.name], line.rest
    known = ", ".join(by_id) or "none"
    if line.name:
        if not _looks_like_one(line.rest):
            return None, ""
        raise Unreadable(f"there is no key result called {line.name} here; there are: {known}")
    own = _own(ref, objective)
    if own is None:
        raise Unreadable(f"it does not say which key result it is about; there are: {known}")
    return own, line.rest


def _own(ref: Ref, objective: Objective) -> KeyResult | None:
    """The key result that an item is about; of an objective's item the only one that there is."""
    named = (each for each in objective.key_results if each.ref == ref)
    return next(named, objective.key_results[0] if len(objective.key_results) == 1 else None)


def _looks_like_one(rest: str) -> bool:
    return rest[:1].isdigit() or rest[:1] in {"@", "-", "+"}


def _check_in(ref: Ref, said: Said, ours: Signed, comment: Comment) -> CheckIn:
    return CheckIn(
        ref,
        ours.at,
        ours.author,
        said.value,
        said.confidence,
        said.note,
        said.obstacles,
        said.help_needed,
        CheckInOrigin.CLI,
        sent=True,
        remote_id=comment.id,
        entered_by=ours.entered_by,
    )


def _content(check_in: CheckIn) -> tuple[object, ...]:
    return (
        check_in.at,
        check_in.author,
        check_in.value,
        check_in.confidence,
        check_in.note,
        check_in.obstacles,
        check_in.help_needed,
        check_in.sent,
        check_in.entered_by,
    )

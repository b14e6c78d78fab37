"""The walk through the key results that are due: four short questions each, and a way back from every one.

Whatever was answered is on disk before the next question is asked: a whole check-in in the cache and its journal, one
that is not finished as a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from okrsync.cli.call import Call
from okrsync.cli.checkin_desk import CheckInDesk
from okrsync.cli.questions import asking
from okrsync.cli.working import Ended
from okrsync.domain.numbers import number_text
from okrsync.domain.okr import Kind
from okrsync.domain.ref import Ref
from okrsync.practice.check_in_rules import Due
from okrsync.practice.check_in_values import Unreadable, confidence_of, value_of
from okrsync.problems import Problems
from okrsync.reports import words
from okrsync.store.values import CheckIn

BACK = frozenset({"<", "u", "undo", "back"})
END = frozenset({"q", "quit", "exit"})
NOTHING = frozenset({"-", "none"})
"""What takes an obstacle or a wish for help away."""
STOPPED = 130
"""The exit code after Ctrl-C."""


class _Back(Exception):
    """One question back."""


class _End(Exception):
    """Enough for now."""


@dataclass(frozen=True)
class _Question:
    name: str
    text: str
    """What is asked, without the last answer."""
    last: str
    """What Enter keeps; empty for nothing."""
    check: Callable[[str], str]
    """The answer as it is kept. Raises Unreadable."""


@dataclass
class _Visit:
    """One key result on the walk."""

    due: Due
    said: dict[str, str] = field(default_factory=dict)
    """What was answered, by question; an answer that Enter gave is there too."""
    kept: CheckIn | None = None

    @property
    def ref(self) -> Ref:
        return self.due.key_result.ref


def walk(call: Call, desk: CheckInDesk, due: Sequence[Due], on_behalf_of: str | None = None) -> None:
    """Ask about each key result that is due, and keep what is answered.

    Raises:
        Ended: somebody pressed Ctrl-C; everything that was answered is kept.
    """
    drafts = desk.kept().drafts
    visits = [_Visit(each, dict(drafts.get(each.key_result.ref, {}))) for each in due]
    if not visits:
        call.screen.lines([f"nothing is due for {words.shown(desk.me)}"])
        return
    call.screen.lines(
        [
            f"{words.counted(len(visits), 'check-in is', 'check-ins are')} due for {words.shown(desk.me)}."
            " Enter keeps what is in [brackets]; < goes back, - takes a text away, q ends."
        ]
    )
    try:
        with asking() as ask:
            _Walk(call, desk, visits, on_behalf_of, ask).go()
    except (click.Abort, KeyboardInterrupt):
        for visit in visits:
            # It may have come between an answer and its draft.
            if visit.said and visit.kept is None:
                desk.draft(visit.ref, visit.said)
        raise Ended(f"\n{_stopped(visits)}", STOPPED) from None


def _stopped(visits: Sequence[_Visit]) -> str:
    kept = sum(each.kept is not None for each in visits)
    begun = [str(each.ref) for each in visits if each.said and each.kept is None]
    said = f"stopped; {words.counted(kept, 'check-in is', 'check-ins are')} kept and sent by the next `okrsync checkin`"
    said += " or `okrsync sync`"
    return f"{said}, and what you answered of {', '.join(begun)} waits for you" if begun else said


class _Walk:
    def __init__(
        self,
        call: Call,
        desk: CheckInDesk,
        visits: Sequence[_Visit],
        on_behalf_of: str | None,
        ask: Callable[[str], str],
    ) -> None:
        self.call = call
        self.ask = ask
        self.desk = desk
        self.visits = visits
        self.on_behalf_of = on_behalf_of

    def go(self) -> None:
        """From the first to the last, and back where somebody wants to."""
        index, asked = 0, 0
        while index < len(self.visits):
            try:
                self._visit(index, asked)
            except _End:
                return
            except _Back:
                if index == 0:
                    self.call.screen.lines(["  this is the first question"])
                    asked = 0
                    continue
                index, asked = index - 1, -1
                self._take_back(index)
                continue
            index, asked = index + 1, 0
            if index == len(self.visits) and not self._is_over():
                index, asked = index - 1, -1
                self._take_back(index)

    def _is_over(self) -> bool:
        """Whether nobody wants to go back from the end."""
        try:
            self._ask("Enter sends them, < goes back: ")
        except _Back:
            return False
        except _End:
            return True
        return True

    def _take_back(self, index: int) -> None:
        visit = self.visits[index]
        if visit.kept is not None:
            self.desk.undo(visit.kept)
            visit.kept = None
            self.desk.draft(visit.ref, visit.said)

    def _visit(self, index: int, asked: int) -> None:
        """Ask about one key result, from question `asked` on; -1 is the last."""
        visit = self.visits[index]
        questions = self._questions(visit)
        self.call.screen.lines(["", *self._heading(index)])
        number = asked % len(questions)
        while number < len(questions):
            question = questions[number]
            try:
                visit.said[question.name] = self._answer(question, visit.said.get(question.name))
            except _Back:
                if number == 0:
                    raise
                number -= 1
                continue
            self.desk.draft(visit.ref, visit.said)
            number += 1
        self._keep(visit)

    def _keep(self, visit: _Visit) -> None:
        said = {name: text for name, text in visit.said.items() if text}
        if not said:
            self.call.screen.lines(["  nothing said, nothing kept"])
            return
        due = visit.due
        try:
            made = self.desk.check_in(due.objective, due.key_result, said, self.on_behalf_of)
        except Problems as problems:
            self.call.voice.problems(problems.problems)
            return
        visit.kept = self.desk.keep(made)
        self.desk.draft(visit.ref, {})

    def _heading(self, index: int) -> list[str]:
        visit = self.visits[index]
        key_result, status = visit.due.key_result, self.desk.statuses.get(visit.ref)
        what = f"{words.shown(key_result.title)} ({words.target_text(key_result)})"
        lines = [f"{index + 1} of {len(self.visits)}  {visit.ref}  {what}"]
        last = self.desk.newest(visit.ref)
        if last is not None:
            when = words.age(last.at, self.desk.workspace.now())
            lines.append(f"  last check-in: {words.shown(last.author)}, {when} ago")
            lines += [f"  note: {words.shown(last.note)}"] if last.note else []
        if status is not None and not self.desk.gives_value(visit.due.objective, key_result):
            lines.append(
                f"  measured: {words.current(status)} ({words.shown(status.observed.source or 'no value yet')})"
            )
        if any(visit.said.values()) and visit.kept is None:
            lines.append("  what you answered before is in the brackets")
        return lines

    def _questions(self, visit: _Visit) -> list[_Question]:
        key_result = visit.due.key_result
        last = self.desk.newest(visit.ref)
        status = self.desk.statuses.get(visit.ref)
        questions: list[_Question] = []
        if self.desk.gives_value(visit.due.objective, key_result):
            value = status.observed.value if status else None
            if value is None and last is not None:
                value = last.value
            known = "" if value is None else number_text(value)
            if key_result.kind is Kind.DONE and value is not None:
                known = "yes" if value >= 1 else "no"
            unit = " (yes or no)" if key_result.kind is Kind.DONE else f" in {key_result.unit}" * bool(key_result.unit)

            def value_text(text: str) -> str:
                value_of(text, key_result)
                return text

            questions.append(_Question("value", f"value{unit}", known, value_text))

        def confidence_text(text: str) -> str:
            return number_text(confidence_of(text))

        sure = status.observed.confidence if status else None
        known = "" if sure is None else number_text(sure)
        if visit.ref.is_key_result:
            questions.append(_Question("confidence", "confidence, 0 to 1", known, confidence_text))
        questions.append(_Question("obstacles", "obstacles", last.obstacles if last else "", _text))
        questions.append(_Question("help_needed", "help needed", last.help_needed if last else "", _text))
        return questions

    def _answer(self, question: _Question, before: str | None) -> str:
        last = question.last if before is None else before
        while True:
            shown = f" [{words.shown(last)}]" if last else ""
            text = self._ask(f"  {question.text}{shown}: ")
            if not text:
                return last
            try:
                return question.check(text)
            except Unreadable as error:
                self.call.screen.lines([f"  {words.shown(str(error))}"])

    def _ask(self, prompt: str) -> str:
        text = self.ask(prompt)
        if text.casefold() in BACK:
            raise _Back
        if text.casefold() in END:
            raise _End
        return text


def _text(text: str) -> str:
    return "" if text.casefold() in NOTHING else text

"""Going through the scores with the team: each is proposed and perhaps moved, and the review's questions are asked."""

from __future__ import annotations

import signal
from math import isfinite
from typing import TYPE_CHECKING

import click

from okrsync.cli.recording import one_line, prose
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from okrsync.cli.scoring_session import Session
    from okrsync.domain.okr import Score
    from okrsync.practice.scoring import KeyResultScore, ObjectiveScore


def walk(session: Session) -> None:
    """Ask about every key result that is not scored yet, and every question that is not answered yet.

    Each answer is written into its document before the next question is asked.

    Raises:
        Ended: somebody stopped it.
    """
    _Walk(session).go()


class _Walk:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.answered = 0

    def go(self) -> None:
        from okrsync.domain.okr import Stage

        due = [each for each in self.session.scores if each.objective.stage is not Stage.CLOSED and self._is_due(each)]
        try:
            for score in due:
                self._objective(score)
        except (click.Abort, KeyboardInterrupt):
            raise Ended(f"stopped; {self._kept()}", 128 + signal.SIGINT) from None

    def _kept(self) -> str:
        from okrsync.reports.words import counted

        if not self.session.written and not self.answered:
            return "nothing was answered, and nothing was written"
        kept = f"{counted(self.session.written, 'score')} and {counted(self.answered, 'answer')}"
        return f"{kept} are written; run `okrsync score` again to go on"

    def _is_due(self, score: ObjectiveScore) -> bool:
        return bool(self._due_key_results(score) or self._questions(score))

    def _due_key_results(self, score: ObjectiveScore) -> list[KeyResultScore]:
        again = self.session.orders.again
        return [each for each in score.key_results if self.session.concerns(each.ref) and (again or not each.recorded)]

    def _questions(self, score: ObjectiveScore) -> list[str]:
        """Those of the review that are open; key results that were not missed need no reason for it."""
        from okrsync.practice.score_comments import QUESTIONS

        if self.session.only and score.objective.ref not in self.session.only:
            return []  # Somebody asked for key results alone.
        given = score.retrospective
        return [name for name in QUESTIONS if given is None or not getattr(given, name)]

    def _objective(self, score: ObjectiveScore) -> None:
        from okrsync.reports.words import shown

        self.session.call.screen.lines(["", f"{score.objective.ref}  {shown(score.objective.title)}"])
        for each in self._due_key_results(score):
            self._key_result(each)
        self._review(score)

    def _key_result(self, each: KeyResultScore) -> None:
        from okrsync.practice.score_comments import reached_text
        from okrsync.practice.scoring import score
        from okrsync.reports.score_views import reading
        from okrsync.reports.words import shown

        session = self.session
        final = each.current if each.current is not None else self._final(each)
        if final is None:
            return
        fresh = score(each.key_result, final, session.workspace.now().date())
        proposed = session.keeping_adjustment(fresh, each.recorded)
        said = f"{shown(each.key_result.title)}: {shown(reached_text(each.key_result, final))}"
        session.call.screen.lines([f"  {said}: {reading(proposed.value, session.bounds)}"])
        session.write(each, self._moved(proposed))

    def _final(self, each: KeyResultScore) -> float | None:
        from okrsync.reports.words import goal

        question = (
            f"  {each.ref.key_result}, {goal(each.key_result)}: no value is known. Final value (Enter: not scored)"
        )
        return self._number(question, lambda value: value)

    def _moved(self, proposed: Score) -> Score:
        from okrsync.practice.scoring import NotScored, adjusted

        most = self.session.bounds.adjustment
        if not most:
            return proposed
        question = f"  move it by judgement, -{most:g} to +{most:g} (Enter keeps it)"

        def try_it(number: float) -> float:
            self.session.adjusted(proposed, number, "a reason to come", adjusted)
            return number

        number = self._number(question, try_it)
        if not number:
            return proposed
        while True:
            try:
                reason = one_line(str(click.prompt("  because", err=True)), "because")
                return self.session.adjusted(proposed, number, reason, adjusted)
            except (NotScored, click.BadParameter) as refused:
                self.session.call.voice.fail(f"  {refused}")

    def _number(self, question: str, read: Callable[[float], float]) -> float | None:
        """Ask until the answer is a number that `read` takes; None for nothing."""
        from okrsync.practice.scoring import NotScored

        while True:
            given = str(click.prompt(question, default="", show_default=False, err=True)).strip().replace("−", "-")
            if not given:
                return None
            try:
                number = float(given)
                if not isfinite(number):
                    raise ValueError
                return read(number)
            except ValueError:
                self.session.call.voice.fail(f"  {given!r} is no number")
            except NotScored as refused:
                self.session.call.voice.fail(f"  {refused}")

    def _review(self, score: ObjectiveScore) -> None:
        from dataclasses import replace

        from okrsync.domain.okr import Retrospective
        from okrsync.practice.score_comments import QUESTIONS

        objective = score.objective
        for name in self._questions(score):
            if name == "missed" and not self._missed(score):
                continue
            while True:
                given = str(
                    click.prompt(f"  {QUESTIONS[name]} (Enter: no answer)", default="", show_default=False, err=True)
                )
                try:
                    text = prose(given.strip(), name)
                    break
                except click.BadParameter as refused:
                    self.session.call.voice.fail(f"  {refused}")
            if text:
                self.session.write_answers(objective, {name: text})
                before = objective.retrospective or Retrospective()
                objective = replace(objective, retrospective=replace(before, **{name: text}))
                self.answered += 1

    def _missed(self, score: ObjectiveScore) -> bool:
        """Whether a key result fell short of what is good."""
        found = (self.session.changed.get(each.ref, each.recorded) for each in score.key_results)
        return any(each is not None and each.value < self.session.bounds.short for each in found)

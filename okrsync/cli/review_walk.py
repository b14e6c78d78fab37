"""Going through what drifts with the people in the meeting: keep, another target, or a trade-off."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.recording import Recorder
from okrsync.cli.targets import new_change, tell_target, write_target
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.domain.okr import KeyResult, Objective
    from okrsync.domain.ref import Ref
    from okrsync.domain.status import Status
    from okrsync.practice.review import Review
    from okrsync.reports.plan_views import Line

_CHOICES = {"k": "keep", "a": "adjust the target", "t": "trade off", "q": "quit"}


def walk(call: Call, workspace: Workspace, review: Review, by: str) -> Mapping[Ref, str]:
    """Ask what to do about each key result that drifts; what was decided of each, in words. `by` is who writes it down.

    A target is written into its document as soon as its reason is given.

    Raises:
        Ended: somebody stopped it; what was decided before is written.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("--interactive asks somebody at a terminal: nobody is there")
    return _Walk(call, workspace, review, by).go()


class _Walk:
    def __init__(self, call: Call, workspace: Workspace, review: Review, by: str) -> None:
        self.call = call
        self.by = by
        self.review = review
        self.recorder = Recorder(workspace)
        self.decided: dict[Ref, str] = {}
        self.changed = 0
        self.asked_for: dict[Ref, KeyResult] = {}
        """Key results as their documents have them by now."""

    @property
    def status(self) -> Status:
        return self.review.status

    def go(self) -> Mapping[Ref, str]:
        from okrsync.reports.review_views import key_result_lines

        if not self.review.drifting:
            self.call.screen.lines(["nothing drifts: there is nothing to decide"])
        offers = {each.ref: each for each in self.review.trade_offs}
        try:
            for number, each in enumerate(self.review.drifting, 1):
                self._show(key_result_lines(each, offers.get(each.ref), f"{number} of {len(self.review.drifting)}: "))
                answer = self._choose()
                if answer == "q":
                    break
                others = offers[each.ref].others if each.ref in offers else ()
                self.decided[each.ref] = self._decide(answer, each.ref, others)
        except (click.Abort, KeyboardInterrupt):
            raise Ended(f"stopped; {self._kept()}", 128 + signal.SIGINT) from None
        self.call.voice.note(self._kept())
        return self.decided

    def _show(self, lines: Iterable[Line]) -> None:
        from okrsync.reports.plan_views import lines_picture, lines_text

        every = list(lines)
        self.call.screen.show(
            as_json=False,
            data=dict,
            text=lambda: lines_text(every),
            picture=lambda _width: lines_picture(every),
        )

    def _kept(self) -> str:
        if not self.changed:
            return "no target was changed"
        targets = "1 target was" if self.changed == 1 else f"{self.changed} targets were"
        return f"{targets} changed, and written: `okrsync sync` brings them to the tracker"

    def _choose(self) -> str:
        question = ", ".join(f"[{key}] {meaning}" for key, meaning in _CHOICES.items())
        while True:
            answer = str(click.prompt(question, default="k", show_default=False, err=True)).strip().casefold()[:1]
            if answer in _CHOICES:
                return answer
            self.call.voice.fail("answer with k, a, t or q")

    def _decide(self, answer: str, ref: Ref, others: tuple[Ref, ...]) -> str:
        if answer == "a":
            return self._another_target(ref) or "keep"
        if answer == "t":
            told = [said for each in (*others, ref) if (said := self._another_target(each))]
            return f"trade off{': ' if told else ''}{'; '.join(told)}"
        return "keep"

    def _another_target(self, ref: Ref) -> str:
        """Ask for another target and its reason until they are in order, and write them; nothing where it stays."""
        from okrsync.reports.words import goal

        objective, key_result = self._of(ref)
        while True:
            asked = f"new target of {ref.local}, {goal(key_result)} now (Enter keeps it)"
            given = str(click.prompt(asked, default="", show_default=False, err=True)).strip()
            if not given:
                return ""
            try:
                target = float(given)
                # What is wrong with the target is told before anybody thinks of a reason for it.
                new_change(objective, key_result, target, "a reason to come", self.status, self.by)
                reason = str(click.prompt("because", err=True))
                change = new_change(objective, key_result, target, reason, self.status, self.by)
            except ValueError:
                self.call.voice.fail(f"{given!r} is no number")
            except (Ended, click.BadParameter) as refused:
                self.call.voice.fail(str(refused))
            else:
                break
        write_target(self.recorder, key_result, change)
        self.changed += 1
        changes = (*key_result.target_changes, change)
        self.asked_for[ref] = replace(key_result, target=change.after, target_changes=changes)
        tell_target(self.call, key_result, change, told=False)
        return f"the target of {ref.local} is {change.after:g} instead of {change.before:g}: {change.reason}"

    def _of(self, ref: Ref) -> tuple[Objective, KeyResult]:
        objective, key_result = next(
            (objective.objective, each.key_result)
            for objective in self.status.objectives
            for each in objective.key_results
            if each.key_result.ref == ref
        )
        return objective, self.asked_for.get(ref, key_result)

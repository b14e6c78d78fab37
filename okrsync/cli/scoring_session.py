"""One call of `okrsync score`: what it was told, what it writes, and what it tells the trackers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT
from okrsync.cli.identity import who_am_i
from okrsync.cli.past import remembered
from okrsync.cli.recording import Recorder, one_line, prose
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.domain.cycle import Cycle
    from okrsync.domain.okr import Objective, Score
    from okrsync.domain.ref import Ref
    from okrsync.engine.telling_scores import Told
    from okrsync.practice.calibration import Told as Calibrations
    from okrsync.practice.scoring import Bounds, KeyResultScore, ObjectiveScore


@dataclass(frozen=True)
class Orders:
    """What somebody said on the command line."""

    finals: Mapping[Ref, float] = field(default_factory=dict)
    adjustments: Mapping[Ref, float] = field(default_factory=dict)
    reason: str = ""
    name: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    """The answers of the review, by the keys of `retrospective`."""
    again: bool = False

    @property
    def any(self) -> bool:
        """Whether somebody said what to write."""
        return bool(self.finals or self.adjustments or self.answers)


class Session:
    """The scores of a cycle in one call."""

    def __init__(self, call: Call, workspace: Workspace, only: frozenset[Ref], orders: Orders) -> None:
        self.call = call
        self.workspace = workspace
        self.only = only
        self.orders = orders
        self.cycle: Cycle = workspace.cycle
        self.written = 0
        """How many scores were written."""
        self.files: set[str] = set()
        self.changed: dict[Ref, Score] = {}
        """What key results score by now, beside what the documents said when they were read."""
        self._recorder: Recorder | None = None
        self.every = self._read()

    def _read(self) -> tuple[ObjectiveScore, ...]:
        from okrsync.practice.scoring import scores

        standing = self.workspace.status()
        current = {
            each.key_result.ref: each.observed.value
            for objective in standing.objectives
            for each in objective.key_results
        }
        return scores((each.objective for each in standing.objectives), current)

    @property
    def scores(self) -> tuple[ObjectiveScore, ...]:
        """Those that were asked for, in the order of the documents."""
        refs = {each.parent for each in self.only}
        return tuple(each for each in self.every if not refs or each.objective.ref in refs)

    @property
    def bounds(self) -> Bounds:
        """How scores are read and adjusted, by the settings."""
        from okrsync.practice.scoring import Bounds

        return Bounds(**self.workspace.settings.scoring.model_dump())

    @property
    def bounds_json(self) -> dict[str, float]:
        """The bounds for `--json`."""
        return asdict(self.bounds)

    @property
    def is_over(self) -> bool:
        """Whether the cycle is over, or its last day has come."""
        return self.workspace.now().date() >= self.cycle.end

    @property
    def early_note(self) -> str:
        """Why nothing is written yet."""
        return f"{self.cycle.name} ends on {self.cycle.end}; --early scores before that"

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return sys.stdin.isatty() and self.call.screen.is_terminal

    @property
    def unscored(self) -> list[str]:
        """Why key results that were asked for have no score."""
        return [
            f"{each.ref}: no value is known, and unknown is not 0: give it with --final {each.ref.local}=N"
            for score in self.scores
            for each in score.key_results
            if each.recorded is None and self.concerns(each.ref) and each.value is None
        ]

    def concerns(self, ref: Ref) -> bool:
        """Whether this call is about a key result."""
        return not self.only or ref in self.only or ref.parent in self.only

    def take_orders(self, *, write: bool) -> None:
        """Do what was said on the command line, or only see that it can be done.

        Raises:
            Ended: it is refused; nothing was written.
        """
        from okrsync.practice.scoring import NotScored

        found: list[tuple[KeyResultScore, Score]] = []
        try:
            for ref in dict.fromkeys((*self.orders.finals, *self.orders.adjustments)):
                objective, each = self._find(ref)
                self._check_open(objective)
                found.append((each, self._ordered(each)))
        except NotScored as refused:
            raise Ended(f"{refused}; nothing was written", BAD_INPUT) from refused
        answered = self._answered()
        if write:
            for each, score in found:
                self.write(each, score)
            if answered is not None:
                self.write_answers(answered, self.orders.answers)

    def _ordered(self, each: KeyResultScore) -> Score:
        from okrsync.practice.scoring import NotScored, adjusted, score

        before = each.recorded
        if each.ref in self.orders.finals or before is None or self.orders.again:
            fresh = score(each.key_result, self.orders.finals.get(each.ref, each.current), self._today)
            before = self.keeping_adjustment(fresh, before)
        if each.ref not in self.orders.adjustments:
            return before
        try:
            reason = one_line(self.orders.reason, "--reason")
            return self.adjusted(before, self.orders.adjustments[each.ref], reason, adjusted)
        except NotScored as refused:
            raise NotScored(f"{each.ref}: {refused}") from refused

    def adjusted(self, before: Score, adjustment: float, reason: str, rule: Any) -> Score:
        """A score with an adjustment, in the name of who is at the keyboard. Raises NotScored."""
        settings = self.workspace.settings
        among = settings.reviewers if settings.require_review else ()
        adjusted: Score = rule(before, adjustment, reason, self.name, self.bounds, among=among)
        return adjusted

    def keeping_adjustment(self, fresh: Score, before: Score | None) -> Score:
        """A score that is computed anew, with the adjustment that the team made before."""
        from dataclasses import replace

        if before is None or not before.adjustment:
            return fresh
        return replace(fresh, adjustment=before.adjustment, reason=before.reason, by=before.by)

    @property
    def name(self) -> str:
        """Who is at the keyboard."""
        return one_line(who_am_i(self.workspace, self.orders.name), "--as")

    @property
    def _today(self) -> Any:
        return self.workspace.now().date()

    def _find(self, ref: Ref) -> tuple[ObjectiveScore, KeyResultScore]:
        for score in self.every:
            for each in score.key_results:
                if each.ref == ref:
                    return score, each
        raise Ended(f"{ref.parent} was not committed to in {self.cycle.name}, so it is not scored", BAD_INPUT)

    def _check_open(self, score: ObjectiveScore) -> None:
        from okrsync.domain.okr import Stage

        if score.objective.stage is Stage.CLOSED:
            raise Ended(f"{score.objective.ref} is closed: its scores stay as they are", BAD_INPUT)

    def _answered(self) -> Objective | None:
        """The objective that the answers on the command line are about."""
        if not self.orders.answers:
            return None
        refs = {each.parent for each in self.only} or {each.objective.ref for each in self.every}
        if len(refs) != 1:
            raise click.UsageError("answers are about one objective: name it as REF, cycle/objective")
        found = next((each for each in self.every if each.objective.ref in refs), None)
        if found is None:
            raise Ended(f"{next(iter(refs))} was not committed to, so it is not scored", BAD_INPUT)
        self._check_open(found)
        for name, text in self.orders.answers.items():
            prose(text, f"--{name.replace('_', '-')}")
        return found.objective

    def write(self, each: KeyResultScore, score: Score) -> None:
        """Write a score into its document at once; one that says the same as before is left as it is."""
        from okrsync.practice.scoring import same_score

        if same_score(score, self.changed.get(each.ref, each.recorded)):
            return
        values = {
            "final": score.final,
            "computed": score.computed,
            "adjustment": score.adjustment or None,
            "reason": score.reason or None,
            "by": score.by,
            "on": score.on,
        }
        self.recorder.write(each.ref, each.key_result.source, {"score": values})
        self.changed[each.ref] = score
        self.written += 1
        self.files.add(each.key_result.source.file)

    def write_answers(self, objective: Objective, given: Mapping[str, str]) -> None:
        """Write answers of the review into a document at once, beside those that there are; no text, no change."""
        before = asdict(objective.retrospective) if objective.retrospective else {}
        after = {**before, **{name: prose(text, name) for name, text in given.items() if text.strip()}}
        if after != before:
            values = {name: text for name, text in after.items() if text}
            self.recorder.write(objective.ref, objective.source, {"retrospective": values})
            self.files.add(objective.source.file)

    @property
    def recorder(self) -> Recorder:
        """What writes into the documents."""
        if self._recorder is None:
            self._recorder = Recorder(self.workspace)
        return self._recorder

    def write_proposals(self) -> None:
        """Take every score as it is proposed, where there is none yet, or where all is to be scored again."""
        from okrsync.domain.okr import Stage
        from okrsync.practice.scoring import score

        for objective in self.scores:
            if objective.objective.stage is Stage.CLOSED:
                continue
            for each in objective.key_results:
                is_due = each.recorded is None or self.orders.again
                if is_due and self.concerns(each.ref) and each.ref not in self.changed and each.proposed is not None:
                    fresh = score(each.key_result, each.current, self._today)
                    self.write(each, self.keeping_adjustment(fresh, each.recorded))

    def read_again(self) -> None:
        """See what the documents say by now."""
        self.workspace.read_again()
        self.workspace.cycle = self.cycle
        self._recorder = None
        self.every = self._read()

    def tell(self, *, dry_run: bool) -> Told | None:
        """Tell the trackers of every objective that is scored; None where there is none to tell of."""
        from okrsync.cli.working import with_engine
        from okrsync.engine.telling_scores import tell

        due = [each for each in self.scores if each.is_recorded]
        if not due or not self.workspace.settings.trackers:
            return None
        return with_engine(
            self.call,
            self.workspace,
            lambda engine: tell(engine, due, self.bounds, dry_run=dry_run),
            alone=not dry_run,
        )

    def calibration(self) -> Calibrations:
        """How the confidence that was stated agrees with the outcome."""
        from okrsync.practice.calibration import calibrate
        from okrsync.reports.review_facts import confidences

        with remembered(self.workspace) as cache:
            stated = list(confidences(cache, (each.objective for each in self.every), self.cycle))
        return calibrate(stated, self.cycle.start)

"""How objectives move on: from a draft to a proposal, committed after review, closed at the end of the cycle.

Where review is required, an objective is committed once a reviewer who is not its owner agreed to it, and only then it
goes to a tracker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from okrsync.domain.linting import Review
from okrsync.domain.okr import Objective, Stage
from okrsync.domain.ref import Ref
from okrsync.problems import listed

_ORDER = tuple(Stage)


class StageRefused(Exception):
    """An objective stays where it is; the text says why, and who or what would move it."""


@dataclass(frozen=True)
class StageMove:
    """An objective's way from one stage to another."""

    ref: Ref
    before: Stage
    after: Stage
    reviewed_before: tuple[str, ...]
    reviewed_after: tuple[str, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether the objective is there already, and nobody else agreed to it."""
        return self.before is self.after and self.reviewed_before == self.reviewed_after


def reviewers_of(objective: Objective, review: Review) -> tuple[str, ...]:
    """Those who agreed to an objective and whose word counts: reviewers, if somebody named any, but never its owner."""
    return tuple(each for each in objective.reviewed_by if _counts(each, objective, review))


def may_review(objective: Objective, review: Review) -> tuple[str, ...]:
    """The reviewers who may review an objective; empty where nobody named reviewers, and anybody but its owner may."""
    return tuple(each for each in review.reviewers if not _same(each, objective.owner))


def is_pushed(objective: Objective, review: Review) -> bool:
    """Whether a tracker hears of an objective: where review is required, once it is committed and reviewed.

    What was pushed and is closed by now is closed there too.
    """
    if not review.required or objective.stage is Stage.CLOSED:
        return True
    return objective.stage is Stage.COMMITTED and bool(reviewers_of(objective, review))


def waiting_for_review(objectives: Iterable[Objective], review: Review) -> tuple[Objective, ...]:
    """The proposals, and what says that it is committed, of which no tracker hears for lack of a review."""
    stages = {Stage.PROPOSED, Stage.COMMITTED}
    return tuple(each for each in objectives if each.stage in stages and not is_pushed(each, review))


def moved(
    objective: Objective,
    to: Stage,
    review: Review,
    *,
    by: str,
    reviewed_by: Collection[str] = (),
    back: bool = False,
) -> StageMove:
    """The move of an objective to another stage.

    Args:
        by: who moves it; a reviewer who commits an objective of somebody else's has reviewed it.
        reviewed_by: who else agreed to it.
        back: whether it may move back. What moves back from being committed is reviewed anew.

    Raises:
        StageRefused: it would move back, lacks a reviewer, or somebody is named who may not review it.
    """
    before = objective.stage
    if _ORDER.index(to) < _ORDER.index(before):
        if not back:
            raise StageRefused(
                f"{objective.ref} is {before}, and {to} comes before that: an objective moves on, not back; say --back"
                " if it has to"
            )
        agreed = objective.reviewed_by if to is Stage.COMMITTED else ()
        return StageMove(objective.ref, before, to, objective.reviewed_by, agreed)
    for name in reviewed_by:
        _refuse_as_reviewer(name, objective, review)
    agreed = _once((*objective.reviewed_by, *reviewed_by))
    if to is Stage.COMMITTED:
        if review.reviewers and _counts(by, objective, review):
            agreed = _once((*agreed, _as_named(by, review)))
        if review.required and not any(_counts(each, objective, review) for each in agreed):
            raise StageRefused(_lacks_review(objective, review, by))
    return StageMove(objective.ref, before, to, objective.reviewed_by, agreed)


@dataclass(frozen=True)
class Closing:
    """What closing a cycle comes to."""

    objectives: tuple[Objective, ...]
    """Those that are closed: they were committed to."""
    closed_before: tuple[Objective, ...]
    left: tuple[Objective, ...]
    """Drafts and proposals: nobody committed to them."""
    unscored: tuple[Ref, ...]
    """Key results that have no score yet; while there are any, nothing is closed."""


def closing(objectives: Iterable[Objective]) -> Closing:
    """What closing the cycle of these objectives comes to."""
    every = tuple(objectives)
    committed = tuple(each for each in every if each.stage is Stage.COMMITTED)
    return Closing(
        objectives=committed,
        closed_before=tuple(each for each in every if each.stage is Stage.CLOSED),
        left=tuple(each for each in every if each.stage not in {Stage.COMMITTED, Stage.CLOSED}),
        unscored=tuple(result.ref for each in committed for result in each.key_results if result.score is None),
    )


def _refuse_as_reviewer(name: str, objective: Objective, review: Review) -> None:
    if _same(name, objective.owner):
        raise StageRefused(
            f"{objective.ref} belongs to {objective.owner}, and nobody reviews their own: {_who_may(objective, review)}"
        )
    if not _counts(name, objective, review):
        raise StageRefused(f"{name} is not a reviewer: {_who_may(objective, review)}")


def _lacks_review(objective: Objective, review: Review, by: str) -> str:
    own = _same(by, objective.owner)
    why = f"it belongs to {by}, and nobody reviews their own" if own else f"{by} is not a reviewer"
    return (
        f"{objective.ref} is committed after a review only (require_review), and {why}: {_who_may(objective, review)}"
    )


def _who_may(objective: Objective, review: Review) -> str:
    names = may_review(objective, review)
    if names:
        return f"{listed(names)} may review it"
    if review.reviewers:
        return "of the reviewers in the settings nobody else is left: name another one there"
    return "anybody else may review it"


def _counts(name: str, objective: Objective, review: Review) -> bool:
    if not name.strip() or _same(name, objective.owner):
        return False
    return not review.reviewers or any(_same(name, each) for each in review.reviewers)


def _as_named(name: str, review: Review) -> str:
    return next((each for each in review.reviewers if _same(name, each)), name)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple({each.casefold(): each for each in reversed(tuple(names))}.values())[::-1]


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.strip().casefold() == other.strip().casefold()

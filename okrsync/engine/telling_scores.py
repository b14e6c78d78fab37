"""Telling the trackers what was scored: a comment on each objective, or on its key results, and each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.okr import Objective
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_sending import Speaker
from okrsync.engine.engine import Engine
from okrsync.engine.outcome import ExitCode, Failure, exit_code
from okrsync.engine.pool import cause_of
from okrsync.plan.values import Action, Change, Placement, Remark
from okrsync.practice.score_comments import (
    key_of_key_result,
    key_of_objective,
    on_key_result,
    on_objective,
    scored_in,
)
from okrsync.practice.scoring import Bounds, ObjectiveScore
from okrsync.trackers.errors import TrackerError


@dataclass(frozen=True)
class Silence:
    """What is not told in a tracker, and why."""

    ref: Ref
    why: str


@dataclass(frozen=True)
class Told:
    """What came of telling."""

    comments: tuple[Change, ...] = ()
    """The comments that were written, or would be."""
    left_out: tuple[Silence, ...] = ()
    failures: tuple[Failure, ...] = ()
    requests: int = 0
    exit_code: ExitCode = ExitCode.DONE


def tell(engine: Engine, scores: Sequence[ObjectiveScore], bounds: Bounds, *, dry_run: bool = False) -> Told:
    """Write the comments of these scores that no item has yet; with `dry_run` only find out which those are.

    An objective without an item, or not all of whose key results are scored, is not told of.
    """
    inputs = engine.inputs
    places = {ref: link.at for ref, link in inputs.cache.links.live().items()}
    due, left_out = due_remarks(scores, bounds, inputs.atlas.placement, places, inputs.atlas.takes_comments)
    failures: list[Failure] = []
    missing = [each for each in due if _is_missing(engine, each, places[each.at], failures)]
    pool = inputs.pool
    if dry_run:
        every = tuple(dict.fromkeys((*pool.failures, *failures)))
        code = exit_code(every, held=False, trackers=pool.used, reached=pool.reached)
        return Told(tuple(each.change for each in missing), left_out, every, inputs.requests(), code)
    run = inputs.cache.runs.begin("score")
    speaker = Speaker(pool, inputs.cache, engine.conversation.journal)
    if missing:
        speaker.say(missing, places)
    every = tuple(dict.fromkeys((*pool.failures, *failures, *speaker.failures)))
    code = exit_code(every, held=False, trackers=pool.used, reached=pool.reached)
    inputs.cache.runs.finish(
        run,
        exit_code=int(code),
        requests=inputs.requests(),
        changes_made=len(speaker.done),
        held=0,
        problems=[str(each) for each in every],
    )
    return Told(tuple(speaker.done), left_out, every, inputs.requests(), code)


def _is_missing(engine: Engine, remark: Remark, item: ItemId, failures: list[Failure]) -> bool:
    """Whether an item does not have the comment yet; False where nobody can tell."""
    name, pool = remark.change.tracker, engine.inputs.pool
    tracker = pool.get(name)
    if tracker is None:
        return False
    try:
        found = any(scored_in(each.text) == remark.key for each in tracker.comments(item))
    except TrackerError as error:
        why = f"its score could not be told: {error}; run `okrsync score` again"
        failures.append(Failure(cause_of(error), why, tracker=name, project=item.project, ref=remark.change.ref))
        return False
    pool.answered(name)
    return not found


def due_remarks(
    scores: Iterable[ObjectiveScore],
    bounds: Bounds,
    place: Callable[[Objective], Placement | None],
    places: Mapping[Ref, ItemId],
    takes: Callable[[str, ItemKind], bool],
) -> tuple[list[Remark], tuple[Silence, ...]]:
    """Every comment that tells of the scores, whether an item has it or not, and what is told nowhere."""
    due: list[Remark] = []
    left_out: list[Silence] = []
    for score in scores:
        ref = score.objective.ref
        placement = place(score.objective)
        if not score.is_recorded or placement is None:
            continue
        if takes(placement.tracker, ItemKind.OBJECTIVE):
            if ref not in places:
                left_out.append(Silence(ref, "it has no item in the tracker"))
            else:
                text = on_objective(score, bounds, placement.markup)
                due.append(_remark(ref, placement, places[ref], text, key_of_objective(score)))
        elif placement.key_results_as_items and takes(placement.tracker, ItemKind.KEY_RESULT):
            remarks = list(_on_key_results(score, bounds, placement, places))
            due += remarks
            if not remarks:
                left_out.append(Silence(ref, "none of its key results has an item in the tracker"))
            elif score.retrospective is not None:
                why = "its item takes no comments: the answers of the review stay in the document and in reports"
                left_out.append(Silence(ref, why))
        else:
            left_out.append(Silence(ref, "its items take no comments"))
    return due, tuple(left_out)


def _on_key_results(
    score: ObjectiveScore, bounds: Bounds, placement: Placement, places: Mapping[Ref, ItemId]
) -> Iterator[Remark]:
    for each in score.key_results:
        if each.ref in places:
            text = on_key_result(each, score, bounds, placement.markup)
            yield _remark(each.ref, placement, places[each.ref], text, key_of_key_result(each))


def _remark(ref: Ref, placement: Placement, item: ItemId, text: str, key: str) -> Remark:
    change = Change(
        Action.COMMENT, ref, placement.tracker, item.project, item.key, None, None, text, "it is scored: tell it once"
    )
    return Remark(change, ref, key)

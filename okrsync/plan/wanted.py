"""From documents to the items that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from okrsync.domain.alignment import parents_first
from okrsync.domain.cycle import Cycle
from okrsync.domain.items import FieldValue, ItemKind
from okrsync.domain.linting import Review
from okrsync.domain.numbers import number_text, quantity_text
from okrsync.domain.okr import KeyResult, Kind, Objective, Stage
from okrsync.domain.progress import progress
from okrsync.domain.ref import Ref
from okrsync.plan.block import Block
from okrsync.plan.merge import CheckedIn
from okrsync.plan.values import ManualValue, Placement, Role, Wanted
from okrsync.practice.stages import is_pushed

PROGRESS_DIGITS = 4
"""Decimal places of a progress that is written to a tracker's field."""
NO_REVIEW = Review()
"""What is asked of an objective where the settings ask for no review."""


@dataclass(frozen=True)
class Known:
    """What is known of a key result when a plan is made."""

    current: float | None = None
    confidence: float | None = None
    checked_in: CheckedIn | None = None
    """The newest check-in that names a value, for a key result that is measured by hand."""


def wanted_items(
    objectives: Iterable[Objective],
    place: Callable[[Objective], Placement | None],
    known: Mapping[Ref, Known],
    cycle: Cycle | None = None,
    review: Review = NO_REVIEW,
) -> tuple[Wanted, ...]:
    """The items that the objectives of a cycle ask for: what is aligned to first, each before its key results.

    `place` gives an objective's placement; None leaves it to the documents and check-ins alone. An objective that
    lacks the `review` that is required asks for nothing: an item that it has already is left as it is.
    """
    return tuple(
        item
        for objective in parents_first(objectives)
        if is_pushed(objective, review) and (placement := place(objective)) is not None
        for item in _items(objective, placement, known, cycle)
    )


def _items(
    objective: Objective, placement: Placement, known: Mapping[Ref, Known], cycle: Cycle | None
) -> Iterator[Wanted]:
    publish = placement.publish_progress
    may_create = objective.stage not in {Stage.DRAFT, Stage.CLOSED}
    yield Wanted(
        ref=objective.ref,
        kind=ItemKind.OBJECTIVE,
        placement=placement,
        title=objective.title,
        block=Block(
            why=objective.why,
            aligned_to=objective.aligns_to,
            key_results=tuple(
                _line(each, known.get(each.ref, Known()).current if publish else None) for each in objective.key_results
            ),
        ),
        due=objective.due,
        has_due=True,
        fields={},
        manual=None,
        supports=objective.aligns_to,
        closed=objective.stage is Stage.CLOSED,
        may_create=may_create,
        source=objective.source,
        lists=tuple(each.ref for each in objective.key_results),
        cycle=cycle,
        manual_below=()
        if placement.key_results_as_items
        else tuple(
            filter(None, (_manual(each, known.get(each.ref, Known()), placement) for each in objective.key_results))
        ),
    )
    if not placement.key_results_as_items:
        return
    for key_result in objective.key_results:
        of_it = known.get(key_result.ref, Known())
        yield Wanted(
            ref=key_result.ref,
            kind=ItemKind.KEY_RESULT,
            placement=placement,
            title=key_result.title,
            block=Block(facts=tuple(_facts(key_result))),
            due=key_result.due,
            has_due=placement.due_on_key_results and key_result.due is not None,
            fields=_fields(key_result, of_it, placement),
            manual=_manual(key_result, of_it, placement),
            supports=(),
            closed=False,
            may_create=may_create,
            source=key_result.source,
            cycle=cycle,
        )


def _fields(key_result: KeyResult, known: Known, placement: Placement) -> dict[str, FieldValue]:
    measured = progress(key_result, known.current)
    numbers: dict[Role, float | None] = {
        Role.BASELINE: key_result.baseline,
        Role.TARGET: key_result.target,
        Role.WEIGHT: key_result.weight,
        Role.CONFIDENCE: known.confidence,
        Role.PROGRESS: None if measured is None else round(measured, PROGRESS_DIGITS),
    }
    if key_result.measure.source != "manual" and not reads_own_field(key_result, placement):
        numbers[Role.CURRENT] = known.current
    return {
        placement.roles[role]: number
        for role, number in numbers.items()
        if number is not None and role in placement.roles
    }


def reads_own_field(key_result: KeyResult, placement: Placement) -> bool:
    """Whether the key result's value is what people enter in the `current` field of its own item."""
    measure = key_result.measure
    return (
        measure.source == "field"
        and measure.item is None
        and measure.field in {None, placement.roles.get(Role.CURRENT)}
    )


def own_field(key_result: KeyResult, placement: Placement) -> str | None:
    """The field of the key result's own item in which people measure it; of its objective's, where it has none.

    None where it is measured otherwise.
    """
    measure = key_result.measure
    if measure.source != "field" or measure.item is not None:
        return None
    return measure.field or placement.roles.get(Role.CURRENT)


def _manual(key_result: KeyResult, known: Known, placement: Placement) -> ManualValue | None:
    if name := own_field(key_result, placement):
        below = "" if placement.key_results_as_items else key_result.ref.key_result
        return ManualValue(name, known.checked_in, in_field=True, key_result=below)
    name = placement.roles.get(Role.CURRENT)
    if key_result.measure.source != "manual" or name is None or not placement.key_results_as_items:
        return None
    return ManualValue(name, known.checked_in)


def span_text(key_result: KeyResult) -> str:
    """What a key result asks for, in numbers: `4 → 1.5 s`, `at least 99.9 %`, `done or not`."""
    unit = key_result.unit
    if key_result.kind is Kind.DONE:
        return "done or not"
    if key_result.kind is Kind.MAINTAIN:
        ends = []
        if key_result.minimum is not None:
            ends.append(f"at least {quantity_text(key_result.minimum, unit)}")
        if key_result.maximum is not None:
            ends.append(f"at most {quantity_text(key_result.maximum, unit)}")
        return " and ".join(ends)
    if key_result.baseline is None or key_result.target is None:
        return ""
    return f"{number_text(key_result.baseline)} → {quantity_text(key_result.target, unit)}"


def _line(key_result: KeyResult, current: float | None) -> str:
    line = f"{key_result.title} ({span_text(key_result)})"
    if current is not None:
        line += f": now {quantity_text(current, key_result.unit)}"
    return line


def _facts(key_result: KeyResult) -> Iterator[tuple[str, str]]:
    if key_result.kind is Kind.REACH:
        yield "Baseline → target", span_text(key_result)
    else:
        yield "Asks for", span_text(key_result)
    if key_result.weight != 1.0:
        yield "Weight", number_text(key_result.weight)

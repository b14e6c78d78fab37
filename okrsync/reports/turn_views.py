"""What a new cycle begins with, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.domain.cycle import Cycle
from okrsync.domain.numbers import number_text, quantity_text
from okrsync.domain.okr import Kind
from okrsync.practice.carrying_over import CarriedKeyResult, CarryingOver
from okrsync.reports.plan_views import Line, Tone
from okrsync.reports.words import counted, goal, shown


def turn_lines(carrying: CarryingOver, files: Sequence[str], cycle: Cycle, *, dry_run: bool) -> Iterator[Line]:
    """What goes on and from where, what is left out and why, and the documents."""
    for objective in carrying.objectives:
        yield Line(f"  {objective.ref}  {shown(objective.title)}  ({objective.stage})", Tone.ADOPT)
        for note in objective.to_fill_in:
            yield Line(f"    to fill in: {shown(note)}", Tone.WHY)
        for each in objective.key_results:
            yield Line(f"    {each.ref.key_result}  {shown(each.title)}  {_goal(each)}", Tone.ADOPT)
            for note in each.to_fill_in:
                yield Line(f"      to fill in: {shown(note)}", Tone.WHY)
    if carrying.left_out:
        yield Line("left out", Tone.HEADING)
        for out in carrying.left_out:
            yield Line(f"  {out.ref} {shown(out.reason)}", Tone.HELD)
    objectives = counted(len(carrying.objectives), "objective")
    below = counted(sum(len(each.key_results) for each in carrying.objectives), "key result")
    count = f"{objectives}, {below} and {counted(len(carrying.kpis), 'KPI')}"
    if not files:
        yield Line(f"nothing goes on in {cycle.name}; nothing was written", Tone.HEADING)
        return
    yield Line(f"{cycle.name} {'would begin' if dry_run else 'begins'} with {count}", Tone.HEADING)
    for file in files:
        yield Line(f"  {file}")
    if dry_run:
        yield Line("nothing was written", Tone.HEADING)
    else:
        yield Line("next: complete what says 'to fill in:', then `okrsync lint` and `okrsync stage REF committed`")


def _goal(carried: CarriedKeyResult) -> str:
    before = carried.before.key_result
    if before.kind is not Kind.REACH or carried.baseline is None:
        return goal(before)
    target = "…" if carried.target is None else quantity_text(carried.target, before.unit)
    return f"{number_text(carried.baseline)} → {target}"

"""`okrsync cycle new`: the documents of the next cycle, with what goes on from the last."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import DONE, FAILED
from okrsync.cli.new_documents import check_writable
from okrsync.cli.options import command, dry_run_option, json_option
from okrsync.cli.past import asked_for
from okrsync.cli.working import Ended
from okrsync.problems import Problem, Problems

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.documents.new_cycle import NewDocument
    from okrsync.domain.cycle import Cycle
    from okrsync.domain.okr import Objective
    from okrsync.domain.ref import Ref
    from okrsync.practice.carrying_over import CarryingOver, Choices
    from okrsync.practice.carrying_over import Ended as EndedKeyResult


@command("new")
@click.argument("name", metavar="CYCLE")
@click.option("--from", "before", metavar="CYCLE", help="The cycle to go on from. Default: the newest before it.")
@click.option("--continue", "going_on", metavar="REF", multiple=True, help="Go on with it, whatever it reached.")
@click.option("--drop", "dropped", metavar="REF", multiple=True, help="Leave it out.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Ask nothing: go on with everything that was not reached, what scored low included unless --below drop.",
)
@click.option(
    "--below",
    type=click.Choice(["keep", "drop"]),
    help="What becomes of what scored below 0.4 (scoring.reconsider). Default: ask, else drop; with --all keep.",
)
@click.option("--target", "targets", metavar="REF=N", multiple=True, help="The new target of a key result.")
@dry_run_option
@json_option
def new(
    call: Call,
    name: str,
    before: str | None,
    going_on: tuple[str, ...],
    dropped: tuple[str, ...],
    everything: bool,
    below: str | None,
    targets: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Begin CYCLE with what goes on from the last: a new document beside each old one, for people to complete.

    Key results that were not reached go on, from where they ended to the target that they had; those that were reached
    do not. On a terminal you are asked about each, and about its target. KPIs go on as they are. Everything is proposed
    anew, under the same ids; what has to be filled in is a draft. Nothing that there is is changed, and no tracker
    hears of it before the next sync.
    """
    from okrsync.documents.creating import CannotCreate, write_new
    from okrsync.documents.new_cycle import by_path
    from okrsync.practice.carrying_over import Ending

    workspace = call.workspace()
    check_writable(workspace, "Begin the cycle")
    cycle, last = _cycles(workspace, name, before)
    workspace.cycle = last
    if everything and below is None:
        below = "keep"
    endings = _endings(workspace)
    choices = _choices(workspace, going_on, dropped, targets, below)
    if sys.stdin.isatty() and not (everything or as_json):
        choices = _ask(call, workspace, endings, choices, asks_low=below is None)
    with workspace.turn:
        carrying, made = _carry(workspace, cycle, last, endings, choices)
        if not dry_run:
            try:
                write_new(*by_path(made))
            except CannotCreate as error:
                raise Ended(str(error), FAILED) from error
    if as_json:
        call.screen.json(_json(carrying, made, cycle, last, written=bool(made) and not dry_run))
    elif not call.quiet or dry_run:
        _show(call, carrying, made, cycle, dry_run=dry_run)
    low = [ref for ref, found in endings.items() if found.ending is Ending.LOW and choices.word_about(ref) is None]
    if low and below is None:
        call.voice.note("--continue REF goes on with one that scored low and was left out, --below keep with all")
    return DONE


def _cycles(workspace: Workspace, name: str, before: str | None) -> tuple[Cycle, Cycle]:
    """The new cycle, and the one that it goes on from.

    Raises:
        Problems: one of them is none, or does not come before the other.
    """
    from okrsync.domain.cycle import parse_cycle
    from okrsync.problems import did_you_mean

    named = workspace.settings.named_cycles
    try:
        cycle = parse_cycle(name, named)
    except ValueError as error:
        raise Problems([Problem("CYCLE", 0, "", str(error))]) from error
    known = {ref.cycle for ref in workspace.okrs.refs}
    earlier = sorted(last for each in known if (last := parse_cycle(each, named)).start < cycle.start)
    right = ", ".join(each.name for each in earlier) or "none: there is no document of an earlier cycle"
    if before is None:
        if not earlier:
            raise Problems([Problem("--from", 0, "", f"nothing comes before {name}", "a cycle that has documents")])
        return cycle, earlier[-1]
    found = next((each for each in earlier if each.name == before), None)
    if found is None:
        why = f"{before} does not begin before {name}" if before in known else f"no document has the cycle {before!r}"
        do = did_you_mean(before, [each.name for each in earlier])
        raise Problems([Problem("--from", 0, "", why, f"one of those before {name} ({right})", do)])
    return cycle, found


def _endings(workspace: Workspace) -> dict[Ref, EndedKeyResult]:
    """How every key result of the workspace's cycle ended."""
    from okrsync.practice.carrying_over import ended
    from okrsync.practice.scoring import Bounds

    bounds = Bounds(**workspace.settings.scoring.model_dump())
    return {
        each.key_result.ref: ended(each.key_result, each.observed.value, bounds)
        for objective in workspace.status().objectives
        for each in objective.key_results
    }


def _choices(
    workspace: Workspace,
    going_on: tuple[str, ...],
    dropped: tuple[str, ...],
    targets: tuple[str, ...],
    below: str | None,
) -> Choices:
    from okrsync.practice.carrying_over import Choices

    go_on = frozenset(_ref(workspace, each) for each in going_on)
    drop = frozenset(_ref(workspace, each) for each in dropped)
    if both := go_on & drop:
        raise click.UsageError(f"{min(both)} cannot both go on and be left out")
    numbers: dict[Ref, float] = {}
    for text in targets:
        named, sign, number = text.rpartition("=")
        value = _number(number) if sign else None
        if value is None:
            raise click.BadParameter(f"{text!r}: write it as REF=NUMBER", param_hint="--target")
        numbers[_ref(workspace, named)] = value
    return Choices(go_on, drop, below == "keep", numbers)


def _ref(workspace: Workspace, text: str) -> Ref:
    """Something of the last cycle.

    Raises:
        Problems: there is nothing of that name, or it is of another cycle.
    """
    ref = asked_for(workspace, text).ref
    if ref.cycle != workspace.cycle.name:
        raise Problems([Problem("REF", 0, str(ref), f"is of {ref.cycle}", f"something of {workspace.cycle.name}")])
    return ref


def _number(text: str) -> float | None:
    import math

    try:
        value = float(text.strip().replace("−", "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _ask(
    call: Call, workspace: Workspace, endings: Mapping[Ref, EndedKeyResult], choices: Choices, *, asks_low: bool
) -> Choices:
    """What somebody at a terminal says about each key result that was not reached, beside what the options say."""
    from okrsync.practice.carrying_over import Ending, is_given_up
    from okrsync.reports.words import shown

    go_on, drop, targets = set(choices.go_on), set(choices.drop), dict(choices.targets)
    for objective in workspace.okrs.in_cycle(workspace.cycle.name).objectives:
        open_ones = [
            found
            for each in objective.key_results
            if (found := endings[each.ref]).ending is not Ending.REACHED and choices.word_about(each.ref) is None
        ]
        if not open_ones or is_given_up(objective):
            continue
        click.echo(f"{objective.ref}  {shown(objective.title)}", err=True)
        for found in open_ones:
            is_low = found.ending is Ending.LOW
            click.echo(f"  {found.ref.key_result}  {_standing(found)}", err=True)
            if is_low and not asks_low:
                continue
            question = "  scored low: is it still worth a cycle?" if is_low else "  go on with it?"
            if not click.confirm(question, default=not is_low, err=True):
                drop.add(found.ref)
                continue
            go_on.add(found.ref)
            if (target := _asked_target(found, targets.get(found.ref))) is not None:
                targets[found.ref] = target
    return replace(choices, go_on=frozenset(go_on), drop=frozenset(drop), targets=targets)


def _standing(found: EndedKeyResult) -> str:
    from okrsync.reports.words import goal, quantity, shown

    key_result = found.key_result
    ends = quantity(found.final, key_result.unit)
    score = "" if found.score is None else f", score {found.score_shown}"
    return f"{shown(key_result.title)}: {goal(key_result)}, ended at {ends}{score}"


def _asked_target(found: EndedKeyResult, target: float | None) -> float | None:
    """The new target that somebody types; None where Enter keeps the old one."""
    from okrsync.domain.numbers import number_text
    from okrsync.domain.okr import Kind

    key_result = found.key_result
    if key_result.kind is not Kind.REACH or target is not None or key_result.target is None:
        return target
    while True:
        said = str(
            click.prompt("  target", default=number_text(key_result.target), show_default=True, err=True)
        ).strip()
        value = _number(said)
        if value is not None:
            return None if value == key_result.target else value
        click.echo(f"  {said!r} is no number", err=True)


def _carry(
    workspace: Workspace, cycle: Cycle, last: Cycle, endings: Mapping[Ref, EndedKeyResult], choices: Choices
) -> tuple[CarryingOver, tuple[NewDocument, ...]]:
    from okrsync.documents.new_cycle import new_documents
    from okrsync.documents.reading import Surroundings
    from okrsync.practice.carrying_over import carry_over

    settings = workspace.settings
    carrying = carry_over(
        workspace.okrs.in_cycle(last.name),
        endings,
        cycle,
        choices,
        there=workspace.okrs.in_cycle(cycle.name),
        titled=_titled(workspace, cycle, last),
    )
    surroundings = Surroundings(
        settings.named_cycles, settings.audiences, largest_adjustment=settings.scoring.adjustment
    )
    made = new_documents(
        carrying,
        workspace.documents,
        cycle,
        last.name,
        settings.documents_folder,
        workspace.shown_from,
        surroundings,
    )
    return carrying, made


def _titled(workspace: Workspace, cycle: Cycle, last: Cycle) -> Callable[[Objective], str]:
    """The titles of objectives in the new cycle: another one where their tracker takes each title only once."""
    from okrsync.documents.forms import LONGEST_LINE
    from okrsync.domain.ref import Ref

    settings = workspace.settings
    suffix, old = f" ({cycle.name})", f" ({last.name})"

    def titled(objective: Objective) -> str:
        mapping = settings.mapping_for(replace(objective, ref=Ref(cycle.name, objective.ref.objective)))
        kind = workspace.plugins.trackers.get(settings.trackers[mapping.tracker].type) if mapping else None
        if kind is None or not kind.capabilities.unique_titles:
            return objective.title
        title = objective.title.removesuffix(old) + suffix
        return title if len(title) <= LONGEST_LINE else objective.title

    return titled


def _json(
    carrying: CarryingOver, made: tuple[NewDocument, ...], cycle: Cycle, last: Cycle, *, written: bool
) -> dict[str, Any]:
    return {
        "cycle": cycle.name,
        "from": last.name,
        "written": written,
        "files": [{"file": each.shown, "beside": each.beside, "text": each.text} for each in made],
        "objectives": [
            {
                "ref": str(each.ref),
                "title": each.title,
                "stage": str(each.stage),
                "aligns_to": [str(ref) for ref in each.aligns_to],
                "to_fill_in": list(each.to_fill_in),
                "key_results": [
                    {
                        "ref": str(result.ref),
                        "title": result.title,
                        "kind": str(result.before.key_result.kind),
                        "unit": result.before.key_result.unit,
                        "baseline": result.baseline,
                        "target": result.target,
                        "final": result.before.final,
                        "score": result.before.score,
                        "to_fill_in": list(result.to_fill_in),
                    }
                    for result in each.key_results
                ],
            }
            for each in carrying.objectives
        ],
        "kpis": [f"{cycle.name}/{each.ref.objective}" for each in carrying.kpis],
        "left_out": [{"ref": str(each.ref), "reason": each.reason} for each in carrying.left_out],
        "exit_code": DONE,
    }


def _show(call: Call, carrying: CarryingOver, made: tuple[NewDocument, ...], cycle: Cycle, *, dry_run: bool) -> None:
    from okrsync.reports.plan_views import lines_picture, lines_text
    from okrsync.reports.turn_views import turn_lines

    files = [each.shown for each in made]
    call.screen.show(
        as_json=False,
        data=dict,
        text=lambda: lines_text(turn_lines(carrying, files, cycle, dry_run=dry_run)),
        picture=lambda _width: lines_picture(turn_lines(carrying, files, cycle, dry_run=dry_run)),
    )

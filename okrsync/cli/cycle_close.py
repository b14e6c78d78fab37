"""`okrsync cycle close`: when everything is scored, the objectives are closed, in the documents and in the trackers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import DONE, HELD
from okrsync.cli.new_documents import check_writable
from okrsync.cli.options import command, dry_run_option, json_option
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.domain.okr import Objective
    from okrsync.domain.ref import Ref
    from okrsync.engine.engine import Engine
    from okrsync.engine.inputs import Inputs
    from okrsync.engine.outcome import Outcome
    from okrsync.practice.stages import Closing
    from okrsync.reports.plan_views import Line


@command("close")
@click.argument("name", metavar="[CYCLE]", required=False)
@dry_run_option
@json_option
def close(call: Call, name: str | None, dry_run: bool, as_json: bool) -> int:
    """Close CYCLE once all that was committed to is scored: set the stage in the documents, close epics and milestones.

    Without CYCLE it is the current one. Where a score is missing nothing is done, and the exit code is 3. Drafts and
    proposals that were never committed to stay as they are. Nothing else is written to a tracker than a sync would
    write about these objectives; what is held there waits for a person as always.
    """
    from okrsync.practice.stages import closing

    call.cycle = name or call.cycle
    workspace = call.workspace()
    check_writable(workspace, "Close the cycle")
    found = closing(workspace.okrs.in_cycle(workspace.cycle.name).objectives)
    if found.unscored:
        _refuse(call, workspace, found, as_json=as_json)
    outcome = _close(call, workspace, found, dry_run=dry_run)
    if as_json or not call.quiet:
        _show(call, workspace, found, outcome, dry_run=dry_run, as_json=as_json)
    if outcome is None:
        return DONE
    from okrsync.cli.outcomes import name_failures

    return name_failures(call, outcome)


def _refuse(call: Call, workspace: Workspace, found: Closing, *, as_json: bool) -> None:
    """Name what is not scored.

    Raises:
        Ended: always.
    """
    from okrsync.domain.okr import EVERYONE
    from okrsync.problems import listed

    if as_json:
        call.screen.json(_json(workspace, found, None, written=False, exit_code=HELD))
    for each in found.unscored:
        call.voice.fail(f"{each} has no score")
    count = len(found.unscored)
    what = "1 key result is" if count == 1 else f"{count} key results are"
    by_ref = workspace.okrs.by_ref
    named = dict.fromkeys(by_ref[each.parent].audience for each in found.unscored)
    score = f"okrsync score --cycle {workspace.cycle.name}"
    commands = [f"`{score}`" if each == EVERYONE else f"`{score} --audience {each}`" for each in named]
    verb = "scores" if len(commands) == 1 else "score"
    raise Ended(f"{what} not scored, and nothing was closed: {listed(commands, 'and')} {verb} them", HELD)


def _close(call: Call, workspace: Workspace, found: Closing, *, dry_run: bool) -> Outcome | None:
    """Close the objectives, in documents and trackers; None where no tracker has to hear of it."""
    from okrsync.cli.recording import Recorder
    from okrsync.cli.working import engine_at_work, with_engine

    closed = frozenset(each.ref for each in (*found.objectives, *found.closed_before))
    has_trackers = any(workspace.settings.mapping_for(each) for each in (*found.objectives, *found.closed_before))
    if dry_run:
        if not has_trackers:
            return None
        with engine_at_work(call, workspace, alone=False) as engine:
            return _closer(_as_closed(engine.inputs, closed), closed).plan()
    # What is wrong in the settings comes before anything is written.
    workspace.check_trackers()
    with workspace.turn:
        recorder = Recorder(workspace)
        for each in found.objectives:
            recorder.write(each.ref, each.source, {"stage": "closed"})
        cycle = workspace.cycle
        workspace.read_again()
        workspace.cycle = cycle
        if not has_trackers:
            return None
        return with_engine(call, workspace, lambda engine: _closer(engine.inputs, closed).sync())


def _as_closed(inputs: Inputs, closed: frozenset[Ref]) -> Inputs:
    from okrsync.domain.okr import Stage

    def as_closed(objective: Objective) -> Objective:
        return replace(objective, stage=Stage.CLOSED) if objective.ref in closed else objective

    return replace(inputs, okrs=replace(inputs.okrs, objectives=tuple(map(as_closed, inputs.okrs.objectives))))


def _closer(inputs: Inputs, closed: frozenset[Ref]) -> Engine:
    """An engine that does what a sync would do about these objectives, and nothing else."""
    from okrsync.engine.engine import Engine
    from okrsync.plan.planner import only_about

    return Engine(inputs, only_about(closed))


def _json(
    workspace: Workspace, found: Closing, outcome: Outcome | None, *, written: bool, exit_code: int
) -> dict[str, Any]:
    from okrsync.cli.outcomes import failure_json

    changes = () if outcome is None else outcome.done if written else outcome.plan.changes
    return {
        "cycle": workspace.cycle.name,
        "written": written,
        "closed": [str(each.ref) for each in found.objectives],
        "closed_before": [str(each.ref) for each in found.closed_before],
        "left": [{"ref": str(each.ref), "stage": str(each.stage)} for each in found.left],
        "unscored": [str(each) for each in found.unscored],
        "changes": [each.to_json() for each in changes],
        "held": [each.to_json() for each in outcome.held] if outcome else [],
        "failures": [failure_json(each) for each in outcome.failures] if outcome else [],
        "exit_code": exit_code,
    }


def _show(
    call: Call, workspace: Workspace, found: Closing, outcome: Outcome | None, *, dry_run: bool, as_json: bool
) -> None:
    from okrsync.reports.plan_views import lines_picture, lines_text

    code = DONE if outcome is None else int(outcome.exit_code)
    written = not dry_run
    call.screen.show(
        as_json=as_json,
        data=lambda: _json(workspace, found, outcome, written=written, exit_code=code),
        text=lambda: lines_text(_lines(workspace, found, outcome, dry_run=dry_run)),
        picture=lambda _width: lines_picture(_lines(workspace, found, outcome, dry_run=dry_run)),
    )


def _lines(workspace: Workspace, found: Closing, outcome: Outcome | None, *, dry_run: bool) -> Iterator[Line]:
    from okrsync.reports.plan_views import Line, Tone, change_lines, held_lines
    from okrsync.reports.words import counted, shown

    for each in found.objectives:
        yield Line(f"  {each.ref}  {shown(each.title)}  ({each.source.file})", Tone.CLOSE)
    if outcome is not None:
        for change in outcome.plan.changes if dry_run else outcome.done:
            yield from change_lines(change)
        if outcome.held:
            yield Line("held: these wait for a person", Tone.HEADING)
            for change in outcome.held:
                yield from held_lines(change)
    for each in found.left:
        yield Line(f"  {each.ref} is {each.stage} and was never committed to: it stays as it is", Tone.WHY)
    name, count = workspace.cycle.name, counted(len(found.objectives), "objective")
    if not found.objectives:
        yield Line(f"{name}: nothing was left to close in the documents", Tone.HEADING)
    elif dry_run:
        yield Line(f"{name}: {count} would be closed; nothing was written", Tone.HEADING)
    else:
        yield Line(f"{name}: {count} closed", Tone.HEADING)

"""`okrsync stage`: move an objective from draft to proposed to committed, with the review that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT
from okrsync.cli.identity import as_option, who_am_i
from okrsync.cli.new_documents import check_writable
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.past import asked_for
from okrsync.cli.working import Ended
from okrsync.domain.okr import Stage

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.domain.okr import Objective
    from okrsync.domain.ref import Ref
    from okrsync.practice.stages import StageMove


@command("stage")
@click.argument("ref")
@click.argument("to", metavar="STAGE", type=click.Choice([str(each) for each in Stage]))
@as_option
@click.option("--reviewed-by", metavar="NAME", multiple=True, help="A reviewer who agreed to it; once for each.")
@click.option("--back", is_flag=True, help="Let it move back, for example to be proposed anew.")
@cycle_option
@dry_run_option
@json_option
def stage(
    call: Call,
    ref: str,
    to: str,
    name: str | None,
    reviewed_by: tuple[str, ...],
    back: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Move the objective REF on, in its document: from draft to proposed, to committed, to closed.

    With require_review in the settings an objective is committed once a reviewer agreed to it who is not its owner:
    the one who commits it, or who is named with --reviewed-by. Until then no tracker hears of it.
    """
    from okrsync.cli.recording import Recorder
    from okrsync.practice.stages import StageRefused, moved

    workspace = call.workspace()
    check_writable(workspace, "Move objectives on")
    objective = _objective(workspace, asked_for(workspace, ref).ref)
    people = workspace.people
    names = [person.name if (person := people.by_account(each)) else each for each in reviewed_by]
    try:
        move = moved(objective, Stage(to), workspace.review, by=who_am_i(workspace, name), reviewed_by=names, back=back)
    except StageRefused as refused:
        raise Ended(str(refused), BAD_INPUT) from refused
    if not dry_run and not move.changes_nothing:
        values: dict[str, Any] = {"stage": str(move.after)}
        if move.reviewed_after != move.reviewed_before:
            values["reviewed_by"] = move.reviewed_after or None
        with workspace.turn:
            Recorder(workspace).write(objective.ref, objective.source, values)
    if move.after is Stage.COMMITTED and not move.changes_nothing and not objective.key_results:
        call.voice.warn(
            f"{objective.ref} has no key results: nobody can tell whether it is reached; say how before work"
        )
    if as_json or not call.quiet:
        _show(call, objective, move, dry_run=dry_run, as_json=as_json)


def _objective(workspace: Workspace, ref: Ref) -> Objective:
    objective = workspace.okrs.by_ref.get(ref.parent)
    if objective is None or ref.is_key_result:
        kind = "a key result" if ref.is_key_result else "a KPI"
        raise Ended(f"{ref} is {kind}; objectives have stages", BAD_INPUT)
    return objective


def _show(call: Call, objective: Objective, move: StageMove, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        call.screen.json(
            {
                "ref": str(move.ref),
                "before": str(move.before),
                "after": str(move.after),
                "reviewed_by": list(move.reviewed_after),
                "file": objective.source.file,
                "written": not dry_run and not move.changes_nothing,
            }
        )
        return
    reviewed = f", reviewed by {', '.join(move.reviewed_after)}" if move.reviewed_after else ""
    if move.changes_nothing:
        said = f"{move.ref} is {move.after} already{reviewed}"
    else:
        way = str(move.after) if move.before is move.after else f"{move.before} → {move.after}"
        said = f"{move.ref}: {way}{reviewed} ({objective.source.file})"
    call.screen.lines([f"{said}; nothing was written" if dry_run else said])

"""`okrsync resolve`: settle what is held because documents and tracker both changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.past import asked_for
from okrsync.cli.working import Ended, engine_at_work

if TYPE_CHECKING:
    from okrsync.engine.resolving import NotHeld, Resolved
    from okrsync.reports.plan_views import Line


@command("resolve")
@click.argument("ref")
@click.option(
    "--take",
    type=click.Choice(["documents", "tracker"]),
    required=True,
    help="Whose value counts. Of a value measured by hand, documents means the newest check-in.",
)
@click.option(
    "--field",
    metavar="NAME",
    help="Settle this alone: title, why, due, or the tracker's field that shows a value measured by hand.",
)
@cycle_option
@dry_run_option
@json_option
def resolve(call: Call, ref: str, take: str, field: str | None, dry_run: bool, as_json: bool) -> int:
    """Settle what is held of REF, because it changed in the document and in the tracker, by taking one side.

    The other side gets that value, and from then on both agree. Nothing else is written: not what a sync would do
    besides, and nothing of other objectives. REF is cycle/objective or cycle/objective/key-result; without its cycle it
    is looked for in the current one.
    """
    from okrsync.cli.outcomes import name_failures
    from okrsync.engine.resolving import NotHeld, Side
    from okrsync.engine.resolving import resolve as settle

    workspace = call.workspace()
    asked = asked_for(workspace, ref)
    workspace.cycle = asked.cycle
    with engine_at_work(call, workspace) as engine:
        try:
            found = settle(engine.inputs, asked.ref, Side(take), field, dry_run=dry_run)
        except NotHeld as unknown:
            raise Ended(_not_held(unknown), BAD_INPUT) from unknown
    if as_json or not call.quiet:
        _show(call, take, found, dry_run=dry_run, as_json=as_json)
    name_failures(call, found.outcome)
    return int(found.exit_code)


def _not_held(unknown: NotHeld) -> str:
    from okrsync.problems import did_you_mean, listed

    hint = did_you_mean(unknown.field, unknown.names)
    return f"--field: {unknown}; held there: {listed(unknown.names, 'and')}. {hint}".rstrip()


def _show(call: Call, take: str, found: Resolved, *, dry_run: bool, as_json: bool) -> None:
    from okrsync.cli.outcomes import failure_json
    from okrsync.reports.plan_views import lines_picture, lines_text

    outcome = found.outcome
    changes = outcome.plan.changes if dry_run else outcome.done

    def data() -> dict[str, Any]:
        return {
            "ref": str(found.ref),
            "take": take,
            "changes": [each.to_json() for each in changes],
            "held": [each.to_json() for each in outcome.held],
            "also_held": [each.to_json() for each in found.elsewhere],
            "failures": [failure_json(each) for each in outcome.failures],
            "requests": outcome.requests,
            "exit_code": int(found.exit_code),
        }

    call.screen.show(
        as_json=as_json,
        data=data,
        text=lambda: lines_text(_lines(take, found, dry_run=dry_run)),
        picture=lambda _width: lines_picture(_lines(take, found, dry_run=dry_run)),
    )


def _lines(take: str, found: Resolved, *, dry_run: bool) -> Iterator[Line]:
    from okrsync.reports.plan_views import Line, Tone, change_lines, held_lines
    from okrsync.reports.words import counted

    ref, outcome = found.ref, found.outcome
    changes = outcome.plan.changes if dry_run else outcome.done
    for change in changes:
        yield from change_lines(change)
    for change in outcome.held:
        yield from held_lines(change)
    if found.elsewhere:
        yield Line("held besides", Tone.HEADING)
        for change in found.elsewhere:
            yield from held_lines(change)
    side = "documents" if take == "documents" else "tracker"
    if changes:
        what = counted(len(changes), "change")
        said = f"{what} would settle it" if dry_run else f"settled with {what}"
        yield Line(f"{ref}: {said}, as the {side} say{'' if take == 'documents' else 's'}", Tone.HEADING)
    elif outcome.held:
        yield Line(f"{ref}: nothing was settled", Tone.HEADING)
    elif outcome.failures:
        yield Line(f"{ref}: nothing is known to be held, for not everything could be read", Tone.HEADING)
    else:
        yield Line(f"{ref}: nothing is held for a decision", Tone.HEADING)

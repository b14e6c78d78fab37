"""`okrsync coverage`: goals that nobody works for, and work that serves no goal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import DONE
from okrsync.cli.options import audience_option, command, cycle_option, json_option

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.engine.covering import Covered


@command("coverage")
@cycle_option
@audience_option
@click.option("--documents-only", is_flag=True, help="Ask no tracker: only what the documents tell.")
@json_option
def coverage(call: Call, documents_only: bool, as_json: bool) -> int:
    """Show what the OKRs leave uncovered, both ways.

    Company key results that nobody supports, objectives that align to nothing, and how many came from the bottom up;
    and from the trackers key results without work below them, and open epics and milestones that no objective stands
    behind. Nothing is written.
    """
    from okrsync.practice.coverage import coverage_of
    from okrsync.reports.coverage import coverage_json, coverage_lines
    from okrsync.reports.plan_views import lines_picture, lines_text

    workspace = call.workspace()
    cycle = workspace.cycle
    objectives = workspace.visible.in_cycle(cycle.name).objectives
    asked = not documents_only and any(workspace.settings.mapping_for(each) for each in objectives)
    covered = _covered(call, workspace) if asked else None
    found = coverage_of(objectives, covered.work if covered else None)
    call.screen.show(
        as_json=as_json,
        data=lambda: _json(coverage_json(found, workspace.settings.workspace, cycle), covered),
        text=lambda: lines_text(coverage_lines(found, cycle)),
        picture=lambda _width: lines_picture(coverage_lines(found, cycle)),
    )
    if covered is None:
        return DONE
    from okrsync.cli.outcomes import name_failures_of

    name_failures_of(call, covered.failures)
    return int(covered.exit_code)


def _covered(call: Call, workspace: Workspace) -> Covered:
    from okrsync.cli.working import engine_at_work
    from okrsync.engine.covering import cover

    with engine_at_work(call, workspace, alone=False) as engine:
        return cover(engine.inputs, workspace.visible.in_cycle(workspace.cycle.name))


def _json(data: dict[str, Any], covered: Covered | None) -> dict[str, Any]:
    from okrsync.cli.outcomes import failure_json

    failures = [failure_json(each) for each in covered.failures] if covered else []
    return {**data, "failures": failures, "exit_code": int(covered.exit_code) if covered else DONE}

"""`okrsync cache backfill`: what fields held before okrsync was installed, from the trackers' own histories."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from okrsync.cli.call import Call
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.past import day_option, start_of
from okrsync.cli.working import with_engine

if TYPE_CHECKING:
    from rich.console import RenderableType

    from okrsync.app import Workspace
    from okrsync.domain.ref import Ref
    from okrsync.engine.backfill import Backfilled


@command("backfill")
@cycle_option
@day_option("--since", "Add what is not older than that day. Default: the first day of the cycle.")
@dry_run_option
@json_option
def backfill(call: Call, day: date | None, dry_run: bool, as_json: bool) -> int:
    """Add what fields held before okrsync first looked, from the trackers' own histories.

    For key results and KPIs that are measured by a number field of Jira: each value, who changed it and when. Only
    what is older than everything that is known is added, and nothing is changed: doing it twice adds nothing.
    """
    from okrsync.cli.outcomes import name_failures
    from okrsync.engine.backfill import backfill as read_back

    workspace = call.workspace()
    found = with_engine(
        call, workspace, lambda engine: read_back(engine, start_of(day), dry_run=dry_run), alone=not dry_run
    )
    if as_json or not call.quiet:
        _show(call, workspace, found, dry_run=dry_run, as_json=as_json)
    return name_failures(call, found.outcome)


def _show(call: Call, workspace: Workspace, found: Backfilled, *, dry_run: bool, as_json: bool) -> None:
    from okrsync.cli.outcomes import failure_json
    from okrsync.reports.backfill_views import added_json, added_table, left_out_lines
    from okrsync.reports.tables import table_picture, table_text
    from okrsync.reports.words import counted

    values = sum(len(each) for each in found.added.values())
    requests = counted(found.outcome.requests, "request")
    since = f"{workspace.cycle.name}: {counted(values, 'value')} since {found.since:%Y-%m-%d}"
    said = f"{since} {'would be added' if dry_run else 'added'} ({requests})"
    reasons: dict[str, list[Ref]] = {}
    for each in found.left_out:
        reasons.setdefault(each.why, []).append(each.ref)
    left_out = list(left_out_lines(reasons))
    table = added_table(found.added, _units(workspace))

    def data() -> dict[str, Any]:
        return {
            "workspace": workspace.settings.workspace,
            "cycle": workspace.cycle.name,
            "since": found.since.isoformat(),
            "dry_run": dry_run,
            "added": added_json(found.added),
            "left_out": [{"ref": str(each.ref), "why": each.why} for each in found.left_out],
            "failures": [failure_json(each) for each in found.outcome.failures],
            "requests": found.outcome.requests,
            "exit_code": int(found.outcome.exit_code),
        }

    def picture(_width: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        below = [Text(each, style="dim") for each in left_out]
        return Group(Text(said, style="bold"), *([table_picture(table)] if found.added else []), *below)

    call.screen.show(
        as_json=as_json,
        data=data,
        text=lambda: [said, *(table_text(table) if found.added else ()), *left_out],
        picture=picture,
    )


def _units(workspace: Workspace) -> dict[Ref, str]:
    okrs = workspace.okrs
    units = {each.ref: each.unit for objective in okrs.objectives for each in objective.key_results}
    return units | {each.ref: each.unit for each in okrs.kpis}

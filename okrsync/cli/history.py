"""`okrsync history`: one number over time, from documents and cache alone."""

from __future__ import annotations

import click

from okrsync.cli.call import Call
from okrsync.cli.options import audience_option, command, cycle_option, json_option
from okrsync.cli.past import asked_for, remembered


@command("history")
@click.argument("ref")
@cycle_option
@audience_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV.")
def history(call: Call, ref: str, as_json: bool, as_csv: bool) -> None:
    """Show how the number of REF, an objective, a key result or a KPI, came to be what it is.

    A line for each time that it, or what is asked for, changed. REF is as for `okrsync explain`.
    """
    from okrsync.reports.history_rows import recorded
    from okrsync.reports.history_views import history_csv, history_json, history_picture, history_text

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of the same: choose one")
    workspace = call.workspace()
    asked = asked_for(workspace, ref)
    with remembered(workspace) as cache:
        found = recorded(
            asked.ref, workspace.visible, workspace.settings.workspace, asked.cycle, cache, workspace.now()
        )
    if as_csv:
        call.screen.lines(history_csv(found))
        return
    call.screen.show(
        as_json=as_json,
        data=lambda: history_json(found),
        text=lambda: history_text(found),
        picture=lambda width: history_picture(found, width),
    )

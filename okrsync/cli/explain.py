"""`okrsync explain`: the reason behind one number, from documents and cache alone."""

from __future__ import annotations

from datetime import date

import click

from okrsync.cli.call import Call
from okrsync.cli.options import audience_option, command, cycle_option, json_option
from okrsync.cli.past import asked_for, day_option, remembered, start_of


@command("explain")
@click.argument("ref")
@cycle_option
@audience_option
@day_option("--since", "Tell the movement since that day began. Default: the last movement.")
@json_option
def explain(call: Call, ref: str, day: date | None, as_json: bool) -> None:
    """Show the reason behind the number of REF, an objective, a key result or a KPI.

    Where it comes from, the arithmetic in full, why it moved and where it goes. REF is cycle/objective,
    cycle/objective/key-result or cycle/kpi; without its cycle it is looked for in the current one. Nothing is asked of
    a tracker.
    """
    from okrsync.domain.status import Facts, assess
    from okrsync.reports.explain import explain as find_out
    from okrsync.reports.explain_json import explain_json
    from okrsync.reports.explain_views import explain_lines
    from okrsync.reports.facts import gather_facts
    from okrsync.reports.history import status_as_of
    from okrsync.reports.plan_views import lines_picture, lines_text

    workspace = call.workspace()
    asked = asked_for(workspace, ref)
    okrs, name, cycle = workspace.visible, workspace.settings.workspace, asked.cycle
    now, period, begun = workspace.now(), workspace.settings.check_in_period, start_of(day)
    with remembered(workspace) as cache:
        facts = gather_facts(cache, cycle.name, period) if cache else Facts(check_in_period=period)
        standing = assess(okrs, name, cycle, now, facts)
        before = None
        if begun is not None and not asked.ref.is_key_result:
            before = status_as_of(cache, okrs, name, cycle, begun, period)
        found = find_out(asked.ref, okrs, standing, cache, begun, before)
    call.screen.show(
        as_json=as_json,
        data=lambda: explain_json(found),
        text=lambda: lines_text(explain_lines(found)),
        picture=lambda _width: lines_picture(explain_lines(found)),
    )

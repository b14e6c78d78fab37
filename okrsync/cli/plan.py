"""`okrsync plan`: what a sync would do."""

from __future__ import annotations

from okrsync.cli.call import Call
from okrsync.cli.options import command, cycle_option, json_option
from okrsync.cli.working import engine_at_work


@command("plan")
@cycle_option
@json_option
def plan(call: Call, as_json: bool) -> int:
    """Show what a sync would do, and write nothing.

    `okrsync sync --expect DIGEST` does exactly what the plan with that digest says, or nothing.
    """
    from okrsync.cli.outcomes import show_plan

    with engine_at_work(call, call.workspace()) as engine:
        outcome = engine.plan()
    return show_plan(call, outcome, as_json=as_json)

"""`okrsync plan`: what a sync would do."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli.call import Call
from okrsync.cli.options import command, cycle_option, json_option
from okrsync.cli.working import engine_at_work

FORMATS = ("text", "json", "markdown")


@command("plan")
@cycle_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save the plan for `okrsync sync --plan FILE`. An older plan there is written over, nothing else.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="How the plan is written. Default: text.")
@json_option
def plan(call: Call, out: Path | None, form: str | None, as_json: bool) -> int:
    """Show what a sync would do and what that takes, and write nothing to documents and trackers.

    `okrsync sync --plan FILE` does exactly what a saved plan says, or nothing, and `okrsync sync --expect DIGEST` what
    the plan with that digest says. As Markdown it fits into a comment on a pull request.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} together: leave one of them out")
    from okrsync.cli.cautions import tell_exposed, tell_waiting
    from okrsync.cli.outcomes import show_plan
    from okrsync.cli.plan_files import check_place, write_plan
    from okrsync.plan.saved import saved_text

    workspace = call.workspace()
    if out is not None:
        check_place(out)
    with engine_at_work(call, workspace, alone=False) as engine:
        outcome = engine.plan()
    if out is not None:
        text = saved_text(
            outcome.plan,
            outcome.effort,
            workspace=workspace.settings.workspace,
            cycle=workspace.cycle.name,
            made_at=workspace.now(),
            complete=not outcome.failures,
        )
        write_plan(out, text)
    code = show_plan(call, outcome, as_json=as_json or form == "json", as_markdown=form == "markdown")
    tell_waiting(call, workspace)
    tell_exposed(call, workspace)
    if out is not None:
        call.voice.note(f"saved in {out}: `okrsync sync --plan {out}` does exactly this, or nothing", file=str(out))
        if outcome.failures:
            call.voice.warn(f"the plan in {out} is not complete: not everything could be read")
    return code

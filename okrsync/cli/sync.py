"""`okrsync sync`: do what has to be done in trackers and documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import HELD
from okrsync.cli.options import command, cycle_option, dry_run_option, if_running_option, json_option
from okrsync.cli.working import Ended, with_engine

if TYPE_CHECKING:
    from okrsync.domain.ref import Ref
    from okrsync.engine.engine import Engine
    from okrsync.engine.outcome import Outcome
    from okrsync.plan.saved import SavedPlan
    from okrsync.plan.values import Plan
    from okrsync.store.values import CheckIn


@command("sync")
@cycle_option
@click.option("--expect", metavar="DIGEST", help="Do exactly the plan with this digest, or nothing.")
@click.option(
    "--plan",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Do exactly the plan that `okrsync plan --out FILE` saved, or nothing, and say what changed since.",
)
@dry_run_option
@if_running_option
@json_option
def sync(call: Call, expect: str | None, file: Path | None, dry_run: bool, as_json: bool) -> int:
    """Bring documents and trackers together: create what is missing, update what changed, read values back.

    What cannot be decided is held for a person (exit code 3). A second sync writes nothing.
    """
    from okrsync.cli.cautions import tell_waiting
    from okrsync.cli.outcomes import show_plan, show_sync
    from okrsync.cli.plan_files import check_belongs, read_plan
    from okrsync.engine.engine import PlanChanged

    saved = read_plan(file) if file else None
    if saved:
        if expect not in (None, saved.digest):
            raise click.UsageError(f"--plan {file} has the digest {saved.digest}, and --expect says {expect}")
        expect, call.cycle = saved.digest, call.cycle or saved.cycle
    workspace = call.workspace()
    if saved and file:
        check_belongs(saved, file, workspace)

    def work(engine: Engine) -> tuple[Outcome, dict[Ref, str], tuple[CheckIn, ...]]:
        try:
            outcome = engine.plan() if dry_run else engine.sync(expect)
        except PlanChanged as changed:
            _show_differences(call, saved, changed.due, as_json=as_json)
            raise Ended(str(changed), HELD) from changed
        keys = {ref: link.at.key for ref, link in engine.inputs.cache.links.live().items()}
        return outcome, keys, engine.conversation.heard.check_ins

    outcome, keys, heard = with_engine(call, workspace, work, alone=not dry_run)
    tell_waiting(call, workspace)
    if not dry_run:
        return show_sync(call, outcome, keys, heard, as_json=as_json)
    if expect is None or outcome.plan.digest == expect:
        return show_plan(call, outcome, as_json=as_json)
    if saved:
        _show_differences(call, saved, outcome.plan, as_json=as_json)
    else:
        show_plan(call, outcome, as_json=as_json)
    raise Ended(f"the plan that is due now has the digest {outcome.plan.digest}, not {expect}", HELD)


def _show_differences(call: Call, saved: SavedPlan | None, due: Plan, *, as_json: bool) -> None:
    """Name each change that is new, gone or different since a plan was saved."""
    if saved is None:
        return
    from okrsync.reports.plan_views import lines_picture, lines_text
    from okrsync.reports.saved_views import difference_lines, differences_json

    found = saved.differences(due)
    call.screen.show(
        as_json=as_json,
        data=lambda: differences_json(saved, due, found, exit_code=HELD),
        text=lambda: lines_text(difference_lines(saved, due, found)),
        picture=lambda _width: lines_picture(difference_lines(saved, due, found)),
    )

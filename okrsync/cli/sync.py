"""`okrsync sync`: do what has to be done in trackers and documents."""

from __future__ import annotations

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import HELD
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.working import Ended, engine_at_work


@command("sync")
@cycle_option
@click.option("--expect", metavar="DIGEST", help="Do exactly the plan with this digest, or nothing.")
@dry_run_option
@json_option
def sync(call: Call, expect: str | None, dry_run: bool, as_json: bool) -> int:
    """Bring documents and trackers together: create what is missing, update what changed, read values back.

    What cannot be decided is held for a person (exit code 3). A second sync writes nothing.
    """
    from okrsync.cli.outcomes import show_plan, show_sync
    from okrsync.engine.engine import PlanChanged

    with engine_at_work(call, call.workspace()) as engine:
        try:
            outcome = engine.plan() if dry_run else engine.sync(expect)
            keys = {ref: link.at.key for ref, link in engine.inputs.cache.links.live().items()}
        except PlanChanged as changed:
            raise Ended(str(changed), HELD) from changed
    if not dry_run:
        return show_sync(call, outcome, keys, as_json=as_json)
    code = show_plan(call, outcome, as_json=as_json)
    if expect is not None and outcome.plan.digest != expect:
        raise Ended(f"the plan that is due now has the digest {outcome.plan.digest}, not {expect}", HELD)
    return code

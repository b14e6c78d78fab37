"""`okrsync pull`: read current values from the trackers, and write to none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okrsync.cli.call import Call
from okrsync.cli.options import command, cycle_option, if_running_option, json_option
from okrsync.cli.working import with_engine

if TYPE_CHECKING:
    from rich.console import RenderableType

    from okrsync.domain.status import Status
    from okrsync.engine.outcome import Outcome
    from okrsync.reports.moves import Move


@command("pull")
@cycle_option
@if_running_option
@json_option
def pull(call: Call, as_json: bool) -> int:
    """Read current values from the trackers, and show those that moved. Nothing is written to a tracker."""
    from okrsync.cli.outcomes import name_failures
    from okrsync.reports.moves import moves

    workspace = call.workspace()
    before, outcome = with_engine(call, workspace, lambda engine: (workspace.status(), engine.pull()))
    after = workspace.status()
    if as_json or not call.quiet:
        _show(call, after, moves(before, after), outcome, as_json=as_json)
    return name_failures(call, outcome)


def _show(call: Call, status: Status, found: tuple[Move, ...], outcome: Outcome, *, as_json: bool) -> None:
    from okrsync.cli.outcomes import failure_json
    from okrsync.reports.moves import moves_table
    from okrsync.reports.tables import table_picture, table_text
    from okrsync.reports.words import counted

    said = f"{counted(len(found), 'value')} moved in {status.cycle.name} ({counted(outcome.requests, 'request')})"

    def data() -> dict[str, Any]:
        return {
            "workspace": status.workspace,
            "cycle": status.cycle.name,
            "as_of": status.as_of.isoformat(),
            "values": [move.to_json() for move in found],
            "failures": [failure_json(each) for each in outcome.failures],
            "requests": outcome.requests,
            "exit_code": int(outcome.exit_code),
        }

    def picture(_width: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        head = Text(said, style="bold")
        return Group(head, table_picture(moves_table(found))) if found else head

    call.screen.show(
        as_json=as_json,
        data=data,
        text=lambda: [said, *(table_text(moves_table(found)) if found else ())],
        picture=picture,
    )

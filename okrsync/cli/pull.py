"""`okrsync pull`: read current values from the trackers, and write to none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okrsync.cli.call import Call
from okrsync.cli.options import command, cycle_option, if_running_option, json_option
from okrsync.cli.working import with_engine

if TYPE_CHECKING:
    from rich.console import RenderableType

    from okrsync.domain.status import Status
    from okrsync.engine.engine import Engine
    from okrsync.engine.outcome import Outcome
    from okrsync.reports.moves import Move
    from okrsync.store.values import CheckIn


@command("pull")
@cycle_option
@if_running_option
@json_option
def pull(call: Call, as_json: bool) -> int:
    """Read values and check-ins from the trackers, and show what is new. Nothing is written to a tracker."""
    from okrsync.cli.outcomes import name_failures
    from okrsync.reports.moves import moves

    workspace = call.workspace()

    def work(engine: Engine) -> tuple[Status, Outcome, tuple[CheckIn, ...]]:
        return workspace.status(), engine.pull(), engine.conversation.heard.check_ins

    before, outcome, heard = with_engine(call, workspace, work)
    after = workspace.status()
    if as_json or not call.quiet:
        _show(call, after, moves(before, after), heard, outcome, as_json=as_json)
    return name_failures(call, outcome)


def _show(
    call: Call,
    status: Status,
    found: tuple[Move, ...],
    heard: tuple[CheckIn, ...],
    outcome: Outcome,
    *,
    as_json: bool,
) -> None:
    from okrsync.cli.outcomes import failure_json
    from okrsync.reports.check_in_views import check_in_json, heard_lines, heard_text
    from okrsync.reports.moves import moves_table
    from okrsync.reports.tables import table_picture, table_text
    from okrsync.reports.words import counted

    news = f"{counted(len(found), 'value')} moved in {status.cycle.name}"
    if outcome.is_blind and not found:
        news = "nothing could be read"
    news += f", {heard_text(heard)}" if heard else ""
    said = f"{news} ({counted(outcome.requests, 'request')})"

    def data() -> dict[str, Any]:
        return {
            "workspace": status.workspace,
            "cycle": status.cycle.name,
            "as_of": status.as_of.isoformat(),
            "values": [move.to_json() for move in found],
            "check_ins": [check_in_json(each) for each in heard],
            "failures": [failure_json(each) for each in outcome.failures],
            "requests": outcome.requests,
            "exit_code": int(outcome.exit_code),
        }

    def picture(_width: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        table = [table_picture(moves_table(found))] if found else []
        return Group(Text(said, style="bold"), *table, *map(Text, heard_lines(heard)))

    call.screen.show(
        as_json=as_json,
        data=data,
        text=lambda: [said, *(table_text(moves_table(found)) if found else ()), *heard_lines(heard)],
        picture=picture,
    )

"""`okrsync status`: how the objectives of a cycle stand, from documents and cache alone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from okrsync.cli.call import Call
from okrsync.cli.options import audience_option, command, cycle_option, json_option
from okrsync.cli.past import day_option, status_at

if TYPE_CHECKING:
    from rich.console import RenderableType


LARGE = 250
"""From how many objectives on a terminal gets plain lines too: the tables of so many would take seconds to draw."""


@command("status")
@cycle_option
@audience_option
@day_option("--as-of", "Show how they stood when that day ended, as far as the cache remembers.")
@json_option
def status(call: Call, day: date | None, as_json: bool) -> None:
    """Show how the objectives of a cycle stand.

    Nothing is asked of a tracker: `okrsync pull` reads the newest values.
    """
    from okrsync.practice.scoring import Bounds
    from okrsync.reports.as_json import status_json
    from okrsync.reports.status_text import status_text

    workspace = call.workspace()
    standing = workspace.status() if day is None else status_at(workspace, day)
    bounds = Bounds(**workspace.settings.scoring.model_dump())
    if not as_json and len(standing.objectives) >= LARGE:
        call.screen.lines(status_text(standing, bounds))
        return

    def picture(width: int) -> RenderableType:
        from okrsync.reports.status_table import status_table

        return status_table(standing, width, bounds)

    call.screen.show(
        as_json=as_json, data=lambda: status_json(standing), text=lambda: status_text(standing, bounds), picture=picture
    )

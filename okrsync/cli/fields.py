"""`okrsync fields TRACKER PROJECT`: the fields that a key result could be tracked in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.options import command, json_option
from okrsync.cli.working import working

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.reports.tables import Table
    from okrsync.trackers.values import FieldInfo


@command("fields")
@click.argument("tracker")
@click.argument("project")
@click.option("--board", metavar="OWNER/NUMBER", help="GitHub: the Projects board that holds the fields.")
@json_option
def fields(call: Call, tracker: str, project: str, board: str | None, as_json: bool) -> None:
    """Show the fields of PROJECT in TRACKER, a name under [trackers] in the settings.

    The names are what `fields` of a mapping and `field` of a measure take.
    """
    from okrsync.reports.tables import table_picture, table_text

    workspace = call.workspace()
    _known(workspace, tracker)
    board = board or _board(workspace, tracker, project)
    with working(call, workspace) as work:
        work.phase(f"asking {tracker}")
        with workspace.tracker(tracker) as opened:
            found = opened.fields(project, board)
    call.screen.show(
        as_json=as_json,
        data=lambda: _data(tracker, project, board, found),
        text=lambda: table_text(_table(found)) if found else [_none(project, board)],
        picture=lambda _width: table_picture(_table(found)) if found else _none(project, board),
    )


def _known(workspace: Workspace, tracker: str) -> None:
    from okrsync.problems import did_you_mean, listed

    names = list(workspace.settings.trackers)
    if tracker not in names:
        known = f"; known are {listed(names, 'and')}" if names else "; there are none"
        hint = did_you_mean(tracker, names)
        raise click.UsageError(
            f"{workspace.settings.path}: there is no tracker {tracker!r}{known}. {hint}".rstrip(". ")
        )


def _board(workspace: Workspace, tracker: str, project: str) -> str | None:
    """The board that a mapping names for this project."""
    mappings = workspace.settings.mappings
    return next((each.board for each in mappings if (each.tracker, each.project) == (tracker, project)), None)


def _table(found: tuple[FieldInfo, ...]) -> Table:
    from okrsync.reports.tables import Table

    if all(each.on is None for each in found):
        return Table(("name", "type", "id"), [(each.name, each.type, each.id) for each in found])
    return Table(
        ("name", "type", "id", "on the screens of"),
        [(each.name, each.type, each.id, "" if each.on is None else ", ".join(each.on) or "none") for each in found],
    )


def _none(project: str, board: str | None) -> str:
    where = f"{project}, board {board}" if board else project
    hint = "" if board else "; on GitHub, name a board with --board owner/number"
    return f"{where} has no fields that a key result could be tracked in{hint}"


def _data(tracker: str, project: str, board: str | None, found: tuple[FieldInfo, ...]) -> dict[str, Any]:
    return {
        "tracker": tracker,
        "project": project,
        "board": board,
        "fields": [
            {"name": each.name, "id": each.id, "type": each.type, "on": None if each.on is None else list(each.on)}
            for each in found
        ],
    }

"""The least that a tracker plugin needs: one hook that says which kind of tracker there is. Others bring a lint rule, a
command, and a diary of syncs.

This module imports neither the tracker nor its libraries: okrsync loads it even for `--help`. Read `tracker` next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from okrsync.domain.linting import Rule
from okrsync.trackers.hookspecs import hookimpl
from okrsync.trackers.interface import Tracker, TrackerContext, TrackerType
from okrsync.trackers.values import Capabilities, Markup

if TYPE_CHECKING:
    import click

    from okrsync.trackers.synced import SyncReport

CAPABILITIES = Capabilities(
    objective_forms=frozenset({"entry"}),
    key_result_forms=frozenset({"issues"}),
    markup=Markup.MARKDOWN,
    due_on_key_results=True,
    settle_after=0.0,
)
"""What the tracker can do. It has no links of its own and no pull requests, and its file shows a new item at once."""


@hookimpl
def register_trackers() -> list[TrackerType]:
    """The one kind of tracker."""
    return [
        TrackerType(
            name="example",
            summary="A tracker in a JSON file, to learn from",
            load=_load,
            capabilities=CAPABILITIES,
            options={"file": "The JSON file that holds the items."},
            default_url="https://tracker.invalid",
        )
    ]


@hookimpl
def register_lint_rules() -> list[Rule]:
    """A rule of the house, beside those that okrsync brings."""
    from okrsync_example.rules import TeamNamed

    return [TeamNamed()]


@hookimpl
def register_commands(cli: click.Group) -> None:
    """`okrsync new-shelf`, beside okrsync's own commands."""
    from okrsync_example.command import new_shelf_command

    cli.add_command(new_shelf_command)


@hookimpl
def synced(report: SyncReport) -> None:
    """Keep a diary of syncs, where somebody wants one."""
    from okrsync_example.diary import note

    note(report)


def _load(context: TrackerContext) -> Tracker:
    from okrsync_example.tracker import ExampleTracker

    return ExampleTracker(context)

"""The hooks of okrsync. They only register; what is registered behaves. `synced` alone is told something.

A plugin is a module that an entry point of the group `okrsync` names, with functions marked by `hookimpl`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from okrsync.domain.linting import Rule
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.notifiers import NotifierType
from okrsync.trackers.sources import MeasureType
from okrsync.trackers.synced import SyncReport

if TYPE_CHECKING:
    import click

hookspec = pluggy.HookspecMarker("okrsync")
hookimpl = pluggy.HookimplMarker("okrsync")


@hookspec
def register_trackers() -> Iterable[TrackerType]:
    """The kinds of tracker that the plugin offers."""
    raise AssertionError("a specification is not called")


@hookspec
def register_measures() -> Iterable[MeasureType]:
    """The ways to measure that the plugin offers, beside those that okrsync brings."""
    raise AssertionError("a specification is not called")


@hookspec
def register_notifiers() -> Iterable[NotifierType]:
    """The ways to tell people that the plugin offers."""
    raise AssertionError("a specification is not called")


@hookspec
def register_lint_rules() -> Iterable[Rule]:
    """The rules of `okrsync lint` that the plugin offers, beside those that okrsync brings."""
    raise AssertionError("a specification is not called")


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands of the plugin to `cli`, as with `@cli.command()`. None can have the name of one of okrsync's own."""
    raise AssertionError("a specification is not called")


@hookspec
def synced(report: SyncReport) -> None:
    """Hear what a sync did, from a command or from the daemon, once it is all written down; and come back soon.

    What goes wrong here is a warning, and changes nothing of the sync.
    """
    raise AssertionError("a specification is not called")

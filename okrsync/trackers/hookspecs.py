"""The hooks of okrsync. They only register; what is registered behaves.

A plugin is a module that an entry point of the group `okrsync` names, with functions marked by `hookimpl`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from okrsync.domain.linting import Rule
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.notifiers import NotifierType
from okrsync.trackers.sources import MeasureType

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

"""Finding plugins. Each is loaded apart: one that fails is named and left out, and never takes the rest down."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from okrsync.trackers import hookspecs
from okrsync.trackers.interface import TrackerType

GROUP = "okrsync"
"""The entry point group that plugins declare."""


@dataclass(frozen=True)
class LeftOut:
    """A plugin that could not be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Plugins:
    """What the installed plugins offer."""

    trackers: dict[str, TrackerType]
    left_out: tuple[LeftOut, ...]


def load_plugins(points: Iterable[EntryPoint] | None = None, allowed: Collection[str] | None = None) -> Plugins:
    """Load every installed plugin, in the order of their names.

    `allowed` are the names of those that may be loaded; None allows all. What is not allowed is not even imported.
    """
    manager = pluggy.PluginManager("okrsync")
    manager.add_hookspecs(hookspecs)
    trackers: dict[str, TrackerType] = {}
    left_out: list[LeftOut] = []
    for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda each: each.name):
        if allowed is not None and point.name not in allowed:
            left_out.append(LeftOut(point.name, "plugins.allow in the settings does not name it"))
            continue
        try:
            module = point.load()
            manager.register(module, name=point.name)
            manager.check_pending()
            offered = _offers(manager, point.name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's plugin must not end okrsync
            if manager.has_plugin(point.name):
                manager.unregister(name=point.name)
            left_out.append(LeftOut(point.name, f"{type(error).__name__}: {error}"))
            continue
        for kind in offered:
            if kind.name in trackers:
                left_out.append(LeftOut(point.name, f"tracker type {kind.name!r} is offered by another plugin already"))
            else:
                trackers[kind.name] = kind
    return Plugins(trackers, tuple(left_out))


def _offers(manager: pluggy.PluginManager, name: str) -> list[TrackerType]:
    caller = manager.subset_hook_caller(
        "register_trackers", [plugin for each, plugin in manager.list_name_plugin() if each != name]
    )
    offered = [kind for kinds in caller() for kind in kinds]
    for kind in offered:
        if not isinstance(kind, TrackerType):
            raise TypeError(f"register_trackers gave {kind!r}, which is no TrackerType")
    return offered

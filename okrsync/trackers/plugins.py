"""Finding plugins. Each is loaded apart: one that fails is named and left out, and never takes the rest down."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import pluggy

from okrsync.domain.linting import Rule
from okrsync.trackers import hookspecs
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.notifiers import NotifierType
from okrsync.trackers.sources import RESERVED, MeasureType

Kind = TypeVar("Kind", TrackerType, MeasureType, NotifierType)
Offered = TypeVar("Offered", TrackerType, MeasureType, NotifierType, Rule)

_CODE = re.compile(r"[A-Z]{1,10}[0-9]{1,5}")
RESERVED_CODES = "OKR"
"""What the codes of okrsync's own lint rules begin with."""

GROUP = "okrsync"
"""The entry point group that plugins declare."""


@dataclass(frozen=True)
class LeftOut:
    """A plugin that could not be used, and why."""

    name: str
    reason: str
    by_choice: bool = False
    """Whether the settings leave it out."""


@dataclass(frozen=True)
class Plugins:
    """What the installed plugins offer."""

    trackers: dict[str, TrackerType]
    left_out: tuple[LeftOut, ...]
    measures: dict[str, MeasureType] = field(default_factory=dict)
    lint_rules: dict[str, Rule] = field(default_factory=dict)
    """By their codes."""
    notifiers: dict[str, NotifierType] = field(default_factory=dict)

    @property
    def broken(self) -> tuple[LeftOut, ...]:
        """Those that are left out against everybody's wish."""
        return tuple(each for each in self.left_out if not each.by_choice)


def load_plugins(points: Iterable[EntryPoint] | None = None, allowed: Collection[str] | None = None) -> Plugins:
    """Load every installed plugin, in the order of their names.

    `allowed` are the names of those that may be loaded; None allows all. What is not allowed is not even imported.
    """
    manager = pluggy.PluginManager("okrsync")
    manager.add_hookspecs(hookspecs)
    trackers: dict[str, TrackerType] = {}
    measures: dict[str, MeasureType] = {}
    lint_rules: dict[str, Rule] = {}
    notifiers: dict[str, NotifierType] = {}
    left_out: list[LeftOut] = []
    for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda each: each.name):
        if allowed is not None and point.name not in allowed:
            left_out.append(LeftOut(point.name, "plugins.allow in the settings does not name it", by_choice=True))
            continue
        try:
            module = point.load()
            manager.register(module, name=point.name)
            manager.check_pending()
            offered = _offers(manager, point.name, "register_trackers", TrackerType)
            measured = _offers(manager, point.name, "register_measures", MeasureType)
            telling = _offers(manager, point.name, "register_notifiers", NotifierType)
            ruled = _offers(manager, point.name, "register_lint_rules", Rule)  # type: ignore[type-abstract]
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's plugin must not end okrsync
            if manager.has_plugin(point.name):
                manager.unregister(name=point.name)
            left_out.append(LeftOut(point.name, f"{type(error).__name__}: {error}"))
            continue
        left_out += [LeftOut(point.name, reason) for reason in _take(offered, trackers, "tracker type")]
        left_out += [LeftOut(point.name, reason) for reason in _take(measured, measures, "measure", RESERVED)]
        left_out += [LeftOut(point.name, reason) for reason in _take_rules(ruled, lint_rules)]
        left_out += [LeftOut(point.name, reason) for reason in _take(telling, notifiers, "notifier")]
    return Plugins(trackers, tuple(left_out), measures, lint_rules, notifiers)


def _take(offered: Iterable[Kind], taken: dict[str, Kind], what: str, reserved: Collection[str] = ()) -> Iterable[str]:
    """Take what is new; why the rest is left out."""
    for kind in offered:
        if kind.name in reserved:
            yield f"{what} {kind.name!r} is one that okrsync brings itself"
        elif kind.name in taken:
            yield f"{what} {kind.name!r} is offered by another plugin already"
        else:
            taken[kind.name] = kind


def _take_rules(offered: Iterable[Rule], taken: dict[str, Rule]) -> Iterable[str]:
    """Take the lint rules whose codes are new; why the rest is left out."""
    for rule in offered:
        if not _CODE.fullmatch(rule.code):
            yield f"lint rule {rule.code!r}: a code is capital letters, then digits, such as ACME001"
        elif rule.code.startswith(RESERVED_CODES):
            yield f"lint rule {rule.code!r}: codes that begin with {RESERVED_CODES} are those of okrsync itself"
        elif rule.code in taken:
            yield f"lint rule {rule.code!r} is offered by another plugin already"
        else:
            taken[rule.code] = rule


def _offers(manager: pluggy.PluginManager, name: str, hook: str, form: type[Offered]) -> list[Offered]:
    caller = manager.subset_hook_caller(hook, [plugin for each, plugin in manager.list_name_plugin() if each != name])
    offered = [kind for kinds in caller() for kind in kinds]
    for kind in offered:
        if not isinstance(kind, form):
            raise TypeError(f"{hook} gave {kind!r}, which is no {form.__name__}")
    return offered

"""Finding plugins. Each is loaded apart: one that fails is named and left out, and never takes the rest down."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy

from okrsync.domain.linting import Rule
from okrsync.trackers import hookspecs
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.notifiers import NotifierType
from okrsync.trackers.sources import RESERVED, MeasureType
from okrsync.trackers.synced import SyncReport

Kind = TypeVar("Kind", TrackerType, MeasureType, NotifierType)
Read = TypeVar("Read")
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
class Listener:
    """A plugin that wants to hear what syncs did."""

    name: str
    hear: Callable[[SyncReport], object]


@dataclass(frozen=True)
class Plugins:
    """What the installed plugins offer."""

    trackers: dict[str, TrackerType]
    left_out: tuple[LeftOut, ...]
    measures: dict[str, MeasureType] = field(default_factory=dict)
    lint_rules: dict[str, Rule] = field(default_factory=dict)
    """By their codes."""
    notifiers: dict[str, NotifierType] = field(default_factory=dict)
    listeners: tuple[Listener, ...] = ()

    @property
    def broken(self) -> tuple[LeftOut, ...]:
        """Those that are left out against everybody's wish."""
        return tuple(each for each in self.left_out if not each.by_choice)


class Loader:
    """Loads plugins one by one; each that fails is left out and keeps no other from being loaded.

    Args:
        allowed: the names of those that may be loaded; None allows all. What is not allowed is not even imported.
    """

    def __init__(self, allowed: Collection[str] | None = None) -> None:
        self.left_out: list[LeftOut] = []
        self._allowed = allowed
        self._manager = pluggy.PluginManager("okrsync")
        self._manager.add_hookspecs(hookspecs)

    def leave_out(self, name: str, reason: str) -> None:
        """Note that a plugin, or something of it, cannot be used."""
        self.left_out.append(LeftOut(name, reason))

    def each(self, points: Iterable[EntryPoint], read: Callable[[str], Read]) -> Iterator[tuple[EntryPoint, Read]]:
        """The plugins that can be used, in the order of their names, with what `read` makes of each name."""
        manager = self._manager
        for point in sorted(points, key=lambda each: each.name):
            if self._allowed is not None and point.name not in self._allowed:
                reason = "plugins.allow in the settings does not name it"
                self.left_out.append(LeftOut(point.name, reason, by_choice=True))
                continue
            try:
                manager.register(point.load(), name=point.name)
                manager.check_pending()
                offered = read(point.name)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's plugin must not end okrsync
                if manager.has_plugin(point.name):
                    manager.unregister(name=point.name)
                self.leave_out(point.name, f"{type(error).__name__}: {error}")
                continue
            yield point, offered

    def only(self, name: str, hook: str) -> Callable[..., list[Any]]:
        """A hook of one plugin; calling it gives a list with the answer, or none where the plugin has no such hook."""
        others = [plugin for each, plugin in self._manager.list_name_plugin() if each != name]
        return self._manager.subset_hook_caller(hook, others)

    def offers(self, name: str, hook: str, form: type[Offered]) -> list[Offered]:
        """What a plugin registers by a hook.

        Raises:
            TypeError: it is of another form.
        """
        offered = [kind for kinds in self.only(name, hook)() for kind in kinds]
        for kind in offered:
            if not isinstance(kind, form):
                raise TypeError(f"{hook} gave {kind!r}, which is no {form.__name__}")
        return offered

    def listener(self, name: str) -> Listener | None:
        """The plugin as somebody who hears of syncs, where it wants to."""
        caller = self._manager.hook.synced
        if all(each.plugin_name != name for each in caller.get_hookimpls()):
            return None
        # By then further plugins may be loaded, which are not to hear it twice.
        return Listener(name, lambda report: self.only(name, "synced")(report=report))


@dataclass(frozen=True)
class _Offers:
    """What one plugin registers."""

    trackers: list[TrackerType]
    measures: list[MeasureType]
    notifiers: list[NotifierType]
    lint_rules: list[Rule]
    listener: Listener | None


def load_plugins(points: Iterable[EntryPoint] | None = None, allowed: Collection[str] | None = None) -> Plugins:
    """Load every installed plugin, in the order of their names.

    `allowed` are the names of those that may be loaded; None allows all. What is not allowed is not even imported.
    Commands are for `okrsync.trackers.commands`.
    """
    loader = Loader(allowed)
    found = Plugins({}, ())
    listeners: list[Listener] = []

    def read(name: str) -> _Offers:
        return _Offers(
            loader.offers(name, "register_trackers", TrackerType),
            loader.offers(name, "register_measures", MeasureType),
            loader.offers(name, "register_notifiers", NotifierType),
            loader.offers(name, "register_lint_rules", Rule),  # type: ignore[type-abstract]
            loader.listener(name),
        )

    for point, offered in loader.each(entry_points(group=GROUP) if points is None else points, read):
        for reason in (
            *_take(offered.trackers, found.trackers, "tracker type"),
            *_take(offered.measures, found.measures, "measure", RESERVED),
            *_take_rules(offered.lint_rules, found.lint_rules),
            *_take(offered.notifiers, found.notifiers, "notifier"),
        ):
            loader.leave_out(point.name, reason)
        listeners += [offered.listener] if offered.listener else []
    return replace(found, left_out=tuple(loader.left_out), listeners=tuple(listeners))


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

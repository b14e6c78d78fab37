"""Commands that plugins add to okrsync by the hook `register_commands`. Only who shows or runs them imports this."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Protocol

import click

from okrsync.trackers.plugins import LeftOut, Loader


class GlobalOptions(Protocol):
    """What a plugin's command gets from `click.pass_obj`: the options of okrsync that stand before or after its name.

    An object with more than that is handed over; nothing else of it is promised.
    """

    config: Path | None
    """The settings file or its folder, where `--config` names one."""
    cycle: str | None
    quiet: bool
    verbose: bool


@dataclass(frozen=True)
class PluginCommand:
    """A command, and the plugin that it comes from."""

    plugin: str
    command: click.Command


@dataclass(frozen=True)
class Commands:
    """What plugins add to the program, by name."""

    added: dict[str, PluginCommand]
    left_out: tuple[LeftOut, ...] = ()


def load_commands(points: Iterable[EntryPoint], taken: Collection[str], allowed: Collection[str] | None) -> Commands:
    """The commands of these plugins, each loaded apart, in the order of their names.

    Args:
        taken: the names of okrsync's own commands, which none can have.
        allowed: the names of the plugins that may be loaded; None allows all. What is not is not even imported.
    """
    loader = Loader(allowed)
    added: dict[str, PluginCommand] = {}
    for point, offered in loader.each(points, lambda name: _registered(loader, name)):
        for name, command in offered.items():
            if name in taken:
                loader.leave_out(point.name, f"command {name!r} is one of okrsync's own")
            elif name in added:
                loader.leave_out(point.name, f"command {name!r} is added by the plugin {added[name].plugin} already")
            else:
                added[name] = PluginCommand(point.name, command)
    return Commands(added, tuple(loader.left_out))


def _registered(loader: Loader, plugin: str) -> dict[str, click.Command]:
    # A group of its own: what a plugin does to it concerns no other command.
    group = click.Group("okrsync")
    loader.only(plugin, "register_commands")(cli=group)
    for name, command in group.commands.items():
        if not isinstance(command, click.Command):
            raise TypeError(f"register_commands added {command!r} as {name!r}, which is no click command")
    return dict(group.commands)

"""Commands that plugins bring. Nothing is loaded for them where no plugin from outside is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.options import cycle_option, global_options

if TYPE_CHECKING:
    from okrsync.trackers.commands import Commands, PluginCommand

OWN = "okrsync"
"""The distribution of the bundled plugins, none of which brings a command."""
_KNOWN = "okrsync.cli.plugin_commands"


def plugin_commands(
    context: click.Context, taken: Collection[str], arguments: Sequence[str] = ()
) -> dict[str, PluginCommand]:
    """The commands that plugins add, by name; what is left out is said once.

    Args:
        taken: the names of okrsync's own commands.
        arguments: those after the global options, in which `--config` may still come.
    """
    root = context.find_root()
    call = root.find_object(Call)
    if call is None or not any(_outside()):
        return {}
    if _KNOWN not in root.meta:
        root.meta[_KNOWN] = _load(call, taken, arguments)
        if not root.resilient_parsing:
            for each in root.meta[_KNOWN].left_out:
                if not each.by_choice:
                    call.voice.warn(f"plugin {each.name} is left out: {each.reason}", plugin=each.name)
    known: Commands = root.meta[_KNOWN]
    return known.added


def _outside() -> Iterator[Path]:
    """The folders of installed distributions, but okrsync's own, that have plugins for okrsync.

    `importlib.metadata` finds the same, and importing it takes as long as everything else that `--help` does.
    """
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - pathlib makes an object of each of hundreds
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")) and not name.startswith((f"{OWN}-", f"{OWN}.")):
                declared = Path(folder or ".", name, "entry_points.txt")
                try:
                    text = declared.read_text("utf-8")
                except (OSError, ValueError):
                    continue
                if "[okrsync]" in text:
                    yield declared.parent


def _load(call: Call, taken: Collection[str], arguments: Sequence[str]) -> Commands:
    from importlib.metadata import entry_points

    from okrsync.problems import Problems
    from okrsync.settings_file import essentials, find_if_any
    from okrsync.trackers.commands import Commands, load_commands
    from okrsync.trackers.plugins import GROUP, LeftOut

    points = [each for each in entry_points(group=GROUP) if each.dist is None or each.dist.name != OWN]
    try:
        path = find_if_any(Path.cwd(), _config_in(arguments) or call.config, os.environ)
        allowed = None if path is None else essentials(path).plugins
    except Problems as unknown:
        why = f"which plugins may be loaded is not known: {unknown.problems[0]}"
        return Commands({}, tuple(LeftOut(each.name, why) for each in points))
    found = load_commands(points, taken, allowed)
    for each in found.added.values():
        _with_global_options(each.command)
    return found


def _config_in(arguments: Sequence[str]) -> Path | None:
    """What `--config` names after the command's name, before click has read it."""
    for index, each in enumerate(arguments):
        if each == "--config" and index + 1 < len(arguments):
            return Path(arguments[index + 1])
        if each.startswith("--config="):
            return Path(each.removeprefix("--config="))
    return None


def _with_global_options(command: click.Command) -> None:
    """Let a command understand the global options after its name, but for those that it has in a meaning of its own."""
    taken = {written for each in command.params for written in each.opts}
    if "--cycle" not in taken:
        cycle_option(command)
    command.params += [each for each in global_options() if not taken.intersection(each.opts)]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _with_global_options(below)

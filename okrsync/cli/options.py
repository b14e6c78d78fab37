"""Options that several commands have. The global ones are understood before and after the name of the command."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from okrsync.cli.call import Call
from okrsync.domain.okr import EVERYONE


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback that keeps what was given; an option that was not given changes nothing."""

    def keep(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        call = context.find_object(Call)
        if call is not None and value not in (None, False):
            setattr(call, name, value)

    return keep


def global_options() -> list[click.Parameter]:
    """The options of every command."""
    return [
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            metavar="PATH",
            is_eager=True,  # `--help` shows the commands of the plugins that it allows.
            help="The settings file or its folder. Default: OKRSYNC_CONFIG, else okrsync.toml here or above.",
            expose_value=False,
            callback=_keep("config"),
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            help="No progress and no notes, only what was asked for.",
            expose_value=False,
            callback=_keep("quiet"),
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            help="Say what happens, and where an error comes from.",
            expose_value=False,
            callback=_keep("verbose"),
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(["text", "json", "journal"]),
            help="How messages on standard error look; journal: as entries of systemd's journal. Default: text; of a"
            " daemon off a terminal, json or journal.",
            expose_value=False,
            callback=_keep("log_format"),
        ),
    ]


cycle_option = click.option(
    "--cycle",
    metavar="NAME",
    help="The cycle. Default: the one that holds today, else the newest.",
    expose_value=False,
    callback=_keep("cycle"),
)

audience_option = click.option(
    "--audience",
    metavar="NAME",
    default=EVERYONE,
    help="For whom it is made: a name under [audiences] in the settings. Default: everyone.",
    expose_value=False,
    callback=_keep("audience"),
)

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")

if_running_option = click.option(
    "--if-running",
    type=click.Choice(["fail", "skip"]),
    help="What it means that another okrsync works on the workspace: exit code 1, or 0. Default: fail.",
    expose_value=False,
    callback=_keep("if_running"),
)

dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")


def command(name: str, **attributes: Any) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command with the global options, after its own. What its function returns is the exit code."""

    def decorate(function: Callable[..., int | None]) -> click.Command:
        made = click.command(name, cls=click.Command, **attributes)(_with_call(function))
        made.params += global_options()
        return made

    return decorate


def _with_call(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """The function with the call of this run as its first argument."""

    @wraps(function)
    def called(**parameters: Any) -> int | None:
        return function(click.get_current_context().find_object(Call), **parameters)

    return called

"""What every command gets: the global options, the workspace that they name, and where to speak."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.screen import Screen
from okrsync.cli.voice import LogFormat, Voice

if TYPE_CHECKING:
    from okrsync.app import Workspace


@dataclass
class Call:
    """One call of okrsync, as the global options have it."""

    config: Path | None = None
    cycle: str | None = None
    audience: str | None = None
    quiet: bool = False
    verbose: bool = False
    log_format: LogFormat = "text"
    if_running: str = "fail"
    """`skip`: that another okrsync works is no failure."""
    plugin: str = ""
    """The plugin whose command runs; empty for one of okrsync's own."""
    screen: Screen = field(default_factory=Screen)

    @cached_property
    def voice(self) -> Voice:
        """Where messages to people and logs go."""
        return Voice(self.log_format, quiet=self.quiet, verbose=self.verbose)

    def choose_log_format(self, log_format: LogFormat) -> None:
        """Let messages look so from now on."""
        self.log_format = log_format
        self.__dict__.pop("voice", None)

    def workspace(self) -> Workspace:
        """The workspace that the options, the environment or the working folder name.

        Raises:
            Problems: there is none, or something is wrong in its settings.
        """
        from okrsync.app import Workspace

        workspace = Workspace.load(self.config, cycle=self.cycle, audience=self.audience)
        workspace.warn = self.voice.warn
        if context := click.get_current_context(silent=True):
            workspace.doing = context.command_path.removeprefix("okrsync ")
        return workspace

"""`okrsync cycle`: begin the next cycle with what goes on, and close the last."""

from __future__ import annotations

import click

from okrsync.cli.cycle_close import close
from okrsync.cli.cycle_new import new
from okrsync.cli.options import global_options


@click.group("cycle", params=global_options())
def cycle() -> None:
    """Turn the cycle: begin the next with what goes on, and close the last when everything is scored."""


cycle.add_command(new)
cycle.add_command(close)

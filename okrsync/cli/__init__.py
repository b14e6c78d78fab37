"""The command line: one file a command. The only place that prints, asks, and turns errors into exit codes.

It may import everything of okrsync, and does so inside the commands: `--help` and `--version` import click alone.
Start with `program` (the commands and how one is run), then `call` (what every command gets).
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run `okrsync` with the arguments of this process, and end it with the exit code."""
    from okrsync.cli.program import run

    sys.exit(run(sys.argv[1:]))

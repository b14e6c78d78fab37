"""The command line: one file a command. The only place that prints, asks, and turns errors into exit codes.

It may import everything of okrsync, and does so inside the commands: `--help` and `--version` import click alone.
Start with `program` (the commands and how one is run), then `call` (what every command gets).
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run `okrsync` with the arguments of this process, and end it with the exit code."""
    _open_standard_streams()
    # A command makes values by the hundred thousand and hardly ever a circle of them: looking for circles after every
    # 700 of them costs `status` a seventh of its time, and after every 50,000 a long sync still stays small.
    gc.set_threshold(50_000)
    from okrsync.cli.program import run

    code = run(sys.argv[1:])
    # Nor is there a point in looking for them once more while the process ends.
    gc.freeze()
    sys.exit(code)


def _open_standard_streams() -> None:
    """Where whoever started us closed a standard stream, nothing is read there and what is written is lost. Otherwise
    the next connection would have its number, and would be sent what a library or another process writes there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(stream, True)
            setattr(sys, name, os.fdopen(stream, mode, encoding="utf-8"))

"""How far long work has come: a bar on standard error when that is a terminal, else nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from okrsync.cli.voice import Voice
from okrsync.reports.words import shown


class Bar(Protocol):
    """Shows how far work has come."""

    def phase(self, text: str) -> None:
        """Something begins of which nobody knows how long it takes."""

    def step(self, done: int, total: int, text: str) -> None:
        """`done` of `total` steps are done, and `text` comes next."""


class NoBar:
    """Shows nothing."""

    def phase(self, text: str) -> None:
        """Show nothing."""

    def step(self, done: int, total: int, text: str) -> None:
        """Show nothing."""


@contextmanager
def progress_bar(voice: Voice) -> Iterator[Bar]:
    """A bar for the work inside. What is written to standard error meanwhile stands above it."""
    if voice.quiet or voice.log_format != "text" or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield NoBar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    class _Bar:
        def __init__(self, progress: Progress) -> None:
            self.progress = progress
            self.task = progress.add_task("starting", total=None, count="")

        def phase(self, text: str) -> None:
            self.progress.reset(self.task, total=None, description=shown(text), count="")

        def step(self, done: int, total: int, text: str) -> None:
            count = f"{done} of {total}"
            self.progress.update(self.task, completed=done, total=total, description=shown(text), count=count)

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr, highlight=False),
        redirect_stdout=False,
        transient=True,
    ) as progress:
        yield _Bar(progress)

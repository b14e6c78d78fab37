"""Questions at a terminal, one line each, that Ctrl-C ends at any moment."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def asking() -> Iterator[Callable[[str], str]]:
    """While inside: what asks a question and gives the answer, without the space around it.

    Python notes a signal and looks at the note between two steps of its own. One that comes between its last look and
    the moment at which it waits for a line would be noticed after that line; so it waits for the signal's note too.

    Raises:
        click.Abort: there is nobody any more who answers.
        KeyboardInterrupt: Ctrl-C.
    """
    noted, notes = os.pipe()
    os.set_blocking(notes, False)
    os.set_blocking(noted, False)
    before = signal.set_wakeup_fd(notes, warn_on_full_buffer=False)
    try:
        yield lambda question: _answer(question, noted)
    finally:
        signal.set_wakeup_fd(before)
        os.close(noted)
        os.close(notes)


def _answer(question: str, noted: int) -> str:
    click.echo(question, nl=False)
    while True:
        ready, _, _ = select.select([sys.stdin, noted], [], [])
        if noted in ready:
            os.read(noted, 512)
        if sys.stdin in ready:
            break
    line = sys.stdin.readline()
    if not line:
        raise click.Abort
    return line.strip()

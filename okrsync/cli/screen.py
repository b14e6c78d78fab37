"""Standard output: data, as tables and colours on a terminal, as plain lines elsewhere, or as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


_PIECE = 16_384
"""How many characters are written at once."""


class PipeClosed(Exception):
    """Whoever reads our output wants no more of it."""


class Screen:
    """Standard output. It is looked up each time, so that tests and callers may put another in its place."""

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it, on a terminal that can do more than write lines."""
        return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    def show(
        self,
        *,
        as_json: bool,
        data: Callable[[], Any],
        text: Callable[[], Iterable[str]],
        picture: Callable[[int], RenderableType],
    ) -> None:
        """Show one thing in the form that fits; only that form is made. `picture` gets the terminal's width.

        Raises:
            PipeClosed: nobody reads it.
        """
        if as_json:
            self.json(data())
        elif self.is_terminal:
            self.picture(picture)
        else:
            self.lines(text())

    def json(self, value: Any) -> None:
        """JSON, in ASCII alone: no terminal obeys what a tracker put into a title.

        A person gets it indented; a program gets a line for each thing, which takes a quarter of the time.
        """
        import json

        self._write((json.dumps(value, indent=2) if self.is_terminal else _by_line(value)) + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Plain lines."""
        self._write("".join(f"{line}\n" for line in lines))

    def picture(self, make: Callable[[int], RenderableType]) -> None:
        """Tables, trees and colours for a terminal."""
        from rich.console import Console

        console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
        with console.capture() as captured:
            console.print(make(console.width))
        self._write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))

    def _write(self, text: str) -> None:
        stream = sys.stdout
        encoding = stream.encoding or "utf-8"
        writable = text.encode(encoding, "replace").decode(encoding)
        try:
            # With PYTHONUNBUFFERED a large write that a closed pipe cuts short is taken for a whole one.
            for start in range(0, len(writable), _PIECE):
                stream.write(writable[start : start + _PIECE])
            stream.flush()
        except BrokenPipeError as error:
            raise PipeClosed from error


def _by_line(value: Any) -> str:
    """JSON with a line for each key of an object, and for each element of a list in it."""
    import json

    def listed(held: Any) -> str:
        if not isinstance(held, list) or not held:
            return json.dumps(held)
        return "[\n" + ",\n".join(map(json.dumps, held)) + "\n]"

    if not isinstance(value, dict):
        return listed(value)
    return "{" + ",\n".join(f"{json.dumps(key)}: {listed(held)}" for key, held in value.items()) + "}"


def leave_quietly() -> None:
    """Let the interpreter end without a word about output that nobody reads any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())

"""A real pseudo-terminal with a program in it, and somebody who types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.system.cli_desk import PROGRAM, environment

PATIENCE = 20.0
"""Seconds that somebody waits for the program to say something."""
CTRL_C = "\x03"


class Terminal:
    """One call of okrsync in a terminal."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self._process = subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=folder,
            env=environment(TERM="xterm", NO_COLOR="1", COLUMNS="200", **more),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_the_terminal,
        )
        os.close(theirs)
        self.shown = ""
        self._read_to = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        os.close(self._ours)

    def sees(self, text: str) -> str:
        """Wait until the program shows a text that was not looked at before; what it showed up to there."""
        end = time.monotonic() + PATIENCE
        while (at := self.shown.find(text, self._read_to)) < 0:
            assert self._read(end - time.monotonic()), f"no {text!r} in {self.shown[self._read_to :]!r}"
        seen = self.shown[self._read_to : at + len(text)]
        self._read_to = at + len(text)
        return seen

    def types(self, text: str) -> None:
        """Type a text as it is."""
        os.write(self._ours, text.encode())

    def answers(self, questions: Sequence[tuple[str, str]]) -> None:
        """Wait for each question, and answer it."""
        for question, answer in questions:
            self.sees(question)
            self.types(f"{answer}\n")

    def ends(self) -> int:
        """Wait for the end of the program; its exit code."""
        end = time.monotonic() + PATIENCE
        while self._read(end - time.monotonic()):
            pass
        return self._process.wait(PATIENCE)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            said = os.read(self._ours, 65536)
        except OSError:
            return False  # Linux says so when the other end is closed.
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode(errors="replace")).replace("\r\n", "\n")
        return bool(said)


def _take_the_terminal() -> None:
    """Let Ctrl-C in the terminal reach this process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)

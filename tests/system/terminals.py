"""The program on a pseudo-terminal, with somebody who answers, at a time of the test's own."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pexpect

from tests.system.cli_desk import environment


class Terminal:
    """One call of the program, and what it says."""

    def __init__(self, folder: Path, now: datetime, *arguments: str) -> None:
        program = (
            "import time_machine; from datetime import datetime;"
            f" time_machine.travel(datetime.fromisoformat({now.isoformat()!r}), tick=True).start();"
            " from okrsync.cli import main; main()"
        )
        self.child = pexpect.spawn(
            sys.executable,
            ["-c", program, *arguments],
            cwd=str(folder),
            env=environment(TERM="xterm"),
            encoding="utf-8",
            timeout=20,
            dimensions=(50, 200),
        )

    def answers(self, question: str, answer: str) -> None:
        """Wait for a question, and answer it."""
        self.child.expect_exact(question)
        self.child.sendline(answer)

    def stops(self, question: str) -> int:
        """Wait for a question, and answer it with Ctrl-C; the exit code."""
        self.child.expect_exact(question)
        self.child.sendintr()
        return self.ends()

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus)

    @property
    def last_words(self) -> str:
        """What was said after the last question."""
        return str(self.child.before)

"""Any program: it gets each message as JSON on its standard input, and ends with 0 when people were told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress

from okrsync.trackers.errors import Misconfigured, Rejected, Transient
from okrsync.trackers.notifiers import Message, Notifier, NotifierContext

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits.h: try again later."""
TOKEN = "OKRSYNC_NOTIFY_TOKEN"  # noqa: S105 - the name of a variable
"""Where the program finds the token of its table."""
_GLANCE = 0.1
_NOT_FOR_CHILDREN = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""With these it could speak to the service manager in our place."""


class CommandNotifier(Notifier):
    """Runs a program for each message."""

    def __init__(self, context: NotifierContext) -> None:
        self._context = context
        self._command = [str(each) for each in context.table.options["command"]]

    def send(self, message: Message) -> str | None:
        """See `Notifier.send`."""
        self._context.policy.call(lambda: self._run(json.dumps(message.to_json())), repeatable=False)
        return None

    def _run(self, text: str) -> None:
        name = self._command[0]
        environment = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_CHILDREN}
        if self._context.token is not None:
            environment[TOKEN] = self._context.token.reveal()
        try:
            process = subprocess.Popen(
                self._command,
                cwd=self._context.folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise Misconfigured(f"the command {name} cannot be started: {error.strerror}") from None
        with process:
            try:
                self._wait(process, text.encode())
            finally:
                # Nor does anything that it started go on.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode == TEMPORARY:
            raise Transient(f"the command {name} asks to be run again later (exit code {TEMPORARY})", acted=False)
        if process.returncode != 0:
            raise Rejected(f"the command {name} ended with exit code {process.returncode}: run it by hand to see why")

    def _wait(self, process: subprocess.Popen[bytes], text: bytes) -> None:
        limit = self._context.table.timeout
        until = time.monotonic() + limit
        given: bytes | None = text
        while True:
            try:
                process.communicate(given, timeout=_GLANCE)
            except subprocess.TimeoutExpired:
                given = None
            else:
                return
            # What it did until then, nobody knows.
            if self._context.policy.stop.is_set():
                raise Transient(f"the command {self._command[0]} was ended, because okrsync is to stop")
            if time.monotonic() >= until:
                raise Transient(f"the command {self._command[0]} took more than {limit:g} s, and was ended")

"""Entries with fields in the journal of systemd, so that `journalctl OKRSYNC_WHAT=mapping-failed` finds them.

Source: "Native Journal Protocol" in systemd's documentation; JOURNAL_STREAM in systemd.exec(5).
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from typing import Any

SOCKET = "/run/systemd/journal/socket"
_PRIORITIES = {"error": 3, "warning": 4, "info": 6, "debug": 7}
"""As syslog(3) counts."""


def is_journal(stream: int, environment: Mapping[str, str]) -> bool:
    """Whether what is written to a file descriptor goes to the journal; a pipe behind it would not."""
    try:
        about = os.fstat(stream)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{about.st_dev}:{about.st_ino}"


def entry(event: Mapping[str, Any]) -> bytes:
    """One event of a log as the journal takes it: `event` is the message, and every fact a field `OKRSYNC_…`."""
    return b"".join(_field(name, value) for name, value in _fields(event))


def send(event: Mapping[str, Any], address: str = SOCKET) -> bool:
    """Give an event to the journal; whether it took it."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.sendto(entry(event), address)
    except OSError:
        return False
    return True


def _fields(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "MESSAGE", str(event.get("event", ""))
    yield "PRIORITY", str(_PRIORITIES.get(str(event.get("level")), 6))
    yield "SYSLOG_IDENTIFIER", "okrsync"
    for name, value in event.items():
        if name not in {"event", "level", "timestamp"} and value is not None:
            cleaned = "".join(each if each.isascii() and each.isalnum() else "_" for each in name).upper()
            yield f"OKRSYNC_{cleaned}", value if isinstance(value, str) else json.dumps(value)


def _field(name: str, value: str) -> bytes:
    content = value.encode("utf-8", "replace")
    if b"\n" not in content:
        return name.encode() + b"=" + content + b"\n"
    return name.encode() + b"\n" + len(content).to_bytes(8, "little") + content + b"\n"

"""Shared by every test: nothing here talks to anything but loopback."""

from __future__ import annotations

from typing import Any

import pytest

KILL_POINTS = "kill points"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print at how many moments processes were killed, where tests recorded it."""
    found: list[dict[str, Any]] = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if report.when == "call" and name == KILL_POINTS
    ]
    if not found:
        return
    terminalreporter.section(KILL_POINTS)
    total = 0
    for each in sorted(found, key=lambda each: str(each["of"])):
        points = 2 * (each["requests"] + each["steps"])
        total += points
        terminalreporter.write_line(
            f"{each['of']}: {points} (before and after {each['requests']} requests and {each['steps']} commits)"
        )
    terminalreporter.write_line(f"{total} kill points in all: each time a SIGKILL, a restart, and a count")

"""Shared by every test: nothing here talks to anything but loopback."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

KILL_POINTS = "kill points"

# Neither has a limit in seconds: it would find out how busy the machine is.
ANY_SPEED: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, database=None, print_blob=True, **ANY_SPEED)
settings.register_profile("exploring", derandomize=False, print_blob=True, **ANY_SPEED)
if os.environ.get("OKRSYNC_EXPLORE"):
    settings.load_profile("exploring")
else:
    settings.load_profile("steady")
    # Hypothesis also draws the constants of those local modules that happen to be imported. Which these are depends on
    # the tests that ran before in the same process, and with pytest-xdist on chance.
    providers._get_local_constants = lambda: providers._local_constants

# Whoever starts the tests in the background may let them ignore Ctrl-C, and with them all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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

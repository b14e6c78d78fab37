"""Plugins hear what a sync did, and disturb nobody by it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from okrsync.engine.telling_plugins import tell_listeners
from okrsync.trackers.plugins import Listener
from okrsync.trackers.synced import SyncReport

REPORT = SyncReport("acme", "2026-Q4", datetime(2026, 11, 20, tzinfo=UTC), 0, 1, (), (), (), MappingProxyType({}))


def test_what_they_print_is_not_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    warned: list[str] = []
    loud = Listener("loud", lambda report: print(f"synced {report.workspace}"))
    broken = Listener("broken", lambda _report: print(1 / 0))
    tell_listeners([broken, loud], REPORT, warned.append)
    assert capsys.readouterr() == ("", "synced acme\n")
    assert warned == ["plugin broken failed when it was told of the sync: ZeroDivisionError: division by zero"]

"""A diary of syncs: a line of JSON for each, in the file that SHELF_DIARY names."""

from __future__ import annotations

import json
import os
from pathlib import Path

from okrsync.trackers.synced import SyncReport

VARIABLE = "SHELF_DIARY"


def note(report: SyncReport) -> None:
    """Write down what a sync did."""
    if not (named := os.environ.get(VARIABLE)):
        return
    line = {
        "at": report.at.isoformat(),
        "workspace": report.workspace,
        "cycle": report.cycle,
        "exit_code": report.exit_code,
        "changes": [f"{each.action} {each.ref}" for each in report.changes],
        "failures": [each.message for each in report.failures],
        "values": dict(report.values),
    }
    with Path(named).open("a", encoding="utf-8") as diary:
        diary.write(f"{json.dumps(line)}\n")

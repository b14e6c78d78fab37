"""What the daemon costs while nothing happens: requests, bytes written and memory, over a thousand polls.

Run it with `python -m benchmarks.daemon`. 100 objectives with 4 key results each, as in `benchmarks.requests`. The
daemon runs in a process of its own, whose clock is moved on by fifteen minutes from poll to poll: ten days, with their
nightly complete syncs. Requests are exact. Memory is what the system counts for the process on this machine: all that
it has in memory (VmRSS), and what of it is its own and no file's that others may share (RssAnon).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.system.cli_desk import environment
from tests.system.grounds import Desk, GitHub, Ground, JiraCloud, JiraDataCenter, served

OBJECTIVES = 100
POLLS = 1000
SETTINGS: tuple[tuple[type[Ground], int, int, bool], ...] = (
    (JiraCloud, 5, 4, False),
    (JiraDataCenter, 5, 4, False),
    (GitHub, 10, 0, False),
    (GitHub, 10, 4, True),
)
"""Ground, projects, key results for each objective, with a board."""

CHILD = """
import json, os, sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from okrsync.cli.call import Call
from okrsync.cli.daemon_views import Log
from okrsync.cli.logs import hear_libraries
from okrsync.daemon.events import RunEnded
from okrsync.daemon.inbox import Inbox
from okrsync.daemon.loop import Daemon
from okrsync.app import Workspace

POLLS = int(sys.argv[1])

def numbers(file, *names):
    fields = dict(line.split(":", 1) for line in open(file))
    return [int(fields[name].split()[0]) for name in names]

class Bench:
    def __init__(self):
        self.now = datetime.now(UTC)
        self.polls = []
        self.memory = {}
        self.written = []
        self.inbox = Inbox()

    def __call__(self, event):
        if isinstance(event, RunEnded) and event.kind == "poll":
            self.polls.append(event.requests)
            if len(self.polls) in {10, POLLS // 10, POLLS // 2, POLLS}:
                self.memory[len(self.polls)] = numbers("/proc/self/status", "VmRSS", "RssAnon")
            self.written += numbers("/proc/self/io", "write_bytes")
            if len(self.polls) >= POLLS:
                self.inbox.stop.set()

bench = Bench()
call = Call(log_format="json", quiet=True)
hear_libraries("json", False)

def load():
    workspace = Workspace.load(Path("okrsync.toml"), now=lambda: bench.now)
    workspace.stop, workspace.doing = bench.inbox.stop, "daemon"
    return workspace

def wait(seconds):
    bench.now += timedelta(seconds=seconds)

Daemon(load, bench.inbox, [Log(call), bench], clock=lambda: bench.now, wait=wait,
       look_every=timedelta(minutes=15)).run()
print(json.dumps({"memory": bench.memory, "requests": bench.polls, "written": bench.written}))
"""


def measure(kind: type[Ground], projects: int, key_results: int, *, board: bool, polls: int = POLLS) -> dict[str, Any]:
    """What the daemon's process says of itself."""
    with served(kind(projects)) as ground, tempfile.TemporaryDirectory() as folder:
        desk = Desk(ground, Path(folder))
        if not board and isinstance(ground, GitHub):
            desk.write_settings("\n".join(line for line in ground.settings().splitlines() if "fields =" not in line))
        for number in range(projects):
            desk.write_team(number, OBJECTIVES // projects, key_results)
        desk.run("sync")
        ground.site.clock.advance(timedelta(days=1))  # What was made just now would be read once more for a while.
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(polls)],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)  # type: ignore[no-any-return]


def main() -> None:
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else POLLS
    table = Table(title=f"{OBJECTIVES} objectives, {polls} polls without news; memory in MiB: VmRSS / RssAnon")
    marks = (10, polls // 10, polls // 2, polls)
    for column in ("tracker", "key results", "requests a poll", "written a poll", *(f"after {mark}" for mark in marks)):
        table.add_column(column, justify="left" if column == "tracker" else "right")
    for kind, projects, key_results, board in SETTINGS:
        found = measure(kind, projects, key_results, board=board, polls=polls)
        usual = max(set(found["requests"]), key=found["requests"].count)
        written = [after - before for before, after in pairwise(found["written"])]
        memory = [" / ".join(f"{each / 1024:.1f}" for each in found["memory"][str(at)]) for at in marks]
        cells = (str(key_results * OBJECTIVES), str(usual), f"{median(written) / 1024:.0f} KiB", *memory)
        table.add_row(kind.name, *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

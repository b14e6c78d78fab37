"""What the daemon costs while nothing happens: requests, bytes written and memory, over a thousand polls.

Run it with `python -m benchmarks.daemon [POLLS]`. 100 objectives with 4 key results each, as in `benchmarks.requests`.
The daemon runs as the command runs it, but for its clock, which is moved on by fifteen minutes from poll to poll: ten
days, with their nightly complete syncs. Requests are exact. Memory is what the system counts for the daemon's process
on this machine, at the end of a poll, when that poll's own process is gone: all that it has in memory (VmRSS), and what
of it is its own and no file's that others may share (RssAnon). The last rows are of a daemon that listens for webhooks.
What a poll takes of the processor is that of both processes.
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
SETTINGS: tuple[tuple[type[Ground], int, int, bool, bool], ...] = (
    (JiraCloud, 5, 4, False, False),
    (JiraDataCenter, 5, 4, False, False),
    (GitHub, 10, 0, False, False),
    (GitHub, 10, 4, True, False),
    (JiraCloud, 5, 4, False, True),
    (GitHub, 10, 4, True, True),
)
"""Ground, projects, key results for each objective, with a board, listening."""

CHILD = """
import json, os, resource, sys, time
from contextlib import closing, nullcontext
from datetime import datetime, timedelta, UTC
from pathlib import Path
from okrsync.cli.call import Call
from okrsync.cli.daemon import worker_command
from okrsync.cli.daemon_views import Log
from okrsync.cli.logs import hear_libraries
from okrsync.daemon.apart import Apart
from okrsync.daemon.events import RunEnded
from okrsync.daemon.inbox import Inbox
from okrsync.daemon.loop import Daemon
from okrsync.app import Workspace

POLLS, LISTENS = int(sys.argv[1]), sys.argv[2] == "True"

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

def now():
    return bench.now

def port():
    from okrsync.daemon.web.port import Port
    from okrsync.daemon.web.serving import Address
    return Port(Address("127.0.0.1", 0), bench.inbox, ground=lambda: living.ground, last_progress=time.monotonic,
                warn=print, clock=now)

def used():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

began = used()
with closing(port()) if LISTENS else nullcontext() as watching:
    living = Daemon(load, bench.inbox, Apart(worker_command("json", verbose=False), now),
                    [Log(call), *([watching] if LISTENS else []), bench], clock=now, wait=wait,
                    look_every=timedelta(minutes=15))
    living.run()
print(json.dumps({"memory": bench.memory, "requests": bench.polls, "written": bench.written,
                  "seconds": (used() - began) / POLLS}))
"""


def measure(
    kind: type[Ground], projects: int, key_results: int, *, board: bool, listens: bool = False, polls: int = POLLS
) -> dict[str, Any]:
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
            [sys.executable, "-c", CHILD, str(polls), str(listens)],
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
    columns = ("tracker", "key results", "listens", "requests a poll", "written a poll", "seconds a poll")
    for column in (*columns, *(f"after {mark}" for mark in marks)):
        table.add_column(column, justify="left" if column == "tracker" else "right")
    for kind, projects, key_results, board, listens in SETTINGS:
        found = measure(kind, projects, key_results, board=board, listens=listens, polls=polls)
        usual = max(set(found["requests"]), key=found["requests"].count)
        written = [after - before for before, after in pairwise(found["written"])]
        memory = [" / ".join(f"{each / 1024:.1f}" for each in found["memory"][str(at)]) for at in marks]
        about = (str(key_results * OBJECTIVES), "yes" if listens else "no", str(usual))
        cells = (*about, f"{median(written) / 1024:.0f} KiB", f"{found['seconds']:.2f}", *memory)
        table.add_row(kind.name, *cells)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()

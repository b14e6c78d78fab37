"""Requests that each job sends, against the least that it needs, and its wall time at 0 and 50 ms latency.

Run it with `make bench`. The counts are exact and the same on every machine; the times are for comparing rows of one
run, never runs of two machines. 100 objectives with 4 key results each: in 5 projects on Jira, in 10 repositories on
GitHub, there also once with milestones alone.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from tests.system.grounds import CYCLE, Desk, GitHub, Ground, JiraCloud, JiraDataCenter, served

OBJECTIVES = 100
LATENCY = 0.05


@dataclass(frozen=True)
class Setting:
    """One kind of tracker, and the least number of requests that each job needs there."""

    ground: type[Ground]
    projects: int
    key_results: int
    board: bool
    least: dict[str, int]


def jira_least(key_results: int) -> dict[str, int]:
    items = OBJECTIVES * (1 + key_results)
    pages = math.ceil(items / 100)
    return {
        "first sync": 1 + items,
        "no change": pages,
        "one title": pages + 1,
        "one value": pages,
        "cache lost": pages,
    }


def github_least(repositories: int, key_results: int, *, board: bool) -> dict[str, int]:
    issues = OBJECTIVES * key_results
    lists = repositories * 2  # milestones, and the issues that may be key results
    queries = math.ceil(issues / 100) if board else 0
    # A board takes an item (1 mutation) and its two numbers (2 more) for each issue, 20 or more in one document.
    writes = math.ceil(3 * issues / 20) if board else 0
    read = lists + queries
    return {
        "first sync": lists + OBJECTIVES + issues + writes,
        "no change": read,
        "one title": read + 1,
        "one value": read,
        "cache lost": read,
    }


SETTINGS = (
    Setting(JiraCloud, 5, 4, board=False, least=jira_least(4)),
    Setting(JiraDataCenter, 5, 4, board=False, least=jira_least(4)),
    Setting(GitHub, 10, 0, board=False, least=github_least(10, 0, board=False)),
    Setting(GitHub, 10, 4, board=True, least=github_least(10, 4, board=True)),
)


def jobs(desk: Desk) -> dict[str, Callable[[], object]]:
    """Each job by its name, in an order in which each finds what it needs."""
    first = Ref(CYCLE, "o0-0")

    def one_title() -> object:
        desk.replace("team-0.toml", "Make step 0 of team 0 feel", "Make step 0 of team 0 really feel")
        return desk.run("sync")

    def one_value() -> object:
        if desk.ground.texts() and "kr1" in (desk.folder / "okrs" / "team-0.toml").read_text():
            desk.ground.set_current(first.child("kr1"), 3.1)
        return desk.run("pull")

    def cache_lost() -> object:
        desk.run("sync")
        desk.lose_cache()
        desk.ground.site.requests.clear()
        return desk.run("sync")

    return {
        "first sync": lambda: desk.run("sync"),
        "no change": lambda: desk.run("sync"),
        "one title": one_title,
        "one value": one_value,
        "cache lost": cache_lost,
    }


def measure(setting: Setting, latency: float) -> dict[str, tuple[int, float]]:
    """Job → requests sent and seconds taken."""
    results: dict[str, tuple[int, float]] = {}
    with served(setting.ground(setting.projects)) as ground, tempfile.TemporaryDirectory() as folder:
        desk = Desk(ground, Path(folder))
        if not setting.board and isinstance(ground, GitHub):
            desk.write_settings("\n".join(line for line in ground.settings().splitlines() if "fields =" not in line))
        for number in range(setting.projects):
            desk.write_team(number, OBJECTIVES // setting.projects, setting.key_results)
        if latency:
            ground.site.faults.add(Fault(kind="delay", seconds=latency, times=None))
        for name, job in jobs(desk).items():
            ground.site.requests.clear()
            start = time.perf_counter()
            job()
            results[name] = (len(ground.site.requests.records), time.perf_counter() - start)
    return results


def main() -> None:
    table = Table(title=f"{OBJECTIVES} objectives, requests against the least possible")
    for column in ("tracker", "key results", "job", "requests", "least", "over", "0 ms", f"{LATENCY * 1000:.0f} ms"):
        table.add_column(column, justify="left" if column in {"tracker", "job"} else "right")
    for setting in SETTINGS:
        fast, slow = measure(setting, 0.0), measure(setting, LATENCY)
        for name, (requests, seconds) in fast.items():
            least = setting.least[name]
            table.add_row(
                setting.ground.name,
                str(setting.key_results * OBJECTIVES),
                name,
                str(requests),
                str(least),
                f"+{requests - least}",
                f"{seconds:.2f} s",
                f"{slow[name][1]:.2f} s",
            )
        table.add_section()
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

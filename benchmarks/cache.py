"""How fast the cache keeps and gives back what a large company has, as ratios to plain `executemany`.

Run it with `python -m benchmarks.cache`: 1,000 objectives with 4 key results each, written and read in one process.
The floor writes as many rows of the same width with the standard library's sqlite3, in one transaction.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import KeyResult, Level, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Observed, assess
from okrsync.store.cache import Cache
from okrsync.store.values import Measured

ROUNDS = 5
OBJECTIVES, KEY_RESULTS = 1_000, 4
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _company() -> Okrs:
    refs = [Ref("2026-Q4", f"o{number}") for number in range(OBJECTIVES)]
    return Okrs(
        tuple(
            Objective(
                ref,
                "Make signing up feel instant",
                Level.TEAM,
                date(2026, 12, 31),
                tuple(
                    KeyResult(ref.child(f"k{number}"), "Cut p95 sign-up time", baseline=4.0, target=1.5)
                    for number in range(KEY_RESULTS)
                ),
            )
            for ref in refs
        )
    )


def _floor(path: Path) -> float:
    """Rows as wide as ours: as many as observations, current values, and the status of key results and objectives."""
    rows = [(f"2026-Q4/o{number}/k0", 1.0, NOW.isoformat(), "field", '{"item": "PLAT-1"}') for number in range(13_000)]
    connection = sqlite3.connect(path)
    connection.execute("create table plain (ref text primary key, value real, at text, source text, evidence text)")
    with connection:
        took = _seconds(lambda: connection.executemany("insert into plain values (?, ?, ?, ?, ?)", rows))
    connection.close()
    return took


def main() -> None:
    """Measure, and show the table."""
    okrs = _company()
    refs = [each.ref for objective in okrs.objectives for each in objective.key_results]
    measured = [Measured(ref, 1.0, NOW, "field", {"item": "PLAT-1"}) for ref in refs]
    facts = Facts({ref: Observed(1.0, NOW, "field") for ref in refs})
    standing = assess(okrs, "acme", parse_cycle("2026-Q4"), NOW, facts)
    floors, writes, reads = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            floors.append(_floor(Path(folder, "plain.db")))
            with Cache.open(Path(folder, "okrsync.db"), "acme", clock=lambda: NOW) as cache:

                def write(cache: Cache = cache) -> None:
                    with cache.transaction():
                        cache.observations.record(measured)
                        cache.status.record(standing)

                def read(cache: Cache = cache) -> None:
                    cache.observations.current("2026-Q4")

                writes.append(_seconds(write))
                reads.append(_seconds(read))
    table = Table("what", "ms", "× executemany of as many rows")
    for name, times in (("executemany", floors), ("write values and status", writes), ("read values", reads)):
        table.add_row(name, f"{median(times) * 1000:.0f}", f"{median(times) / median(floors):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()

"""How long short commands take, each in a process of its own.

Run it with `python -m benchmarks.startup`. `--version` and `--help` are told as ratios to `python -c "import click"`,
pair by pair in one run; `status` reads a workspace of 1,000 objectives with 4 key results each, in 10 documents, with
a cache that knows links and values of all of them. Byte code is there already, as after an installation. On a busy
machine look at the processor's time beside the clock's, and never compare runs of two machines. `--help` loads plugins
from outside; it is timed without and, where one is installed here, with one.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from okrsync.app import Workspace
from okrsync.domain.items import ItemId, ItemKind
from okrsync.store.values import Link, Measured
from tests.system.cli_desk import without_outside_plugins
from tests.system.grounds import team_document

ROUNDS = 15
TEAMS, OBJECTIVES, KEY_RESULTS = 10, 100, 4
CLICK = [sys.executable, "-S", "-c", "import click"]
PROGRAM = [sys.executable, "-S", "-c", "from okrsync.cli import main; main()"]
WITH_PLUGINS = "--help, with a plugin"


@dataclass(frozen=True)
class Took:
    """What one process took, in seconds."""

    clock: float
    processor: float


def furnish(folder: Path) -> None:
    """Write the documents, and a cache as a sync leaves it."""
    (folder / "okrs").mkdir()
    (folder / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    for team in range(TEAMS):
        document = team_document(team, OBJECTIVES, KEY_RESULTS)
        (folder / "okrs" / f"team-{team}.toml").write_text(document, "utf-8")
    workspace = Workspace.load(folder / "okrsync.toml")
    objectives = workspace.okrs.objectives
    key_results = [each.ref for objective in objectives for each in objective.key_results]
    links = [
        Link(ref, kind, "work", ItemId("PLAT", str(number), f"PLAT-{number}", f"https://acme.example/PLAT-{number}"))
        for kind, refs in (
            (ItemKind.OBJECTIVE, [each.ref for each in objectives]),
            (ItemKind.KEY_RESULT, key_results),
        )
        for number, ref in enumerate(refs)
    ]
    now = datetime.now(UTC)
    with workspace.open_cache() as cache, cache.transaction():
        cache.links.put_many(links)
        cache.observations.record(Measured(ref, 3.1, now, "field KR current") for ref in key_results)


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Took:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def environment(folder: Path) -> dict[str, str]:
    """This environment, with the code of this tree and a place for its byte code."""
    root = Path(__file__).parents[1]
    left_out = {"PYTHONDONTWRITEBYTECODE", "OKRSYNC_CONFIG"}
    installed = folder / "installed"
    installed.mkdir()
    without_outside_plugins(installed)
    return {
        **{name: value for name, value in os.environ.items() if name not in left_out},
        "PYTHONPATH": os.pathsep.join(map(str, (root, root / "plugins", installed))),
        "PYTHONPYCACHEPREFIX": str(folder / "byte-code"),
    }


def main() -> None:
    table = Table(title=f"{ROUNDS} rounds, medians (in brackets: the best)")
    for column in ("command", "clock", "processor", "× import click", "promised"):
        table.add_column(column, justify="left" if column == "command" else "right")
    promised = {
        "--version": "< 2 ×",
        "--help": "< 2 ×",
        WITH_PLUGINS: "",
        "status": "< 500 ms",
        "status --json": "< 500 ms",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furnish(folder)
        surroundings = environment(folder)
        example = str(Path(__file__).parents[1] / "plugins" / "example")
        all_plugins = {
            **surroundings,
            "PYTHONPATH": os.pathsep.join((surroundings["PYTHONPATH"], example, *sys.path)),
        }
        for arguments, promise in promised.items():
            command = [*PROGRAM, *arguments.partition(",")[0].split()]
            known = all_plugins if arguments == WITH_PLUGINS else surroundings
            run(command, folder, known), run(CLICK, folder, known)
            pairs = [(run(CLICK, folder, known), run(command, folder, known)) for _ in range(ROUNDS)]
            table.add_row(
                f"okrsync {arguments}",
                milliseconds([took.clock for _, took in pairs]),
                milliseconds([took.processor for _, took in pairs]),
                f"{median(took.clock / click.clock for click, took in pairs):.2f}",
                promise,
            )
    Console(width=100).print(table)


def milliseconds(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.0f} ({min(seconds) * 1000:.0f}) ms"


if __name__ == "__main__":
    main()

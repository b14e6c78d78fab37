"""The command line as a process of its own, as shells and other programs call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

PROGRAM = [sys.executable, "-c", "from okrsync.cli import main; main()"]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a process said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    """A lean environment in which the code of this tree is found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OKRSYNC_CONFIG", "PYTEST"))}
    path = os.pathsep.join(str(each) for each in (ROOT, ROOT / "plugins"))
    return {**kept, "PYTHONPATH": path, "PYTHONWARNINGS": "error", **more}


def without_outside_plugins(folder: Path) -> None:
    """Put all that is installed here into a folder, but for the example plugin: for the path of a `python -S`."""
    for each in Path(click.__file__).parents[1].iterdir():
        if not each.name.startswith("okrsync_example-"):
            (folder / each.name).symlink_to(each)


def okrsync(folder: Path, *arguments: str, **more: str) -> Said:
    """Run one command in `folder`."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def begin(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Begin one command in `folder`; the caller ends it."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )

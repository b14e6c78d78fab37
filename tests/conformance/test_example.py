"""The outside plugin passes the suite in the way its author runs it, and okrsync finds it by its entry point."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from okrsync.trackers.plugins import GROUP, load_plugins

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugins" / "example"


def test_its_own_tests_pass() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"],
        cwd=PLUGIN,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout


def test_its_entry_point_offers_its_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PLUGIN)
    declared = tomllib.loads((PLUGIN / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]

    plugins = load_plugins(EntryPoint(name, module, GROUP) for name, module in declared[GROUP].items())

    assert set(plugins.trackers) == {"example"}
    assert plugins.left_out == ()


def test_it_imports_its_tracker_only_when_one_is_made() -> None:
    code = "import okrsync_example, sys; sys.exit('okrsync_example.tracker' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=PLUGIN, env={**os.environ, "PYTHONPATH": f"{ROOT}:{PLUGIN}"}, timeout=60
    )

    assert run.returncode == 0

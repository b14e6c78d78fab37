"""A folder to work in, and a way to call the program as the console script does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.program import run

SETTINGS = """\
workspace = "acme"

[trackers.work]
type = "jira"
url = "http://127.0.0.1:1"
user = "bot@demo.example"
token = { env = "OKRSYNC_TEST_TOKEN" }

[[mappings]]
match = { team = "platform" }
tracker = "work"
project = "PLAT"
objectives = { as = "epic" }
"""
DOCUMENT = """\
cycle = "2026-Q4"
level = "team"
team = "platform"

[[objectives]]
id = "fast"
title = "Be fast"

  [[objectives.key_results]]
  id = "p95"
  title = "Cut p95"
  baseline = 4.0
  target = 1.5
"""


@dataclass(frozen=True)
class Said:
    """What a call said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Okrsync = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("OKRSYNC_CONFIG", "OKRSYNC_TEST_TOKEN", "OKRSYNC_JIRA_TOKEN", "OKRSYNC_GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Path:
    """A working folder with settings and one document."""
    (folder / "okrsync.toml").write_text(SETTINGS, "utf-8")
    (folder / "okrs").mkdir()
    (folder / "okrs" / "platform.toml").write_text(DOCUMENT, "utf-8")
    return folder


@pytest.fixture
def okrsync(capsys: pytest.CaptureFixture[str]) -> Okrsync:
    """Calls the program."""

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call

"""A workspace on each kind of tracker, and the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okrsync.cli.program import run
from tests.system.calling import Okrsync, Said
from tests.system.grounds import GROUNDS, Desk, served


@pytest.fixture
def okrsync(capsys: pytest.CaptureFixture[str]) -> Okrsync:
    """Calls the program."""

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace folder, which is the working folder, on a ground."""
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(request.param()) as ground:
        yield Desk(ground, tmp_path)

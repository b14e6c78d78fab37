"""A cache in an empty folder, and a clock that stands where a test puts it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from okrsync.store.cache import Cache


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "okrsync.db"


@pytest.fixture
def cache(path: Path, clock: Clock) -> Iterator[Cache]:
    with Cache.open(path, "acme", clock=clock) as opened:
        yield opened

"""Worlds for the engine's tests, in memory where the machine has files there: every commit waits for the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.world import World

IN_MEMORY = "/dev/shm"
Found = Callable[..., World]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of one test's own."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Makes a world in a folder of its own."""

    def make(*homes: Any, **options: Any) -> World:
        return World(tmp_path, homes, **options) if homes else World(tmp_path, **options)

    return make

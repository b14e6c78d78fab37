"""Worlds for the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.world import World

Found = Callable[..., World]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Makes a world in a folder of its own."""

    def make(*homes: Any, **options: Any) -> World:
        return World(tmp_path, homes, **options) if homes else World(tmp_path, **options)

    return make

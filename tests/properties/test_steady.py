"""What passed once passes again: the examples of a property are the same in every run of the same tree."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.skipif(bool(os.environ.get("OKRSYNC_EXPLORE")), reason="exploring, examples are meant to differ")
def test_whatever_was_imported_before_the_examples_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[int], str]] = []

    @settings(max_examples=50)
    @given(st.lists(st.integers(), min_size=10, max_size=20), st.text())
    def draw(numbers: list[int], text: str) -> None:
        seen.append((numbers, text))

    draw()
    before = list(seen)
    seen.clear()
    (tmp_path / "full_of_constants.py").write_text("NUMBERS = [271828, 314159, 141421]\nTEXTS = ['steady', 'rain']\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("full_of_constants")
    draw()
    assert seen == before


def test_no_property_has_a_limit_in_seconds() -> None:
    assert settings().deadline is None

"""The page about safety names tests that exist, and each promise on it one at least."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.system.pages import DOCS, ROOT

PAGE = (DOCS / "explanation" / "safety.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda each: each)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert name in names_in(ROOT / file), f"{file} has no {name}: mend docs/explanation/safety.md"


def test_every_row_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "| ---"))]
    assert len(rows) >= 20
    assert not [row for row in rows if "::" not in row]


def names_in(file: Path) -> set[str]:
    """The functions, classes and variables at the top of a module."""
    found = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {each.id for each in node.targets if isinstance(each, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found

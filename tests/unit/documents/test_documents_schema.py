"""The JSON Schema of documents: fresh, and of one mind with reading."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from okrsync.documents import check
from okrsync.documents.keys import DOCUMENT, KEY_RESULT, KPI, OBJECTIVE
from okrsync.documents.schema import document_schema

Write = Callable[[str, str], Path]

KEPT = Path(__file__).parents[3] / "config" / "okr-document.schema.json"
BEGINNING = 'cycle = "2026-Q4"\nlevel = "team"\n[[objectives]]\nid = "one"\ntitle = "One"\n'
KEY_RESULT_OF_IT = '[[objectives.key_results]]\nid = "k"\ntitle = "K"\nbaseline = 1\ntarget = 2\n'


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=date.isoformat))


def test_the_kept_schema_is_fresh() -> None:
    assert json.loads(KEPT.read_text()) == document_schema(), "run: python config/schemas.py"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(document_schema())


def test_every_key_is_explained() -> None:
    for keys in (DOCUMENT, OBJECTIVE, KEY_RESULT, KPI):
        assert all(key.meaning.endswith(".") for key in keys.values())


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (BEGINNING + KEY_RESULT_OF_IT, True),
        (BEGINNING + 'stage = "draft"\ndue = 2026-12-01\naligns_to = []\n' + KEY_RESULT_OF_IT, True),
        (BEGINNING + KEY_RESULT_OF_IT + "phases = [{ by = 2026-11-01, target = 3 }]", True),
        (BEGINNING + KEY_RESULT_OF_IT + 'measure = { from = "sum", query = "x", field = "y" }', True),
        (BEGINNING + KEY_RESULT_OF_IT + 'measure = { from = "prometheus", anything = 3 }', True),
        (BEGINNING + '[[kpis]]\nid = "up"\ntitle = "Up"\nmin = 3\n', True),
        (BEGINNING.replace("team", "squad"), False),
        (BEGINNING.replace('level = "team"\n', ""), False),
        (BEGINNING.replace('"one"', '"One"'), False),
        (BEGINNING.replace('"One"', '" "'), False),
        (BEGINNING + "wieght = 3", False),
        (BEGINNING + 'contributes = "yes"', False),
        (BEGINNING + KEY_RESULT_OF_IT + "weight = 0", False),
        (BEGINNING + KEY_RESULT_OF_IT + 'measure = { from = "sum", query = "x" }', False),
        (BEGINNING + KEY_RESULT_OF_IT + 'measure = { from = "manual", query = "x" }', False),
        (BEGINNING + KEY_RESULT_OF_IT + 'measure = { field = "x" }', False),
        (BEGINNING + KEY_RESULT_OF_IT + "phases = [{ by = 2026-11-01 }]", False),
    ],
)
def test_schema_and_reading_agree(write: Write, root: Path, text: str, right: bool) -> None:
    write("a.toml", text)
    assert (check(root, root.parent)[1] == []) is right
    assert jsonschema.Draft202012Validator(document_schema()).is_valid(as_json(tomllib.loads(text))) is right

"""The JSON Schema and the example of okrsync.toml: fresh, complete, and of one mind with reading."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel

from okrsync.settings import check, load
from okrsync.settings.models import Settings
from okrsync.settings.schema import settings_schema

TOP = Path(__file__).parents[3]
EXAMPLE = TOP / "okrsync.toml.example"
KEPT = TOP / "config" / "okrsync.schema.json"
START = 'workspace = "a"\n[trackers.work]\ntype = "jira"\ntoken = { env = "T" }\n'
TABLES = {
    "fields",
    "daemon",
    "schedule",
    "cycles",
    "audiences",
    "people",
    "scoring",
    "trackers",
    "sources",
    "mappings",
    "notify",
    "lint",
    "per-file-ignores",
    "thresholds",
    "safety",
    "plugins",
}
"""Keys that are written as headers."""


def is_valid(text: str) -> bool:
    data = json.loads(json.dumps(tomllib.loads(text), default=date.isoformat))
    return jsonschema.Draft202012Validator(settings_schema()).is_valid(data)


def keys_of(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Every key that the settings may have, with the table that it belongs to."""
    for name, field in model.model_fields.items():
        yield model.__name__, field.alias or name
        for inner in models_in(field.annotation):
            yield from keys_of(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from models_in(each)


def every_key(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from every_key(value)
    elif isinstance(data, list):
        for each in data:
            yield from every_key(each)


def test_the_kept_schema_is_fresh() -> None:
    assert json.loads(KEPT.read_text()) == settings_schema(), "run: python config/schemas.py"


def test_the_schema_is_one_and_knows_no_null() -> None:
    jsonschema.Draft202012Validator.check_schema(settings_schema())
    assert "null" not in json.dumps(settings_schema())


def test_every_key_is_explained_in_the_schema() -> None:
    schema = settings_schema()
    for table in [schema, *schema["$defs"].values()]:
        unexplained = [
            name
            for name, key in table["properties"].items()
            if not key.get("description") and not schema["$defs"].get(key.get("$ref", "").rpartition("/")[2])
        ]
        assert unexplained == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (START, True),
        (START + "write_interval = 2", True),
        (START + '[schedule]\npull = "15m"\nreconcile = "*/5 0-3 * * mon"', True),
        (START + "[cycles.x]\nstart = 2026-01-01\nend = 2026-03-01", True),
        (START + '[[mappings]]\ntracker = "work"\nproject = "P"\nobjectives = { as = "epic" }', True),
        ('workspace = "A b"', False),
        (START + '[schedule]\npull = "soon"', False),
        (START + '[schedul]\npull = "15m"', False),
        (START.replace("env", "envv"), False),
        (START.replace('{ env = "T" }', '{ env = "T", file = "x" }'), False),
        (START.replace('{ env = "T" }', '"literal"'), False),
        (START + '[[mappings]]\ntracker = "work"\nobjectives = { as = "epic" }', False),
        (START + "[safety]\nat_least = 0", False),
    ],
)
def test_schema_and_reading_agree(tmp_path: Path, text: str, right: bool) -> None:
    path = tmp_path / "okrsync.toml"
    path.write_text(text)
    assert (check(path)[1] == []) is right
    assert is_valid(text) is right


def test_the_example_is_right() -> None:
    settings = load(EXAMPLE)
    assert len(settings.trackers) == 5
    assert is_valid(EXAMPLE.read_text())


def test_the_example_shows_every_key() -> None:
    text = EXAMPLE.read_text()
    shown = set(every_key(tomllib.loads(text)))
    for alternative in re.findall(r"^#or: (.*)$", text, re.MULTILINE):
        shown |= set(every_key(tomllib.loads(alternative)))
    assert {name for _, name in keys_of(Settings)} - shown == set()


def test_the_example_explains_every_key() -> None:
    """A comment stands above the first use of each key; one that is written within a line is named in it."""
    lines = EXAMPLE.read_text().splitlines()
    explained: set[str] = set()
    for number, line in enumerate(lines):
        line = line.removeprefix("#or: ")
        keys = re.findall(r"(?:^|[{,] )([a-z_]+) = ", "" if line.startswith("#") else line)
        comment = " ".join(itertools.takewhile(lambda each: each.startswith("#"), reversed(lines[:number])))
        for position, key in enumerate(keys):
            if key not in explained:
                assert comment, line
                assert position == 0 or re.search(rf"\b{key}\b", comment), f"{key} in {line}"
                explained.add(key)
    assert {name for _, name in keys_of(Settings)} - explained <= TABLES


def test_the_defaults_of_the_schema_are_those_of_the_models() -> None:
    schema = settings_schema()
    assert schema["properties"]["check_in_period"]["default"] == "7d"
    assert schema["$defs"]["Schedule"]["properties"]["pull"]["default"] == "15m"
    assert schema["$defs"]["Safety"]["properties"]["share_gone"]["default"] == 0.2

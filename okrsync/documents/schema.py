"""The JSON Schema of OKR documents, for editors. It comes from the same description that reading uses."""

from __future__ import annotations

from typing import Any

from okrsync.documents.forms import LINE, Key, Keys, keys_of
from okrsync.documents.keys import (
    DOCUMENT,
    KEY_RESULT,
    KPI,
    MEASURE_MEANING,
    MEASURES,
    OBJECTIVE,
    PHASE,
    RETROSPECTIVE,
    SCORE,
    TARGET_CHANGE,
)


def document_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document, for its values as TOML parsers give them, dates as text."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OKR document",
        "description": "One owner's or team's OKRs for one cycle, as okrsync reads them.",
        **_table(DOCUMENT),
        "$defs": {
            "objective": _table(OBJECTIVE),
            "key_result": _table(KEY_RESULT),
            "phase": _table(PHASE),
            "target_change": _table(TARGET_CHANGE),
            "score": _table(SCORE),
            "retrospective": _table(RETROSPECTIVE),
            "kpi": _table(KPI),
            "measure": _measure(),
        },
    }


def _table(keys: Keys) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key.name: _described(key) for key in keys.values()},
        "additionalProperties": False,
    }
    required = [key.name for key in keys.values() if key.required]
    return schema | {"required": required} if required else schema


def _described(key: Key) -> dict[str, Any]:
    described = {"description": key.meaning, **key.form.schema}
    if key.default is not None:
        described["default"] = key.default
    if key.examples:
        described["examples"] = list(key.examples)
    return described


def _measure() -> dict[str, Any]:
    source = Key("from", LINE, MEASURE_MEANING, required=True, examples=tuple(MEASURES))
    return {
        "type": "object",
        "properties": {"from": _described(source)},
        "required": ["from"],
        "allOf": [
            {
                "if": {"properties": {"from": {"const": name}}},
                "then": _table(keys_of(source, *options.values())),
            }
            for name, options in MEASURES.items()
        ],
    }

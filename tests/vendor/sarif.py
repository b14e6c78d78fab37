"""What SARIF 2.1.0 asks of the objects that `okrsync lint` writes, as a JSON Schema.

Written by hand after sections 3.13 to 3.51 of the standard (OASIS, SARIF 2.1.0 errata 01): names, types, what is
required and what a text must look like. Like the published schema, it refuses every property that an object does not
have; the properties that we never write are left out, so that writing one of them is refused too.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _list(items: dict[str, Any], **limits: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


_MESSAGE = _object(["text"], text={"type": "string", "minLength": 1}, markdown=_TEXT)
_ARTIFACT_LOCATION = _object(["uri"], uri={"type": "string", "format": "uri-reference"}, uriBaseId=_TEXT)
_LOCATION = _object(
    ["physicalLocation"],
    physicalLocation=_object(
        ["artifactLocation"],
        artifactLocation=_ARTIFACT_LOCATION,
        region=_object([], startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=_list(_object([], fullyQualifiedName=_TEXT, kind=_TEXT), minItems=1, uniqueItems=True),
)
_RULE = _object(
    ["id"],
    id=_TEXT,
    name=_TEXT,
    shortDescription=_MESSAGE,
    help=_MESSAGE,
    defaultConfiguration=_object([], level=_LEVEL),
)
_RESULT = _object(
    ["message"],
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
)
_RUN = _object(
    ["tool"],
    tool=_object(
        ["driver"],
        driver=_object(["name"], name=_TEXT, version=_TEXT, rules=_list(_RULE, uniqueItems=True)),
    ),
    results=_list(_RESULT),
)
LOG: dict[str, Any] = _object(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": _list(_RUN)},
)
"""The schema of a log file."""

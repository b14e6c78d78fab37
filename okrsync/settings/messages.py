"""From what pydantic finds wrong to problems that name a place, what is right, and what was perhaps meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from okrsync.problems import Problem, did_you_mean, listed, written
from okrsync.settings.documents import FOLDER, GIT
from okrsync.settings.literals import may_be_shown
from okrsync.settings.models import Settings
from okrsync.toml_files import TomlFile
from okrsync.toml_lines import Path, nearest

_KINDS = {
    "string_type": "text in quotes",
    "bool_type": "true or false, without quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list in brackets",
    "list_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "date_type": "a date such as 2026-12-31, without quotes",
    "string_too_short": "text",
}
_NO_STEPS = {"[key]", FOLDER, GIT}
"""What pydantic puts into a place although the file has no such key."""
_BOUNDS = {
    "less_than_equal": ("at most", "le"),
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
}
_SHAPES = {
    "workspace": "lower-case letters, digits, '-', '_' and '.'",
    "env": "the name of an environment variable, such as OKRSYNC_JIRA_TOKEN",
    "keyring": "service/user",
    "credential": "the name of a systemd credential",
    "project_board": "owner/number, such as acme/1",
}


def dotted(path: Path) -> str:
    """A path as people say it: `mappings[1].tracker`, counted from 1."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            name = step if step.isprintable() else repr(step)
            text += f".{name}" if text else name
    return text


def problem_of(details: ErrorDetails, file: TomlFile, lines: dict[Path, int]) -> Problem:
    """The problem that one of pydantic's errors describes. Its place is a path into the file."""
    path = tuple(step for step in details["loc"] if step not in _NO_STEPS)
    name = str(path[-1]) if path else ""
    line = nearest(lines, path) or 1
    table, kind = path[:-1], details["type"]
    if kind == "extra_forbidden":
        keys = list(_fields_at(table))
        unused = [key for key in keys if key not in _value_at(file.data, table)]
        found = f"{name!r} is not a key"
        return Problem(file.shown, line, dotted(table), found, f"one of {listed(keys)}", did_you_mean(name, unused))
    if kind == "missing":
        description = _fields_at(table).get(name, "")
        return Problem(file.shown, line, dotted(table), f"has no {name}", do=f"Add {name}: {description}")
    if details["loc"] and details["loc"][-1] == "[key]":
        found = f"{name!r} cannot be a name here"
        return Problem(file.shown, line, dotted(table), found, "letters, digits, '-' and '_', not too many")
    value = details["input"]
    found = f"is {written(value)}" if may_be_shown(path, value) else "has a value that is not shown here"
    do = ""
    if kind == "literal_error" and isinstance(value, str):
        do = did_you_mean(value, re.findall(r"'(\w+)'", details["ctx"]["expected"]))
    return Problem(file.shown, line, dotted(path), found, _right(details, name), do)


def _right(details: ErrorDetails, name: str) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "string_pattern_mismatch":
        return _SHAPES.get(name, "one line of text with no control characters")
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"{words} {context[bound]:g}"
    return _KINDS.get(kind, details["msg"][:1].lower() + details["msg"][1:])


def _value_at(data: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    value: Any = data
    for step in path:
        value = value[step]
    return value if isinstance(value, Mapping) else {}


def _fields_at(path: Path) -> dict[str, str]:
    """The keys that the table at `path` may have, each with its description."""
    model: type[BaseModel] = Settings
    is_name = False
    for step in path:
        if isinstance(step, int) or is_name:
            is_name = False
            continue
        field = _fields(model).get(step)
        inner = _model_in(field.annotation) if field else None
        if field is None or inner is None:
            return {}
        model, is_name = inner, get_origin(field.annotation) is dict
    return {name: field.description or "" for name, field in _fields(model).items()}


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model that an annotation is made of, at whatever depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)

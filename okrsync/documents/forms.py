"""The forms that a document's values take: each reads what TOML gives and describes itself for the JSON Schema."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from okrsync.domain.ref import SLUG
from okrsync.problems import listed, written

LONGEST_LINE = 250
"""The most characters of a title or name. Jira's summaries end at 255."""
LONGEST_QUERY = 2_000
"""The most characters of a query in a tracker's language."""
LONGEST_ID = 80
"""The most characters of an id: a marker is a Jira label, and those end at 255."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_PROSE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_QUOTED_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPAN_AGO = re.compile(r"-\d{1,4}[dw]")


class WrongValue(Exception):
    """A value that its key cannot have: what it is (to follow the key's name), what is right, what to do."""

    def __init__(self, found: str, right: str = "", do: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.right = right
        self.do = do


@dataclass(frozen=True)
class Form:
    """A form of values."""

    read: Callable[[Any], Any]
    """The value as `okrsync.domain` has it. Raises `WrongValue`."""
    schema: Mapping[str, Any]
    """The form in JSON Schema."""


@dataclass(frozen=True)
class Key:
    """A key of a document."""

    name: str
    form: Form
    meaning: str
    """For people and editors, in a sentence or two."""
    required: bool = False
    default: Any = None
    """What its absence means, where that is a plain value."""
    examples: tuple[Any, ...] = field(default=())


Keys = Mapping[str, Key]
"""The keys of one kind of table, by name."""


def keys_of(*keys: Key) -> Keys:
    """The keys of one kind of table."""
    return {key.name: key for key in keys}


def _line(longest: int, *, may_be_empty: bool = False) -> Form:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise WrongValue(f"is {written(value)}", "text in quotes")
        text = value.strip()
        if not text and not may_be_empty:
            raise WrongValue("is empty", "text", "Write it, or leave the key out where it may be absent.")
        if len(text) > longest:
            raise WrongValue(f"has {len(text)} characters", f"at most {longest}")
        if _CONTROL.search(text):
            raise WrongValue("has a line end or a control character in it", "one line of text")
        return text

    schema: dict[str, Any] = {"type": "string", "maxLength": longest}
    if not may_be_empty:
        schema |= {"minLength": 1, "pattern": r"\S"}
    return Form(read, schema)


def _read_prose(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"is {written(value)}", "text in quotes")
    text = value.replace("\r\n", "\n").strip()
    if _CONTROL_IN_PROSE.search(text):
        raise WrongValue("has a control character in it", "text")
    return text


def _read_slug(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"is {written(value)}", "text in quotes")
    if not SLUG.fullmatch(value):
        raise WrongValue(
            f"is {written(value)}",
            "lower-case letters, digits, '-', '_' and '.', with a letter or digit at both ends",
            "It becomes part of labels and references.",
        )
    if len(value) > LONGEST_ID:
        raise WrongValue(f"has {len(value)} characters", f"at most {LONGEST_ID}")
    return value


def read_number(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue(f"is {written(value)}", "a number", _unquote(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValue(f"is {written(value)}", "a finite number")
    return number


def _unquote(value: Any) -> str:
    try:
        float(value)
    except (TypeError, ValueError):
        return ""
    return "Write it without quotes." if isinstance(value, str) else ""


def _read_positive(value: Any) -> float:
    number = read_number(value)
    if number <= 0:
        raise WrongValue(f"is {written(value)}", "a number above 0")
    return number


def _read_share(value: Any) -> float:
    number = read_number(value)
    if not 0 <= number <= 1:
        raise WrongValue(f"is {written(value)}", "a number from 0 to 1")
    return number


def _read_date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    do = "Write it without quotes." if isinstance(value, str) and _QUOTED_DATE.fullmatch(value) else ""
    raise WrongValue(f"is {written(value)}", "a date such as 2026-12-31", do)


def _read_since(value: Any) -> str | date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        if value == "cycle" or _SPAN_AGO.fullmatch(value):
            return value
        with suppress(ValueError):
            if _QUOTED_DATE.fullmatch(value):
                return date.fromisoformat(value)
    raise WrongValue(f"is {written(value)}", '"cycle", a day such as 2026-10-01, or a span such as "-7d"')


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValue(f"is {written(value)}", "true or false", "Write it without quotes.")
    return value


def choice(*choices: str) -> Form:
    """One word out of several."""
    known = frozenset(choices)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise WrongValue(f"is {written(value)}", listed(choices))
        return value

    return Form(read, {"enum": list(choices)})


def _read_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise WrongValue(f"is {written(value)}", 'a list of texts such as ["win-newcomers"]')
    return tuple(dict.fromkeys(value))


def _read_table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongValue(f"is {written(value)}", 'a table such as { from = "manual" }')
    return value


def tables(header: str, schema: Mapping[str, Any]) -> Form:
    """A list of tables; `header` shows how one is written."""

    def read(value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise WrongValue(f"is {written(value)}", f"one or more tables, each written as {header}")
        return value

    return Form(read, {"type": "array", "items": schema})


def table(schema: Mapping[str, Any]) -> Form:
    """A table with keys of its own."""
    return Form(_read_table, schema)


LINE = _line(LONGEST_LINE)
QUERY_TEXT = _line(LONGEST_QUERY)
UNIT = _line(40, may_be_empty=True)
PROSE = Form(_read_prose, {"type": "string"})
SLUG_TEXT = Form(_read_slug, {"type": "string", "maxLength": LONGEST_ID, "pattern": f"^{SLUG.pattern}$"})
NUMBER = Form(read_number, {"type": "number"})
POSITIVE = Form(_read_positive, {"type": "number", "exclusiveMinimum": 0})
SHARE = Form(_read_share, {"type": "number", "minimum": 0, "maximum": 1})
DATE = Form(_read_date, {"type": "string", "format": "date"})
SINCE = Form(_read_since, {"type": "string", "pattern": rf"^(cycle|{_SPAN_AGO.pattern}|{_QUOTED_DATE.pattern})$"})
FLAG = Form(_read_flag, {"type": "boolean"})
NAMES = Form(_read_names, {"type": "array", "items": {"type": "string"}})

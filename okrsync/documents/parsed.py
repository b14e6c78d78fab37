"""Parsed files, kept as JSON between runs: reading it back takes a tenth of the time that parsing TOML takes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

Parsed = dict[str, dict[str, Any]]
"""What files hold, by the digest of their content."""

_DATE = "$date"


def parsed_before(cache: Mapping[str, str]) -> Parsed:
    """What the cache holds, by digest, but for texts that are no parsed file."""
    parsed: Parsed = {}
    for digest, text in cache.items():
        with suppress(ValueError, TypeError, RecursionError):
            data = _read(text)
            if isinstance(data, dict):
                parsed[digest] = data
    return parsed


def keep_parsed(cache: MutableMapping[str, str], before: Parsed, now: Parsed) -> None:
    """Let the cache hold what the files hold `now` and nothing else; what it held `before` is not written again."""
    for digest in cache.keys() - now.keys():
        del cache[digest]
    for digest in now.keys() - before.keys():
        with suppress(ValueError, TypeError):
            text = _write(now[digest])
            # What JSON does not give back as it was is parsed anew each time.
            if _read(text) == now[digest]:
                cache[digest] = text


def _read(text: str) -> Any:
    import json

    return json.loads(text, object_hook=_with_date)


def _write(data: dict[str, Any]) -> str:
    import json

    return json.dumps(data, default=_without_date)


def _without_date(value: object) -> dict[str, str]:
    if isinstance(value, date) and not isinstance(value, datetime):
        return {_DATE: value.isoformat()}
    raise TypeError(type(value).__name__)


def _with_date(table: dict[str, Any]) -> object:
    if len(table) == 1 and _DATE in table:
        return date.fromisoformat(table[_DATE])
    return table

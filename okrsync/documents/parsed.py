"""Parsed files, kept as JSON between runs: reading it back takes a tenth of the time that parsing TOML takes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from typing import Any

KEY = "parsed documents"
"""The only key that is used in a cache."""

Parsed = dict[str, dict[str, Any]]
"""What files hold, by the digest of their content."""

_DATE = "$date"


def parsed_before(cache: Mapping[str, str]) -> Parsed:
    """What the cache holds; nothing where it holds something else."""
    import json

    try:
        held = json.loads(cache.get(KEY, "{}"), object_hook=_with_date)
    except (ValueError, TypeError, RecursionError):
        return {}
    return {digest: data for digest, data in held.items() if isinstance(data, dict)} if isinstance(held, dict) else {}


def keep_parsed(cache: MutableMapping[str, str], before: Parsed, now: Parsed) -> None:
    """Let the cache hold what the files hold now; it is written only where that is not what it held `before`."""
    import json

    if before.keys() == now.keys():
        return
    entries = []
    for digest, data in now.items():
        try:
            entries.append(f"{json.dumps(digest)}: {json.dumps(data, default=_without_date)}")
        except (TypeError, ValueError):
            continue  # It holds what no document should, and is parsed again each time until it is mended.
    cache[KEY] = f"{{{', '.join(entries)}}}"


def _without_date(value: object) -> dict[str, str]:
    if isinstance(value, date) and not isinstance(value, datetime):
        return {_DATE: value.isoformat()}
    raise TypeError(type(value).__name__)


def _with_date(table: dict[str, Any]) -> object:
    if len(table) == 1 and _DATE in table:
        return date.fromisoformat(table[_DATE])
    return table

"""Choosing the transition that closes or reopens an item. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GIVEN_UP = ("cancel", "reject", "won't", "wont", "declin", "duplicate", "invalid", "abandon", "obsolete", "discard")
_RESOLUTIONS = ("done", "fixed", "complete", "completed", "resolved")


def choose(transitions: Iterable[Mapping[str, Any]], *, closed: bool) -> dict[str, Any] | None:
    """The body that carries out the best transition, None when none leads there without further values.

    Closing goes to a status of the category Done, rather one of work finished than of work given up; reopening to
    the first one offered that is not done. Of required fields only the resolution is filled in.
    """
    usable = [
        (rank, place, each, needed)
        for place, each in enumerate(transitions)
        if (rank := _rank(each, closed=closed)) is not None and (needed := _required(each)) is not None
    ]
    if not usable:
        return None
    _, _, best, needed = min(usable, key=lambda entry: (bool(entry[3]), entry[0], entry[1]))
    body: dict[str, Any] = {"transition": {"id": str(best["id"])}}
    if needed:
        body["fields"] = needed
    return body


def available(transitions: Sequence[Mapping[str, Any]]) -> str:
    """The transitions in words, with what each asks for."""
    shown = []
    for each in transitions:
        target = each.get("to") or {}
        needs = sorted(str(spec.get("name") or id_) for id_, spec in _asked(each).items())
        asks = f", asks for {', '.join(needs)}" if needs else ""
        shown.append(f"{each.get('name')!r} (to {target.get('name') or 'an unnamed status'}{asks})")
    return ", ".join(shown) or "none"


def _rank(transition: Mapping[str, Any], *, closed: bool) -> int | None:
    target = transition.get("to") or {}
    category = str((target.get("statusCategory") or {}).get("key", "")).casefold()
    words = f"{transition.get('name', '')} {target.get('name', '')}".casefold()
    if not category:
        finished = any(each in words for each in ("done", "close", "resolve"))
        category = "done" if finished and "reopen" not in words else "indeterminate"
    if closed:
        return None if category != "done" else int(any(each in words for each in _GIVEN_UP))
    return None if category == "done" else 0


def _asked(transition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    fields = transition.get("fields")
    return {
        str(id_): spec
        for id_, spec in (fields.items() if isinstance(fields, Mapping) else ())
        if isinstance(spec, Mapping) and spec.get("required") and not spec.get("hasDefaultValue")
    }


def _required(transition: Mapping[str, Any]) -> dict[str, Any] | None:
    """Values for the required fields, None where one is unknown to us."""
    asked = _asked(transition)
    if set(asked) - {"resolution"}:
        return None
    if not asked:
        return {}
    allowed = [each for each in asked["resolution"].get("allowedValues") or () if each.get("name")]
    if not allowed:
        return None
    best = min(allowed, key=lambda each: str(each["name"]).casefold() not in _RESOLUTIONS)
    return {"resolution": {"name": str(best["name"])}}

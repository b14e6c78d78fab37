"""Check-ins as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from okrsync.domain.numbers import number_text
from okrsync.practice.check_in_rules import Due
from okrsync.reports import words
from okrsync.store.values import CheckIn


def check_in_json(check_in: CheckIn) -> dict[str, Any]:
    """A check-in for `--json`."""
    return {
        "ref": str(check_in.ref),
        "at": check_in.at.isoformat(),
        "author": check_in.author,
        "entered_by": check_in.entered_by or None,
        "value": check_in.value,
        "confidence": check_in.confidence,
        "note": check_in.note,
        "obstacles": check_in.obstacles,
        "help_needed": check_in.help_needed,
    }


def check_in_lines(check_in: CheckIn, details: Mapping[str, Any]) -> Iterator[str]:
    """A check-in for people, and what became of it or would."""
    figures = [number_text(check_in.value)] if check_in.value is not None else []
    figures += [f"confidence {number_text(check_in.confidence)}"] if check_in.confidence is not None else []
    facts = f": {', '.join(figures)}" if figures else ""
    yield f"{check_in.ref}: {words.shown(check_in.author)} checks in{facts}"
    for name, text in (("note", check_in.note), ("obstacles", check_in.obstacles), ("help", check_in.help_needed)):
        if text:
            yield f"  {name}: {words.shown(text)}"
    if details.get("dry_run"):
        place = words.shown(details["key"] or "its item")
        if details["field"]:
            yield f"  would write {words.shown(details['field'])} of {place}"
        if details["comment"]:
            yield f"  would comment on {place}:"
            yield from (f"    {words.shown(line)}" for line in details["comment"].splitlines())
        return
    for change in details.get("changes", ()):
        if change["action"] == "comment" and change["ref"] == str(check_in.ref):
            yield f"  commented on {words.shown(change['key'] or 'its item')}"
        elif change["ref"] in {str(check_in.ref), str(check_in.ref.parent)} and change["field"]:
            yield f"  wrote {words.shown(change['field'])} of {words.shown(change['key'] or 'its item')}"


MOST_HEARD = 20
"""How many check-ins that were heard are shown one by one: into an empty cache come those of a whole cycle."""


def heard_text(heard: Sequence[CheckIn]) -> str:
    """How many check-ins came out of comments; empty where none did."""
    return f"{words.counted(len(heard), 'check-in')} heard in comments" if heard else ""


def heard_lines(heard: Sequence[CheckIn]) -> Iterator[str]:
    """Check-ins that came out of comments, for people: the newest, oldest of them first."""
    ordered = sorted(heard, key=lambda each: (each.at, str(each.ref)))
    if left := len(ordered[:-MOST_HEARD]):
        yield f"{words.counted(left, 'check-in')} more, before these"
    for each in ordered[-MOST_HEARD:]:
        yield from check_in_lines(each, {})


def due_json(due: Iterable[Due]) -> list[dict[str, Any]]:
    """What is due, for `--json`."""
    return [
        {
            "ref": str(each.key_result.ref),
            "title": each.key_result.title,
            "unit": each.key_result.unit,
            "last": each.last.isoformat() if each.last else None,
        }
        for each in due
    ]


def due_lines(person: str, due: tuple[Due, ...]) -> Iterator[str]:
    """What is due, for people."""
    yield f"{words.counted(len(due), 'check-in is', 'check-ins are')} due for {words.shown(person)}"
    for each in due:
        last = f"last on {each.last:%Y-%m-%d}" if each.last else "never yet"
        yield f"  {each.key_result.ref}  {words.shown(each.key_result.title)} ({last})"

"""What a backfill added, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.domain.evidence import Evidence
from okrsync.domain.ref import Ref
from okrsync.reports import words
from okrsync.reports.tables import Table
from okrsync.store.values import Measured

Added = Mapping[Ref, tuple[Measured, ...]]
SHOWN = 5
"""How many references a line names; JSON has all."""


def added_json(added: Added) -> list[dict[str, Any]]:
    """Every value that was added, oldest first, with who made the field hold it, and when."""
    return [{"ref": str(ref), "values": [_value_json(each) for each in past]} for ref, past in added.items()]


def _value_json(measured: Measured) -> dict[str, Any]:
    evidence = Evidence.from_json(measured.evidence)
    return {
        "at": measured.at.isoformat(),
        "value": measured.value,
        "by": evidence.by,
        "changed_at": None if evidence.at is None else evidence.at.isoformat(),
        "item": evidence.item,
        "field": evidence.field,
        "source": measured.source,
    }


def added_table(added: Added, units: Mapping[Ref, str]) -> Table:
    """A row for each key result and KPI: how many values, and from what to what."""
    rows = []
    for ref, past in added.items():
        first, last = past[0], past[-1]
        unit = units.get(ref, "")
        rows.append(
            (
                str(ref),
                str(len(past)),
                words.moment(first.at),
                words.quantity(first.value, unit),
                words.moment(last.at),
                words.quantity(last.value, unit),
            )
        )
    return Table(("What", "Values", "From", "With", "To", "With"), rows)


def left_out_lines(left_out: Mapping[str, list[Ref]]) -> Iterator[str]:
    """A line for each reason: reason → what was left out for it."""
    for why, refs in left_out.items():
        more = f" and {len(refs) - SHOWN} more" if len(refs) > SHOWN else ""
        yield f"left out, {words.shown(why)}: {', '.join(str(each) for each in refs[:SHOWN])}{more}"

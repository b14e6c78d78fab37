"""Evidence: what a value was computed from, so that somebody can later say why it moved.

Evidence is kept as JSON beside each value. Long lists of parts are kept once and then as changes (`packed`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from enum import StrEnum
from typing import Any

from okrsync.domain.items import Child, ItemId
from okrsync.domain.measures import Share, points_of
from okrsync.domain.okr import Measure

LONGEST_CHAIN = 50
"""How many changes of parts may follow one another before all parts are kept again: one lost row costs no more."""

_OVER_WHAT_MATCHES = frozenset({"count", "sum"})
_DEFAULTS: Mapping[str, Any] = {"of": "key-result", "by": "count", "pull_requests": False, "approximate": False}


class Formula(StrEnum):
    """How a value comes from its parts."""

    SHARE = "share"
    """What the parts that are done give, of what all parts give."""
    TOTAL = "total"
    """What all parts give (1 each, where they are counted)."""
    MEAN = "mean"
    """What the parts give on average."""
    GIVEN = "given"
    """It has no parts: somebody or something says it."""


_FORMULAS = {
    "children": Formula.SHARE,
    "done": Formula.SHARE,
    "count": Formula.TOTAL,
    "sum": Formula.TOTAL,
    "average": Formula.MEAN,
}


@dataclass(frozen=True)
class Part:
    """An item that counted: what it gave, and for a share whether it is done."""

    id: str
    key: str
    done: bool = False
    gives: float = 1.0


@dataclass(frozen=True)
class Pages:
    """Where the pages of items are: `before` + key, with `#` in the key written as `hash_is`."""

    before: str
    hash_is: str = "#"

    def page(self, key: str) -> str:
        """The address of the item called `key`."""
        return self.before + key.replace("#", self.hash_is, 1)

    @classmethod
    def like(cls, key: str, url: str) -> Pages | None:
        """The pages of items like the one that is called `key` and is found at `url`; None where they are unlike."""
        place, hash_, number = key.partition("#")
        if not hash_:
            return cls(url.removesuffix(key)) if key and url.endswith(key) else None
        head, found, tail = url.rpartition(place) if place and number else ("", "", "")
        hash_is = tail.removesuffix(number)
        if not found or hash_is == tail or hash_is[-1:].isdigit():
            return None
        return cls(head, hash_is)


@dataclass(frozen=True)
class Evidence:
    """What one value was computed from."""

    method: Mapping[str, Any] = default(default_factory=dict)
    """How it was measured: the measure's table without what is default anyway; empty where nobody noted it."""
    parts: tuple[Part, ...] | None = None
    """What counted, in the order of ids; None where the value has no parts, or nobody noted them."""
    scale: float = 1.0
    """For a share, what all of it is in the key result's unit: 100 for `%`, else 1."""
    item: str | None = None
    """The key of the item that was read."""
    url: str | None = None
    """Where people look at that item."""
    field: str | None = None
    """The name of its field."""
    pages: Pages | None = None
    by: str | None = None
    """Who said it, or wrote it into the field."""
    at: datetime | None = None
    """When they did."""
    details: Mapping[str, Any] = default(default_factory=dict)
    """What else it rests on, as its source told it, in plain JSON: a row, a query, the time of a sample."""

    @property
    def formula(self) -> Formula:
        """How the value comes from the parts."""
        return _FORMULAS.get(str(self.method.get("from")), Formula.GIVEN) if self.parts is not None else Formula.GIVEN

    def to_json(self) -> dict[str, Any]:
        """For the cache; nothing that is empty."""
        told: dict[str, Any] = {
            "method": dict(self.method),
            "item": self.item,
            "url": self.url,
            "field": self.field,
            "by": self.by,
            "at": None if self.at is None else self.at.isoformat(),
            "details": dict(self.details) or None,
        }
        if self.parts is not None:
            share = share_of(self.parts)
            told |= {"done": share.done, "total": share.total} if self.formula is Formula.SHARE else {}
            told["scale"] = None if self.scale == 1 else self.scale
            told["pages"] = None if self.pages is None else [self.pages.before, self.pages.hash_is]
            told["parts"] = [_part_json(each) for each in self.parts]
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def from_json(cls, told: Any) -> Evidence:
        """What `to_json` made. Of anything else, as much as can be understood."""
        if not isinstance(told, Mapping):
            return cls()
        try:
            return cls(
                method=dict(told.get("method") or {}),
                parts=tuple(map(_part, told["parts"])) if "parts" in told else None,
                scale=float(told.get("scale", 1.0)),
                item=told.get("item"),
                url=told.get("url"),
                field=told.get("field"),
                pages=Pages(*told["pages"]) if "pages" in told else None,
                by=told.get("by"),
                at=datetime.fromisoformat(told["at"]) if "at" in told else None,
                details=dict(told.get("details") or {}),
            )
        except (TypeError, ValueError, KeyError, IndexError):
            return cls()


def method_of(measure: Measure, **effective: Any) -> dict[str, Any]:
    """How a value is measured, in one form: two documents that mean the same give the same.

    `effective` says what the measure leaves to the settings (the name of the field, whose children); None is no option.
    """
    options = {**measure.options, **effective}
    if measure.source in _OVER_WHAT_MATCHES:
        # Whether nothing is believed makes no other value of what is there.
        options.pop("may_be_empty", None)
    chosen = {
        name: value for name, value in sorted(options.items()) if value is not None and value != _DEFAULTS.get(name)
    }
    return {"from": measure.source, **{name: _plain(value) for name, value in chosen.items()}}


def evidence_of_children(
    method: Mapping[str, Any], item: ItemId, counted: Iterable[Child], *, by_points: bool, unit: str
) -> Evidence:
    """The evidence of a share of `counted`: the children that count, of `item`."""
    children = sorted(counted, key=lambda each: each.id)
    parts = tuple(Part(each.id, each.key, each.done, points_of(each, by_points=by_points)) for each in children)
    pages = next(filter(None, (Pages.like(each.key, each.url) for each in children)), None)
    return Evidence(method, parts, Share(1, 1).in_unit(unit) or 1.0, item.key, item.url, pages=pages)


def share_of(parts: Iterable[Part]) -> Share:
    """How much of the parts is done."""
    every = tuple(parts)
    return Share(math.fsum(each.gives for each in every if each.done), math.fsum(each.gives for each in every))


def value_of(evidence: Evidence, parts: Iterable[Part] | None = None) -> float | None:
    """The value that the evidence's formula gives for its parts, or for others; None where there is none."""
    chosen = evidence.parts if parts is None else tuple(parts)
    if chosen is None or evidence.formula is Formula.GIVEN:
        return None
    if evidence.formula is Formula.SHARE:
        share = share_of(chosen)
        # The same arithmetic as the measure's, so that the same parts give the same number to the last digit.
        return share.in_unit("%" if evidence.scale == 100 else "")
    total = math.fsum(each.gives for each in chosen)
    if evidence.formula is Formula.TOTAL:
        return total
    return total / len(chosen) if chosen else None


def in_order_of_keys(key: str) -> tuple[str, int, str]:
    """Sorts keys as people count: PLAT-9 before PLAT-10."""
    head = key.rstrip("0123456789")
    number = key[len(head) :]
    return head, int(number) if number else -1, key


def packed(before: Any, after: Any) -> Any:
    """Evidence as JSON for the row that follows one with the evidence `before` (complete), as short as it can be.

    Where most parts are as they were, `changed` stands in place of `parts`: those that are new or different, and the
    ids of those that left.
    """
    if not _has_parts(before) or not _has_parts(after):
        return after
    old = {each[0]: each for each in before["parts"]}
    new = {each[0]: each for each in after["parts"]}
    put = [each for name, each in new.items() if old.get(name) != each]
    gone = [name for name in old if name not in new]
    if 2 * (len(put) + len(gone)) >= len(new):
        return after
    rest = {name: value for name, value in after.items() if name != "parts"}
    return {**rest, "changed": {"put": put, "gone": gone}}


def unpacked(rows: Iterable[Any]) -> Iterator[Any]:
    """The complete evidence of rows that follow one another, as JSON.

    Where a row is lost, parts are unknown or wrong up to the next complete one: the value does not follow from them.
    """
    parts: dict[Any, Any] | None = None
    for row in rows:
        if isinstance(row, Mapping) and isinstance(row.get("changed"), Mapping):
            changed = row["changed"]
            rest = {name: value for name, value in row.items() if name != "changed"}
            if parts is None:
                yield rest
                continue
            gone = set(changed.get("gone", ()))
            parts = {name: each for name, each in parts.items() if name not in gone}
            parts |= {each[0]: each for each in changed.get("put", ())}
            yield {**rest, "parts": [parts[name] for name in sorted(parts)]}
        else:
            parts = {each[0]: each for each in row["parts"]} if _has_parts(row) else None
            yield row


def _has_parts(told: Any) -> bool:
    return isinstance(told, Mapping) and isinstance(told.get("parts"), list)


def _part_json(part: Part) -> list[Any]:
    return [part.id, part.key, int(part.done), *([] if part.gives == 1 else [part.gives])]


def _part(told: Any) -> Part:
    name, key, done, *gives = told
    return Part(str(name), str(key), bool(done), float(gives[0]) if gives else 1.0)


def _plain(value: Any) -> Any:
    """A value of a document as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | str) else str(value)

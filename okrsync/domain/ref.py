"""Names of objectives and key results: the reference people type, and the marker trackers carry."""

from __future__ import annotations

import re
from dataclasses import dataclass

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
"""What an id may look like. No space, slash or colon: ids are part of labels, references and markers."""

_CYCLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_REF = re.compile(rf"({_CYCLE.pattern})/({SLUG.pattern})(?:/({SLUG.pattern}))?")
_MARKER = re.compile(
    rf"(?<![A-Za-z0-9._:/-])okrsync:(?P<workspace>{SLUG.pattern}):(?P<cycle>{_CYCLE.pattern}):"
    rf"(?P<objective>{SLUG.pattern})(?:/(?P<key_result>{SLUG.pattern}))?"
)


@dataclass(frozen=True, order=True)
class Ref:
    """The name of an objective, a key result or a KPI: `cycle/objective` or `cycle/objective/key-result`.

    Unique in a workspace. Sorting puts an objective before its own key results.
    """

    cycle: str
    objective: str
    key_result: str = ""

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read a reference as people type it.

        Raises:
            ValueError: when it is not `cycle/objective` or `cycle/objective/key-result`.
        """
        found = _REF.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"{text!r} is not a reference: write cycle/objective or cycle/objective/key-result,"
                " for example 2026-Q4/instant-signup/p95"
            )
        return cls(*found.groups(""))

    @property
    def is_key_result(self) -> bool:
        """Whether this names a key result rather than an objective."""
        return bool(self.key_result)

    @property
    def parent(self) -> Ref:
        """The objective that a key result belongs to; an objective is its own parent."""
        return Ref(self.cycle, self.objective)

    def child(self, key_result: str) -> Ref:
        """The key result `key_result` of this objective."""
        return Ref(self.cycle, self.objective, key_result)

    @property
    def local(self) -> str:
        """The reference without its cycle, as documents write it in `aligns_to`."""
        return f"{self.objective}/{self.key_result}" if self.key_result else self.objective

    def __str__(self) -> str:
        return f"{self.cycle}/{self.local}"


@dataclass(frozen=True, order=True)
class Marker:
    """What makes a tracker's item recognisable as ours: `okrsync:<workspace>:<cycle>:<id>[/<kr>]`."""

    workspace: str
    ref: Ref

    def __str__(self) -> str:
        return f"okrsync:{self.workspace}:{self.ref.cycle}:{self.ref.local}"

    @classmethod
    def parse(cls, text: str) -> Marker | None:
        """Read a whole string as a marker; None when it is something else."""
        found = _MARKER.fullmatch(text.strip())
        return _marker(found) if found else None

    @classmethod
    def find_all(cls, text: str) -> tuple[Marker, ...]:
        """Every marker in a longer text, in the order they stand, each once."""
        return tuple(dict.fromkeys(_marker(found) for found in _MARKER.finditer(text)))


def _marker(found: re.Match[str]) -> Marker:
    return Marker(found["workspace"], Ref(found["cycle"], found["objective"], found["key_result"] or ""))

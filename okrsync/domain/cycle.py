"""Cycles: the span of time that a set of OKRs is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_NAME = re.compile(r"(?P<year>(?!9999)[1-9][0-9]{3})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])))?")


@dataclass(frozen=True, order=True)
class Cycle:
    """A named span of days, both ends included."""

    start: date
    end: date
    name: str

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"cycle {self.name}: it ends on {self.end}, which is not after its start, {self.start}")

    @property
    def days(self) -> int:
        """How many days it has, at least 2."""
        return (self.end - self.start).days + 1

    def holds(self, day: date) -> bool:
        """Whether `day` lies in the cycle."""
        return self.start <= day <= self.end

    def elapsed(self, day: date) -> float:
        """The share of the cycle that has passed on `day`: 0.0 up to its first day, 1.0 from its last day on."""
        return min(1.0, max(0.0, (day - self.start).days / (self.end - self.start).days))


def parse_cycle(name: str, named: Mapping[str, tuple[date, date]] | None = None) -> Cycle:
    """The cycle called `name`: `YYYY-Qn`, `YYYY-Hn`, `YYYY`, or a key of `named` (first day, last day).

    Raises:
        ValueError: when the name is neither.
    """
    if named and name in named:
        start, end = named[name]
        return Cycle(start, end, name)
    found = _NAME.fullmatch(name)
    if not found:
        raise ValueError(
            f"{name!r} is not a cycle: write a quarter (2026-Q4), a half year (2026-H2), a year (2026),"
            " or a name defined under [cycles] in okrsync.toml"
        )
    year = int(found["year"])
    if found["quarter"]:
        first, months = 3 * int(found["quarter"]) - 2, 3
    elif found["half"]:
        first, months = 6 * int(found["half"]) - 5, 6
    else:
        first, months = 1, 12
    after = first + months
    next_start = date(year + (after > 12), after - 12 if after > 12 else after, 1)
    return Cycle(date(year, first, 1), next_start - timedelta(days=1), name)


def current_cycle(cycles: Iterable[Cycle], day: date) -> Cycle | None:
    """The cycle that holds `day` (the shortest, where several do), else the newest; None where there is none."""
    every = list(cycles)
    holding = [each for each in every if each.holds(day)]
    if holding:
        return min(holding, key=lambda each: (each.days, each.name))
    return max(every, default=None)

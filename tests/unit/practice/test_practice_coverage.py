"""What a cycle leaves uncovered."""

from __future__ import annotations

from datetime import date

from okrsync.domain.okr import KeyResult, Level, Objective, Origin
from okrsync.domain.ref import Ref
from okrsync.practice.coverage import coverage_of


def objective(name: str, level: Level, *aligns_to: str, origin: Origin = Origin.TOP_DOWN, count: int = 2) -> Objective:
    ref = Ref("2026-Q4", name)
    return Objective(
        ref,
        name,
        level,
        date(2026, 12, 31),
        tuple(KeyResult(ref.child(f"kr{n}"), "It", baseline=0.0, target=1.0) for n in range(count)),
        origin=origin,
        aligns_to=tuple(Ref("2026-Q4", *each.split("/")) for each in aligns_to),
    )


def test_both_ways() -> None:
    found = coverage_of(
        [
            objective("whole", Level.COMPANY),
            objective("part", Level.COMPANY),
            objective("alone", Level.COMPANY, "part/kr1"),
            objective("a", Level.DEPARTMENT, "whole", origin=Origin.BOTTOM_UP),
            objective("b", Level.TEAM, "part/kr0", "a"),
            objective("c", Level.TEAM, origin=Origin.BOTTOM_UP, count=0),
        ]
    )
    unsupported = [each.ref.local for each in found.unsupported]
    assert unsupported == ["part/kr1", "alone/kr0", "alone/kr1"], "company objectives do not support one another"
    assert [each.ref.local for each in found.unaligned] == ["c"]
    assert [each.ref.local for each in found.empty] == ["c"]
    assert (found.bottom_up.count, found.bottom_up.among, found.bottom_up.share) == (2, 3, 2 / 3)
    assert found.work is None


def test_without_anything_below_the_company_there_is_no_share() -> None:
    assert coverage_of([objective("top", Level.COMPANY)]).bottom_up.share is None

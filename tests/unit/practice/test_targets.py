"""A title that still has the target of before a change."""

from __future__ import annotations

from datetime import date

import pytest

from okrsync.domain.okr import KeyResult, TargetChange
from okrsync.domain.ref import Ref
from okrsync.practice.targets import still_named

P95 = Ref("2026-Q4", "signup", "p95")
DAY = date(2026, 11, 15)


@pytest.mark.parametrize(
    ("title", "before", "after", "named"),
    [
        ("Cut p95 from 4.2 s to 2.0 s", 2.0, 2.5, "2.0"),
        ("Cut p95 from 4.2 s to 1.5 s", 2.0, 2.5, ""),  # 4.2 has a 2 in it, and is another number
        ("Win 120 customers in 2027", 20.0, 15.0, ""),
        ("Win 20 customers.", 20.0, 15.0, "20"),
        ("Feel instant", 20.0, 15.0, ""),
    ],
)
def test_a_number_in_a_title_is_the_old_target_or_another_number(
    title: str, before: float, after: float, named: str
) -> None:
    key_result = KeyResult(P95, title, baseline=4.2, target=before)
    assert still_named(key_result, TargetChange(DAY, before, after, "The vendor is late")) == named


def test_the_target_that_the_cycle_began_with_is_named_after_a_second_change_too() -> None:
    first = TargetChange(DAY, 1.5, 2.0, "The vendor is late")
    key_result = KeyResult(P95, "Cut p95 to 1.5 s", baseline=4.0, target=2.0, target_changes=(first,))
    assert still_named(key_result, TargetChange(DAY, 2.0, 2.5, "The vendor is later")) == "1.5"

"""Cycles: their names, their edges, and how much of them has passed."""

from __future__ import annotations

from datetime import date

import pytest

from okrsync.domain.cycle import Cycle, current_cycle, parse_cycle


@pytest.mark.parametrize(
    ("name", "start", "end", "days"),
    [
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31), 90),
        ("2028-Q1", date(2028, 1, 1), date(2028, 3, 31), 91),
        ("2026-Q2", date(2026, 4, 1), date(2026, 6, 30), 91),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), 92),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), 92),
        ("2026-H1", date(2026, 1, 1), date(2026, 6, 30), 181),
        ("2028-H1", date(2028, 1, 1), date(2028, 6, 30), 182),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31), 184),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), 365),
        ("2028", date(2028, 1, 1), date(2028, 12, 31), 366),
        ("2100", date(2100, 1, 1), date(2100, 12, 31), 365),
    ],
)
def test_a_cycle_has_its_first_and_last_day(name: str, start: date, end: date, days: int) -> None:
    cycle = parse_cycle(name)

    assert (cycle.start, cycle.end, cycle.name, cycle.days) == (start, end, name, days)
    assert cycle.holds(start)
    assert cycle.holds(end)


@pytest.mark.parametrize(
    "name",
    ["", "2026-Q0", "2026-Q5", "2026-q4", "2026-H3", "26-Q4", "2026Q4", "2026-Q4 ", "2026-Q4\n", "Q4-2026", "sprint 7"],
)
def test_what_is_no_cycle_is_refused_with_the_forms_that_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"2026-Q4.*2026-H2.*2026.*okrsync\.toml"):
        parse_cycle(name)


def test_a_name_of_ones_own_may_shadow_a_usual_one() -> None:
    named = {"tertial-1": (date(2026, 1, 1), date(2026, 4, 30)), "2026-Q1": (date(2026, 2, 1), date(2026, 4, 30))}

    assert parse_cycle("tertial-1", named) == Cycle(date(2026, 1, 1), date(2026, 4, 30), "tertial-1")
    assert parse_cycle("2026-Q1", named).start == date(2026, 2, 1)
    assert parse_cycle("2026-Q2", named).start == date(2026, 4, 1)


@pytest.mark.parametrize("end", [date(2026, 1, 1), date(2025, 12, 31)])
def test_a_cycle_ends_after_it_starts(end: date) -> None:
    with pytest.raises(ValueError, match="tertial-1"):
        parse_cycle("tertial-1", {"tertial-1": (date(2026, 1, 1), end)})


def test_time_passes_from_the_first_day_to_the_last() -> None:
    cycle = Cycle(date(2026, 1, 1), date(2026, 1, 11), "ten days and one")

    assert cycle.elapsed(date(2025, 6, 1)) == 0.0
    assert cycle.elapsed(date(2026, 1, 1)) == 0.0
    assert cycle.elapsed(date(2026, 1, 4)) == pytest.approx(0.3)
    assert cycle.elapsed(date(2026, 1, 11)) == 1.0
    assert cycle.elapsed(date(2027, 1, 1)) == 1.0


@pytest.mark.parametrize(
    ("names", "day", "wanted"),
    [
        (["2026-Q3", "2026-Q4"], date(2026, 10, 1), "2026-Q4"),
        (["2026-Q3", "2026-Q4"], date(2026, 9, 30), "2026-Q3"),
        (["2026", "2026-H2", "2026-Q4"], date(2026, 12, 31), "2026-Q4"),
        (["2026", "2026-H2", "2026-Q4"], date(2026, 8, 1), "2026-H2"),
        (["2026-Q1", "2026-Q2"], date(2026, 8, 1), "2026-Q2"),
        (["2026-Q3", "2027-Q1"], date(2026, 11, 1), "2027-Q1"),
        ([], date(2026, 11, 1), None),
    ],
)
def test_the_current_cycle_holds_the_day_or_is_the_newest(names: list[str], day: date, wanted: str | None) -> None:
    for order in (names, names[::-1]):
        found = current_cycle((parse_cycle(name) for name in order), day)
        assert (found.name if found else None) == wanted

"""Names and cycles: whatever is written is read back, and nothing else is taken for one."""

from __future__ import annotations

import calendar
import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.cycle import Cycle, parse_cycle
from okrsync.domain.numbers import number_text
from okrsync.domain.ref import SLUG, Marker, Ref

slugs = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,12}[a-z0-9])?", fullmatch=True)
cycle_names = st.from_regex(r"[0-9]{4}(-(Q[1-4]|H[12]))?|[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
refs = st.builds(Ref, cycle_names, slugs, st.just("") | slugs)
markers = st.builds(Marker, slugs, refs)
years = st.integers(1000, 9998)


@given(refs)
def test_a_reference_is_read_as_it_was_written(ref: Ref) -> None:
    assert Ref.parse(str(ref)) == ref
    assert Ref.parse(f"  {ref}\n") == ref


@given(st.text(alphabet="aZ0/:._- é\n", max_size=12) | st.text(max_size=12))
def test_a_reference_is_written_as_it_was_read_or_refused(text: str) -> None:
    try:
        ref = Ref.parse(text)
    except ValueError:
        return
    assert str(ref) == text.strip()
    assert SLUG.fullmatch(ref.objective)
    assert not ref.key_result or SLUG.fullmatch(ref.key_result)


@given(refs, slugs)
def test_a_key_result_knows_its_objective(ref: Ref, name: str) -> None:
    child = ref.parent.child(name)

    assert child.is_key_result
    assert child.parent == ref.parent
    assert not child.parent.is_key_result
    assert child.parent < child
    assert str(child) == f"{child.cycle}/{child.local}"


@given(markers)
def test_a_marker_is_read_as_it_was_written(marker: Marker) -> None:
    assert Marker.parse(str(marker)) == marker


@given(st.lists(markers, max_size=5))
def test_markers_are_found_in_comments_between_peoples_text(given_markers: list[Marker]) -> None:
    text = "Half of our visitors leave.\n" + "\n\n".join(f"<!-- {each} -->\nmore" for each in given_markers)

    assert Marker.find_all(text) == tuple(dict.fromkeys(given_markers))


@given(st.text(max_size=40))
def test_what_people_write_is_hardly_ever_a_marker(text: str) -> None:
    marker = Marker.parse(text)

    assert marker is None or str(marker) == text.strip()


@given(years, st.sampled_from(["", "-Q1", "-Q2", "-Q3", "-Q4", "-H1", "-H2"]))
def test_a_cycle_begins_on_the_first_and_ends_on_the_last_day_of_a_month(year: int, part: str) -> None:
    cycle = parse_cycle(f"{year:04}{part}")

    assert cycle.start.day == 1
    assert cycle.end.day == calendar.monthrange(cycle.end.year, cycle.end.month)[1]
    assert cycle.start.year == cycle.end.year == year
    months = cycle.end.month - cycle.start.month + 1
    assert months == {"": 12, "-Q": 3, "-H": 6}[part[:2]]


@given(years)
def test_quarters_and_halves_fill_the_year_without_gap_or_overlap(year: int) -> None:
    whole = parse_cycle(f"{year:04}")
    for names in (["Q1", "Q2", "Q3", "Q4"], ["H1", "H2"]):
        parts = [parse_cycle(f"{year:04}-{name}") for name in names]
        assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
        assert all(before.end + timedelta(days=1) == after.start for before, after in itertools.pairwise(parts))
        assert sum(each.days for each in parts) == whole.days == 365 + calendar.isleap(year)


@given(st.dates(date(1000, 1, 1), date(9998, 12, 31)))
def test_every_day_is_in_one_quarter(day: date) -> None:
    quarters = [parse_cycle(f"{day.year:04}-Q{number}") for number in range(1, 5)]

    assert sum(each.holds(day) for each in quarters) == 1


@given(st.text(max_size=9))
def test_a_cycle_has_the_name_it_was_read_from_or_is_refused(name: str) -> None:
    try:
        cycle = parse_cycle(name)
    except ValueError:
        return
    assert cycle.name == name


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 800), st.integers(-20, 820))
def test_the_elapsed_share_grows_with_the_days(start: date, length: int, offset: int) -> None:
    cycle = Cycle(start, start + timedelta(days=length), "any")
    day = start + timedelta(days=offset)

    assert 0.0 <= cycle.elapsed(day) <= cycle.elapsed(day + timedelta(days=1)) <= 1.0
    assert (cycle.elapsed(day) == 0.0) == (offset <= 0)
    assert (cycle.elapsed(day) == 1.0) == (offset >= length)
    assert cycle.holds(day) == (0 <= offset <= length)


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_a_decimal_number_reads_back_from_its_text(digits: int, places: int) -> None:
    value = digits / 10**places
    text = number_text(value)

    assert float(text) == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert "e" not in text
    assert not text.endswith((".", ".0"))

"""How figures read."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.okr import KeyResult, Kind
from okrsync.domain.status import Link
from okrsync.reports import words
from tests.unit.reports.sample import NASTY, NOW, SHOWN, ref


def test_what_a_terminal_would_obey_is_left_out() -> None:
    assert words.shown(NASTY) == SHOWN
    assert words.shown("Zoë → 日本 👩‍🚀 50\u00a0%") == "Zoë → 日本 👩‍🚀 50\u00a0%"


@given(st.text())
def test_whatever_is_shown_is_one_line_that_moves_no_cursor(text: str) -> None:
    shown = words.shown(text)
    assert len((shown + "x").splitlines()) == 1
    assert not any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 or 0xD800 <= ord(each) < 0xE000 for each in shown)
    assert words.shown(shown) == shown


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    assert words.shown_lines(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "unknown"), (0.0, "0 %"), (0.001, "1 %"), (0.625, "62 %"), (0.996, "99 %"), (1.0, "100 %")],
)
def test_a_share_reads_as_a_percentage(share: float | None, text: str) -> None:
    assert words.percent(share) == text


@given(st.floats(0, 1))
def test_everything_and_nothing_are_told_from_almost(share: float) -> None:
    text = words.percent(share)
    assert (text == "100 %") == (share >= 1 - 1e-9)
    assert (text == "0 %") == (share <= 1e-9)
    assert abs(int(text.split()[0]) - 100 * share) <= 1.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(10 / 3, "3.3333"), (4.0, "4"), (0.1 + 0.2, "0.3"), (99.987, "99.987"), (1234567.89, "1234568"), (-0.5, "-0.5")],
)
def test_a_figure_has_the_digits_that_matter(value: float, text: str) -> None:
    assert words.figure(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_figure_is_near_its_value(value: float) -> None:
    assert math.isclose(float(words.figure(value)), value, rel_tol=1e-4, abs_tol=1e-9)


def test_goals_say_what_is_asked_for() -> None:
    def goal(**values: object) -> str:
        return words.goal(KeyResult(ref("o", "k"), "t", **values))  # type: ignore[arg-type]

    assert goal(baseline=4.0, target=1.5, unit="s") == "4 → 1.5 s"
    assert goal(kind=Kind.MAINTAIN, minimum=99.9, unit="%") == "at least 99.9 %"
    assert goal(kind=Kind.MAINTAIN, maximum=5.0) == "at most 5"
    assert goal(kind=Kind.MAINTAIN, minimum=1.0, maximum=5.0, unit="d") == "1 to 5 d"
    assert goal(kind=Kind.DONE) == "to be done"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(days=12, hours=3), "12 days"),
    ],
)
def test_ages_are_in_one_unit(ago: timedelta, text: str) -> None:
    assert words.age(NOW - ago, NOW) == text


def test_only_web_addresses_are_shown() -> None:
    assert words.web_address(Link("work", "K-1", "https://acme.example/K-1")) == "https://acme.example/K-1"
    assert words.web_address(Link("work", "K-1", "javascript:alert(1)")) == ""
    assert words.web_address(None) == ""

"""Numbers as people read them."""

from __future__ import annotations

import pytest

from okrsync.domain.numbers import number_text, quantity_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.0, "4"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-3.25, "-3.25"),
        (99.99, "99.99"),
        (1e6, "1000000"),
        (1_000_000_001.0, "1000000001"),
        (0.00001, "0.00001"),
    ],
)
def test_a_number_has_no_point_and_no_exponent_that_nobody_wrote(value: float, text: str) -> None:
    assert number_text(value) == text


def test_a_quantity_has_its_unit_behind_a_space() -> None:
    assert quantity_text(1.5, "s") == "1.5 s"
    assert quantity_text(40.0, "%") == "40 %"
    assert quantity_text(12.0, "") == "12"

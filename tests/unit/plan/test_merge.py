"""The three-way decision table, row by row and column by column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.plan.merge import NO_BASE, Authority, Decision, decide, decide_manual

NUMBERS = st.none() | st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("authority", "only_document", "only_tracker", "both_sides", "no_base"),
    [
        (Authority.DOCUMENTS, Decision.WRITE, Decision.WRITE, Decision.WRITE, Decision.WRITE),
        (Authority.TRACKER, Decision.ADOPT, Decision.ADOPT, Decision.ADOPT, Decision.ADOPT),
        (Authority.BOTH, Decision.WRITE, Decision.ADOPT, Decision.HOLD, Decision.HOLD),
    ],
)
def test_the_table(authority, only_document, only_tracker, both_sides, no_base) -> None:
    assert decide("new", "old", "old", authority) is only_document
    assert decide("old", "new", "old", authority) is only_tracker
    assert decide("new", "newer", "old", authority) is both_sides
    assert decide("new", "newer", NO_BASE, authority) is no_base
    assert decide("same", "same", "old", authority) is Decision.AGREE


@given(checked_in=NUMBERS, field=NUMBERS, base=NUMBERS | st.just(NO_BASE))
def test_a_number_is_only_written_over_one_that_both_sides_knew(checked_in, field, base) -> None:
    decision, value = decide_manual(checked_in, field, base)
    if decision is Decision.WRITE:
        assert value == checked_in
        assert field is None or field == pytest.approx(base)
    elif decision is not Decision.HOLD:
        assert value == field or value == pytest.approx(field)
    assert checked_in is not None or decision is Decision.AGREE

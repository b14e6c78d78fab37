"""The three-way decision table, row by row and column by column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.plan.merge import NO_BASE, Authority, CheckedIn, Decision, decide, decide_manual

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


@pytest.mark.parametrize(
    ("field", "no_news", "news"),
    [
        (3.0, (Decision.AGREE, 3.0), (Decision.AGREE, 3.0)),
        (None, (Decision.WRITE, 3.0), (Decision.WRITE, 3.0)),
        (2.5, (Decision.AGREE, 2.5), (Decision.WRITE, 3.0)),
        (9.0, (Decision.ADOPT, 9.0), (Decision.HOLD, 3.0)),
    ],
)
def test_the_table_of_values_measured_by_hand(field, no_news, news) -> None:
    checked_in = CheckedIn(3.0, "Monday")
    assert decide_manual(checked_in, field, {"current": 2.5, "checked_in": "Monday"}) == no_news
    assert decide_manual(checked_in, field, {"current": 2.5, "checked_in": "Sunday"}) == news
    assert decide_manual(None, field, {"current": 2.5, "checked_in": None}) == (Decision.AGREE, field)


CHECK_INS = st.none() | st.builds(CheckedIn, st.floats(-1e6, 1e6), st.sampled_from(["Monday", "Tuesday"]))
BASES = st.fixed_dictionaries({}, optional={"current": NUMBERS, "checked_in": st.sampled_from([None, "Monday"])})


@given(checked_in=CHECK_INS, field=NUMBERS, base=BASES)
def test_a_number_is_only_written_over_one_that_both_sides_knew(checked_in, field, base) -> None:
    decision, value = decide_manual(checked_in, field, base)
    if decision is Decision.WRITE:
        assert value == checked_in.value
        assert field is None or field == pytest.approx(base["current"])
    elif decision is not Decision.HOLD:
        assert value == field or value == pytest.approx(field)
    assert checked_in is not None or decision is Decision.AGREE

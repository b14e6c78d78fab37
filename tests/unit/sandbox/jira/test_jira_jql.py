"""How JQL is read: quoting, NOT, times."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from okrsync.sandbox.jira.jql_syntax import All, AnyOf, Clause, JqlError, Value, parse
from okrsync.sandbox.jira.jql_times import NoTimeError, read_span, read_time
from tests.unit.sandbox.jira.jira_site import START

LA = ZoneInfo("America/Los_Angeles")


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
def test_a_quoted_value_is_read_as_it_was_meant(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'labels = "{quoted}"').where == Clause("labels", "=", (Value(text),))


clauses = st.builds(
    lambda name, operator: f"{name} {operator} x", st.sampled_from("abc"), st.sampled_from(["=", "!=", "~", "<", ">="])
)
wheres = st.recursive(
    clauses,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(" and ".join).map("({})".format)
        | st.lists(inner, min_size=2, max_size=3).map(" OR ".join).map("({})".format)
    ),
    max_leaves=8,
)


@given(where=wheres)
def test_not_turns_every_operator_round(where: str) -> None:
    once, twice = parse(f"not ({where})").where, parse(f"not not ({where})").where
    assert twice == parse(where).where

    def operators(part: Any) -> list[str]:
        if isinstance(part, All | AnyOf):
            return [one for inner in part.parts for one in operators(inner)]
        return [part.operator]

    opposite = {"=": "!=", "!=": "=", "~": "!~", "<": ">=", ">=": "<"}
    assert operators(once) == [opposite[one] for one in operators(parse(where).where)]


@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(JqlError):
        assert parse(text) == parse(f"  {text}\n")


@given(moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
@example(moment=datetime(2026, 11, 1, 9, 30, 20))
def test_absolute_times_are_minutes_in_the_user_s_zone(moment: datetime) -> None:
    local = moment.replace(tzinfo=UTC).astimezone(LA)
    read = read_time(f"{local:%Y-%m-%d %H:%M}", START, LA)
    error = moment.replace(tzinfo=UTC) - read
    in_the_hour_that_comes_twice = timedelta(hours=1) if local.fold else timedelta(0)
    assert timedelta(0) <= error - in_the_hour_that_comes_twice < timedelta(minutes=1)


def test_spans() -> None:
    assert read_span("-1w 2d") == -timedelta(days=9)
    assert read_span("15m") == timedelta(minutes=15)
    assert read_time("-15m", START, LA) == START - timedelta(minutes=15)
    for wrong in ("", "-", "15", "-15min", "1y"):
        with pytest.raises(NoTimeError):
            read_span(wrong)

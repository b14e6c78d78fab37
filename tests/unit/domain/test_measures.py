"""Shares of work that is done, counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.items import Child
from okrsync.domain.measures import Share, share_done


def child(name: str, *, done: bool, points: float | None = None, ours: bool = False, pull: bool = False) -> Child:
    markers = (f"okrsync:acme:2026-Q4:o/{name}",) if ours else ()
    return Child(name, f"PLAT-{name}", done, points, pull, markers)


FOUR = [
    child("1", done=True, points=8.0),
    child("2", done=False, points=2.0),
    child("3", done=False),
    child("4", done=True, points=0.0),
]


def test_children_count_one_each() -> None:
    assert share_done(FOUR) == Share(2, 4)
    assert share_done(FOUR).in_unit("") == 0.5
    assert share_done(FOUR).in_unit("%") == 50.0


def test_children_weigh_their_points_and_nothing_without() -> None:
    assert share_done(FOUR, by_points=True) == Share(8, 10)
    assert share_done([child("1", done=True)], by_points=True).in_unit("%") is None


def test_nothing_to_do_is_unknown_and_not_nothing_done() -> None:
    assert share_done([]).in_unit("%") is None
    assert share_done([child("1", done=False)]).in_unit("%") == 0.0


def test_okrsyncs_own_items_never_count() -> None:
    assert share_done([*FOUR, child("5", done=True, ours=True)], pull_requests=True) == Share(2, 4)


def test_pull_requests_count_only_where_asked_for() -> None:
    children = [*FOUR, child("5", done=True, pull=True)]

    assert share_done(children) == Share(2, 4)
    assert share_done(children, pull_requests=True) == Share(3, 5)


@given(st.lists(st.tuples(st.booleans(), st.none() | st.floats(0, 1000)), max_size=20), st.booleans())
def test_a_share_lies_between_nothing_and_all(work: list[tuple[bool, float | None]], by_points: bool) -> None:
    children = [child(str(n), done=done, points=points) for n, (done, points) in enumerate(work)]
    share = share_done(children, by_points=by_points).in_unit("")

    assert share is None or 0.0 <= share <= 1.0 + 1e-12
    if share is not None and all(done for done, _ in work):
        assert share == pytest.approx(1.0)

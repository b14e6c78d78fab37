"""Which item stands for a reference, where several carry its marker or none does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.ref import Ref
from okrsync.plan.snapshot import Tolerance, find_ours
from okrsync.plan.values import Linked, Located

REF = Ref("2026-Q4", "signup")
MARKER = "okrsync:acme:2026-Q4:signup"
HOME = {REF: ("work", "PLAT")}


def item(number: int, *markers: str, project: str = "PLAT") -> Located:
    at = ItemId(project, str(number), f"{project}-{number}", "")
    return Located("work", RemoteItem(at, ItemKind.OBJECTIVE, "", markers=markers or (MARKER,)))


def linked(number: int) -> dict[Ref, Linked]:
    return {REF: Linked("work", "PLAT", str(number), f"PLAT-{number}", "")}


@given(st.permutations([item(9), item(10), item(11)]))
def test_the_linked_one_counts_else_the_oldest(read: list[Located]) -> None:
    assert find_ours("acme", read, linked(11)).items == {REF: item(11)}
    found = find_ours("acme", read, {})
    assert found.items == {REF: item(9)}
    assert found.duplicates == {REF: (item(10), item(11))}


@given(st.permutations([item(1, project="AAA"), item(2), item(3)]))
def test_without_a_link_one_at_home_counts_before_an_older_one_elsewhere(read: list[Located]) -> None:
    assert find_ours("acme", read, {}, HOME).items == {REF: item(2)}
    assert find_ours("acme", read, linked(1), HOME).items == {REF: item(1, project="AAA")}


def test_an_item_that_lost_its_marker_is_known_by_its_link_and_one_of_another_workspace_is_none() -> None:
    stripped = Located("work", RemoteItem(item(7).item.at, ItemKind.OTHER, ""))
    assert find_ours("acme", [stripped], linked(7)).items == {REF: stripped}
    assert find_ours("acme", [stripped], {}).items == {}
    theirs = item(8, "okrsync:other:2026-Q4:signup")
    found = find_ours("acme", [theirs], linked(7))
    assert found.items == {} and found.missing == (REF,)


@given(st.integers(0, 100), st.integers(0, 100))
def test_the_tolerance_is_a_share_and_a_number(missing: int, more: int) -> None:
    exceeded = Tolerance(0.2, 5).exceeded(missing, missing + more)
    assert exceeded == (missing >= 5 and missing / (missing + more) > 0.2)

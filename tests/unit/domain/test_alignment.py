"""Who supports whom, circles, and the order in which parents come first."""

from __future__ import annotations

from datetime import date

from okrsync.domain.alignment import loops, parents_first, supporters
from okrsync.domain.okr import Level, Objective
from okrsync.domain.ref import Ref


def ref(local: str) -> Ref:
    return Ref.parse(f"2026-Q4/{local}")


def objective(name: str, *aligns_to: str) -> Objective:
    return Objective(ref(name), name, Level.TEAM, date(2026, 12, 31), aligns_to=tuple(ref(each) for each in aligns_to))


def names(objectives: tuple[Objective, ...]) -> list[str]:
    return [each.ref.objective for each in objectives]


def test_supporters_stand_in_document_order_below_what_they_name() -> None:
    found = supporters([objective("z", "top"), objective("a", "top/kr", "top"), objective("top")])

    assert {str(parent): [each.objective for each in children] for parent, children in found.items()} == {
        "2026-Q4/top": ["z", "a"],
        "2026-Q4/top/kr": ["a"],
    }


def test_a_tree_has_no_loop() -> None:
    assert loops({ref("a"): [], ref("b"): [ref("a")], ref("c"): [ref("a/kr"), ref("b")]}) == ()


def test_what_nobody_wrote_is_no_loop() -> None:
    assert loops({ref("a"): [ref("nowhere")]}) == ()


def test_an_objective_that_aligns_to_its_own_key_result_is_a_loop_of_one() -> None:
    assert loops({ref("a"): [ref("a/kr")]}) == ((ref("a"), ref("a")),)


def test_loops_apart_are_told_apart() -> None:
    edges = {ref("a"): [ref("b")], ref("b"): [ref("c/kr")], ref("c"): [ref("a")], ref("x"): [ref("y")]}
    edges |= {ref("y"): [ref("x")], ref("z"): [ref("x"), ref("a")]}

    assert [[each.objective for each in loop] for loop in loops(edges)] == [["a", "b", "c", "a"], ["x", "y", "x"]]


def test_what_is_aligned_to_comes_first_and_the_rest_keeps_its_order() -> None:
    given = [objective("z", "b/kr"), objective("a"), objective("b", "c"), objective("c"), objective("d")]

    assert names(parents_first(given)) == ["c", "b", "z", "a", "d"]


def test_a_parent_that_is_not_there_is_not_waited_for() -> None:
    assert names(parents_first([objective("b", "elsewhere"), objective("a")])) == ["b", "a"]

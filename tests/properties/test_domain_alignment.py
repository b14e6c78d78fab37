"""The alignment graph against the plainest way to look at a graph."""

from __future__ import annotations

import itertools
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.alignment import loops, parents_first, supporters
from okrsync.domain.okr import Level, Objective
from okrsync.domain.ref import Ref

NAMES = [Ref("2026-Q4", name) for name in "abcdefg"]
targets = st.sampled_from(NAMES) | st.sampled_from(NAMES).map(lambda ref: ref.child("kr"))
graphs = st.dictionaries(st.sampled_from(NAMES), st.lists(targets, max_size=4), max_size=7)


@st.composite
def trees(draw: st.DrawFn) -> list[Objective]:
    """Objectives without a loop, in any order."""
    edges = {
        ref: draw(st.lists(st.sampled_from(NAMES[:place]), max_size=3)) if place else []
        for place, ref in enumerate(NAMES)
    }
    return draw(st.permutations([objective(ref, *edges[ref]) for ref in NAMES]))


def objective(ref: Ref, *aligns_to: Ref) -> Objective:
    return Objective(ref, ref.objective, Level.TEAM, date(2026, 12, 31), aligns_to=aligns_to)


def reachable(graph: dict[Ref, list[Ref]], start: Ref) -> set[Ref]:
    """Everything above `start`, step by step until nothing is added."""
    found: set[Ref] = set()
    while True:
        more = {each.parent for ref in {start, *found} for each in graph.get(ref, [])}
        if more <= found:
            return found
        found |= more


@given(graphs)
def test_a_loop_is_found_where_an_objective_is_above_itself(graph: dict[Ref, list[Ref]]) -> None:
    above_itself = {ref for ref in graph if ref in reachable(graph, ref)}
    found = loops(graph)

    assert bool(found) == bool(above_itself)
    assert {ref for loop in found for ref in loop} <= above_itself


@given(graphs)
def test_a_loop_is_a_closed_path_and_told_once(graph: dict[Ref, list[Ref]]) -> None:
    found = loops(graph)

    for loop in found:
        assert loop[0] == loop[-1]
        assert len(set(loop)) == len(loop) - 1
        for below, above in itertools.pairwise(loop):
            assert above in {each.parent for each in graph[below]}
    assert len({frozenset(itertools.pairwise(loop)) for loop in found}) == len(found)


@given(graphs)
def test_without_the_loops_that_are_told_no_other_is_hidden(graph: dict[Ref, list[Ref]]) -> None:
    """Who mends every loop that is told by cutting it open has, after some rounds, no loop."""
    left = {ref: list(above) for ref, above in graph.items()}
    for _ in range(30):
        found = loops(left)
        if not found:
            break
        for loop in found:
            left[loop[-2]] = [each for each in left[loop[-2]] if each.parent != loop[-1]]

    assert not any(ref in reachable(left, ref) for ref in left)


@given(trees())
def test_parents_come_first(objectives: list[Objective]) -> None:
    ordered = parents_first(objectives)
    place = {each.ref: number for number, each in enumerate(ordered)}

    assert sorted(each.ref for each in ordered) == sorted(each.ref for each in objectives)
    for each in ordered:
        assert all(place[parent.parent] < place[each.ref] for parent in each.aligns_to)
    assert parents_first(ordered) == ordered


@given(st.permutations(NAMES))
def test_without_alignment_the_document_order_stays(refs: list[Ref]) -> None:
    objectives = tuple(objective(ref) for ref in refs)

    assert parents_first(objectives) == objectives


@given(graphs)
def test_loops_lose_nothing(graph: dict[Ref, list[Ref]]) -> None:
    objectives = [objective(ref, *above) for ref, above in graph.items()]

    assert sorted(each.ref for each in parents_first(objectives)) == sorted(graph)


@given(graphs)
def test_every_alignment_has_its_supporter(graph: dict[Ref, list[Ref]]) -> None:
    found = supporters(objective(ref, *above) for ref, above in graph.items())

    pairs = [(child, parent) for parent, children in found.items() for child in children]
    assert sorted(pairs) == sorted((child, parent) for child, above in graph.items() for parent in above)

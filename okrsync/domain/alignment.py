"""The alignment graph: which objective supports which objective or key result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from okrsync.domain.okr import Objective
from okrsync.domain.ref import Ref


def supporters(objectives: Iterable[Objective]) -> dict[Ref, tuple[Ref, ...]]:
    """For each objective or key result that something aligns to: the objectives that do, in document order."""
    found: dict[Ref, list[Ref]] = {}
    for objective in objectives:
        for parent in objective.aligns_to:
            found.setdefault(parent, []).append(objective.ref)
    return {parent: tuple(children) for parent, children in found.items()}


def loops(edges: Mapping[Ref, Iterable[Ref]]) -> tuple[tuple[Ref, ...], ...]:
    """Closed paths of objectives that align to one another in a circle: at least one for every such group.

    `edges` maps an objective to what it aligns to; a key result counts as its objective. An objective that aligns to
    itself is a loop of one.
    """
    graph = {ref: sorted({target.parent for target in targets}) for ref, targets in edges.items()}
    finished: set[Ref] = set()
    found: list[tuple[Ref, ...]] = []
    for start in sorted(graph):
        if start in finished:
            continue
        path = [start]
        on_path = {start}
        trail = [iter(graph[start])]
        while trail:
            step = next(trail[-1], None)
            if step is None:
                trail.pop()
                done = path.pop()
                on_path.discard(done)
                finished.add(done)
            elif step in on_path:
                found.append((*path[path.index(step) :], step))
            elif step not in finished and step in graph:
                path.append(step)
                on_path.add(step)
                trail.append(iter(graph[step]))
    return tuple(found)


def parents_first(objectives: Iterable[Objective]) -> tuple[Objective, ...]:
    """The objectives so ordered that what is aligned to comes before what aligns to it, else in document order.

    Members of a loop come in a fixed order of their own.
    """
    waiting = {each.ref: each for each in objectives}
    ordered: dict[Ref, Objective] = {}
    for root in list(waiting):
        stack: list[tuple[Ref, bool]] = [(root, False)]
        visiting: set[Ref] = set()
        while stack:
            ref, parents_done = stack.pop()
            if ref in ordered or ref not in waiting:
                continue
            if parents_done:
                ordered[ref] = waiting[ref]
            elif ref not in visiting:
                visiting.add(ref)
                stack.append((ref, True))
                stack.extend((parent.parent, False) for parent in reversed(waiting[ref].aligns_to))
    return tuple(ordered.values())

"""The alignment tree: objectives below what they align to, from the company down, and those that align to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from okrsync.domain.alignment import supporters
from okrsync.domain.okr import Level
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus, ObjectiveStatus, Status

_ORDER = {level: number for number, level in enumerate(Level)}


@dataclass(frozen=True)
class Branch:
    """An objective, or a key result that objectives align to, and how deep it stands in the tree."""

    depth: int
    """0 for a root."""
    status: ObjectiveStatus | KeyResultStatus
    again: bool = False
    """It stands further up already, with everything below it."""

    @property
    def ref(self) -> Ref:
        """What it is."""
        if isinstance(self.status, ObjectiveStatus):
            return self.status.objective.ref
        return self.status.key_result.ref

    @property
    def title(self) -> str:
        """Its title."""
        if isinstance(self.status, ObjectiveStatus):
            return self.status.objective.title
        return self.status.key_result.title


@dataclass(frozen=True)
class Alignment:
    """The tree as rows from top to bottom."""

    branches: tuple[Branch, ...]
    """What aligns upwards, and what everything aligns to."""
    unaligned: tuple[Branch, ...]
    """Objectives below the widest level that align to nothing, with what aligns to them."""

    @property
    def unaligned_roots(self) -> tuple[Ref, ...]:
        """The objectives that align to nothing and should."""
        return tuple(each.ref for each in self.unaligned if each.depth == 0)


def alignment(status: Status, *, key_results: bool = False) -> Alignment:
    """The alignment tree of a status.

    A key result stands in it where an objective aligns to it, or always with `key_results`. The widest level comes
    first, then document order.
    """
    planter = _Planter(status, key_results)
    ordered = sorted(status.objectives, key=lambda each: _ORDER[each.objective.level])
    roots = [each for each in ordered if not each.objective.aligns_to]
    # Where nobody wrote the company's objectives, the widest level that there is has nothing to align to.
    top = ordered[0].objective.level if ordered else Level.COMPANY
    aligned = [each for each in roots if each.objective.level is top]
    unaligned = [each for each in roots if each.objective.level is not top]
    return Alignment(tuple(planter.plant(aligned)), tuple(planter.plant(unaligned)))


class _Planter:
    def __init__(self, status: Status, key_results: bool) -> None:
        self.key_results = key_results
        self.by_ref = {each.objective.ref: each for each in status.objectives}
        self.children: Mapping[Ref, tuple[Ref, ...]] = supporters(each.objective for each in status.objectives)
        self.seen: set[Ref] = set()

    def plant(self, roots: list[ObjectiveStatus]) -> Iterator[Branch]:
        """The roots and everything below them. Nothing is expanded twice, so a circle ends too."""
        waiting: list[tuple[int, ObjectiveStatus | KeyResultStatus]] = [(0, each) for each in reversed(roots)]
        while waiting:
            depth, status = waiting.pop()
            branch = Branch(depth, status)
            below = self.below(status)
            if branch.ref in self.seen:
                yield Branch(depth, status, again=bool(below))
                continue
            self.seen.add(branch.ref)
            yield branch
            waiting.extend((depth + 1, each) for each in reversed(below))

    def below(self, status: ObjectiveStatus | KeyResultStatus) -> list[ObjectiveStatus | KeyResultStatus]:
        if isinstance(status, KeyResultStatus):
            return self._supporters(status.key_result.ref)
        shown = [each for each in status.key_results if self.key_results or each.key_result.ref in self.children]
        return [*shown, *self._supporters(status.objective.ref)]

    def _supporters(self, ref: Ref) -> list[ObjectiveStatus | KeyResultStatus]:
        return [self.by_ref[child] for child in self.children.get(ref, ()) if child in self.by_ref]


def tree_json(status: Status, tree: Alignment) -> dict[str, Any]:
    """The tree for `okrsync tree --json`: nested, and the references of what is unaligned."""
    return {
        "workspace": status.workspace,
        "cycle": status.cycle.name,
        "as_of": status.as_of.isoformat(),
        "tree": _nested(tree.branches),
        "unaligned": _nested(tree.unaligned),
    }


def _nested(branches: tuple[Branch, ...]) -> list[dict[str, Any]]:
    roots: list[dict[str, Any]] = []
    path: list[dict[str, Any]] = []
    for branch in branches:
        node = _node(branch)
        del path[branch.depth :]
        (path[-1]["children"] if path else roots).append(node)
        path.append(node)
    return roots


def _node(branch: Branch) -> dict[str, Any]:
    status = branch.status
    node: dict[str, Any] = {"ref": str(branch.ref), "title": branch.title}
    if isinstance(status, ObjectiveStatus):
        objective = status.objective
        node |= {
            "kind": "objective",
            "level": str(objective.level),
            "team": objective.team,
            "owner": objective.owner,
            "aligns_to": [str(ref) for ref in objective.aligns_to],
            "contributes": objective.contributes,
        }
    else:
        node |= {"kind": "key_result"}
    return node | {
        "progress": status.progress,
        "expected": status.expected,
        "health": str(status.health),
        "stale": status.stale,
        "again": branch.again,
        "children": [],
    }

"""The arithmetic of measures that compute a value from several items."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from okrsync.domain.items import Child


@dataclass(frozen=True)
class Share:
    """How much of something is done: `done` of `total`, as items or as points. Nothing at all has no share."""

    done: float
    total: float

    def in_unit(self, unit: str) -> float | None:
        """The share in a key result's unit: 0–100 where the unit is `%`, else 0–1; None where the total is 0."""
        if self.total <= 0:
            return None
        share = self.done / self.total
        return 100 * share if unit.strip() == "%" else share


def share_done(children: Iterable[Child], *, by_points: bool = False, pull_requests: bool = False) -> Share:
    """The share of children that is done, by count or by points.

    Of `children`, only those that count do; a child without points has none.
    """
    counted = those_that_count(children, pull_requests=pull_requests)
    return Share(
        math.fsum(points_of(each, by_points=by_points) for each in counted if each.done),
        math.fsum(points_of(each, by_points=by_points) for each in counted),
    )


def those_that_count(children: Iterable[Child], *, pull_requests: bool = False) -> tuple[Child, ...]:
    """The children that count: never okrsync's own items (those that carry a marker), pull requests if asked for."""
    return tuple(each for each in children if not each.markers and (pull_requests or not each.pull_request))


def points_of(child: Child, *, by_points: bool) -> float:
    """What a child weighs: its points, 0 where it has none, or 1 where children are counted."""
    return (child.points or 0.0) if by_points else 1.0

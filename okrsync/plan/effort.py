"""What a plan will take: how many requests, and under a tracker's limits how long at least."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from okrsync.domain.rates import WriteRate
from okrsync.domain.ref import Ref
from okrsync.plan.values import Plan, Step

_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Manner:
    """How one tracker takes writes."""

    rate: WriteRate = field(default_factory=WriteRate)
    fields_with_item: bool = True
    """Whether fields are written in the request that creates or updates their item."""


@dataclass(frozen=True)
class Effort:
    """What applying a plan takes, when nothing has to be tried again."""

    reads: int = 0
    """Requests that read. The look at fields and types before the first creation in a project comes on top."""
    writes: int = 0
    """Requests that write."""
    creations: int = 0
    """How many of these create an item."""
    seconds: float = 0.0
    """How long the writes take at least under the limits of the slowest tracker; 0 where no tracker has limits."""

    @property
    def requests(self) -> int:
        """All of them."""
        return self.reads + self.writes

    def to_json(self) -> dict[str, Any]:
        """For `plan --json`."""
        return {
            "requests": self.requests,
            "reads": self.reads,
            "writes": self.writes,
            "creations": self.creations,
            "seconds": math.ceil(self.seconds),
        }


def effort_of(plan: Plan, manners: Mapping[str, Manner], existing: Mapping[Ref, str], reads: int = 0) -> Effort:
    """What `plan` takes.

    `manners` tells by tracker how it takes writes, `existing` in which tracker the items are that there are already,
    and `reads` how many requests reading takes.

    Trackers are written one after the other, so their times add up.
    """
    homes = {**existing, **{step.ref: step.wanted.placement.tracker for step in plan.steps if step.creates}}
    writes: dict[str, list[bool]] = defaultdict(list)
    apart: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in plan.steps:
        placement = step.wanted.placement
        manner = manners.get(placement.tracker, Manner())
        writes[placement.tracker] += _writes(step, manner, homes)
        if step.fields and not manner.fields_with_item:
            apart[placement.tracker, placement.project].append(step)
    for remark in plan.remarks:
        writes[remark.change.tracker].append(True)
    for (tracker, _), steps in apart.items():
        at_once = manners[tracker].rate.fields_at_once
        new = sum(step.creates for step in steps)
        values = sum(len(step.fields) for step in steps)
        # Items that are new have to be put where the fields are, before these can be written.
        writes[tracker] += [False] * (math.ceil(new / at_once) + math.ceil(values / at_once))
    return Effort(
        reads=reads,
        writes=sum(map(len, writes.values())),
        creations=sum(map(sum, writes.values())),
        seconds=sum(
            least_seconds(each, manners.get(tracker, Manner()).rate) for tracker, each in writes.items() if each
        ),
    )


def least_seconds(writes: Iterable[bool], rate: WriteRate) -> float:
    """Seconds from the first write to the last one at the fastest that `rate` allows; True stands for a creation.

    GitHub allows 80 creations in a minute and 500 in an hour, and asks for a second between two writes ("Rate limits
    for the REST API" and "Best practices for using the REST API" on docs.github.com).
    """
    now, first = 0.0, True
    created: list[float] = []
    for creation in writes:
        if not first:
            now += rate.seconds_between
        first = False
        if not creation:
            continue
        for limit, window in ((rate.creations_a_minute, _MINUTE), (rate.creations_an_hour, _HOUR)):
            if limit and len(created) >= limit:
                now = max(now, created[-limit] + window)
        created.append(now)
    return now


def _writes(step: Step, manner: Manner, homes: Mapping[Ref, str]) -> list[bool]:
    """The requests that a step sends to its item, in their order: True for a creation.

    A field that lives apart from its item is not among them.
    """
    if not step.changes:
        return []
    found: list[bool] = []
    of_item = step.fields if manner.fields_with_item else {}
    if step.creates:
        found.append(True)
    elif step.title is not None or step.writes_due or step.block or step.marker or of_item:
        found.append(False)
    # What is aligned to need not be in a tracker at all.
    linked = [ref for ref in step.links if homes.get(ref) == step.wanted.placement.tracker]
    found += [False] * (len(linked) + len(step.unlinks))
    return [*found, False] if step.closed is not None else found

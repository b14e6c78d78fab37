"""The review at half time: which key results drift, by which signs, and what could be traded off. Suggestions, in words
and with their figures; people decide.

Nothing here counts or compares people: an owner decides whose key results belong together, and is named as the one to
talk to, no more.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from okrsync.domain.numbers import number_text
from okrsync.domain.okr import Kind, Objective, Stage
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus, Status
from okrsync.practice.drift import Drift, Past, Sign, drifts, is_behind

AHEAD = 0.2
"""How far (0.0–1.0) progress is above what is due where effort could be spared."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class KeyResultReview:
    """One key result in a review."""

    objective: Objective
    status: KeyResultStatus
    past: Past
    drifts: tuple[Drift, ...]

    @property
    def ref(self) -> Ref:
        """The key result."""
        return self.status.key_result.ref

    @property
    def need(self) -> int:
        """How much it asks for talk; 0 where nothing drifts."""
        return sum(each.need for each in self.drifts)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is the matter but that nobody checks in, while its value is read from elsewhere."""
        return {each.sign for each in self.drifts} == {Sign.SILENT} and not self.status.stale

    @property
    def gap(self) -> float:
        """How far progress is from what is due: above 0 ahead, below 0 behind; 0 where it is unknown."""
        return 0.0 if self.status.progress is None else self.status.progress - self.status.expected

    @property
    def owner(self) -> str | None:
        """Whom to talk to about it."""
        return self.status.key_result.owner or self.objective.owner


@dataclass(frozen=True)
class TradeOff:
    """What could be done about a key result that is behind, in words; `others` are those that it concerns besides."""

    ref: Ref
    others: tuple[Ref, ...]
    text: str
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Review:
    """The review of a cycle at one moment."""

    status: Status
    elapsed: float
    """The share of the cycle that has passed, 0.0–1.0."""
    key_results: tuple[KeyResultReview, ...]
    """Everything that was looked at; what asks most for talk first, else as the documents have it."""
    trade_offs: tuple[TradeOff, ...]

    @property
    def drifting(self) -> tuple[KeyResultReview, ...]:
        """Those that drift."""
        return tuple(each for each in self.key_results if each.drifts and not each.is_quiet)

    @property
    def quiet(self) -> tuple[KeyResultReview, ...]:
        """Those that go as planned by their values, and on which nobody checks in."""
        return tuple(each for each in self.key_results if each.is_quiet)

    @property
    def changed(self) -> tuple[KeyResultReview, ...]:
        """Those whose target was changed in the course of the cycle."""
        return tuple(each for each in self.key_results if each.status.key_result.target_changes)


def review(status: Status, past: Mapping[Ref, Past], period: timedelta, only: frozenset[Ref] = frozenset()) -> Review:
    """Look at every committed key result of a status; `period` is how often people check in.

    `only` names the objectives and key results to look at; empty looks at all.
    """
    looked_at = tuple(
        KeyResultReview(objective.objective, each, known, drifts(each, known, status, period))
        for objective in status.objectives
        if objective.objective.stage is Stage.COMMITTED
        for each in objective.key_results
        for known in (past.get(each.key_result.ref, Past()),)
    )
    chosen = tuple(each for each in looked_at if not only or each.ref in only or each.ref.parent in only)
    neighbours = _Neighbours(looked_at)
    trade_offs = (_trade_off(each, neighbours) for each in chosen if is_behind(each.status))
    order = sorted(chosen, key=lambda each: (-each.need, min(0.0, each.gap) * each.status.key_result.weight))
    offered = {each.ref: each for each in trade_offs if each is not None}
    return Review(
        status,
        status.cycle.elapsed(status.as_of.date()),
        tuple(order),
        tuple(offered[each.ref] for each in order if each.ref in offered),
    )


class _Neighbours:
    """Where effort could come from, and what is behind beside one another."""

    def __init__(self, every: Sequence[KeyResultReview]) -> None:
        self._most_ahead: dict[tuple[str, Hashable], KeyResultReview] = {}
        self._behind: dict[Ref, list[KeyResultReview]] = {}
        for each in every:
            # What stays in its band would leave it: that is no effort to spare.
            if each.gap >= AHEAD - _ROUNDING and each.status.key_result.kind is not Kind.MAINTAIN:
                for place in _places(each):
                    if place not in self._most_ahead or self._most_ahead[place].gap < each.gap:
                        self._most_ahead[place] = each
            if is_behind(each.status):
                self._behind.setdefault(each.ref.parent, []).append(each)

    def ahead(self, behind: KeyResultReview) -> tuple[str, KeyResultReview] | None:
        """What is furthest ahead in the same objective, else of the same owner, else of the same team; and which."""
        found = ((place, self._most_ahead.get(place)) for place in _places(behind))
        return next(((where, each) for (where, _), each in found if each is not None), None)

    def lighter(self, behind: KeyResultReview) -> list[KeyResultReview]:
        """What is behind in the same objective, and weighs less."""
        return [each for each in self._behind[behind.ref.parent] if _weight(each) < _weight(behind)]


def _places(each: KeyResultReview) -> Iterator[tuple[str, Hashable]]:
    """To what a key result belongs, from the nearest."""
    yield "of the same objective", each.ref.parent
    if each.owner is not None:
        yield "of the same owner", each.owner
    if each.objective.team is not None:
        yield "of the same team", each.objective.team


def _trade_off(behind: KeyResultReview, neighbours: _Neighbours) -> TradeOff | None:
    """Where effort for it could come from, or what could be given up for it."""
    spare = neighbours.ahead(behind)
    if spare is not None:
        return _moved_to(behind, spare[1], spare[0])
    lighter = neighbours.lighter(behind)
    if lighter:
        least = min(lighter, key=_weight)
        text = (
            f"none near it is ahead: if not all can be saved, {behind.ref.key_result} (weight"
            f" {number_text(_weight(behind))}) counts for more than {least.ref.key_result} (weight"
            f" {number_text(_weight(least))})"
        )
        return TradeOff(behind.ref, (least.ref,), text, {"weight": _weight(behind), "other_weight": _weight(least)})
    return None


def _moved_to(behind: KeyResultReview, spare: KeyResultReview, where: str) -> TradeOff:
    name = spare.ref.key_result if spare.ref.parent == behind.ref.parent else str(spare.ref.local)
    weights = f" (weights {number_text(_weight(spare))} and {number_text(_weight(behind))})"
    same = _weight(spare) == _weight(behind)
    text = (
        f"effort from {name}, {where}, which is {_points(spare.gap)} ahead of its pace, while"
        f" {behind.ref.key_result} is {_points(-behind.gap)} behind{'' if same else weights}"
    )
    figures: dict[str, float | str] = {
        "ahead": spare.gap,
        "behind": -behind.gap,
        "weight": _weight(behind),
        "other_weight": _weight(spare),
    }
    return TradeOff(behind.ref, (spare.ref,), text, figures)


def _weight(each: KeyResultReview) -> float:
    return each.status.key_result.weight


def _points(share: float) -> str:
    number = round(100 * share)
    return f"{number} point{'' if number == 1 else 's'}"

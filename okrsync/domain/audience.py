"""Who sees what: every view is made for one audience, and holds nothing of what is for others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from okrsync.domain.okr import EVERYONE, Objective, Okrs
from okrsync.domain.ref import Ref


def is_shown(to: str, audience: str, audiences: Mapping[str, Collection[str]]) -> bool:
    """Whether what is for `to` is shown in a view for `audience`.

    It is where `to` is everyone, the audience itself, or one that holds everybody who belongs to it. `audiences` says
    who belongs to each.
    """
    if to in {EVERYONE, audience}:
        return True
    members = set(audiences.get(audience, ()))
    return audience != EVERYONE and bool(members) and members <= set(audiences.get(to, ()))


def visible(okrs: Okrs, audience: str, audiences: Mapping[str, Collection[str]]) -> Okrs:
    """What a view for `audience` holds. What it leaves out leaves no trace: alignment to it is gone too."""
    objectives = tuple(each for each in okrs.objectives if is_shown(each.audience, audience, audiences))
    kpis = tuple(each for each in okrs.kpis if is_shown(each.audience, audience, audiences))
    shown = {each.ref for each in objectives}
    return Okrs(
        tuple(
            replace(each, aligns_to=tuple(target for target in each.aligns_to if target.parent in shown))
            for each in objectives
        ),
        kpis,
    )


def discreet(
    objectives: Iterable[Objective], every: Mapping[Ref, Objective], audiences: Mapping[str, Collection[str]]
) -> tuple[Objective, ...]:
    """The objectives, aligned only to what everybody who sees them may see: for places where more is read than said.

    `every` objective that there is has its own audience, by its reference.
    """

    def is_told(target: Ref, to: str) -> bool:
        parent = every.get(target.parent)
        return parent is None or is_shown(parent.audience, to, audiences)

    return tuple(
        replace(each, aligns_to=tuple(target for target in each.aligns_to if is_told(target, each.audience)))
        for each in objectives
    )

"""Small objectives, placements and items for the planner's tests, and the echo of a tracker that did as planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from okrsync.domain.items import ItemId, ItemKind, Markup, RemoteItem
from okrsync.domain.okr import KeyResult, Level, Measure, Objective, Source
from okrsync.domain.ref import Marker, Ref
from okrsync.plan import block as blocks
from okrsync.plan.merge import Authority
from okrsync.plan.planner import make_plan
from okrsync.plan.values import Linked, Located, Placement, Plan, Role, Snapshot, Step
from okrsync.plan.wanted import NO_REVIEW, Known, wanted_items

CYCLE = "2026-Q4"
ROLES = {
    Role.BASELINE: "KR baseline",
    Role.TARGET: "KR target",
    Role.CURRENT: "KR current",
    Role.PROGRESS: "OKR progress",
}
PLACEMENT = Placement(
    tracker="work",
    project="PLAT",
    source=Source("okrsync.toml", 20),
    markup=Markup.WIKI,
    roles=ROLES,
    native_links=True,
)


def objective(slug: str = "signup", *, key_results: int = 1, **changes: Any) -> Objective:
    ref = Ref(CYCLE, slug)
    whole = Objective(
        ref=ref,
        title=f"Make {slug} feel instant",
        level=Level.TEAM,
        due=date(2026, 12, 31),
        key_results=tuple(
            KeyResult(
                ref.child(f"kr{number}"),
                f"Cut p95 of step {number} from 4.0 s to 1.5 s",
                baseline=4.0,
                target=1.5,
                unit="s",
                measure=Measure("field"),
            )
            for number in range(1, key_results + 1)
        ),
        why="Half of our visitors leave while they wait.",
        source=Source("okrs/platform.toml", 7),
    )
    return replace(whole, **changes)


class World:
    """Documents on one side, a perfectly obedient tracker on the other, and the bases between them."""

    def __init__(self, *objectives: Objective, placement: Placement = PLACEMENT) -> None:
        self.objectives = list(objectives)
        self.placement = placement
        self.items: dict[Ref, RemoteItem] = {}
        self.links: dict[Ref, Linked] = {}
        self.bases: dict[Ref, Mapping[str, Any]] = {}
        self.known: dict[Ref, Known] = {}
        self.snapshot_changes: dict[str, Any] = {}
        self.number = 0
        self.review = NO_REVIEW

    def plan(self) -> Plan:
        wanted = wanted_items(self.objectives, lambda _: self.placement, self.known, review=self.review)
        documented = {each.ref for each in self.objectives}
        documented |= {key_result.ref for each in self.objectives for key_result in each.key_results}
        snapshot = Snapshot({ref: Located("work", item) for ref, item in self.items.items()})
        return make_plan(wanted, replace(snapshot, **self.snapshot_changes), self.links, self.bases, documented)

    def sync(self) -> Plan:
        plan = self.plan()
        for step in plan.steps:
            self._do(step)
        return plan

    def _do(self, step: Step) -> None:
        item = step.remote or self._new(step)
        if step.title is not None:
            item = replace(item, title=step.title)
        if step.creates or step.writes_due:
            item = replace(item, due=step.due)
        if step.block is not None:
            text = blocks.render(step.block, self.placement.markup, self._url)
            item = replace(item, description=blocks.compose(item.description, text, self.placement.markup))
        if step.marker:
            item = replace(item, markers=(str(Marker("acme", step.ref)),))
        if step.closed is not None:
            item = replace(item, closed=step.closed)
        ids = {self.items[ref].at.id for ref in step.links if ref in self.items}
        gone = {self.items[ref].at.id for ref in step.unlinks}
        item = replace(item, fields={**item.fields, **step.fields}, links=(item.links | ids) - gone)
        self.items[step.ref] = item
        self.links[step.ref] = Linked("work", item.at.project, item.at.id, item.at.key, item.at.url)
        self.bases[step.ref] = step.base

    def _new(self, step: Step) -> RemoteItem:
        self.number += 1
        key = f"PLAT-{self.number}"
        return RemoteItem(
            at=ItemId("PLAT", str(10_000 + self.number), key, f"https://jira.example/browse/{key}"),
            kind=step.wanted.kind,
            title="",
            markers=(str(Marker("acme", step.ref)),),
            fields=dict.fromkeys(self.placement.roles.values()) if step.ref.is_key_result else {},
        )

    def _url(self, ref: Ref) -> str | None:
        item = self.items.get(ref) or self.items.get(ref.parent)
        return item.at.url if item else None

    def edit(self, ref: Ref, **changes: Any) -> None:
        """Somebody works in the tracker."""
        self.items[ref] = replace(self.items[ref], **changes)

    def rewrite(self, slug: str, **changes: Any) -> None:
        """Somebody edits a document."""
        self.objectives = [replace(each, **changes) if each.ref.objective == slug else each for each in self.objectives]

    def forget(self) -> None:
        """The cache is lost."""
        self.links, self.bases = {}, {}


def lines(plan: Plan) -> list[tuple[str, str, str | None]]:
    """Action, local reference and field of every change."""
    return brief(plan.changes)


def brief(changes: Iterable[Any]) -> list[tuple[str, str, str | None]]:
    return [(str(each.action), each.ref.local, each.field) for each in changes]


def both(placement: Placement = PLACEMENT) -> Placement:
    return replace(placement, authority=Authority.BOTH)


OBJECTIVE = ItemKind.OBJECTIVE

"""The planner: what the documents want, what the trackers hold, what both last agreed on → a frozen plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from okrsync.domain.items import FieldValue, ItemKind, RemoteItem
from okrsync.domain.ref import Ref
from okrsync.plan import block as blocks
from okrsync.plan.merge import NO_BASE, Decision, decide
from okrsync.plan.revision import Base, Revision, agreed_by_hand, is_another, item_change, same_line
from okrsync.plan.values import Action, Change, Linked, Located, Plan, Snapshot, Step, Wanted


def make_plan(
    wanted: Sequence[Wanted],
    snapshot: Snapshot,
    links: Mapping[Ref, Linked],
    bases: Mapping[Ref, Base],
    documented: Collection[Ref],
) -> Plan:
    """Decide everything that a sync will do.

    `documented` is every reference that the documents hold, mapped or not: an item of ours that is not among them was
    removed there. Nothing is ever deleted; its closing is proposed.
    """
    urls = {ref: located.item.at.url for ref, located in snapshot.items.items()}
    urls |= {ref: link.url for ref, link in links.items() if ref not in urls and ref not in snapshot.gone}

    def url_of(ref: Ref) -> str | None:
        return urls.get(ref) or urls.get(ref.parent)

    planner = _Planner(snapshot, links, bases, url_of)
    for each in _with_adopted_titles(wanted, snapshot, bases):
        planner.consider(each)
    planner.propose_closing(set(documented))
    planner.name_duplicates()
    return Plan(tuple(planner.steps), tuple(planner.held))


def only_about(objectives: Collection[Ref]) -> Callable[..., Plan]:
    """A planner that decides about these objectives and their key results alone."""

    def plan(
        wanted: Sequence[Wanted],
        snapshot: Snapshot,
        links: Mapping[Ref, Linked],
        bases: Mapping[Ref, Base],
        documented: Collection[Ref],
    ) -> Plan:
        about = [each for each in wanted if each.ref.parent in objectives]
        whole = make_plan(about, snapshot, links, bases, documented)
        return Plan(whole.steps, tuple(each for each in whole.held if each.ref.parent in objectives))

    return plan


class _Planner:
    def __init__(
        self,
        snapshot: Snapshot,
        links: Mapping[Ref, Linked],
        bases: Mapping[Ref, Base],
        url_of: Callable[[Ref], str | None],
    ) -> None:
        self.snapshot = snapshot
        self.links = links
        self.bases = bases
        self.url_of = url_of
        self.created: dict[Ref, str] = {}
        """What this plan creates → the tracker that it does so in."""
        self.misplaced: set[Ref] = set()
        self.disputed: set[Ref] = set()
        """Objectives that another workspace may hold for its own: neither they nor their key results are touched."""
        self.steps: list[Step] = []
        self.held: list[Change] = []

    def consider(self, wanted: Wanted) -> None:
        located = self.snapshot.items.get(wanted.ref)
        if wanted.kind is ItemKind.KEY_RESULT and wanted.ref.parent in self.disputed:
            return
        if located is None:
            self._consider_missing(wanted)
        elif dispute := self._dispute(wanted, located.item):
            self.disputed.add(wanted.ref)
            self.held.append(dispute)
        elif reason := self._misplaced(wanted, located):
            self.misplaced.add(wanted.ref)
            self.held.append(
                item_change(Action.UPDATE, wanted, located.item, "project", located.item.at.project, reason)
            )
        else:
            self._consider_existing(wanted, located.item)

    def _consider_missing(self, wanted: Wanted) -> None:
        placement = wanted.placement
        unreadable = (placement.tracker, placement.project) in self.snapshot.unread
        if unreadable or wanted.ref in self.snapshot.pending:
            return
        if not wanted.may_create:
            self._name_lost(wanted)
            return
        if reason := self._doubt(wanted):
            self.held.append(_create_change(wanted, self.url_of, reason, ()))
            return
        if wanted.kind is ItemKind.KEY_RESULT and not self._objective_will_exist(wanted.ref.parent):
            return
        why = "in the documents, not in the tracker"
        if wanted.ref in self.snapshot.gone:
            why = f"{self.links[wanted.ref].key} was deleted in the tracker, and the documents still have it"
        self.created[wanted.ref] = placement.tracker
        links = self._links_of(wanted)
        self.steps.append(
            Step(
                wanted=wanted,
                remote=None,
                changes=(_create_change(wanted, self.url_of, why, links),),
                title=wanted.title,
                due=wanted.due if wanted.has_due else None,
                block=wanted.block,
                fields=_initial_fields(wanted),
                links=links,
                base=_base_after_create(wanted),
            )
        )

    def _links_of(self, wanted: Wanted) -> tuple[Ref, ...]:
        """What a new item is linked to: what it supports in its own tracker, and only what is there by then."""
        tracker = wanted.placement.tracker
        there = {ref: link.tracker for ref, link in self.links.items() if ref not in self.snapshot.gone}
        there |= {ref: located.tracker for ref, located in self.snapshot.items.items()} | self.created
        return tuple(ref for ref in wanted.supports if wanted.placement.native_links and there.get(ref) == tracker)

    def _doubt(self, wanted: Wanted) -> str | None:
        """Why it is not created although it is not there."""
        placement = wanted.placement
        if wanted.ref in self.snapshot.missed:
            link = self.links[wanted.ref]
            return (
                f"{link.key} of {link.tracker} was not found, and had been there: where it was deleted, the next sync"
                " creates it again; where the account may not see it any more, give it back the permission before"
            )
        if out_of_sight := self._out_of_sight(wanted.ref):
            return f"{out_of_sight} forgets it, and the next sync creates it again"
        if (placement.tracker, placement.project) in self.snapshot.doubted:
            return (
                f"too much of what okrsync knows in {placement.project} was not in the answer of {placement.tracker}:"
                " check that the account still sees it; nothing is created there until then"
            )
        return None

    def _name_lost(self, wanted: Wanted) -> None:
        """What is a draft or over, and whose item is out of sight, would be kept up to date no more without a word."""
        if out_of_sight := self._out_of_sight(wanted.ref):
            link = self.links[wanted.ref]
            at = link.tracker, link.project, link.key
            why = f"{out_of_sight} forgets it"
            self.held.append(Change(Action.UPDATE, wanted.ref, *at, "item", link.key, None, why))

    def _out_of_sight(self, ref: Ref) -> str | None:
        """What is to be said of a linked item of which nobody can tell whether it is gone."""
        link = self.links.get(ref)
        if link is None or ref not in self.snapshot.unsure - self.snapshot.missed:
            return None
        return (
            f"{link.key} of {link.tracker} was not in the answer, and that it is gone could not be confirmed, or too"
            " much else is missing too: check that the settings still name its tracker and that the account still sees"
            " it. Where it was deleted on purpose, `okrsync cache rebuild`"
        )

    def _objective_will_exist(self, objective: Ref) -> bool:
        return objective in {*self.created, *self.snapshot.items} - self.misplaced

    def _misplaced(self, wanted: Wanted, located: Located) -> str | None:
        """Why an item is not revised: the mapping moved away from it. Where people moved the item, it is followed."""
        placement, item = wanted.placement, located.item
        if located.tracker != placement.tracker:
            return (
                f"{item.at.key} is in tracker {located.tracker!r}, but the mapping ({placement.source}) now says"
                f" {placement.tracker!r}: move the item and its marker, or change the mapping back"
            )
        link = self.links.get(wanted.ref)
        agreed = self.bases.get(wanted.ref, {}).get("project", link.project if link else None)
        if item.at.project != placement.project and agreed != placement.project:
            return (
                f"{item.at.key} is in project {item.at.project}, but the mapping ({placement.source}) says"
                f" {placement.project}: move the item in the tracker, or change the mapping back"
            )
        return None

    def _dispute(self, wanted: Wanted, item: RemoteItem) -> Change | None:
        """What is held where an item may be another workspace's; None where nothing speaks for that."""
        if marker := self.snapshot.claimed.get(wanted.ref):
            why = (
                f"{item.at.key} carries {marker} too, so another workspace keeps it as its own: take one of the two"
                " markers away; until then okrsync leaves it alone"
            )
            return item_change(Action.UPDATE, wanted, item, "marker", marker, why, str(wanted.ref))
        if wanted.ref not in self.bases and is_another(wanted, item):
            why = (
                f"{item.at.key} carries our marker, and neither its title nor its reason nor any of its key results is"
                " as the documents have it: where another folder uses the same workspace name, give one of the two"
                f" another; where it is the same objective, `okrsync resolve {wanted.ref} --take documents`"
            )
            return item_change(Action.UPDATE, wanted, item, "title", item.title, why, wanted.title)
        return None

    def _consider_existing(self, wanted: Wanted, item: RemoteItem) -> None:
        base = self.bases.get(wanted.ref, {})
        revision = Revision(wanted, item, base, self.url_of, self.created)
        revision.merge_title()
        revision.merge_due()
        revision.merge_description()
        revision.write_fields()
        revision.write_manual_value()
        revision.restore_marker(self.links.get(wanted.ref))
        revision.align(self.snapshot)
        revision.open_or_close()
        self.held.extend(revision.held)
        step = revision.step()
        if step.changes or dict(step.base) != dict(base):
            self.steps.append(step)

    def propose_closing(self, documented: set[Ref]) -> None:
        cycles = {ref.cycle for ref in documented}
        for ref, located in sorted(self.snapshot.items.items()):
            removed = ref not in documented and ref.cycle in cycles and not located.item.closed
            if not removed or (ref.is_key_result and ref.parent not in documented):
                continue
            at = located.item.at
            gone = f"{ref} is no longer in the documents;"
            if ref not in self.bases:
                gone = (
                    f"{ref} is not in the documents, and as far as this cache knows never was: where another folder"
                    " uses the same workspace name, give one of the two another; otherwise, as"
                )
            self.held.append(
                Change(
                    Action.CLOSE,
                    ref,
                    located.tracker,
                    at.project,
                    at.key,
                    None,
                    before="open",
                    after="closed",
                    why=f"{gone} okrsync deletes nothing: close {at.key} in the tracker, or put {ref} back"
                    + ("" if ref.is_key_result else ' (with stage = "closed" to have it closed)'),
                )
            )

    def name_duplicates(self) -> None:
        for ref, copies in sorted(self.snapshot.duplicates.items()):
            ours = self.snapshot.items[ref].item.at
            for copy in copies:
                at = copy.item.at
                self.held.append(
                    Change(
                        Action.UPDATE,
                        ref,
                        copy.tracker,
                        at.project,
                        at.key,
                        "marker",
                        before=str(ref),
                        after=None,
                        why=f"{at.key} carries the marker of {ours.key}, probably as a copy of it: remove the marker"
                        f" from {at.key}; okrsync leaves it alone and keeps to {ours.key}",
                    )
                )


def _with_adopted_titles(wanted: Sequence[Wanted], snapshot: Snapshot, bases: Mapping[Ref, Base]) -> list[Wanted]:
    """The wanted items, with the titles that documents will have once the tracker's are adopted in their lists."""
    titles: dict[Ref, tuple[str, str]] = {}
    for each in wanted:
        located = snapshot.items.get(each.ref)
        if each.kind is ItemKind.KEY_RESULT and located:
            theirs = located.item.title
            last = bases.get(each.ref, {}).get("title", NO_BASE)
            if decide(each.title, theirs, last, each.placement.authority, same_line) is Decision.ADOPT:
                titles[each.ref] = each.title, theirs
    return [replace(each, block=_retitled(each, titles)) if titles else each for each in wanted]


def _retitled(wanted: Wanted, titles: Mapping[Ref, tuple[str, str]]) -> blocks.Block:
    lines = list(wanted.block.key_results)
    for index, ref in enumerate(wanted.lists):
        if ref in titles:
            ours, theirs = titles[ref]
            lines[index] = theirs.strip() + lines[index].removeprefix(ours)
    return replace(wanted.block, key_results=tuple(lines))


def _create_change(wanted: Wanted, url_of: Callable[[Ref], str | None], why: str, links: tuple[Ref, ...]) -> Change:
    after: dict[str, Any] = {
        "title": wanted.title,
        "description": blocks.render(wanted.block, wanted.placement.markup, url_of),
    }
    if wanted.has_due:
        after["due"] = wanted.due
    if fields := _initial_fields(wanted):
        after["fields"] = fields
    if links:
        after["aligned_to"] = links
    placement = wanted.placement
    return Change(Action.CREATE, wanted.ref, placement.tracker, placement.project, None, None, None, after, why)


def _initial_fields(wanted: Wanted) -> dict[str, FieldValue]:
    fields = dict(wanted.fields)
    return fields | {each.field: each.checked_in.value for each in wanted.manuals if each.checked_in}


def _base_after_create(wanted: Wanted) -> dict[str, Any]:
    base: dict[str, Any] = {
        "title": wanted.title,
        "why": wanted.block.why,
        "project": wanted.placement.project,
    }
    if wanted.has_due:
        base["due"] = wanted.due.isoformat() if wanted.due else None
    for each in wanted.manuals:
        base |= agreed_by_hand(each.checked_in, each.checked_in.value if each.checked_in else None, each.key_result)
    if wanted.kind is ItemKind.OBJECTIVE:
        base["closed"] = False
        if wanted.placement.native_links:
            base["links"] = sorted(str(ref) for ref in wanted.supports)
    return base

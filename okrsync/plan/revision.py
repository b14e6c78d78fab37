"""Revising one existing item: its attributes, each with the value that it should have and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from okrsync.domain.items import FieldValue, ItemKind, RemoteItem
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.plan import block as blocks
from okrsync.plan.merge import (
    AGREED_BY_HAND,
    NO_BASE,
    Authority,
    CheckedIn,
    Decision,
    NoBase,
    counts_in_field,
    decide,
    decide_manual,
)
from okrsync.plan.values import Action, Change, Linked, ManualValue, Snapshot, Step, Wanted

Base = Mapping[str, Any]
"""What documents and tracker last agreed on, by attribute, as JSON values: title, why, due, closed, current, links, and
the project that the mapping named."""


class Revision:
    """The changes to one existing item, gathered attribute by attribute; `step` gives the result."""

    def __init__(
        self,
        wanted: Wanted,
        item: RemoteItem,
        base: Base,
        url_of: Callable[[Ref], str | None],
        created: Mapping[Ref, str],
    ) -> None:
        self.wanted = wanted
        self.created = created
        self.item = item
        self.base = base
        self.url_of = url_of
        self.changes: list[Change] = []
        self.held: list[Change] = []
        self.agreed: dict[str, Any] = {**base, "project": wanted.placement.project}
        self.values: dict[str, Any] = {}
        self.adopt: dict[str, Any] = {}
        self.fields: dict[str, FieldValue] = {}

    def merge_title(self) -> None:
        decision = self._merge("title", self.wanted.title, self.item.title, same_line)
        if decision is Decision.WRITE:
            self.values["title"] = self.wanted.title

    def merge_due(self) -> None:
        if not self.wanted.has_due:
            return
        decision = self._merge(
            "due", _iso(self.wanted.due), _iso(self.item.due), self._same_due, unfit=self._unfit_due()
        )
        if decision is Decision.WRITE:
            self.values |= {"due": self.wanted.due, "writes_due": True}

    def _same_due(self, one: str | None, other: str | None) -> bool:
        """Whether two due dates mean the same. A document without one means the end of the cycle, so where the tracker
        may decide, an objective without one there is as good."""
        cycle = self.wanted.cycle
        if one == other or cycle is None or self.wanted.kind is not ItemKind.OBJECTIVE:
            return one == other
        return self.wanted.placement.authority is not Authority.DOCUMENTS and {one, other} == {None, _iso(cycle.end)}

    def _unfit_due(self) -> str | None:
        """Why no document can hold the tracker's due date; None where one can."""
        due, cycle = self.item.due, self.wanted.cycle
        if due is None or cycle is None or cycle.holds(due):
            return None
        return f"no document can hold it, for {cycle.name} is {cycle.start} to {cycle.end}: choose a day within"

    def merge_description(self) -> None:
        markup = self.wanted.placement.markup
        standing = blocks.find(self.item.description, markup)
        block = self.wanted.block
        theirs = blocks.why_in(standing, markup)
        if theirs is not None and self.wanted.kind is ItemKind.OBJECTIVE:
            decision = self._merge("why", block.why, theirs, blocks.same_text, shown=False)
            if decision in {Decision.ADOPT, Decision.HOLD}:
                block = blocks.Block(theirs, block.aligned_to, block.key_results, block.facts)
        else:
            self.agreed["why"] = block.why
        text = blocks.render(block, markup, self.url_of)
        if blocks.same(standing, text) or self._same_but_for_unknown_urls(standing, text):
            return
        self.values["block"] = block
        why = "the documents changed" if standing else "okrsync's part of the description is missing"
        self._change(Action.UPDATE, "description", standing, text, why)

    def _same_but_for_unknown_urls(self, standing: str | None, text: str) -> bool:
        """An aligned item in a tracker that does not answer now has no URL; that is no reason to take its link away."""
        unknown = [ref for ref in self.wanted.block.aligned_to if not self.url_of(ref)]
        if standing is None or not unknown or any({ref, ref.parent} & self.created.keys() for ref in unknown):
            return False
        return blocks.same(blocks.without_urls(standing), blocks.without_urls(text))

    def write_fields(self) -> None:
        for name, value in self.wanted.fields.items():
            standing = self.item.fields.get(name)
            if isinstance(value, float | int) and isinstance(standing, float | int):
                if same_number(float(value), float(standing)):
                    continue
            elif standing == value:
                continue
            self.fields[name] = value
            self._change(Action.UPDATE, name, standing, value, "the documents or the measured value changed")

    def write_manual_value(self) -> None:
        for manual in self.wanted.manuals:
            if manual.field in self.item.fields:  # What cannot be read is neither empty nor agreed on.
                self._write_manual(manual)

    def _write_manual(self, manual: ManualValue) -> None:
        standing, checked_in = self.item.fields[manual.field], manual.checked_in
        if isinstance(standing, str) and standing.strip():
            if checked_in:
                self._hold_manual(manual.field, standing, checked_in, "the field holds a text: enter a number there")
            return
        number = float(standing) if isinstance(standing, float | int) else None
        base = base_by_hand(self.base, manual.key_result)
        if manual.in_field:
            checked_in = counts_in_field(checked_in, number, base)
        decision, value = decide_manual(checked_in, number, base)
        if decision is Decision.HOLD and checked_in:
            why = (
                "a check-in and the tracker's field both changed since the last sync: check in with the number that is"
                " right, and enter it in the field too"
            )
            self._hold_manual(manual.field, standing, checked_in, why)
            if "current" not in base:
                # It stays held once the tracker has the check-in, and the field would be believed.
                self.agreed |= agreed_by_hand(None, None, manual.key_result)
            return
        if decision is Decision.WRITE:
            self.fields[manual.field] = value
            self._change(Action.UPDATE, manual.field, standing, value, "the newest check-in says so")
        self.agreed |= agreed_by_hand(manual.checked_in, value, manual.key_result)

    def _hold_manual(self, name: str, standing: FieldValue, checked_in: CheckedIn, why: str) -> None:
        self.held.append(item_change(Action.UPDATE, self.wanted, self.item, name, standing, why, checked_in.value))

    def restore_marker(self, link: Linked | None) -> None:
        if link is None or self._has_marker():
            return
        self.values["marker"] = True
        self._change(Action.UPDATE, "marker", None, str(self.wanted.ref), "the item lost its marker")

    def _has_marker(self) -> bool:
        return any(marker.endswith(f":{self.wanted.ref.cycle}:{self.wanted.ref.local}") for marker in self.item.markers)

    def align(self, snapshot: Snapshot) -> None:
        if not self.wanted.placement.native_links or self.wanted.kind is not ItemKind.OBJECTIVE:
            return
        known = {
            ref: located.item.at.id
            for ref, located in snapshot.items.items()
            if located.tracker == self.wanted.placement.tracker
        }
        new = {ref for ref, tracker in self.created.items() if tracker == self.wanted.placement.tracker}
        wanted = self.wanted.supports
        missing = tuple(ref for ref in wanted if ref in new or (ref in known and known[ref] not in self.item.links))
        made_before = {Ref.parse(text) for text in self.base.get("links", [])}
        obsolete = tuple(
            ref for ref in sorted(made_before - set(wanted)) if ref in known and known[ref] in self.item.links
        )
        # What cannot be seen now may still be linked, and be taken back later.
        unseen = made_before - known.keys() - snapshot.gone
        self.agreed["links"] = sorted(
            {str(ref) for ref in wanted if ref in known or ref in new} | set(map(str, unseen))
        )
        for ref in missing:
            self._change(Action.UPDATE, "alignment", None, str(ref), "the documents align it")
        for ref in obsolete:
            self._change(Action.UPDATE, "alignment", str(ref), None, "the documents no longer align it")
        self.values |= {"links": missing, "unlinks": obsolete}

    def open_or_close(self) -> None:
        if self.wanted.kind is not ItemKind.OBJECTIVE:
            return
        wanted, standing = self.wanted.closed, self.item.closed
        was_closed_by_document = self.base.get("closed") is True
        self.agreed["closed"] = wanted
        if wanted and not standing:
            self.values["closed"] = True
            self._change(Action.CLOSE, None, "open", "closed", "its stage in the documents is closed")
        elif standing and not wanted and was_closed_by_document:
            self.values["closed"] = False
            self._change(Action.REOPEN, None, "closed", "open", "its stage in the documents is no longer closed")

    def step(self) -> Step:
        return Step(
            wanted=self.wanted,
            remote=self.item,
            changes=tuple(self.changes),
            fields=self.fields,
            adopt=self.adopt,
            base=self.agreed,
            **self.values,
        )

    def _merge(
        self,
        attribute: str,
        document: Any,
        tracker: Any,
        same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other),
        *,
        shown: bool = True,
        unfit: str | None = None,
    ) -> Decision:
        """Decide by the table. `unfit` says why a document cannot hold the tracker's value."""
        last = self.base.get(attribute, NO_BASE)
        decision = decide(document, tracker, last, self.wanted.placement.authority, same)
        if decision is Decision.ADOPT and unfit is not None:
            why = f"it changed in the tracker, which decides here, but {unfit}"
            self.held.append(item_change(Action.UPDATE, self.wanted, self.item, attribute, tracker, why, document))
            return Decision.HOLD
        if decision is Decision.ADOPT:
            self.adopt[attribute] = tracker
            self._change(Action.ADOPT, attribute, document, tracker, "it changed in the tracker, which decides here")
        elif decision is Decision.HOLD:
            known = "" if isinstance(last, NoBase) else f"; before, it was {last!s}"
            why = f"it differs in {self.wanted.source} and in {self.item.at.key}{known}: make both the same, or"
            why += f" `okrsync resolve {self.wanted.ref} --take documents` or `--take tracker`"
            self.held.append(item_change(Action.UPDATE, self.wanted, self.item, attribute, tracker, why, document))
        elif decision is Decision.WRITE and shown:
            only_tracker = not isinstance(last, NoBase) and same(last, document)
            why = "it changed in the tracker, and the documents decide" if only_tracker else "the document changed"
            self._change(Action.UPDATE, attribute, tracker, document, why)
        if decision is not Decision.HOLD:
            self.agreed[attribute] = tracker if decision is Decision.ADOPT else document
        return decision

    def _change(self, action: Action, attribute: str | None, before: Any, after: Any, why: str) -> None:
        self.changes.append(item_change(action, self.wanted, self.item, attribute, before, why, after))


def same_line(one: str, other: str) -> bool:
    """Whether two lines have the same words."""
    return one.split() == other.split()


def is_another(wanted: Wanted, item: RemoteItem) -> bool:
    """Whether nothing at all of an objective's item is as its document has it: not its title, reason or key results.

    People rewrite much at once, but hardly all of it; another workspace of the same name has nothing in common.
    """
    markup = wanted.placement.markup
    standing = blocks.find(item.description, markup)
    why = blocks.why_in(standing, markup)
    if (
        standing is None
        or why is None
        or same_line(wanted.title, item.title)
        or blocks.same_text(wanted.block.why, why)
    ):
        return False
    return blocks.shares_no_key_result(standing, wanted.block)


def agreed_by_hand(checked_in: CheckedIn | None, value: float | None, key_result: str = "") -> dict[str, Any]:
    """What a base says of a manual value after both sides agreed on `value`.

    `key_result` names the one that it is of, where that has no base of its own.
    """
    names = [f"{name} {key_result}".rstrip() for name in AGREED_BY_HAND]
    return dict(zip(names, (value, checked_in.at if checked_in else None), strict=True))


def base_by_hand(base: Base, key_result: str) -> Base:
    """What of a base is about a manual value, by the names in `AGREED_BY_HAND`."""
    named = {name: f"{name} {key_result}".rstrip() for name in AGREED_BY_HAND}
    return {name: base[key] for name, key in named.items() if key in base}


def item_change(
    action: Action, wanted: Wanted, item: RemoteItem, attribute: str | None, before: Any, why: str, after: Any = None
) -> Change:
    """A change to one attribute of an existing item; `attribute` is None for the item as a whole."""
    placement = wanted.placement
    return Change(action, wanted.ref, placement.tracker, item.at.project, item.at.key, attribute, before, after, why)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None

"""What a check-in needs of a workspace: the key results, who may say what of them, and where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from okrsync.app import Workspace
from okrsync.cli.past import remembered
from okrsync.domain.items import ItemKind, Markup
from okrsync.domain.okr import KeyResult, Kind, Kpi, Objective
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus
from okrsync.engine.check_in_journal import CheckInJournal, Kept, signed
from okrsync.engine.checking_in import CheckInBook
from okrsync.engine.moments import Watch
from okrsync.engine.placements import Atlas
from okrsync.plan.values import Placement, Role
from okrsync.plan.wanted import own_field
from okrsync.practice.check_in_comments import LONGEST_COMMENT, render
from okrsync.practice.check_in_rules import Due, due_for, over_refusal, value_refusal
from okrsync.practice.check_in_values import Unreadable, confidence_of, value_of
from okrsync.problems import Problem, Problems
from okrsync.store.values import CheckIn


@dataclass
class CheckInDesk:
    """Where somebody checks in."""

    workspace: Workspace
    me: str
    """Who is at the keyboard."""

    def key_result(self, ref: Ref) -> tuple[Objective, KeyResult]:
        """The key result that is called so, and its objective; for a KPI, what it would be as a key result.

        Raises:
            Problems: it is an objective.
        """
        if found := self._found(ref):
            return found
        named = self.workspace.okrs.by_ref[ref]
        names = ", ".join(str(each.ref) for each in named.key_results)
        right = f"one of its key results ({names})" if names else ""
        raise Problems([Problem("REF", 0, str(ref), "that is an objective", right)])

    def _found(self, ref: Ref) -> tuple[Objective, KeyResult] | None:
        for objective in self.workspace.okrs.objectives:
            for each in objective.key_results:
                if each.ref == ref:
                    return objective, each
        for kpi in self.workspace.okrs.kpis:
            if kpi.ref == ref:
                return _as_objective(kpi, self.workspace.cycle.end), _as_key_result(kpi)
        return None

    def due(self) -> tuple[Due, ...]:
        """What is due for whoever is at the keyboard."""
        workspace = self.workspace
        with remembered(workspace) as cache:
            newest = cache.check_ins.newest(workspace.cycle.name) if cache else {}
        moments = {ref: each.at for ref, each in newest.items()}
        for each in self._journal.read().check_ins.values():
            moments[each.ref] = max(each.at, moments.get(each.ref, each.at))
        okrs = workspace.okrs.in_cycle(workspace.cycle.name)
        period = workspace.settings.check_in_period
        return due_for(self.me, okrs, moments, workspace.now(), period, workspace.people)

    def due_now(self, ref: Ref) -> Due:
        """A key result that somebody asks for, due or not."""
        objective, key_result = self.key_result(ref)
        last = self.newest(ref)
        return Due(objective, key_result, last.at if last else None)

    def check_in(
        self,
        objective: Objective,
        key_result: KeyResult,
        said: Mapping[str, str | None],
        on_behalf_of: str | None = None,
        at: datetime | None = None,
    ) -> CheckIn:
        """What somebody says of a key result as a check-in.

        Raises:
            Problems: everything that is wrong with it; nothing was kept.
        """
        problems: list[Problem] = []
        if why := over_refusal(objective, key_result):
            problems.append(Problem("REF", 0, "", why))
        value = _read("--value", said.get("value"), lambda text: value_of(text, key_result), problems)
        confidence = _read("--confidence", said.get("confidence"), confidence_of, problems)
        if confidence is not None and not key_result.ref.is_key_result:
            why = f"{key_result.ref} is a KPI: it has a band and no target, so nobody is sure of reaching one"
            problems.append(Problem("--confidence", 0, "", why, "", "Leave it out."))
        if why := value_refusal(value, key_result, in_own_field=self.in_own_field(objective, key_result)):
            problems.append(Problem("--value", 0, "", why))
        author = on_behalf_of or self.me
        person = self.workspace.people.by_account(author)
        author = person.name if person else author
        if why := self.workspace.people.refusal(author, objective, key_result):
            do = "Ask one of them, or enter what they say with --on-behalf-of NAME."
            problems.append(Problem("REF", 0, "", why, "", do))
        made = CheckIn(
            ref=key_result.ref,
            at=at or self.workspace.now(),
            author=_plain(author),
            value=value,
            confidence=confidence,
            note=_plain(said.get("note") or ""),
            obstacles=_plain(said.get("obstacles") or ""),
            help_needed=_plain(said.get("help_needed") or ""),
            entered_by=_plain(self.me) if author != self.me else "",
        )
        length = len(self._text(made, objective, key_result))
        if length > LONGEST_COMMENT:
            found = f"it makes a comment of {length:,} characters, and trackers take {LONGEST_COMMENT:,}"
            problems.append(Problem("--note", 0, "", found, "", "Say the rest elsewhere, and link to it."))
        if problems:
            raise Problems(problems)
        return made

    def newest(self, ref: Ref) -> CheckIn | None:
        """The newest check-in of a key result."""
        with remembered(self.workspace) as cache:
            said = cache.check_ins.of(ref) if cache else ()
        return said[-1] if said else None

    def keep(self, check_in: CheckIn) -> CheckIn:
        """Keep it on this machine, and give it back as it is kept. Raises CacheError."""
        with self._book() as book:
            return book.keep(check_in)

    def undo(self, check_in: CheckIn) -> None:
        """Take a check-in back that was not sent. Raises CacheError."""
        with self._book() as book:
            book.undo(check_in)

    def unsent(self) -> tuple[CheckIn, ...]:
        """The check-ins of the cycle that no tracker has."""
        with remembered(self.workspace) as cache:
            said = cache.check_ins.unsent() if cache else ()
        return tuple(each for each in said if each.ref.cycle == self.workspace.cycle.name)

    def kept(self) -> Kept:
        """What the journal knows: of drafts, too."""
        return self._journal.read()

    def draft(self, ref: Ref, said: Mapping[str, str]) -> None:
        """Keep answers of a check-in that is not finished; none: it is. Raises CacheError."""
        self._journal.draft(ref, said)

    @cached_property
    def statuses(self) -> dict[Ref, KeyResultStatus]:
        """How the key results stand."""
        return {each.key_result.ref: each for one in self.workspace.status().objectives for each in one.key_results}

    def in_own_field(self, objective: Objective, key_result: KeyResult) -> bool:
        """Whether people measure the key result in a field of its own item."""
        placement = self._placement(objective)
        return placement is not None and own_field(key_result, placement) is not None

    def gives_value(self, objective: Objective, key_result: KeyResult) -> bool:
        """Whether people give its value by hand."""
        return not value_refusal(1.0, key_result, in_own_field=self.in_own_field(objective, key_result))

    def takes_comments(self, ref: Ref) -> bool:
        """Whether its tracker, if it has one, takes comments where the key result is, if it still is anywhere."""
        found = self._found(ref)
        placement = self._placement(found[0]) if found else None
        if placement is None:
            return False
        kind = ItemKind.KEY_RESULT if placement.key_results_as_items else ItemKind.OBJECTIVE
        settings = self.workspace.settings.trackers[placement.tracker]
        return kind in self.workspace.plugins.trackers[settings.type].capabilities.comments_on

    def preview(self, check_in: CheckIn, key_result: KeyResult) -> dict[str, Any]:
        """What keeping and sending it would do."""
        objective, _ = self.key_result(check_in.ref)
        placement = self._placement(objective)
        ref = check_in.ref if placement and placement.key_results_as_items else objective.ref
        with remembered(self.workspace) as cache:
            link = cache.links.live().get(ref) if cache else None
        comment = self._text(check_in, objective, key_result) if self.takes_comments(check_in.ref) else None
        return {
            "dry_run": True,
            "tracker": placement.tracker if placement else None,
            "key": link.at.key if link else None,
            "field": self._field(objective, key_result) if check_in.value is not None else None,
            "comment": comment,
        }

    def _field(self, objective: Objective, key_result: KeyResult) -> str | None:
        placement = self._placement(objective)
        if placement is None:
            return None
        if key_result.measure.source == "manual":
            return placement.roles.get(Role.CURRENT) if placement.key_results_as_items else None
        return own_field(key_result, placement)

    def _text(self, check_in: CheckIn, objective: Objective, key_result: KeyResult) -> str:
        placement = self._placement(objective)
        named = placement is not None and not placement.key_results_as_items
        return render(signed(check_in), key_result, placement.markup if placement else Markup.MARKDOWN, named=named)

    def _placement(self, objective: Objective) -> Placement | None:
        # A KPI has no item of its own, whatever the mappings say of its team.
        return self._atlas.placement(objective) if objective.ref in self.workspace.okrs.by_ref else None

    @cached_property
    def _atlas(self) -> Atlas:
        workspace = self.workspace
        workspace.check_trackers()
        kinds = {name: workspace.plugins.trackers[each.type] for name, each in workspace.settings.trackers.items()}
        return Atlas(workspace.settings, kinds, workspace.okrs)

    @cached_property
    def _journal(self) -> CheckInJournal:
        settings = self.workspace.settings
        return CheckInJournal.beside(settings.cache_file, settings.workspace, Watch(self.workspace.now))

    @contextmanager
    def _book(self) -> Iterator[CheckInBook]:
        with self.workspace.open_cache() as cache:
            yield CheckInBook(cache, self._journal)


def _as_objective(kpi: Kpi, due: date) -> Objective:
    """Whose a KPI is, as an objective tells it."""
    return Objective(kpi.ref, kpi.title, kpi.level, due, team=kpi.team, owner=kpi.owner, source=kpi.source)


def _as_key_result(kpi: Kpi) -> KeyResult:
    """What a KPI asks for, as a key result tells it."""
    return KeyResult(
        kpi.ref,
        kpi.title,
        Kind.MAINTAIN,
        minimum=kpi.minimum,
        maximum=kpi.maximum,
        unit=kpi.unit,
        measure=kpi.measure,
        source=kpi.source,
    )


def _read(option: str, text: str | None, read: Callable[[str], float], problems: list[Problem]) -> float | None:
    try:
        return None if text is None else read(text)
    except Unreadable as error:
        problems.append(Problem(option, 0, "", str(error)))
        return None


def _plain(text: str) -> str:
    """A text without the space around it, and without what only this machine's file names may hold."""
    return text.strip().encode("utf-8", "replace").decode()

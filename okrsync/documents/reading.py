"""One document: from what TOML gives to objectives and KPIs, with everything that is wrong inside it reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from okrsync.documents.keys import DOCUMENT, KEY_RESULT, KPI, OBJECTIVE
from okrsync.documents.practised import LARGEST_ADJUSTMENT, retrospective_of, score_of, target_changes_of
from okrsync.documents.rules import (
    check_audience,
    check_band,
    check_due,
    check_item,
    kind_of,
    measure_of,
    phases_of,
)
from okrsync.documents.tables import Place, Report, read_table
from okrsync.domain.cycle import Cycle, parse_cycle
from okrsync.domain.okr import EVERYONE, KeyResult, Kind, Kpi, Level, Objective, Origin, Source, Stage
from okrsync.domain.ref import SLUG, Ref
from okrsync.problems import did_you_mean
from okrsync.toml_files import TomlFile
from okrsync.toml_lines import Path


@dataclass(frozen=True)
class Surroundings:
    """What documents may refer to beside one another."""

    named_cycles: Mapping[str, tuple[date, date]] = field(default_factory=dict)
    audiences: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Name → who belongs to it."""
    measures: Collection[str] | None = None
    """The sources of values that plugins register; None when nobody knows, and any name will do."""
    largest_adjustment: float = LARGEST_ADJUSTMENT
    """How far a team may move a score by judgement, up or down."""
    lenient: bool = False
    """Whether an objective is read in spite of what is wrong in it, as far as it can be told."""


@dataclass(frozen=True)
class Claim:
    """An id that a document gives to an objective, key result or KPI, whether or not the rest of it is right."""

    ref: Ref
    place: Place
    source: Source
    aligns_to: tuple[Ref, ...] = ()


@dataclass
class Reading:
    """What one document holds."""

    report: Report
    objectives: list[Objective] = field(default_factory=list)
    kpis: list[Kpi] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    is_placed: bool = True
    """Whether its cycle and its level are known."""
    has_cycle: bool = True
    """Whether its cycle is known: if not, nobody can tell what aligns to something in it."""


@dataclass(frozen=True)
class _Head:
    """What a document says once for everything in it."""

    cycle: Cycle
    level: Level
    team: str | None
    owner: str | None
    is_right: bool
    has_level: bool


# What an unreadable cycle is replaced by, so that the rest is still checked: everything is due within it.
_ANY_CYCLE = Cycle(date.min, date.max, "?")


def read_document(file: TomlFile, surroundings: Surroundings) -> Reading:
    """Read one document. Only what is right in itself becomes an objective or a KPI."""
    reading = Reading(Report(file))
    place = Place(reading.report, (), "")
    values = read_table(file.data, DOCUMENT, place, {"cycle": "OKR102", "level": "OKR102"})
    reader = _Reader(_head(values, surroundings, place), surroundings, reading)
    for index, data in enumerate(values.get("objectives", ())):
        reader.objective(data, index)
    for index, data in enumerate(values.get("kpis", ())):
        reader.kpi(data, index)
    return reading


def _head(values: Mapping[str, Any], surroundings: Surroundings, place: Place) -> _Head:
    cycle = _ANY_CYCLE
    name = values.get("cycle")
    if name is not None:
        try:
            cycle = parse_cycle(name, surroundings.named_cycles)
        except ValueError:
            place.wrong(
                "cycle",
                f"cycle is {name!r}",
                "a quarter (2026-Q4), a half year (2026-H2), a year (2026) or a name under [cycles] in okrsync.toml",
                did_you_mean(name, surroundings.named_cycles),
                "OKR102",
            )
    return _Head(
        cycle,
        Level(values.get("level", Level.TEAM)),
        values.get("team"),
        values.get("owner"),
        is_right=place.report.count == 0,
        has_level="level" in values,
    )


class _Reader:
    """Reads the tables of one document into a `Reading`."""

    def __init__(self, head: _Head, surroundings: Surroundings, reading: Reading) -> None:
        self._head = head
        self._surroundings = surroundings
        self._reading = reading
        reading.has_cycle = head.cycle is not _ANY_CYCLE
        reading.is_placed = reading.has_cycle and head.has_level

    def objective(self, data: Mapping[str, Any], index: int) -> None:
        head = self._head
        ref = self._ref(data)
        place = self._place(("objectives", index), ref, f"objective {index + 1}")
        problems_before = place.report.count
        values = read_table(data, OBJECTIVE, place)
        check_due(values, head.cycle, place)
        check_audience(values, EVERYONE, self._surroundings.audiences, place)
        aligns_to = self._aligns_to(values.get("aligns_to", ()), place)
        retrospective = retrospective_of(values, place)
        source = self._claim(ref, place, aligns_to)
        key_results = [
            self._key_result(each, place, number, ref) for number, each in enumerate(values.get("key_results", ()))
        ]
        if ref is None or not self._is_read(values, problems_before, needs_head=True):
            return
        self._reading.objectives.append(
            Objective(
                ref=ref,
                title=values["title"],
                level=head.level,
                due=values.get("due", head.cycle.end),
                key_results=tuple(each for each in key_results if each),
                why=values.get("why", ""),
                team=head.team,
                owner=values.get("owner", head.owner),
                origin=Origin(values.get("origin", Origin.TOP_DOWN)),
                aligns_to=aligns_to,
                contributes=values.get("contributes", False),
                stage=Stage(values.get("stage", Stage.COMMITTED)),
                audience=values.get("audience", EVERYONE),
                reviewed_by=values.get("reviewed_by", ()),
                retrospective=retrospective,
                source=source,
            )
        )

    def _key_result(
        self, data: Mapping[str, Any], objective: Place, index: int, objective_ref: Ref | None
    ) -> KeyResult | None:
        ref = self._ref(data, objective_ref)
        place = self._place((*objective.path, "key_results", index), ref, f"{objective.where}, key result {index + 1}")
        problems_before = place.report.count
        values = read_table(data, KEY_RESULT, place)
        source = self._claim(ref, place)
        check_due(values, self._head.cycle, place)
        kind = kind_of(data, values, place)
        check_band(values, place)
        phases = phases_of(values, kind, self._head.cycle, place)
        target_changes = target_changes_of(values, kind, self._head.cycle, place)
        score = score_of(values, self._surroundings.largest_adjustment, place)
        measure = measure_of(values.get("measure"), self._surroundings.measures, place)
        if ref is None or not self._is_read(values, problems_before):
            return None
        is_done = kind is Kind.DONE
        return KeyResult(
            ref=ref,
            title=values["title"],
            kind=kind,
            baseline=values.get("baseline", 0.0 if is_done else None),
            target=values.get("target", 1.0 if is_done else None),
            minimum=values.get("min"),
            maximum=values.get("max"),
            unit=values.get("unit", ""),
            weight=values.get("weight", 1.0),
            measure=measure,
            phases=phases,
            owner=values.get("owner"),
            due=values.get("due"),
            target_changes=target_changes,
            score=score,
            source=source,
        )

    def kpi(self, data: Mapping[str, Any], index: int) -> None:
        head = self._head
        ref = self._ref(data)
        place = self._place(("kpis", index), ref, f"KPI {index + 1}")
        problems_before = place.report.count
        values = read_table(data, KPI, place)
        source = self._claim(ref, place)
        check_audience(values, EVERYONE, self._surroundings.audiences, place)
        check_band(values, place)
        measure = measure_of(values.get("measure"), self._surroundings.measures, place)
        check_item(measure, place)
        if ref is None or not self._is_read(values, problems_before, needs_head=True):
            return
        self._reading.kpis.append(
            Kpi(
                ref=ref,
                title=values["title"],
                minimum=values.get("min"),
                maximum=values.get("max"),
                unit=values.get("unit", ""),
                measure=measure,
                level=head.level,
                team=head.team,
                owner=values.get("owner", head.owner),
                audience=values.get("audience", EVERYONE),
                source=source,
            )
        )

    def _is_read(self, values: Mapping[str, Any], problems_before: int, *, needs_head: bool = False) -> bool:
        """Whether a table becomes a value: where all is well in it, or leniently where it has a title at least."""
        if self._surroundings.lenient:
            return "title" in values
        is_right = self._reading.report.count == problems_before
        return is_right and (self._head.is_right or not needs_head)

    def _is_cycle(self, name: str) -> bool:
        with suppress(ValueError):
            parse_cycle(name, self._surroundings.named_cycles)
            return True
        return False

    def _ref(self, data: Mapping[str, Any], objective: Ref | None = None) -> Ref | None:
        """The reference that a table's id makes; None where there is none. Key results hand in their objective's."""
        name = data.get("id")
        if not isinstance(name, str) or not SLUG.fullmatch(name):
            return None
        return objective.child(name) if objective else Ref(self._head.cycle.name, name)

    def _place(self, path: Path, ref: Ref | None, otherwise: str) -> Place:
        return Place(self._reading.report, path, str(ref) if ref else otherwise)

    def _claim(self, ref: Ref | None, place: Place, aligns_to: tuple[Ref, ...] = ()) -> Source:
        source = place.source
        # In a cycle that nobody knows, nothing can be said about what else there is.
        if ref and self._head.cycle is not _ANY_CYCLE:
            self._reading.claims.append(Claim(ref, place, source, aligns_to))
        return source

    def _aligns_to(self, names: Collection[str], place: Place) -> tuple[Ref, ...]:
        refs = []
        for name in names:
            parts = name.split("/")
            if len(parts) > 2 or not all(SLUG.fullmatch(part) for part in parts):
                of_cycle = name.startswith(f"{self._head.cycle.name}/")
                place.wrong(
                    "aligns_to",
                    f"aligns_to has {name!r}",
                    "objective or objective/key-result of the same cycle",
                    f"Leave the cycle out: {name.partition('/')[2]!r}." if of_cycle else "",
                    "OKR402" if of_cycle or not self._is_cycle(parts[0]) else "OKR403",
                )
                if of_cycle and self._surroundings.lenient:
                    with suppress(ValueError):
                        refs.append(Ref.parse(name))
            else:
                refs.append(Ref(self._head.cycle.name, *parts))
        return tuple(refs)

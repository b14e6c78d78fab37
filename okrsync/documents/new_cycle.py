"""The documents of a new cycle: one beside each document of the last that has something to go on with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from okrsync.documents.across import check_across
from okrsync.documents.adopted import FILL_IN
from okrsync.documents.loading import Documents
from okrsync.documents.reading import Surroundings, read_document
from okrsync.domain.cycle import Cycle
from okrsync.domain.numbers import figure_text, number_text, quantity_text
from okrsync.domain.okr import EVERYONE, Kind, Kpi, Measure
from okrsync.practice.carrying_over import CarriedKeyResult, CarriedObjective, CarryingOver
from okrsync.problems import Problem, Problems
from okrsync.toml_files import TomlFile, parsed_toml, shown_path

_EXACT = 2**53


@dataclass(frozen=True)
class NewDocument:
    """A document of the new cycle."""

    path: Path
    shown: str
    """Its path as people know it."""
    text: str
    beside: str
    """The document of the last cycle that it goes on from."""


def new_documents(
    carrying: CarryingOver,
    documents: Documents,
    cycle: Cycle,
    before: str,
    root: Path,
    relative_to: Path,
    surroundings: Surroundings,
) -> tuple[NewDocument, ...]:
    """The documents that the new cycle begins with; nothing is written.

    `before` is the name of the last cycle, `root` the documents' folder, and messages name files from `relative_to`.

    Raises:
        Problems: they would not be valid beside what is there.
    """
    objectives: dict[str, list[CarriedObjective]] = {}
    kpis: dict[str, list[Kpi]] = {}
    for each in carrying.objectives:
        objectives.setdefault(each.before.source.file, []).append(each)
    for kpi in carrying.kpis:
        kpis.setdefault(kpi.source.file, []).append(kpi)
    made: list[NewDocument] = []
    for shown, file in documents.files.items():
        if shown not in objectives and shown not in kpis:
            continue
        path = _new_path(file.path, root, before, cycle.name, {each.path for each in made})
        text = _document_text(file, cycle, before, objectives.get(shown, ()), kpis.get(shown, ()))
        made.append(NewDocument(path, shown_path(path, relative_to), text, shown))
    _check(made, documents, surroundings)
    return tuple(made)


def _new_path(old: Path, root: Path, before: str, cycle: str, taken: Collection[Path]) -> Path:
    """Where a new document goes: the old one's path with the new cycle in it, or else below a folder called so."""
    parts = old.relative_to(root).parts
    renamed = [part.replace(before, cycle) for part in parts]
    path = root.joinpath(*renamed) if list(parts) != renamed else root.joinpath(cycle, *parts)
    number = 1
    first = path
    while path.exists() or path in taken:
        path = first.with_stem(f"{first.stem}-carried" + (f"-{number}" if number > 1 else ""))
        number += 1
    return path


def _document_text(
    file: TomlFile, cycle: Cycle, before: str, objectives: Iterable[CarriedObjective], kpis: Iterable[Kpi]
) -> str:
    data = file.data
    lines = [f"# Carried over from {_comment(before)}. What people have to fill in says so: look for '{FILL_IN}'."]
    lines += [f"cycle = {_value(cycle.name)}", f"level = {_value(data['level'])}"]
    lines += [f"team  = {_value(data['team'])}"] if data.get("team") else []
    lines += [f"owner = {_value(data['owner'])}"] if data.get("owner") else []
    for each in objectives:
        lines += ["", *_objective(each, data.get("owner"))]
    for kpi in kpis:
        lines += ["", *_kpi(kpi, data.get("owner"))]
    return "\n".join([*lines, ""])


def _objective(carried: CarriedObjective, owner: str | None) -> Iterator[str]:
    before = carried.before
    yield "[[objectives]]"
    for note in carried.to_fill_in:
        yield f"# {FILL_IN} {_comment(note)}"
    yield f"id        = {_value(carried.ref.objective)}"
    yield f"title     = {_value(carried.title)}"
    if before.why:
        yield f"why       = {_value(before.why)}"
    yield f"origin    = {_value(str(before.origin))}"
    if carried.aligns_to:
        yield f"aligns_to = [{', '.join(_value(each.local) for each in carried.aligns_to)}]"
    if carried.contributes:
        yield "contributes = true"
    yield f"stage     = {_value(str(carried.stage))}"
    if before.audience != EVERYONE:
        yield f"audience  = {_value(before.audience)}"
    if before.owner and before.owner != owner:
        yield f"owner     = {_value(before.owner)}"
    for each in carried.key_results:
        yield ""
        for line in _key_result(each):
            yield f"  {line}"


def _key_result(carried: CarriedKeyResult) -> Iterator[str]:
    yield f"# {_comment(_ended(carried))}"
    for note in carried.to_fill_in:
        yield f"# {FILL_IN} {_comment(note)}"
    for line in _table(carried):
        yield line if carried.is_complete else f"# {line}"


def _ended(carried: CarriedKeyResult) -> str:
    """What became of it in the last cycle, in one line."""
    found = carried.before
    final = "nobody knows its value" if found.final is None else _final(carried, found.final)
    score = "" if found.score is None else f", score {found.score_shown}"
    return f"{found.ref.cycle}: {final}{score}"


def _final(carried: CarriedKeyResult, final: float) -> str:
    key_result = carried.before.key_result
    if key_result.kind is Kind.DONE:
        return "done" if final >= 1 else "not done"
    ends = f"{figure_text(final)} {key_result.unit}".rstrip()
    if key_result.kind is Kind.MAINTAIN or key_result.baseline is None or key_result.target is None:
        return f"ended at {ends}"
    return f"from {number_text(key_result.baseline)} to {ends}, of {quantity_text(key_result.target, key_result.unit)}"


def _table(carried: CarriedKeyResult) -> Iterator[str]:
    before = carried.before.key_result
    yield "[[objectives.key_results]]"
    yield f"id       = {_value(carried.ref.key_result)}"
    yield f"title    = {_value(carried.title)}"
    if before.kind is Kind.REACH:
        yield f"baseline = {_number(carried.baseline)}"
        yield f"target   = {_number(carried.target)}"
    else:
        yield f"kind     = {_value(str(before.kind))}"
    if before.kind is Kind.MAINTAIN:
        yield from _band(before.minimum, before.maximum)
    if before.unit:
        yield f"unit     = {_value(before.unit)}"
    if before.weight != 1.0:
        yield f"weight   = {_number(before.weight)}"
    yield f"measure  = {_measure(before.measure)}"
    if before.owner:
        yield f"owner    = {_value(before.owner)}"


def _band(minimum: float | None, maximum: float | None) -> Iterator[str]:
    if minimum is not None:
        yield f"min      = {_number(minimum)}"
    if maximum is not None:
        yield f"max      = {_number(maximum)}"


def _kpi(kpi: Kpi, owner: str | None) -> Iterator[str]:
    yield "[[kpis]]"
    yield f"id       = {_value(kpi.ref.objective)}"
    yield f"title    = {_value(kpi.title)}"
    yield from _band(kpi.minimum, kpi.maximum)
    if kpi.unit:
        yield f"unit     = {_value(kpi.unit)}"
    yield f"measure  = {_measure(kpi.measure)}"
    if kpi.owner and kpi.owner != owner:
        yield f"owner    = {_value(kpi.owner)}"
    if kpi.audience != EVERYONE:
        yield f"audience = {_value(kpi.audience)}"


def _measure(measure: Measure) -> str:
    table = tomlkit.inline_table()
    table.update({"from": measure.source, **measure.options})
    return f"{{ {table.as_string()[1:-1]} }}"


def _number(value: float | None) -> str:
    if value is None:
        return "…"
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < _EXACT else _value(number)


def _value(value: str | float) -> str:
    item: Any = tomlkit.item(value)
    return str(item.as_string())


def _comment(text: str) -> str:
    """Text that ends no comment and that TOML takes in one."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _check(made: Iterable[NewDocument], documents: Documents, surroundings: Surroundings) -> None:
    """Read the new documents beside all that are there.

    Raises:
        Problems: something is wrong in them then.
    """
    new = [read_document(parsed_toml(each.path, each.shown, each.text), surroundings) for each in made]
    old = [read_document(file, surroundings) for file in documents.files.values()]
    check_across([*old, *new], surroundings.audiences)
    problems: list[Problem] = [problem for reading in new for problem in reading.report.problems]
    if problems:
        raise Problems(problems)


def by_path(made: Iterable[NewDocument]) -> tuple[Mapping[Path, str], Mapping[Path, str]]:
    """The texts of the documents, and their paths as people know them, both by path."""
    every = tuple(made)
    return {each.path: each.text for each in every}, {each.path: each.shown for each in every}

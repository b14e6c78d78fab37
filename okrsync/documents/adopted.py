"""The document that an adoption makes: valid as it is, with a comment wherever people have something to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import tomlkit

from okrsync.domain.okr import Kind, Level, Stage
from okrsync.plan.adoption import AdoptedKeyResult, AdoptedObjective

FILL_IN = "to fill in:"
"""What such a comment begins with."""


@dataclass(frozen=True)
class Head:
    """What the document says once for everything in it."""

    cycle: str
    level: Level
    team: str | None = None
    owner: str | None = None


def document_text(head: Head, objectives: Iterable[AdoptedObjective], source: str) -> str:
    """The whole document; `source` says where its objectives come from."""
    lines = [f"# Adopted from {_comment(source)}. What people have to fill in says so: look for '{FILL_IN}'."]
    lines += [f"cycle = {_value(head.cycle)}", f"level = {_value(str(head.level))}"]
    lines += [f"team  = {_value(head.team)}"] if head.team else []
    lines += [f"owner = {_value(head.owner)}"] if head.owner else []
    for each in objectives:
        lines += ["", *_objective(each)]
    return "\n".join([*lines, ""])


def _objective(objective: AdoptedObjective) -> Iterator[str]:
    at = objective.item.at
    yield "[[objectives]]"
    yield f"# {_comment(at.key)}  {_comment(at.url)}"
    yield f"id    = {_value(objective.ref.objective)}"
    yield f"title = {_value(_line(objective.item.title))}"
    for missing in objective.to_fill_in:
        yield f"# {FILL_IN} {_comment(missing)}"
    if objective.stage is Stage.DRAFT:
        yield f'stage = "draft"  # then "{Stage.COMMITTED}", or leave the line out'
    elif objective.stage is not Stage.COMMITTED:
        yield f"stage = {_value(str(objective.stage))}"
    if objective.due:
        yield f"due   = {_value(objective.due)}"
    for each in objective.key_results:
        yield ""
        for line in _key_result(each):
            yield f"  {line}"


def _key_result(key_result: AdoptedKeyResult) -> Iterator[str]:
    at = key_result.item.at
    yield f"# {_comment(at.key)}  {_comment(at.url)}"
    for missing in key_result.to_fill_in:
        yield f"# {FILL_IN} {_comment(missing)}"
    for line in _table(key_result):
        yield line if key_result.kind else f"# {line}"


def _table(key_result: AdoptedKeyResult) -> Iterator[str]:
    yield "[[objectives.key_results]]"
    yield f"id       = {_value(key_result.ref.key_result)}"
    yield f"title    = {_value(_line(key_result.item.title))}"
    if key_result.kind is Kind.DONE:
        yield f"kind     = {_value(str(key_result.kind))}"
    else:
        yield f"baseline = {_number(key_result.baseline)}"
        yield f"target   = {_number(key_result.target)}"
    if key_result.weight != 1.0:
        yield f"weight   = {_value(key_result.weight)}"
    yield f"measure  = {{ from = {_value(key_result.measure)} }}"


def _number(value: float | None) -> str:
    return "…" if value is None else _value(value)


def _value(value: str | float | date | None) -> str:
    item: Any = tomlkit.item(value)
    return str(item.as_string())


def _line(text: str) -> str:
    return " ".join(text.split())


def _comment(text: str) -> str:
    """Text that ends no comment and that TOML takes in one."""
    return "".join(each if each.isprintable() else "?" for each in text)

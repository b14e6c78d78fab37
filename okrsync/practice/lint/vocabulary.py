"""The words of one language that rules look for: read from a data file, and made into patterns once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

_NEVER = re.compile(r"(?!)")
_VOWELS = "aeiou"


@dataclass(frozen=True)
class Unit:
    """A unit: the family whose members can be compared, and how much it is in the family's own measure."""

    family: str
    scale: float


@dataclass(frozen=True)
class Words:
    """The words of one language. Every list of the data file is a pattern here; an absent list matches nothing."""

    activities: re.Pattern[str] = _NEVER
    activity_nouns: re.Pattern[str] = _NEVER
    before_activities: re.Pattern[str] = _NEVER
    done_participles: re.Pattern[str] = _NEVER
    effects: re.Pattern[str] = _NEVER
    leads_to: re.Pattern[str] = _NEVER
    metrics: re.Pattern[str] = _NEVER
    intentions: re.Pattern[str] = _NEVER
    outputs: re.Pattern[str] = _NEVER
    closing: re.Pattern[str] = _NEVER
    deliverables: re.Pattern[str] = _NEVER
    states_of_being: re.Pattern[str] = _NEVER
    tracked: re.Pattern[str] = _NEVER
    keeping: re.Pattern[str] = _NEVER
    names_with_numbers: re.Pattern[str] = _NEVER
    none_at_all: re.Pattern[str] = _NEVER
    numbered: re.Pattern[str] = _NEVER
    before_years: re.Pattern[str] = _NEVER
    months: re.Pattern[str] = _NEVER
    pair_joins: re.Pattern[str] = _NEVER
    to_words: re.Pattern[str] = _NEVER
    by_words: re.Pattern[str] = _NEVER
    difference: re.Pattern[str] = _NEVER
    rising: re.Pattern[str] = _NEVER
    falling: re.Pattern[str] = _NEVER
    spans: re.Pattern[str] = _NEVER
    numerals: Mapping[str, float] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    multipliers: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    numeral: re.Pattern[str] = _NEVER
    """Any of `numerals` and `factors`."""
    unit: re.Pattern[str] = _NEVER
    """Any of `units`."""
    multiplier: re.Pattern[str] = _NEVER
    """Any of `multipliers`."""

    def unit_of(self, name: str) -> Unit | None:
        """What a unit's name means; None for one that is not listed."""
        return self.units.get(" ".join(name.lower().split()))


_TABLES = ("numerals", "factors", "multipliers", "units")
_MADE = ("numeral", "unit", "multiplier")
LISTS = tuple(each.name for each in fields(Words) if each.name not in (*_TABLES, *_MADE))
"""The lists of phrases that a data file may have; beside them it may have the tables of `numerals` and so on."""


def words_from(data: Mapping[str, Any]) -> Words:
    """The words that a data file holds, as TOML gives it.

    Raises:
        ValueError: it has a list or table that nobody knows, or one of a wrong form; the text says which.
    """
    for name, value in data.items():
        if name not in (*LISTS, *_TABLES):
            raise ValueError(f"{name!r} is no list of words; there are {', '.join((*LISTS, *_TABLES))}")
        if name in LISTS and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise ValueError(f"{name} is not a list of texts")
        tables = value.values() if name == "units" and isinstance(value, dict) else [value]
        if name in _TABLES and not all(map(_is_numbers, tables)):
            raise ValueError(f"{name} is not a table of numbers")
    units = {
        name.lower(): Unit(family, float(scale))
        for family, names in data.get("units", {}).items()
        for name, scale in names.items()
    }
    numerals, factors, multipliers = (
        {word.lower(): float(value) for word, value in data.get(table, {}).items()}
        for table in ("numerals", "factors", "multipliers")
    )
    return Words(
        **{name: pattern(data.get(name, ())) for name in LISTS},
        numerals=numerals,
        factors=factors,
        multipliers=multipliers,
        units=units,
        numeral=pattern([*numerals, *factors]),
        unit=pattern(units, after_digits=True),
        multiplier=pattern(multipliers, after_digits=True),
    )


def pattern(phrases: Iterable[str], *, after_digits: bool = False) -> re.Pattern[str]:
    """A pattern for any of the phrases as whole words, the longest first, in texts of small letters.

    With `after_digits`, a phrase may follow a digit without a space.
    """
    every = {" ".join(form.lower().split()) for phrase in phrases for form in _forms(phrase.strip())} - {""}
    if not every:
        return _NEVER
    before = r"(?<![^\W\d])" if after_digits else r"(?<!\w)"
    groups: dict[tuple[str, str], list[str]] = {}
    for each in sorted(every, key=lambda each: (-len(each), each)):
        ends = before if re.match(r"\w", each) else "", r"(?!\w)" if re.search(r"\w$", each) else ""
        groups.setdefault(ends, []).append(r"\s+".join(map(re.escape, each.split())))
    return re.compile("|".join(f"{start}(?:{'|'.join(held)}){end}" for (start, end), held in groups.items()))


def _forms(phrase: str) -> Iterable[str]:
    """A phrase as it is, or with the usual endings in the place of a `+`."""
    stem, plus, rest = phrase.partition("+")
    if not plus or not stem:
        return (phrase,)
    return [f"{each}{rest}" for each in _inflected(stem)]


def _inflected(verb: str) -> tuple[str, ...]:
    """English endings: launch, launches, launched, launching; create, creates, created, creating."""
    if verb.endswith("e"):
        return verb, f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    s = "es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s"
    return verb, f"{verb}{s}", f"{verb}ed", f"{verb}ing"


def _is_numbers(table: object) -> bool:
    return isinstance(table, dict) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in table.values()
    )

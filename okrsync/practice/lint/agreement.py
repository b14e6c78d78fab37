"""Whether the numbers in a key result's title are those of its fields."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from okrsync.domain.numbers import quantity_text
from okrsync.domain.okr import KeyResult, Kind
from okrsync.practice.lint.quantities import Quantity, lowered, quantities, readable
from okrsync.practice.lint.vocabulary import Unit, Words

_ROUNDING = 0.0051
"""A change in percent is told without more digits than people use: 33 % for a third."""
_REVERSED = re.compile(r"\s*\(?,?\s*(?:up |down )?from\s+(?:[a-z]+\s+){0,2}$")
_FROM = re.compile(r"\bfrom\s+(?:[a-z]+\s+){0,2}$")
_BARE_TO = re.compile(r"\s*to\s*")
_BETWEEN = re.compile(r"\bbetween\s*$")
_AND = re.compile(r"\s*(?:and|-|–|to)\s*")
_RANK = re.compile(r"\b(?:top|first|last|best|next)[\s-]*$")


@dataclass(frozen=True)
class Disagreement:
    """What the title says and what the fields say."""

    title: str
    fields: str
    missing_unit: str = ""
    """The unit that the title states beside each number, where the numbers agree and the fields have none."""
    of_units: bool = False
    """Whether it is about their units; else about their numbers."""

    def __str__(self) -> str:
        if self.of_units:
            fields = f"that of the fields {self.fields}" if self.fields else "the fields have none"
            return f"the unit of the title is {self.title}, {fields}"
        return f"the title says {self.title}, the fields say {self.fields}"


def disagreement(key_result: KeyResult, words: Words) -> Disagreement | None:
    """Where title and fields disagree about the numbers or their unit; None where they agree or cannot be compared."""
    if key_result.kind is Kind.DONE:
        return None
    title = readable(key_result.title)
    low = lowered(title)
    numbers = quantities(title, words)
    compare = _Comparing(key_result, words)
    if not numbers or not compare.complete:
        return None
    pair = _pair(numbers, low, words)
    if key_result.kind is Kind.MAINTAIN:
        return _of_band(numbers, compare, low)
    if pair is not None:
        return _of_pair(*pair, compare, low)
    return _of_target(numbers, compare, low, words)


def _pair(numbers: tuple[Quantity, ...], low: str, words: Words) -> tuple[Quantity, Quantity] | None:
    """The numbers from which and to which the title goes."""
    for first, second in itertools.pairwise(numbers):
        between = low[first.end : second.start]
        if words.pair_joins.fullmatch(between.strip(" ~(")) and not _BETWEEN.search(low[: first.start]):
            return first, second
        if _REVERSED.fullmatch(between):
            return second, first
        if _FROM.search(low[: first.start]) and re.search(r"(?:\bto\b|→|->)\s*(?:[a-z≥≤<>]+\s*){0,3}$", between):
            return first, second
    return None


def _of_pair(first: Quantity, second: Quantity, compare: _Comparing, low: str) -> Disagreement | None:
    unit = first.unit or second.unit
    baseline, target = compare.baseline, compare.target
    agrees = compare.same(first, baseline, unit) and compare.same(second, target, second.unit or unit)
    if agrees:
        return compare.units(first, second)
    is_range = _BARE_TO.fullmatch(low[first.end : second.start]) and not _FROM.search(low[: first.start])
    if is_range and baseline == 0:
        return None  # "5 to 10 customers", from none
    return Disagreement(
        f"{_written(first, low)} to {_written(second, low)}",
        f"{quantity_text(baseline, compare.unit)} to {quantity_text(target, compare.unit)}",
    )


def _of_target(numbers: tuple[Quantity, ...], compare: _Comparing, low: str, words: Words) -> Disagreement | None:
    told = [_told(each, low, words) for each in numbers]
    meant = [each for each in told if compare.names(each.number)] or told
    agreeing = [each for each in meant if compare.agrees(each)]
    if agreeing:
        in_other_units = [compare.units(each.number) if compare.is_end(each.number) else None for each in agreeing]
        if None not in in_other_units:
            return in_other_units[0]
        aside = [each for each in told if each.role is Role.CHANGE and low[: each.number.start].endswith("(")]
        wrong = next((each for each in aside if not compare.agrees(each)), None)
    else:
        wrong = _most_telling([each for each in meant if not each.aside], compare)
    if wrong is None:
        return None
    return Disagreement(
        _written(wrong.number, low),
        f"{quantity_text(compare.baseline, compare.unit)} to {quantity_text(compare.target, compare.unit)}",
    )


def _most_telling(told: list[_Told], compare: _Comparing) -> _Told | None:
    """The number that should have been among the fields; None where all may be of something else."""
    own = [each for each in told if each.number.unit is not None or compare.counts]
    return max(own, key=lambda each: (each.role is not Role.START, each.pointed, each.number.start), default=None)


class Role(Enum):
    """What a number in a title says of the measure."""

    END = "where it should end"
    START = "where it starts"
    CHANGE = "by how much it should change"


@dataclass(frozen=True)
class _Told:
    """A number with its role."""

    number: Quantity
    role: Role
    direction: int
    """1 where the title speaks of rising, -1 of falling, 0 where it does not say."""
    pointed: bool
    """Whether a word such as `to` or `below` points to it."""
    may_be_change: bool
    """Whether it may be read as a change as well: increase leads 20 %."""
    aside: bool
    """Whether it is a span of time or a rank on the side: within 24 hours, top 3, a 30-day trial."""


def _told(number: Quantity, low: str, words: Words) -> _Told:
    before = low[: number.start]
    rising, falling = (_last(form, before) for form in (words.rising, words.falling))
    direction = (rising > falling) - (rising < falling)
    pointed = _ends_with(words.to_words, low, number)
    if number.sign:
        direction = -1 if number.sign == "-" else 1
    noun = words.rising.match(number.noun) or words.falling.match(number.noun)
    if noun:
        direction = 1 if words.rising.match(number.noun) else -1
    is_change = (
        bool(number.sign)
        or number.is_factor
        or noun is not None
        or _ends_with(words.by_words, low, number)
        or _ends_with(words.difference, low, number)
        or words.difference.match(number.noun) is not None
    )
    is_start = bool(_FROM.search(before))
    role = Role.CHANGE if is_change else Role.START if is_start else Role.END
    return _Told(number, role, direction, pointed, direction != 0 and not pointed, _is_aside(number, low, words))


def _of_band(numbers: tuple[Quantity, ...], compare: _Comparing, low: str) -> Disagreement | None:
    band = [each for each in (compare.minimum, compare.maximum) if each is not None]
    if any(compare.same(each, bound, each.unit) for each in numbers for bound in band):
        return compare.units(*(each for each in numbers if any(compare.same(each, bound, each.unit) for bound in band)))
    told = [each for each in numbers if each.unit is not None or compare.counts]
    if not told:
        return None
    said = {"min": compare.minimum, "max": compare.maximum}
    fields = " and ".join(
        f"{name} {quantity_text(bound, compare.unit)}" for name, bound in said.items() if bound is not None
    )
    return Disagreement(_written(told[-1], low), fields)


def _is_aside(number: Quantity, low: str, words: Words) -> bool:
    """Whether a number is a span of time or a rank on the side: within 24 hours, top 3, a 30-day trial."""
    if _RANK.search(low[: number.start]):
        return True
    if number.unit is None or number.unit.family != "time":
        return number.hyphenated
    return number.hyphenated or _ends_with(words.spans, low, number)


def _last(form: re.Pattern[str], text: str) -> int:
    return max((each.start() for each in form.finditer(text)), default=-1)


def _ends_with(phrases: re.Pattern[str], low: str, number: Quantity) -> bool:
    before = low[: number.start].rstrip(" ~≈")
    return any(match.end() == len(before) for match in phrases.finditer(before))


def _written(number: Quantity, low: str) -> str:
    return low[number.start : number.end].strip()


class _Comparing:
    """The fields of a key result, in a form that numbers in titles can be compared with."""

    def __init__(self, key_result: KeyResult, words: Words) -> None:
        self.unit = key_result.unit.strip()
        self.minimum, self.maximum = key_result.minimum, key_result.maximum
        self.kind = key_result.kind
        known = (key_result.baseline, key_result.target)
        self.complete = None not in known if self.kind is Kind.REACH else known != (self.minimum, self.maximum)
        self.baseline = key_result.baseline or 0.0
        self.target = key_result.target or 0.0
        low = lowered(self.unit)
        self._scales = tuple(
            words.multipliers[match[0]] for match in words.multiplier.finditer(re.sub(r"[$€£]", "", low))
        ) or (1.0,)
        exact = words.unit_of(low)
        inside = tuple(words.units[" ".join(match[0].split())] for match in words.unit.finditer(low))
        self._units: tuple[Unit, ...] = (exact,) if exact else tuple(each for each in inside if each.family != "factor")

    @property
    def counts(self) -> bool:
        """Whether the fields count things, so that a number without a unit may be theirs; not where they are shares."""
        return all(each.family != "percent" for each in self._units)

    @property
    def _counts_things(self) -> bool:
        """Whether the unit is a word for things that are counted: users, teams."""
        return (
            not self._units
            and re.fullmatch(r"[a-z -]+[^su]s", lowered(self.unit)) is not None
            and self.unit != "points"
        )

    def same(self, number: Quantity, value: float | None, unit: Unit | None) -> bool:
        """Whether a number of the title is a field's value, whatever the scale of their units."""
        if value is None:
            return False
        meant = [number.value] if number.or_else is None else [number.value, number.or_else]
        if unit is not None and unit.family == "percent" and not self._units:
            meant.append(number.value / 100)
        if unit is not None:
            meant += [number.value * unit.scale / each.scale for each in self._units if each.family == unit.family]
        if number.sign == "-":
            meant += [-each for each in meant]
        scales = (1.0, *self._scales)
        return any(_close(each, value * scale) for each in meant for scale in scales)

    def names(self, number: Quantity) -> bool:
        """Whether the noun behind a number is what the fields count."""
        last = re.findall(r"[^\W\d_]+", lowered(self.unit))[-1:]
        return (
            bool(last)
            and not self._units
            and last[0].rstrip("s") in {each.rstrip("s") for each in re.findall(r"[^\W\d_]+", number.noun)}
        )

    def is_end(self, number: Quantity) -> bool:
        """Whether it is the value that the fields lead to."""
        return self.same(number, self.target, number.unit)

    def agrees(self, told: _Told) -> bool:
        """Whether a number says what the fields say."""
        number = told.number
        if told.role is Role.START:
            return self.same(number, self.baseline, number.unit) or self.is_end(number)
        if told.role is Role.CHANGE:
            return self._is_change(number) and self._runs(told.direction)
        return self.is_end(number) or (told.may_be_change and self._is_change(number))

    def _runs(self, direction: int) -> bool:
        # A change that is a measure of its own may be counted upwards from 0 whichever way it runs.
        return not direction or not self.baseline or (self.target - self.baseline) * direction > 0

    def _is_change(self, number: Quantity) -> bool:
        """Whether it is how far the fields lead: by so much, in percent of the baseline, or as a factor."""
        change = abs(self.target - self.baseline)
        if number.is_factor:
            of = abs(self.target / self.baseline) if self.baseline else self.target
            return any(_close(each, number.value, 0.01) for each in (of, 1 / of if of else 0.0))
        if number.unit is None or number.unit.family != "percent":
            return self.same(number, change, number.unit) or self.same(number, -change, number.unit)
        of_shares = not self.unit or any(each.family == "percent" for each in self._units)
        relative = 100 * change / abs(self.baseline) if self.baseline else math.nan
        return abs(relative - number.value) <= 100 * _ROUNDING or (of_shares and _close(change, number.value))

    def units(self, *numbers: Quantity) -> Disagreement | None:
        """Where the numbers agree: whether their units do."""
        stated = [each for each in numbers if each.unit is not None and not each.is_factor]
        if not stated:
            return None
        last = stated[-1]
        assert last.unit is not None
        if self._counts_things and last.unit.family == "percent":
            return Disagreement(last.unit_name, self.unit, of_units=True)
        if self._units:
            if any(each.family == last.unit.family for each in self._units):
                return self._scale(stated)
            return Disagreement(last.unit_name, self.unit, of_units=True)
        if self.unit or last.unit.family not in {"percent", "time"}:
            return None
        if len(numbers) < 2 or any(each.value < 1 and self._is_share(each) for each in numbers):
            return None
        values = (self.baseline, self.target) if self.kind is Kind.REACH else (self.minimum, self.maximum)
        as_written = all(any(value is not None and _close(each.value, value) for value in values) for each in numbers)
        if not as_written or {each.unit_name for each in stated} != {last.unit_name}:
            return None
        return Disagreement(last.unit_name, "", last.unit_name, of_units=True)

    def _scale(self, stated: Iterable[Quantity]) -> Disagreement | None:
        """The same family, and yet ms for s: the numbers are the same only as long as nobody looks at the units."""
        for each in stated:
            assert each.unit is not None
            exact = [unit for unit in self._units if unit.family == each.unit.family]
            values = [value for value in (self.baseline, self.target, self.minimum, self.maximum) if value is not None]
            said = [value for value in (each.value, each.or_else) if value is not None]
            scaled = [value * each.unit.scale / unit.scale for unit in exact for value in said]
            fields = [scale * value for value in values for scale in (1.0, *self._scales)]
            if not any(_close(abs(one), abs(value)) for one in scaled for value in fields):
                return Disagreement(each.unit_name, self.unit, of_units=True)
        return None

    @staticmethod
    def _is_share(number: Quantity) -> bool:
        return number.unit is not None and number.unit.family == "percent"


def _close(one: float, other: float, tolerance: float = 1e-6) -> bool:
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-9)

"""What people write for a value and for a confidence: `3.1 s`, `1,000,000`, `40%`, `yes`, `@0.6`, `@60%`.

A number that could mean two things is refused: a check-in that is wrong by a factor of a thousand helps nobody.
"""

from __future__ import annotations

import math
import re

from okrsync.domain.numbers import number_text
from okrsync.domain.okr import KeyResult, Kind


class Unreadable(Exception):
    """What somebody wrote is no check-in; the text says what was found and how to write it."""


_GROUP = "_'’\u00a0\u202f\u2009"
"""What people put between groups of three digits, beside commas and points."""
_NUMBER = re.compile(rf"[+\-−]?(?:[0-9][0-9.,{_GROUP}]*|[.,][0-9]+)(?:[eE][+\-]?[0-9]+)?")
_GROUPED = re.compile(rf"[0-9]{{1,3}}(?:[{_GROUP}][0-9]{{3}})+")
_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_POINTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_CURRENCY = "$€£¥"
_NOTHING = frozenset({"n/a", "na", "n.a.", "none", "null", "nil", "unknown", "tbd", "?", "-", "–", "—", "nan"})
_YES = frozenset({"yes", "y", "done", "true", "1"})
_NO = frozenset({"no", "n", "not", "open", "false", "0"})
_UNITS = frozenset(
    re.split(
        r"\s+",
        "% percent per-cent ms s sec secs second seconds min mins minute minutes h hr hrs hour hours d day days week"
        " weeks month months k m mio million millions bn billion kb mb gb tb $ € £ ¥ eur usd gbp",
    )
)
"""Words after a number that are rather a unit than the beginning of a note."""
_SAME = {"percent": "%", "per-cent": "%", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "hours": "h"}
_SAME |= {"hour": "h", "minutes": "min", "minute": "min", "mins": "min", "day": "days", "d": "days", "week": "weeks"}


def value_of(text: str, key_result: KeyResult) -> float:
    """The value that a whole text names, as people answer a question or give an option.

    Raises:
        Unreadable: it names none, or something stands behind it.
    """
    value, rest = leading_value(text.strip(), key_result)
    if value is None or rest:
        raise Unreadable(f"{text.strip()!r} is no value of {name_of(key_result)}: {expected(key_result)}")
    return value


def leading_value(text: str, key_result: KeyResult) -> tuple[float | None, str]:
    """The value at the beginning of a text, None where there is none, and what follows it.

    Raises:
        Unreadable: there is one that cannot be right, or that could mean two things.
    """
    first, _, rest = text.partition(" ")
    word = first.rstrip(",;:").casefold()
    if word in _NOTHING:
        raise Unreadable(
            f"{first!r} is no value: leave the value out, and say how sure you are (@0.6) and why"
            if key_result.kind is not Kind.DONE
            else f"{first!r} is neither yes nor no: leave the value out, and say how sure you are (@0.6) and why"
        )
    if key_result.kind is Kind.DONE:
        return _yes_or_no(word, first, rest.strip(), key_result)
    prefix = ""
    if text[:1] and text[0] in _CURRENCY:
        prefix, text = text[0], text[1:].lstrip()
    found = _NUMBER.match(text)
    if found is None:
        if prefix:
            raise Unreadable(f"there is no number after {prefix}: {expected(key_result)}")
        return None, text
    written = found.group().rstrip(".,'’")
    value = number(written)
    return value, _after(text[len(written) :], written, prefix, key_result)


def _yes_or_no(word: str, first: str, rest: str, key_result: KeyResult) -> tuple[float | None, str]:
    if word in _YES:
        return 1.0, rest
    if word in _NO:
        again, _, after = rest.partition(" ")
        if word == "not" and again.rstrip(",;:").casefold() in {"done", "yet"}:
            rest = after.strip()
            if rest.casefold().startswith("yet"):
                rest = rest[3:].strip(" ,;:")
        elif word == "not":
            return None, f"{first} {rest}".strip()
        return 0.0, rest
    found = _NUMBER.match(first)
    if found:
        share = {"100%": 1.0, "0%": 0.0, "1.0": 1.0, "0.0": 0.0}.get(first)
        if share is None:
            raise Unreadable(f"{first!r} is neither yes nor no: {expected(key_result)}")
        return share, rest
    return None, f"{first} {rest}".strip()


def _after(text: str, written: str, prefix: str, key_result: KeyResult) -> str:
    """What follows a number and its unit."""
    unit = key_result.unit
    if prefix:
        _refuse_other_unit(prefix, key_result)
    glued = re.match(r"[^\s@;]*", text)
    word = glued.group().strip(".,:") if glued else ""
    if word:
        _refuse_other_unit(word, key_result)
        return text[text.index(word) + len(word) :].strip(" .,:")
    rest = text.lstrip(" .,:")
    if text[:1] == " " and re.match(r"[0-9]{3}(?![0-9])", rest):
        raise Unreadable(
            f"{f'{written} {rest[:3]}'!r} could be one number or two: write {written}{rest[:3]}, or a comma after the"
            " value"
        )
    if unit and re.match(rf"{re.escape(unit)}(?![\w%])", rest, re.IGNORECASE):
        return rest[len(unit) :].strip(" .,:")
    first = re.match(r"[^\s@;]*", rest)
    word = first.group().rstrip(".,:") if first else ""
    if word.casefold() in _UNITS or word in set(_CURRENCY):
        _refuse_other_unit(word, key_result)
        return rest[len(word) :].strip(" .,:")
    return rest.strip()


def _refuse_other_unit(word: str, key_result: KeyResult) -> None:
    unit = key_result.unit.strip()
    one, other = word.casefold(), unit.casefold()
    if one != other and _SAME.get(one, one) != _SAME.get(other, other):
        right = f"in {unit}" if unit else "without a unit"
        raise Unreadable(f"{word!r} is not the unit of {name_of(key_result)}: write the value {right}")


def number(written: str) -> float:
    """A number as people write it: `3.1`, `3,1`, `1,000,000`, `1 000`, `1.000,5`, `1e6`.

    Raises:
        Unreadable: it is none, it is too big, or it could mean two things: `1,000`.
    """
    sign = -1.0 if written[:1] in {"-", "−"} else 1.0
    digits = written.lstrip("+-−")
    mantissa, mark, exponent = re.fullmatch(r"([^eE]*)([eE]?)(.*)", digits, re.DOTALL).groups()  # type: ignore[union-attr]
    plain = _ungrouped(mantissa)
    try:
        value = sign * float(f"{plain}{mark}{exponent}")
    except ValueError:
        raise Unreadable(f"{written!r} is no number: write it as 1000 or 1000.5") from None
    if not math.isfinite(value):
        raise Unreadable(f"{written!r} is too big for a value")
    return value


def _ungrouped(text: str) -> str:
    if any(each in text for each in _GROUP):
        whole, _, decimals = text.partition("." if "." in text else ",")
        if not _GROUPED.fullmatch(whole) or (decimals and not decimals.isdigit()):
            raise Unreadable(f"{text!r} is no number: write it as 1000000 or 1000.5")
        return re.sub(f"[{_GROUP}]", "", whole) + (f".{decimals}" if decimals else "")
    if "," not in text:
        return text
    if "." in text:
        decimal = max(text.rfind(","), text.rfind("."))
        whole, decimals = text[:decimal], text[decimal + 1 :]
        grouped = _COMMAS if text[decimal] == "." else _POINTS
        if not grouped.fullmatch(whole) or not decimals.isdigit():
            raise Unreadable(f"{text!r} is no number: write it as 1000.5")
        return f"{re.sub('[,.]', '', whole)}.{decimals}"
    whole, _, decimals = text.partition(",")
    if text.count(",") == 1:
        if len(decimals) == 3 and 1 <= len(whole) <= 3 and whole.strip("0"):
            raise Unreadable(f"{text!r} could be {whole}{decimals} or {whole}.{decimals}: write one of the two")
        return f"{whole}.{decimals}"
    if not _COMMAS.fullmatch(text):
        raise Unreadable(f"{text!r} is no number: write it as 1000000")
    return text.replace(",", "")


def confidence_of(text: str) -> float:
    """A confidence as people write it, with or without the `@`: `0.6`, `.6`, `0,6`, `60%`.

    Raises:
        Unreadable: it is not between 0 and 1.
    """
    written = text.strip().removeprefix("@").strip()
    percent = written.endswith("%")
    try:
        share = float(written.removesuffix("%").strip().replace(",", ".")) / (100 if percent else 1)
    except ValueError:
        raise Unreadable(f"{text.strip()!r} is no confidence: write a number from 0 to 1, as 0.6 or 60%") from None
    if not 0 <= share <= 1:
        meant = f"; did you mean {number_text(share)}%?" if 1 < share <= 100 and not percent and share > 9 else ""
        raise Unreadable(f"a confidence of {text.strip().removeprefix('@')} is not between 0 and 1{meant}")
    return share


def expected(key_result: KeyResult) -> str:
    """What a value of the key result looks like, as the end of a sentence."""
    if key_result.kind is Kind.DONE:
        return "write yes or no"
    return f"write a number in {key_result.unit}" if key_result.unit else "write a number"


def name_of(key_result: KeyResult) -> str:
    """What people call it: the last part of its reference."""
    return key_result.ref.local.rpartition("/")[2]


def example(key_result: KeyResult) -> str:
    """A value that somebody could check in with."""
    if key_result.kind is Kind.DONE:
        return "no"
    ends = (key_result.baseline, key_result.target, key_result.minimum, key_result.maximum)
    return number_text(next((each for each in ends if each is not None), 3.1))

"""Numbers in titles: those that count something, told from those that name something (years, versions, dates)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from okrsync.practice.lint.vocabulary import Unit, Words

_NUMBER = re.compile(
    r"(?<![\w.,/:])(?<![A-Za-z]-)"
    r"(?P<sign>[+\-−–±~≈]\s?)?(?P<currency>(?:us|a|c)?[$€£¥]\s?)?"
    r"(?P<digits>\d{1,3}(?:[,' \u202f]\d{3})+(?:\.\d+)?(?!\d)|\d{1,3}(?:\.\d{3}){2,}(?!\d)|\d+,\d{1,2}(?!\d)"
    r"|\d+(?:\.\d+)?|\.\d+)(?!:\d)(?P<plus>\+)?"
)
_NAMED_ZERO = re.compile(r"(?:\b(?:net|day|ground|inbox|patient|from)|-)\s*$")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b")
_ORDINAL = re.compile(r"(?<!\w)\d+(?:st|nd|rd|th)\b")
_VERSION = re.compile(r"(?<![\w.])(?!\d{1,3}(?:\.\d{3})+(?!\w))\d+\.\d+\.\d+(?:\.\d+)*(?!\w)")
_OUT_OF = re.compile(r"(?<=\d)\s?(?:/|out of)\s?\d+(?:\.\d+)?(?!\w)|\bout of \d+(?:\.\d+)?(?!\w)")
_YEAR = re.compile(r"(?<![\w.,$€£])(?:19|20)\d{2}(?:\s?[-–/]\s?(?:19|20)?\d{2})?(?![\w%]|[.,]\d)")
_ODD_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\t", " "))
_MINUS = "-−–"
_NEXT_WORDS = re.compile(r"\s*((?:[a-z][\w'’-]*\s*){1,4})")
_LAST_WORD = re.compile(r"([\w.&'’-]+)\W*$")
_PLURAL = re.compile(r"\s+(?:[a-z-]+\s+){0,2}[a-z-]+s\b")


@dataclass(frozen=True)
class Quantity:
    """A number that counts something."""

    value: float
    """Without its sign, with its multiplier: 10k is 10000."""
    sign: str
    """`+`, `-` or nothing, as it was written."""
    unit: Unit | None
    """Only where the unit is one of those that the words list."""
    unit_name: str
    """The unit as it is written; empty where none is known."""
    start: int
    end: int
    """Where it stands in the text, unit included."""
    as_word: bool = False
    """Whether it was written as a word: three, double."""
    is_factor: bool = False
    """Whether it multiplies: double, 3x."""
    hyphenated: bool = False
    """Whether it is part of a word: a 30-day trial."""
    noun: str = ""
    """Up to four words that follow, in small letters."""
    or_else: float | None = None
    """What it is where a dot separates thousands: 20.000 is 20, or 20000."""


def readable(title: str) -> str:
    """A title with plain spaces, as long as it was."""
    return title.translate(_ODD_SPACES)


def lowered(text: str) -> str:
    """Small letters, as many as there were."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(each.lower() if len(each.lower()) == 1 else each for each in text)


def quantities(title: str, words: Words) -> tuple[Quantity, ...]:
    """The numbers of a title that count something, in the order in which they stand."""
    text = readable(title)
    low = lowered(text)
    if not _DIGIT.search(low) and not words.numeral.search(low):
        return ()
    taken = _names(text, low, words)
    found = [each for each in _numbers(text, low, words) if not _overlaps(each.start, each.end, taken)]
    covered = [(each.start, each.end) for each in found]
    for match in words.numeral.finditer(low):
        start, end = match.span()
        if not _overlaps(start, end, taken) and not _overlaps(start, end, covered):
            found.append(_numeral(match, low, words))
    return tuple(sorted(found, key=lambda each: each.start))


def _numbers(text: str, low: str, words: Words) -> list[Quantity]:
    found: list[Quantity] = []
    for match in _NUMBER.finditer(low):
        end = match.end()
        value = _value(match["digits"])
        unit, unit_name = None, ""
        multiplier = words.multiplier.match(low, end) or words.multiplier.match(low, _skip_space(low, end))
        # The letter m may stand for a million or for minutes; a k behind a space is hardly ever a thousand.
        if multiplier and (multiplier.start() == end or len(multiplier[0]) > 1):
            value *= words.multipliers[multiplier[0]]
            end = multiplier.end()
            if low[end : end + 1] == "+":
                end += 1
        elif low[end : end + 1].isalpha() and not words.unit.match(low, end):
            continue  # 5G, 3D
        hyphen = low[end : end + 1] == "-" and low[end + 1 : end + 2].isalpha()
        at = end + 1 if hyphen else _skip_space(low, end)
        named = words.unit.match(low, at)
        if named:
            unit, unit_name, end = words.unit_of(named[0]), text[named.start() : named.end()], named.end()
        hyphenated = hyphen or (named is not None and low[end : end + 1] == "-" and low[end + 1 : end + 2].isalpha())
        currency = (match["currency"] or "").strip()
        if currency:
            unit, unit_name = words.unit_of(currency) or unit, currency
        written_sign = (match["sign"] or "").strip()
        sign = "-" if written_sign and written_sign in _MINUS else "+" if written_sign == "+" else ""
        start = match.start() if sign or currency else match.start("digits")
        # A dash between two numbers joins them: 20-30 %.
        if sign == "-" and re.search(r"\d\s?[a-z%]{0,3}\s*$", low[:start]):
            sign, start = "", match.start("currency") if currency else match.start("digits")
        if sign == "-" and match["sign"] not in _MINUS and start > 0:
            sign, start = "", match.start("digits")
        following = _NEXT_WORDS.match(low, end)
        found.append(
            Quantity(
                value,
                sign,
                unit,
                unit_name,
                start,
                end,
                is_factor=unit is not None and unit.family == "factor",
                hyphenated=hyphenated,
                noun=following[1].strip() if following else "",
                or_else=1000 * value if _DOTTED.fullmatch(match["digits"]) else None,
            )
        )
    return found


def _numeral(match: re.Match[str], low: str, words: Words) -> Quantity:
    word = " ".join(match[0].split())
    is_factor = word in words.factors
    end = match.end()
    hyphenated = low[end : end + 1] == "-"
    named = words.unit.match(low, end + 1 if hyphenated else _skip_space(low, end))
    if named and not is_factor:
        end = named.end()
    following = _NEXT_WORDS.match(low, end)
    return Quantity(
        words.factors[word] if is_factor else words.numerals[word],
        "",
        words.unit_of(named[0]) if named and not is_factor else None,
        named[0] if named and not is_factor else "",
        match.start(),
        end,
        as_word=True,
        is_factor=is_factor,
        hyphenated=hyphenated,
        noun=following[1].strip() if following else "",
    )


def _value(digits: str) -> float:
    if digits.count(".") > 1:
        return float(digits.replace(".", ""))
    if re.fullmatch(r"\d+,\d{1,2}", digits):
        return float(digits.replace(",", "."))
    return float(re.sub(r"[,' \u202f]", "", digits))


def _skip_space(text: str, at: int) -> int:
    return at + 1 if text[at : at + 1] == " " else at


def _overlaps(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < span_end and span_start < end for span_start, span_end in spans)


def _names(text: str, low: str, words: Words) -> list[tuple[int, int]]:
    """Where numbers stand that name something."""
    spans = [
        match.span()
        for form in (words.names_with_numbers, _DATE, _ORDINAL, _VERSION, _OUT_OF)
        for match in form.finditer(low)
    ]
    spans += [match.span() for match in _YEAR.finditer(low) if _is_year(match, low, words)]
    spans += _days(low, words)
    for match in _NUMBER.finditer(low):
        if not _overlaps(*match.span("digits"), spans) and _names_something(match, text, low, words):
            spans.append((match.start("digits"), match.end()))
    return spans


def _is_year(match: re.Match[str], low: str, words: Words) -> bool:
    before = _LAST_WORD.search(low[: match.start()])
    if before and words.before_years.fullmatch(before[1].rstrip(".")):
        return True
    if words.unit.match(low, _skip_space(low, match.end())):
        return False
    # "2000 customers" counts them; "2026 goals" are of a year that is near.
    return int(match[0][:4]) >= 2015 or not _PLURAL.match(low, match.end())


def _days(low: str, words: Words) -> list[tuple[int, int]]:
    """Days of months: 31 December, December 31, Dec. 2026."""
    spans = []
    for month in words.months.finditer(low):
        before = re.search(r"(?<![\w.,])\d{1,2}\.?\s(?:of\s)?$", low[: month.start()])
        after = re.match(r"\.?\s\d{1,2}(?![\w%.,])(?:,?\s\d{4})?", low[month.end() :])
        # "May 3 teams" and "march 10 %" are rarer than dates, but "may" is a verb too.
        if before:
            spans.append((before.start(), month.end()))
        if after and not (month[0] == "may" and _PLURAL.match(low, month.end() + after.end())):
            spans.append((month.start(), month.end() + after.end()))
    return spans


def _names_something(match: re.Match[str], text: str, low: str, words: Words) -> bool:
    """Whether a number belongs to the word before it: phase 2, Kubernetes 1.30, iOS 17."""
    if match["sign"] or match["currency"]:
        return False
    before = _LAST_WORD.search(text[: match.start("digits")])
    if before is None or not text[before.end(1) : match.start("digits")].isspace():
        return False
    word = before[1]
    is_unit = words.unit.match(low, _skip_space(low, match.end()))
    if words.numbered.fullmatch(word.lower()):
        return not is_unit and not _PLURAL.match(low, match.end())
    if is_unit or words.multiplier.match(low, _skip_space(low, match.end())):
        return False
    is_first = not text[: before.start(1)].strip()
    is_version = "." in match["digits"] and not _PLURAL.match(low, match.end())
    # NPS and CSAT have values, macOS and OAuth2 have versions.
    odd = not word.isupper() and (word[1:] != word[1:].lower() or any(each.isdigit() for each in word))
    if is_first:
        known = words.activities.fullmatch(low[before.start(1) : before.end(1)]) or words.effects.fullmatch(
            low[before.start(1) : before.end(1)]
        )
        return not known and word[:1].isupper() and (is_version or odd)
    if not (word[:1].isupper() or odd) or word.isupper() or _is_title_case(text):
        return is_version and word[:1].isupper() and not word.isupper()
    verb = lowered(word)
    return not (words.activities.fullmatch(verb) or words.effects.fullmatch(verb)) and not _PLURAL.match(
        low, match.end()
    )


def _is_title_case(text: str) -> bool:
    long = [each for each in re.findall(r"[^\W\d_]+", text) if len(each) > 3]
    return len(long) > 2 and sum(each[0].isupper() for each in long) > 0.7 * len(long)


def measures(title: str, words: Words) -> tuple[Quantity, ...]:
    """The numbers of an objective's title that make it a measure rather than a direction."""
    low = lowered(readable(title))
    found = [each for each in quantities(title, words) if not _is_idiom(each, low)]
    found += [
        Quantity(0.0, "", None, "", *match.span(), as_word=True)
        for match in words.none_at_all.finditer(low)
        if not _NAMED_ZERO.search(low[: match.start()]) and low[match.end() : match.end() + 1] != "-"
    ]
    return tuple(sorted(found, key=lambda each: each.start))


def _is_idiom(number: Quantity, low: str) -> bool:
    """Words that count nothing in particular: double down, a place among the top 3."""
    if number.is_factor and number.as_word and low[number.end :].lstrip().startswith("down"):
        return True
    return re.search(r"\btop[\s-]*$", low[: number.start]) is not None

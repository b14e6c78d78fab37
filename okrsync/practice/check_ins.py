"""The lines in comments that are check-ins: `okr: 3.1 @0.6 waiting for the vendor`, `/okr 3.1 @0.6`, `okr p95: 3.1`.

A line says the value now, how sure its author is that the target is reached, and a note; obstacles and the help that is
needed may follow it: `okr: 3.1 @0.6 slower than hoped; obstacles: the vendor is late; help: a decision by Friday`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from okrsync.domain.okr import KeyResult
from okrsync.domain.ref import SLUG
from okrsync.practice.check_in_values import Unreadable, confidence_of, expected, leading_value

__all__ = ["LONGEST", "Line", "Said", "Unreadable", "lines", "parse"]

LONGEST = 4000
"""Characters that a note, an obstacle or a wish for help may have."""


@dataclass(frozen=True)
class Said:
    """What one check-in says, whoever made it and when."""

    value: float | None = None
    confidence: float | None = None
    """0.0 to 1.0."""
    note: str = ""
    obstacles: str = ""
    help_needed: str = ""


@dataclass(frozen=True)
class Line:
    """A line that somebody means as a check-in, before anybody has understood it."""

    name: str
    """The key result that it names; empty where it names none."""
    rest: str
    """What follows the name and the colon."""
    is_command: bool = False
    """Whether it begins with `/okr`, after which a name needs no colon."""

    def named(self, names: Collection[str]) -> Line:
        """The line with the key result of these that its first word names, as in `/okr p95 3.1`."""
        first, _, rest = self.rest.partition(" ")
        if self.is_command and not self.name and first.casefold() in names:
            return Line(first.casefold(), rest.strip(), is_command=True)
        return self


_LINE = re.compile(
    rf"(?:(?P<command>/okr)(?:\s+(?P<name>{SLUG.pattern})\s*:(?!\S*//)|\s*:|(?=\s|$))"
    rf"|okr(?:\s+(?P<named>{SLUG.pattern}))?\s*:)\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_SHOWN_ONLY = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)|\{(quote|code|noformat)[^}\n]*\}.*?(?:\{\2\}|\Z)",
    re.DOTALL | re.MULTILINE,
)
"""Blocks in which people quote others or show how something is written."""
_PARTS = re.compile(r"(?:^|;)\s*(obstacles?|help(?:[ -]needed)?)\s*:\s*", re.IGNORECASE)
_CONFIDENCE = re.compile(r"@\s?[+\-−]?[0-9.,]+\s?%?(?=[\s;,.]|$)|@(?=\s|$)")
_WORD_WITH_CONFIDENCE = re.compile(r"(?<!\S)@(?:0?[.,][0-9]+|[01](?:[.,]0+)?|[0-9]{1,2}%|100%)(?=[\s;,.]|$)")


def lines(text: str) -> Iterator[Line]:
    """The lines of a comment that are meant as check-ins. Quotes and blocks of code are passed over."""
    for each in _SHOWN_ONLY.sub("\n", text).splitlines():
        found = _LINE.fullmatch(_bare(each))
        if found:
            name = (found["name"] or found["named"] or "").casefold()
            yield Line(name, found["rest"].strip(), found["command"] is not None)


def _bare(line: str) -> str:
    """A line without what trackers and people put around it: code marks, escapes, odd spaces."""
    line = line.replace("\u00a0", " ").strip()
    for begin, end in (("`", "`"), ("{{", "}}")):
        if line.startswith(begin) and line.endswith(end) and len(line) > len(begin + end):
            line = line.strip(begin + end).strip()
    # Jira Cloud gives text back with a backslash before characters of its markup.
    return re.sub(r"\\(?=[^\w\s\\])", "", line)


def parse(text: str, key_result: KeyResult) -> Said:
    """What the part of a line after its colon says of a key result.

    Raises:
        Unreadable: it is no check-in; the text says why, and how to write it.
    """
    head, *parts = _PARTS.split(text.strip())
    said: dict[str, str] = {}
    for label, words in zip(parts[::2], parts[1::2], strict=True):
        key = "obstacles" if label.casefold().startswith("obstacle") else "help_needed"
        said[key] = "; ".join(each for each in (said.get(key, ""), words.strip(" ;")) if each)
    confidence, rest = _leading_confidence(head.strip().rstrip(";").strip())
    value, rest = leading_value(rest, key_result) if rest else (None, rest)
    if confidence is None:
        confidence, rest = _leading_confidence(rest)
    if confidence is None and (found := _WORD_WITH_CONFIDENCE.search(rest)):
        confidence = confidence_of(found.group())
        rest = f"{rest[: found.start()].strip()} {rest[found.end() :].strip()}".strip()
    if value is None and confidence is None:
        raise Unreadable(f"there is neither a value nor a confidence (@0.6) in it; {expected(key_result)}")
    made = Said(value, confidence, rest.strip(" ,;:-–—"), **said)
    for each in (made.note, made.obstacles, made.help_needed):
        if len(each) > LONGEST:
            raise Unreadable(f"it is longer than {LONGEST:,} characters: write the rest in a comment of its own")
    return made


def _leading_confidence(text: str) -> tuple[float | None, str]:
    found = _CONFIDENCE.match(text)
    if found is None:
        return None, text
    return confidence_of(found.group()), text[found.end() :].lstrip(" ,;.")

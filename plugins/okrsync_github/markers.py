"""okrsync's markers in Markdown: HTML comments that people do not see, behind the text that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable

from okrsync.domain.ref import Marker

_COMMENT = r"<!--[ \t]*(okrsync:[^\s<>]+?)[ \t]*-->"
_OWN_LINE = re.compile(rf" {{0,3}}{_COMMENT}[ \t]*(?:{_COMMENT}[ \t]*)*")
_AT_THE_END = re.compile(rf"(?:{_COMMENT}[ \t]*)+$")
_ANY = re.compile(_COMMENT)
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")


def with_markers(text: str, markers: Iterable[str]) -> str:
    """`text` as people see it, and the markers behind it."""
    hidden = "\n".join(f"<!-- {marker} -->" for marker in dict.fromkeys(markers))
    shown = text.rstrip()
    return f"{shown}\n\n{hidden}" if shown and hidden else shown or hidden


def split_markers(body: str) -> tuple[str, tuple[str, ...]]:
    """What people see of a body, and the markers that are ours, each once and in their order.

    A marker stands on a line of its own or at the very end. One in a quotation or in a block of code is what somebody
    wrote about another item, and stays in the text. Line ends become `\\n`: GitHub's own editor writes `\\r\\n`.
    """
    lines = body.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    shown: list[str] = []
    found: list[str] = []
    tail = _first_of_tail(lines)
    fence = ""
    cut = False
    for number, line in enumerate(lines):
        ours = _markers_in(line) if _OWN_LINE.fullmatch(line) and (not fence or number >= tail) else ()
        found.extend(ours)
        if not ours and not (cut and not line.strip() and (not shown or not shown[-1].strip())):
            fence = _fence_after(fence, line)
            shown.append(line)
        cut = bool(ours)
    if shown and not fence and not shown[-1].lstrip().startswith(">"):
        last = _AT_THE_END.search(shown[-1])
        if last and (ours := _markers_in(last[0])):
            found.extend(ours)
            shown[-1] = shown[-1][: last.start()]
    return "\n".join(shown).rstrip(), tuple(dict.fromkeys(found))


def _first_of_tail(lines: list[str]) -> int:
    """The first of the marker lines that end the body: they count even below a fence that nobody closed."""
    first = len(lines)
    while first and (not lines[first - 1].strip() or _OWN_LINE.fullmatch(lines[first - 1])):
        first -= 1
    return first


def _markers_in(line: str) -> tuple[str, ...]:
    """The markers in comments; nothing where one of the comments only looks like a marker."""
    markers = [Marker.parse(each[1]) for each in _ANY.finditer(line)]
    return tuple(str(each) for each in markers if each) if all(markers) else ()


def _fence_after(fence: str, line: str) -> str:
    """The fence of the code block that is open behind `line`, "" for none (CommonMark 4.5)."""
    found = _FENCE.fullmatch(line)
    if not found:
        return fence
    mark, info = found["fence"], found["info"]
    if not fence:
        return "" if mark[0] == "`" and "`" in info else mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and not info.strip()
    return "" if closes else fence

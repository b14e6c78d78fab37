"""Markdown that says what people wrote, and does nothing else: no tags, no links, nobody called by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from okrsync.reports.words import shown

_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>&~|!#]")
_MENTION = re.compile(r"@(?=\w)")


def plain(text: str) -> str:
    """Somebody's text on one line, shown as it was written."""
    one_line = " ".join(shown(text).split())
    # A backslash keeps no mention from being one; a space that nobody sees does.
    return _MENTION.sub("@\u200b", _MEANS_SOMETHING.sub(lambda found: f"\\{found.group()}", one_line))


def paragraphs(text: str) -> str:
    """Somebody's text of several lines, as paragraphs."""
    return "\n\n".join(plain(each) for each in text.split("\n") if each.strip())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; the cells are Markdown already."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"

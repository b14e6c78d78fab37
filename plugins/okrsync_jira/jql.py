"""JQL that people wrote, read just so far that it can be asked within a project, and again for what changed.

What it means is Jira's business: only quotation marks, parentheses, ORDER BY and the names of fields are looked at.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from okrsync.trackers.errors import Rejected
from okrsync_jira.paging import quoted

_TOKEN = re.compile(
    r"""\s+|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>!=|<=|>=|!~|[=<>~(),])"""
    r"""|(?P<word>(?:[^\s"'()=!<>~,\\]|\\.|!(?![=~]))+)""",
    re.DOTALL,
)
_SPAN = re.compile(r"[+-]?\s*(?:\d+\s*[wdhmy]\s*)+")
_BEFORE_LISTS = frozenset({"in", "and", "or", "not", "!", "&&", "&", "||", "|"})
"""Words that a parenthesis may follow without being the name of a function."""
_COMPARING = frozenset({"=", "!=", "<", ">", "<=", ">=", "~", "!~", "in", "not", "is", "was", "changed"})
_DRIFTING = frozenset(
    {"category", "filter", "request", "savedfilter", "searchrequest", "projecttype", "votes", "voter", "watchers"}
    | {"watcher", "lastviewed"}
)
"""Fields in which an issue can begin or cease to match without being changed itself."""


@dataclass(frozen=True)
class Jql:
    """The restriction that a query makes, without its order."""

    where: str
    """Empty where it makes none."""
    names_project: bool
    """Whether it says itself which projects it is about."""
    compares: bool
    """Whether it holds a field against something, as all JQL does that finds anything in particular."""
    settled: bool
    """Whether an issue can begin or cease to match only by being changed: not by the clock, nor by a function."""

    def within(self, project: str) -> str:
        """The restriction, in the project unless it names one itself."""
        if self.names_project:
            return f"({self.where})"
        here = f"project = {quoted(project)}"
        return f"{here} AND ({self.where})" if self.where else here


def read_jql(text: str) -> Jql:
    """Read a query as people write it.

    Raises:
        Rejected: a quotation mark or a parenthesis is without its other half.
    """
    tokens = _tokens(text)
    end = _end(text, tokens)
    words = [(kind, value.casefold()) for kind, value, at in tokens if at < end]
    fields = {
        _bare(value)
        for (kind, value), (_, following) in itertools.pairwise(words)
        if kind != "mark" and following in _COMPARING
    }
    return Jql(
        where=text[:end].strip(),
        names_project="project" in fields,
        compares=bool(fields),
        settled=not (fields & _DRIFTING or _drifts(words)),
    )


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """Kind, text and place of each."""
    found: list[tuple[str, str, int]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            what = "a quotation mark that is not closed" if text[at] in "\"'" else f"{text[at]!r}, which is no JQL"
            raise Rejected(f"the query has {what}, at character {at + 1}: {text!r}")
        if token.lastgroup:
            found.append((token.lastgroup, token[0], at))
        at = token.end()
    return found


def _end(text: str, tokens: list[tuple[str, str, int]]) -> int:
    """Where the restriction ends: at the end, or at ORDER BY."""
    depth = 0
    for index, (kind, value, at) in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(value, 0) if kind == "mark" else 0
        if depth < 0:
            raise Rejected(f"the query closes a parenthesis that it never opened, at character {at + 1}: {text!r}")
        following = tokens[index + 1] if index + 1 < len(tokens) else ("", "", 0)
        ordered = kind == following[0] == "word" and (value.casefold(), following[1].casefold()) == ("order", "by")
        if ordered and depth == 0:
            return at
    if depth:
        raise Rejected(f"the query opens a parenthesis that it never closes: {text!r}")
    return len(text)


def _drifts(words: list[tuple[str, str]]) -> bool:
    """Whether a function is called, or a value is a span of time from now."""
    for index, (kind, value) in enumerate(words):
        if kind == "mark":
            continue
        calls = index + 1 < len(words) and words[index + 1] == ("mark", "(") and value not in _BEFORE_LISTS
        if calls or _SPAN.fullmatch(_bare(value)):
            return True
    return False


def _bare(value: str) -> str:
    """A word, or what stands in quotation marks."""
    return value[1:-1].strip() if value[:1] in {'"', "'"} else value.lstrip("!")

"""The lines on which a TOML text says things: tomllib gives values, this gives the places for messages about them."""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]
"""The way to a value: names of keys, and positions (from 0) in arrays of tables."""

_STATEMENT = re.compile(
    r"""[ \t]*(?:
        \[\[(?P<element>(?:[^\]"'#]|"(?:\\.|[^"\\])*"|'[^']*')+)\]\]
      | \[(?P<table>(?:[^\]\["'#]|"(?:\\.|[^"\\])*"|'[^']*')+)\]
      | (?P<key>(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'|[ \t]*\.[ \t]*)+)[ \t]*=(?P<value>.*)
    )""",
    re.VERBOSE,
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_TOKEN = re.compile(r'''"""|\'\'\'|"(?:\\.|[^"\\])*"|'[^']*'|[\[\]{}]|\#.*''')
_END = {'"""': re.compile(r'(?:\\.|[^\\])*?"""(?:"{1,2}(?!"))?'), "'''": re.compile(r".*?'''(?:'{1,2}(?!'))?")}


def lines_of(text: str, *, keys: bool = True) -> dict[Path, int]:
    """The line (from 1) of every table, element of an array of tables, and key of a valid TOML text.

    Keys inside inline tables and arrays are not listed: they stand where `nearest` says. Without `keys`, only what has
    a header of its own is listed, in a third of the time.
    """
    found: dict[Path, int] = {}
    lengths: dict[Path, int] = {}
    here: Path = ()
    reader = _ValueReader()
    for number, line in enumerate(text.split("\n"), 1):
        if reader.open:
            reader.read(line)
            continue
        # Whatever is neither a header nor a value that may go on over the line end tells only about its own key.
        if not (keys or "[" in line or "{" in line or '"""' in line or "'''" in line):
            continue
        statement = _STATEMENT.match(line)
        if not statement:
            continue
        element, table, key, value = statement.groups()
        if key:
            if keys:
                found[here + _names(key)] = number
            if '"' in value or "'" in value or "[" in value or "{" in value:
                reader.read(value)
        elif element:
            path = _inside(_names(element), lengths)
            index = lengths.get(path, 0)
            lengths[path] = index + 1
            found.setdefault(path, number)
            here = (*path, index)
            found[here] = number
        else:
            here = _inside(_names(table), lengths)
            found.setdefault(here, number)
    return found


def nearest(lines: dict[Path, int], path: Path) -> int:
    """The line of what `path` leads to, or of the closest thing around it that has one; 0 when there is none."""
    while path:
        line = lines.get(path)
        if line:
            return line
        path = path[:-1]
    return 0


class _ValueReader:
    """Follows a value over line ends: knows whether a string or an array is still open."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0

    @property
    def open(self) -> bool:
        return bool(self._quote or self._depth)

    def read(self, line: str) -> None:
        position = 0
        while True:
            if self._quote:
                end = _END[self._quote].match(line, position)
                if not end:
                    return
                self._quote, position = "", end.end()
            token = _TOKEN.search(line, position)
            if not token:
                return
            text, position = token.group(), token.end()
            if text in _END:
                self._quote = text
            elif text in "[{":
                self._depth += 1
            elif text in "]}":
                self._depth -= 1


def _names(dotted: str) -> Path:
    if dotted.isidentifier():
        return (dotted,)
    return tuple(
        tomllib.loads(f"name = {part}")["name"] if part[0] in "\"'" else part for part in _PART.findall(dotted)
    )


def _inside(names: Path, lengths: dict[Path, int]) -> Path:
    """The path of a header: a name on the way that is an array of tables means its newest element."""
    path: Path = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in lengths:
            path = (*path, lengths[path] - 1)
    return (*path, *names[-1:])

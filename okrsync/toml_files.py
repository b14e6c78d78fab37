"""Reading a TOML file that anybody may have written: within limits, and with the place of what is wrong."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okrsync.problems import Problem, Problems

MOST_BYTES = 1024 * 1024
"""The size up to which a file is read: 1 MiB."""
DEEPEST = 16
"""How many tables and arrays may stand within one another."""

_LONGEST_KEY = 64
_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
_LONG_DOTTED_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_KEY_PART}){{{_LONGEST_KEY}}}")
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True)
class TomlFile:
    """A TOML file as it was when it was read."""

    path: Path
    shown: str
    """Its path as people know it."""
    digest: str
    """What tells its content from any other: see `digest_of`."""
    text: str
    data: dict[str, Any]


def shown_path(path: Path, relative_to: Path) -> str:
    """`path` as people know it: from `relative_to`, where it lies below that. What a terminal cannot show is a `?`."""
    shown = str(path.relative_to(relative_to) if path.is_relative_to(relative_to) else path)
    return shown if shown.isprintable() else "".join(each if each.isprintable() else "?" for each in shown)


def digest_of(content: bytes) -> str:
    """What tells one content of a file from another: its SHA-256 in hexadecimal."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def read_bytes(path: Path, shown: str) -> bytes:
    """The content of a regular file of at most `MOST_BYTES`.

    Raises:
        Problems: it is missing, unreadable, too large or something else than a file.
    """
    try:
        # A pipe would block in open: look before.
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Problems([Problem(shown, 0, "", "is not a regular file")])
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Problems([Problem(shown, 0, "", f"cannot be read: {error.strerror or error}")]) from error
    if len(content) > MOST_BYTES:
        size = max(about.st_size, len(content))
        raise Problems(
            [
                Problem(
                    shown,
                    0,
                    "",
                    f"has {size:,} bytes",
                    f"at most {MOST_BYTES:,}",
                    "Split it into several files.",
                )
            ]
        )
    return content


def read_toml(path: Path, shown: str, parsed: Mapping[str, dict[str, Any]] | None = None) -> TomlFile:
    """Read and parse a file; `shown` is its path as people know it.

    `parsed` holds, by the digest of its content, what was parsed before.

    Raises:
        Problems: it cannot be read, or is not UTF-8, not TOML, or nested too deep.
    """
    content = read_bytes(path, shown)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problems(
            [Problem(shown, line, "", "is not UTF-8 text", do="Save the file with the encoding UTF-8.")]
        ) from error
    digest = digest_of(content)
    data = (parsed or {}).get(digest)
    return TomlFile(path, shown, digest, text, _parse(text, shown) if data is None else data)


def parsed_toml(path: Path, shown: str, text: str) -> TomlFile:
    """What reading a file with this text would give. Raises Problems as `read_toml` does for what is not TOML."""
    return TomlFile(path, shown, digest_of(text.encode()), text, _parse(text, shown))


def _parse(text: str, shown: str) -> dict[str, Any]:
    # tomllib takes quadratic time over the parts of a dotted key, so such a key must not reach it.
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= _LONGEST_KEY and _LONG_DOTTED_KEY.search(line):
            raise Problems([Problem(shown, number, "", "a key has too many parts", f"at most {_LONGEST_KEY}")])
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise Problems([_too_deep(shown)]) from error
    except ValueError as error:
        raise Problems([_syntax(text, shown, str(error))]) from error
    if _deeper_than(data, DEEPEST):
        raise Problems([_too_deep(shown)])
    return data


def _syntax(text: str, shown: str, said: str) -> Problem:
    place = _PLACE.search(said)
    what = said[: place.start()] if place else said
    column = f" (column {place['column']})" if place and place["column"] else ""
    line = int(place["line"]) if place and place["line"] else text.count("\n") + 1 if place else 0
    do = "Texts stand in quotes, dates do not, and each key is followed by = and its value."
    return Problem(shown, line, "", f"is not valid TOML: {what}{column}", do=do)


def _too_deep(shown: str) -> Problem:
    return Problem(shown, 0, "", "is nested too deep", f"at most {DEEPEST} tables or lists within one another")


def _deeper_than(data: dict[str, Any], limit: int) -> bool:
    level: list[Any] = [data]
    for _ in range(limit):
        level = [
            value
            for each in level
            for value in (each.values() if isinstance(each, dict) else each)
            if isinstance(value, dict | list)
        ]
    return bool(level)

"""Credentials that somebody wrote into the settings themselves: found by key and by look, and never shown again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from okrsync.toml_lines import Path

_KEY = re.compile(r"token|passw|secret|credential|api_?-?key|private_?-?key|authorization|bearer", re.IGNORECASE)
_NAMES_A_PLACE = re.compile(r"_(?:file|path|env|command|url|id|name)$")
_LOOK = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}|ATATT3[A-Za-z0-9_=-]{16,}"
    r"|ATCTT3[A-Za-z0-9_=-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,})"
    r"|https://hooks\.slack(?:-gov)?\.com/[A-Za-z]|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_IN_QUERY = re.compile(rf"[?&][^=&#]*(?:{_KEY.pattern})[^=&#]*=[^&#]", re.IGNORECASE)
_SOURCES = frozenset({"env", "file", "keyring", "command", "credential"})
REMEDY = 'Take it out of the file, and write where it is kept: token = { env = "OKRSYNC_TOKEN" }.'


def literal_credentials(data: dict[str, Any]) -> Iterator[Path]:
    """The paths of values that are credentials or look like ones."""
    yield from _in_table(data, ())


def may_be_shown(path: Path, value: object) -> bool:
    """Whether a message may repeat the value at `path`: never beside a credential, nor an address with an account."""
    if any(isinstance(step, str) and _KEY.search(step) for step in path):
        return False
    return not (isinstance(value, str) and "://" in value and ("@" in value or _IN_QUERY.search(value)))


def _in_table(table: dict[str, Any], path: Path) -> Iterator[Path]:
    for key, value in table.items():
        yield from _in_value(value, (*path, key))


def _in_value(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        yield from _in_table(value, path)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _in_value(each, (*path, index))
    elif (isinstance(value, str) and (_LOOK.search(value) or _has_password(value))) or _is_named_so(value, path):
        yield path


def _is_named_so(value: Any, path: Path) -> bool:
    """Whether the key says that its value is a credential, and the value could be one."""
    names = [str(step) for step in path if isinstance(step, str)]
    # Audiences have names of their own, and "secret-projects" would be a good one.
    if not names or names[0] == "audiences" or isinstance(value, bool) or value == "":
        return False
    # Whoever knows the address that messages go to can write there.
    is_address = names[0] == "notify" and names[-1] == "url"
    holds_one = len(names) > 1 and (_KEY.search(names[-2]) is not None or names[-2] == "url")
    says_where = holds_one and names[-1] in _SOURCES
    is_credential = bool(_KEY.search(names[-1])) and not _NAMES_A_PLACE.search(names[-1].lower())
    return is_address or (is_credential and not says_where)


def _has_password(value: str) -> bool:
    if "://" not in value:
        return False
    if _IN_QUERY.search(value):
        return True
    try:
        return urlsplit(value).password is not None
    except ValueError:
        return False

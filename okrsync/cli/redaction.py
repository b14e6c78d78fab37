"""The last guard before anything is printed: what looks like a credential is not shown, whoever put it there."""

from __future__ import annotations

import re

_LOOK = re.compile(
    r"\b(?:gh[pousr]_|github_pat_|glpat-|ATATT3|ATCTT3|xox[abeoprs]-)[A-Za-z0-9_=-]{8,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_.-]{10,}"
)
_HEADER = re.compile(r"\b(Basic|Bearer|token)(\s+)[A-Za-z0-9+/=._~-]{12,}", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


def redacted(text: str) -> str:
    """The text with dots in place of whatever looks like a credential."""
    text = _LOOK.sub("…", text)
    text = _HEADER.sub(r"\1\2…", text)
    return _IN_ADDRESS.sub("…", text)

"""What of a table survives a rebuild of the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Carried:
    """How rows are read from a damaged cache and put into a new one."""

    kind: str
    """What they are, for people."""
    select: str
    """Yields the rowid, then the columns for `insert`."""
    insert: str
    parse: Callable[..., object]
    """Raises when the columns are not what okrsync writes."""

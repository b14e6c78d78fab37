"""How what is no tracker is reached: what tables of the settings for sources and notifiers have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AccessTable:
    """What a table of the settings says of the way there, without its secrets."""

    user: str | None = None
    has_token: bool = False
    has_password: bool = False
    ca_file: str | None = None
    """A file with the certificate authority of a server in one's own house, absolute."""
    timeout: float = 30.0
    """Seconds that one answer or message may take in all."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The remaining keys; `settings` of the type names those that exist."""


def nothing_wrong(*_given: object) -> Iterable[str]:
    """The check of who has nothing to check."""
    return ()

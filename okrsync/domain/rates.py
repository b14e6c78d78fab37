"""How fast a tracker takes writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WriteRate:
    """What a tracker allows, and how many fields one request of it writes. Without a limit nothing is waited for."""

    seconds_between: float = 0.0
    """The pause from one write to the next."""
    creations_a_minute: int | None = None
    """How many items may be created in any 60 seconds."""
    creations_an_hour: int | None = None
    """How many items may be created in any 3,600 seconds."""
    fields_at_once: int = 20
    """How many values one request of `Tracker.write_fields` writes, where fields live apart from their items."""

"""The suite that every tracker must pass, for plugin authors to subclass.

`adapters` says what an author supplies; the other modules hold one subject of the interface each.
"""

from __future__ import annotations

from okrsync.testing.contract.adapters import Faults, People
from okrsync.testing.contract.suite import TrackerContract

__all__ = ["Faults", "People", "TrackerContract"]

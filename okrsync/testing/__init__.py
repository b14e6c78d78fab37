"""What plugin authors import for their tests: a tracker in memory, and the suite that every tracker must pass.

It needs pytest, and imports `okrsync.domain` and `okrsync.trackers`, nothing else of okrsync.
Start with `contract`; `memory` shows a complete tracker in a few hundred lines.
"""

from __future__ import annotations

import pytest

from okrsync.testing.memory import (
    MemoryPages,
    MemoryPeople,
    MemoryServer,
    MemoryTracker,
    memory_context,
    memory_tracker_type,
)

# The suite's assertions explain themselves only when pytest rewrites them, as it does in a test module.
pytest.register_assert_rewrite("okrsync.testing.contract")

from okrsync.testing.contract import Faults, People, TrackerContract  # noqa: E402 - after the registration

__all__ = [
    "Faults",
    "MemoryPages",
    "MemoryPeople",
    "MemoryServer",
    "MemoryTracker",
    "People",
    "TrackerContract",
    "memory_context",
    "memory_tracker_type",
]

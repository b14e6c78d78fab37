"""A tracker without a network: a server in memory, the tracker that speaks with it, and people's hands on it.

It is strict where real trackers are (unknown fields, titles, parents) and fails on command.
Start with `state` and `server`; `tracker` is the same interface that real plugins implement.
"""

from __future__ import annotations

from okrsync.testing.memory.context import MemoryPages, memory_context
from okrsync.testing.memory.people import MemoryPeople
from okrsync.testing.memory.server import MemoryServer
from okrsync.testing.memory.tracker import MemoryTracker, memory_tracker_type

__all__ = ["MemoryPages", "MemoryPeople", "MemoryServer", "MemoryTracker", "memory_context", "memory_tracker_type"]

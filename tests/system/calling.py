"""Calls of the program on a ground, in the process of the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from okrsync.domain.ref import Ref
from tests.system.grounds import CYCLE, Desk

O1 = Ref(CYCLE, "o0-0")
KR1 = O1.child("kr1")


@dataclass(frozen=True)
class Said:
    """What a call said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Okrsync = Callable[..., Said]


def writes(desk: Desk) -> int:
    """How many requests asked the tracker for a change."""
    return len(desk.ground.site.requests.writes())

"""What the daemon knows of itself, and the small file beside the cache that tells others.

The file holds what no run in the cache tells: what fails and since when, what is paused, what was refused. It is
replaced when that changes, so a poll that finds nothing new writes nothing here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from okrsync.daemon.jobs import CHECK_INS, RECONCILE
from okrsync.store.files import make_private_folders


@dataclass
class MappingState:
    """How it goes with what one mapping holds."""

    last_success: datetime | None = None
    failing_since: datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Pause:
    """A tracker that is not asked for a while."""

    until: datetime
    why: str


@dataclass
class State:
    """The daemon as it stands now."""

    last: dict[str, datetime] = field(default_factory=dict)
    """Job → when it began last."""
    mappings: dict[str, MappingState] = field(default_factory=dict)
    """Tracker/project → how it goes there."""
    paused: dict[str, Pause] = field(default_factory=dict)
    """By tracker."""
    refused: tuple[str, ...] = ()
    """What is wrong in the changed settings or documents that are not in use."""
    documents: str = ""
    """Why documents that come from git could not be fetched; empty where they could."""

    def mapping(self, label: str) -> MappingState:
        """The state of a mapping, made where there is none."""
        return self.mappings.setdefault(label, MappingState())

    def remember(self, successes: Mapping[str, datetime]) -> None:
        """Know when mappings were last read well, where that is not known."""
        for label, at in successes.items():
            known = self.mapping(label)
            known.last_success = known.last_success or at

    def in_words(self, upcoming: Mapping[str, datetime]) -> str:
        """How it stands, in a line for who watches services; `upcoming` is when each job is due."""
        name, at = min(upcoming.items(), key=lambda each: each[1])
        parts = [f"next {name} at {at:%H:%M:%S} UTC"]
        parts += [f"{each} paused until {pause.until:%H:%M:%S} UTC" for each, pause in self.paused.items()]
        failing = sum(1 for each in self.mappings.values() if each.failing_since)
        parts += [f"{failing} of {len(self.mappings)} mappings failing"] if failing else []
        parts += ["changed settings or documents refused"] if self.refused else []
        parts += ["documents could not be fetched"] if self.documents else []
        return "; ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """What is kept for others and for the next start."""
        return {
            "last": {name: at.isoformat() for name, at in self.last.items() if name in {RECONCILE, CHECK_INS}},
            "failing": {
                label: {
                    "since": each.failing_since.isoformat(),
                    "why": each.why,
                    "last_success": each.last_success.isoformat() if each.last_success else None,
                }
                for label, each in self.mappings.items()
                if each.failing_since
            },
            "paused": {
                name: {"until": each.until.isoformat(timespec="seconds"), "why": each.why}
                for name, each in self.paused.items()
            },
            "refused": list(self.refused),
            "documents": self.documents,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        """What `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is something else.
        """
        return cls(
            last={str(name): _moment(at) for name, at in data["last"].items()},
            mappings={
                str(label): MappingState(
                    _moment(each["last_success"]) if each["last_success"] else None,
                    _moment(each["since"]),
                    str(each["why"]),
                )
                for label, each in data["failing"].items()
            },
            paused={
                str(name): Pause(_moment(each["until"]), str(each["why"])) for name, each in data["paused"].items()
            },
            refused=tuple(str(each) for each in data["refused"]),
            documents=str(data["documents"]),
        )


class StateFile:
    """The state beside a cache."""

    def __init__(self, cache: Path) -> None:
        self.path = cache.with_name(f".{cache.name}.daemon.json")
        self._kept: str | None = None

    def read(self) -> State:
        """The state that was kept; an empty one where there is none, or where it cannot be read."""
        try:
            text = self.path.read_text(encoding="utf-8")
            state = State.from_json(json.loads(text))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return State()
        self._kept = text
        return state

    def keep(self, state: State) -> None:
        """Write the state down, if it says anything else than what is there. It is no harm where that fails."""
        text = json.dumps(state.to_json(), indent=1) + "\n"
        if text == self._kept:
            return
        new = self.path.with_name(f"{self.path.name}.new")
        with suppress(OSError):
            make_private_folders(self.path.parent)
            with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            new.replace(self.path)
            self._kept = text


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment

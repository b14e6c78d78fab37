"""The journal of check-ins: a small file beside the cache that outlives it.

It holds what people checked in with until a tracker has it, notes each attempt to send something before it is made,
and keeps what somebody has answered of a check-in that is not finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from okrsync.domain.ref import Ref
from okrsync.engine.line_file import LineFile
from okrsync.engine.moments import Moment, Watch
from okrsync.practice.check_in_comments import Signed
from okrsync.practice.check_ins import Said
from okrsync.store.errors import CacheError
from okrsync.store.values import CheckIn, CheckInOrigin

TIDY_FROM = 200
"""From how many lines on it is worth the while to drop those that are over."""
PATIENCE = 10.0
"""Seconds to wait for another process that writes to it."""


@dataclass(frozen=True)
class Kept:
    """What the journal knows."""

    check_ins: Mapping[str, CheckIn] = field(default_factory=dict)
    """Check-ins that no tracker has, by their keys."""
    attempts: Mapping[str, Moment] = field(default_factory=dict)
    """What was about to be sent, by key, and when, where nobody noted whether it was."""
    known: frozenset[str] = frozenset()
    """Every key that the journal still tells of."""
    drafts: Mapping[Ref, Mapping[str, str]] = field(default_factory=dict)
    """What somebody answered of a check-in that is not finished."""


def key_of(check_in: CheckIn) -> str:
    """What tells a check-in from all others."""
    return f"{check_in.ref} {signed(check_in).signature}"


def signed(check_in: CheckIn) -> Signed:
    """A check-in as okrsync's comments tell it."""
    said = Said(check_in.value, check_in.confidence, check_in.note, check_in.obstacles, check_in.help_needed)
    return Signed(check_in.ref.key_result, said, check_in.author, check_in.at, check_in.entered_by)


class CheckInJournal:
    """The journal in the file at `path`. Several processes may write to it."""

    def __init__(self, path: Path, workspace: str, watch: Watch) -> None:
        self.path = path
        self._file = LineFile(path, "the journal of check-ins", "No check-in is kept without it")
        self._workspace = workspace
        self._watch = watch

    @classmethod
    def beside(cls, cache: Path, workspace: str, watch: Watch) -> CheckInJournal:
        """The journal that belongs to the cache at `cache`."""
        return cls(cache.with_name(f".{cache.name}.check-ins"), workspace, watch)

    def read(self) -> Kept:
        """What it knows. What cannot be read is passed over.

        Raises:
            CacheError: the file is there and may not be read.
        """
        check_ins: dict[str, CheckIn] = {}
        attempts: dict[str, Moment] = {}
        drafts: dict[Ref, Mapping[str, str]] = {}
        known: set[str] = set()
        for entry in self._entries():
            try:
                if "draft" in entry:
                    drafts[Ref.parse(entry["draft"])] = {str(name): str(each) for name, each in entry["said"].items()}
                    continue
                key = str(entry["key"])
                if "check_in" in entry:
                    check_ins[key] = _check_in(entry["check_in"])
                if "since" in entry:
                    attempts[key] = Moment.from_json(entry["since"])
                known.add(key)
                if entry.get("over"):
                    check_ins.pop(key, None)
                if entry.get("over") or entry.get("unsent"):
                    attempts.pop(key, None)
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # Another version of okrsync wrote it.
        return Kept(check_ins, attempts, frozenset(known), {ref: said for ref, said in drafts.items() if said})

    def keep(self, check_in: CheckIn) -> None:
        """Keep a check-in until a tracker has it. It is on disk when this returns.

        Raises:
            CacheError: the file cannot be written.
        """
        said = asdict(signed(check_in).said)
        who = {"ref": str(check_in.ref), "at": check_in.at.isoformat(), "author": check_in.author}
        self._append({"key": key_of(check_in), "check_in": {**said, **who, "entered_by": check_in.entered_by}})

    def attempt(self, key: str) -> None:
        """Note that something is about to be sent. Raises CacheError as `keep` does."""
        self._append({"key": key, "since": self._watch.now().to_json()})

    def unsent(self, key: str) -> None:
        """Note that it certainly was not sent. Raises CacheError as `keep` does."""
        self._append({"key": key, "unsent": True})

    def over(self, key: str) -> None:
        """Note that a tracker has it, or that nobody wants it any more. Raises CacheError as `keep` does."""
        self._append({"key": key, "over": True})

    def draft(self, ref: Ref, said: Mapping[str, str]) -> None:
        """Keep what somebody answered so far; nothing: the check-in is finished. Raises CacheError as `keep` does."""
        self._append({"draft": str(ref), "said": dict(said)})

    def age(self, since: Moment) -> float:
        """Seconds since a moment."""
        return self._watch.age(since)

    def tidy(self) -> None:
        """Drop what is over, where there is much of it. Raises CacheError as `keep` does."""
        if sum(1 for _ in self._file.entries()) < TIDY_FROM:
            return
        with self._alone():
            kept = self.read()
            alive = {*kept.check_ins, *kept.attempts}
            entries = [each for each in self._file.entries() if each.get("key") in alive or "draft" in each]
            drafts = {str(ref): dict(said) for ref, said in kept.drafts.items()}
            self._file.replace(
                [each for each in entries if "draft" not in each or drafts.get(each["draft"]) == each["said"]]
            )

    def _entries(self) -> Iterator[dict[str, Any]]:
        return (each for each in self._file.entries() if each.get("workspace") == self._workspace)

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self._alone():
            self._file.append({"workspace": self._workspace, **entry})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # Whoever rewrites the file must not lose what another process adds meanwhile.
        lock = FileLock(f"{self.path}.lock", timeout=PATIENCE, mode=0o600)
        try:
            with lock:
                yield
        except Timeout as error:
            raise CacheError(self.path, "another process has been writing to it for long: try again") from error
        except OSError as error:
            raise CacheError(
                self.path, f"its lock cannot be written: {error.strerror}. Let this account write in its folder"
            ) from error


def _check_in(data: Mapping[str, Any]) -> CheckIn:
    at = datetime.fromisoformat(data["at"])
    if at.tzinfo is None:
        raise ValueError(f"{data['at']} has no time zone")
    value, confidence = data["value"], data["confidence"]
    return CheckIn(
        ref=Ref.parse(data["ref"]),
        at=at,
        author=str(data["author"]),
        value=None if value is None else float(value),
        confidence=None if confidence is None else float(confidence),
        note=str(data["note"]),
        obstacles=str(data["obstacles"]),
        help_needed=str(data["help_needed"]),
        origin=CheckInOrigin.CLI,
        entered_by=str(data.get("entered_by", "")),
    )

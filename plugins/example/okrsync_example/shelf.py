"""The JSON file that stands for a tracker's server: read whole, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from okrsync.trackers.errors import AuthFailed, Misconfigured, Transient

Answer = TypeVar("Answer")
State = dict[str, Any]
"""`token`, `last_id`, `projects` (key → names of number fields) and `items` (id → item)."""

FIELDS = ("KR baseline", "KR target", "KR current", "OKR progress")


def new_shelf(path: str | Path, *, projects: Iterable[str], token: str, fields: Iterable[str] = FIELDS) -> None:
    """Write a file without items; raises FileExistsError where there is one."""
    empty: State = {"token": token, "last_id": 0, "projects": {key: list(fields) for key in projects}, "items": {}}
    shelf = Path(path)
    shelf.touch(mode=0o600, exist_ok=False)
    shelf.write_text(json.dumps(empty, indent=1), encoding="utf-8")


class Shelf:
    """The way to the file. `token` must be the one that the file names."""

    def __init__(self, path: Path, token: str) -> None:
        self._path = path
        self._token = token
        self._lock = FileLock(f"{path}.lock", timeout=5)

    def look(self, act: Callable[[State], Answer]) -> Answer:
        """Read the file and answer from it.

        Raises:
            Misconfigured: there is no such file, or it holds something else.
            AuthFailed: the file names another token.
        """
        try:
            state: State = json.loads(self._path.read_text(encoding="utf-8"))
            known = state["token"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Misconfigured(f"{self._path} is not a shelf ({error}): make one with new_shelf") from error
        if known != self._token:
            raise AuthFailed(f"{self._path} names another token: put the one that it names into the settings")
        return act(state)

    def change(self, act: Callable[[State], Answer]) -> Answer:
        """Let `act` change the state, and write it; what it raises leaves the file as it was.

        Raises:
            Transient: another process keeps the file for itself; nothing was written.
        """
        try:
            with self._lock:
                return self.look(lambda state: self._write(state, act(state)))
        except Timeout as error:
            raise Transient(f"{self._path} is locked by another process", acted=False) from error

    def _write(self, state: State, answer: Answer) -> Answer:
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(state, indent=1), encoding="utf-8")
        new.replace(self._path)
        return answer

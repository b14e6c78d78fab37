"""A small file of JSON lines beside the cache that outlives it, and survives crashes in the midst of a line."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from okrsync.store.errors import CacheError


class LineFile:
    """The file at `path`, with what messages call it and say of a failed write."""

    def __init__(self, path: Path, name: str, consequence: str) -> None:
        self.path = path
        self._name = name
        self._consequence = consequence

    def entries(self) -> Iterator[dict[str, Any]]:
        """What can be read of it, oldest first; a line that a crash cut off is passed over.

        Raises:
            CacheError: the file is there and may not be read.
        """
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            raise CacheError(
                self.path, f"{self._name} cannot be read: {error.strerror}. Let this account read and write it"
            ) from error
        for line in lines:
            try:
                data = json.loads(line)
            except ValueError:
                continue
            if isinstance(data, dict):
                yield data

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add a line. It is on disk when this returns.

        Raises:
            CacheError: the file cannot be written.
        """
        # A crash may have cut the last line off; an empty line costs nothing.
        self._write(self.path, os.O_APPEND, f"\n{json.dumps(entry)}\n")

    def replace(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Let the file hold these lines and no others; none at all: no file. Raises CacheError as `append` does."""
        lines = [json.dumps(each) for each in entries]
        if not lines:
            self.path.unlink(missing_ok=True)
            return
        new = self.path.with_name(f"{self.path.name}.new")
        self._write(new, os.O_TRUNC, "\n".join([*lines, ""]))
        new.replace(self.path)

    def _write(self, path: Path, how: int, text: str) -> None:
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | how, 0o600)
            try:
                content = text.encode()
                if os.write(descriptor, content) < len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise CacheError(
                self.path,
                f"{self._name} cannot be written: {error.strerror}. {self._consequence}: make room, and let this"
                " account write the file and its folder",
            ) from error

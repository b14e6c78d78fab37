"""Noticing that somebody changed the settings or a document."""

from __future__ import annotations

import os
from pathlib import Path

from okrsync.settings import Settings

Look = dict[str, tuple[int, int, int]]
"""File → when it was changed (ns), its size, and its number on the disk."""


def look_at(path: Path) -> tuple[int, int, int] | None:
    """What tells that a file was changed; None where it cannot be looked at."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino


def look(settings: Settings, *, settings_as: Look | None = None) -> Look:
    """The settings file and every document as they lie there now; the settings file `as` an earlier look found it."""
    found: Look = {}
    for path in (settings.path, *_documents(settings.documents_folder)):
        if (about := look_at(path)) is not None:
            found[str(path)] = about
    if settings_as is not None and (about := settings_as.get(str(settings.path))) is not None:
        found[str(settings.path)] = about
    return found


def _documents(folder: Path) -> list[Path]:
    paths = []
    for root, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        paths += [Path(root, name) for name in names if name.endswith(".toml") and not name.startswith(".")]
    return paths

"""Files and folders that nobody but their owner may read, from the moment they exist."""

from __future__ import annotations

import os
from pathlib import Path


def make_private_folders(folder: Path) -> None:
    """Make `folder` and those above it that are missing, each with mode 0700. Existing ones stay as they are."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file with mode 0600.

    The mode is given with the creation, so there is no moment in which others could open it.

    Raises:
        FileExistsError: when it is there already.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

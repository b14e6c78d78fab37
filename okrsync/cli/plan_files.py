"""Plans in files: written for review, and read back."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from okrsync.problems import Problem, Problems

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.plan.saved import SavedPlan

LARGEST = 64 * 1024 * 1024
"""Bytes of the largest file that is taken for a plan."""


def check_place(path: Path) -> None:
    """See beforehand that a plan can be written there: a file that is no plan is never written over.

    Raises:
        Problems: something else is there, or there is no such folder.
    """
    from okrsync.plan.saved import NotASavedPlan

    if not path.parent.is_dir():
        raise _problem(path, "its folder does not exist", "Make the folder, or name another file.")
    if not path.exists():
        return
    if not path.is_file():
        raise _problem(path, "is no file", "Name a file.")
    try:
        _read(path)
    except NotASavedPlan as wrong:
        found = f"is there already, and {wrong}"
        raise _problem(path, found, "Name a new file; only an older plan is written over.") from wrong


def write_plan(path: Path, text: str) -> None:
    """Put a plan into a file that its owner alone may read. Nobody ever reads half of one.

    Raises:
        OSError: it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_plan(path: Path) -> SavedPlan:
    """The plan in a file.

    Raises:
        Problems: there is none, or it cannot be read.
    """
    from okrsync.plan.saved import NotASavedPlan

    do = "Make one with `okrsync plan --out FILE`."
    try:
        return _read(path)
    except NotASavedPlan as wrong:
        raise _problem(path, f"cannot be used as a plan: {wrong}", do) from wrong
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror or error}", do) from error


def check_belongs(saved: SavedPlan, path: Path, workspace: Workspace) -> None:
    """See that a plan is of this workspace and of the cycle that is worked on.

    Raises:
        Problems: it is of another one.
    """
    here = workspace.settings.workspace
    if saved.workspace != here:
        found = f"is a plan of the workspace {saved.workspace!r}, and these are the settings of {here!r}"
        raise _problem(path, found, "Name its settings with --config.")
    if saved.cycle != workspace.cycle.name:
        found = f"is a plan of the cycle {saved.cycle}, not of {workspace.cycle.name}"
        raise _problem(path, found, f"Leave --cycle out, or name {saved.cycle} there.")


def _read(path: Path) -> SavedPlan:
    from okrsync.plan.saved import NotASavedPlan, read_saved

    if path.stat().st_size > LARGEST:
        raise NotASavedPlan(f"it is larger than {LARGEST // 1024**2} MiB")
    try:
        return read_saved(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise NotASavedPlan("it is no text in UTF-8") from error


def _problem(path: Path, found: str, do: str) -> Problems:
    return Problems([Problem(str(path), 0, "", found, do=do)])

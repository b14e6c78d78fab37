"""Putting new documents where nothing is: all of them, each whole, or none."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from okrsync.toml_files import digest_of


class CannotCreate(Exception):
    """Nothing was written; the text says why."""


def write_new(texts: Mapping[Path, str], shown: Mapping[Path, str]) -> None:
    """Write new files. `shown` is each path as people know it.

    Where all of them are in a folder that is not there yet, they appear in one moment, with their folder. A file that
    is there with exactly its text is taken for written: who was cut off may begin again.

    Raises:
        CannotCreate: something else is there, or one of them cannot be written. Then none is left behind.
    """
    if not texts:
        return
    folder = _new_folder(texts)
    if folder is not None:
        _write_with(folder, texts, shown)
        return
    made: list[Path] = []
    try:
        for path, text in texts.items():
            if _is_there(path, text):
                continue
            made += _folders(path.parent)
            put(path, text)
            made.append(path)
    except OSError as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise _refusal(error, shown.get(path, str(path))) from error


def _new_folder(paths: Iterable[Path]) -> Path | None:
    """The outermost folder that has to be made for all of them; None where there is none, or there are several."""
    tops = {_outermost_missing(each.parent) for each in paths}
    return tops.pop() if len(tops) == 1 else None


def _outermost_missing(folder: Path) -> Path | None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    return missing[-1] if missing else None


def _write_with(folder: Path, texts: Mapping[Path, str], shown: Mapping[Path, str]) -> None:
    """Write a folder with its files under a hidden name, which no document is read from, and give it its own."""
    digest = digest_of("\0".join(texts.values()).encode())[:8]
    hidden = folder.with_name(f".{folder.name}.{digest}")
    try:
        shutil.rmtree(hidden, ignore_errors=True)
        for path, text in texts.items():
            place = hidden / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            put(place, text)
        hidden.rename(folder)
    except OSError as error:
        raise _refusal(error, shown.get(next(iter(texts)), str(folder))) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _refusal(error: OSError, name: str) -> CannotCreate:
    return CannotCreate(f"{name} cannot be written: {why_not(error)}; nothing was written")


def why_not(error: OSError) -> str:
    """Why a new file could not be put where it is to be."""
    return "it is there already" if error.errno == errno.EEXIST else error.strerror or str(error)


def _is_there(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _folders(folder: Path) -> list[Path]:
    """Make a folder; those that were not there, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def put(path: Path, text: str) -> None:
    """Put one new file into a folder that is there, whole or not at all.

    Raises:
        OSError: something is there, or it cannot be written.
    """
    # A hidden name: a document that is being written is no document yet.
    hidden = path.with_name(f".{path.name}.{digest_of(text.encode())[:8]}")
    try:
        with hidden.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a replacement, never takes the place of a file.
            os.link(hidden, path)
        except OSError:
            if path.exists():
                raise
            hidden.replace(path)  # This file system knows no links.
    finally:
        hidden.unlink(missing_ok=True)

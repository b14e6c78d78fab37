"""Where okrsync.toml is, and what has to be known of it where not all of it is read, or not all of it is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okrsync.problems import Problem, Problems

FILE_NAME = "okrsync.toml"
VARIABLE = "OKRSYNC_CONFIG"
DEFAULT_CACHE = "okrsync.db"


def find(start: Path, explicit: Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The settings file: `explicit`, else what OKRSYNC_CONFIG names, else okrsync.toml in `start` or above it.

    Raises:
        Problems: there is none.
    """
    found = find_if_any(start, explicit, environment)
    if found is None:
        said = f"is neither in {start.absolute()} nor in a folder above it"
        do = "Write one with `okrsync init`, or name one with --config or OKRSYNC_CONFIG."
        raise Problems([Problem(FILE_NAME, 0, "", said, do=do)])
    return found


def find_if_any(start: Path, explicit: Path | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """As `find`; None where nobody names a file and there is none.

    Raises:
        Problems: what somebody names does not exist.
    """
    named = (environment or {}).get(VARIABLE, "")
    if explicit is not None:
        return _existing(explicit, "--config")
    if named:
        return _existing(start / named, VARIABLE)
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def _existing(path: Path, named_by: str) -> Path:
    if path.is_dir():
        path = path / FILE_NAME
    if not path.exists():
        raise Problems([Problem(str(path), 0, "", f"does not exist, but {named_by} names it")])
    return path.absolute()


@dataclass(frozen=True)
class Essentials:
    """What a settings file says that holds whatever else in it is wrong."""

    workspace: str | None
    """None where that is missing or no name."""
    cache: Path | None
    """None where it is named by something else than a text."""
    plugins: frozenset[str] | None
    """The names of those that may be loaded, and nobody where that is wrong; None allows all."""


def essentials(path: Path) -> Essentials:
    """What has to be known before the settings are read, or when they cannot be.

    Raises:
        Problems: it is not even TOML.
    """
    from okrsync.toml_files import read_toml, shown_path

    data = read_toml(path, shown_path(path, Path.cwd())).data
    workspace, cache = data.get("workspace"), data.get("cache", DEFAULT_CACHE)
    return Essentials(
        workspace if isinstance(workspace, str) else None,
        path_from(path.parent, cache) if isinstance(cache, str) else None,
        _allowed(data.get("plugins", {})),
    )


def path_from(folder: Path, written: str) -> Path:
    """A path as the settings write it: from their folder, or from the home folder where it begins with ~."""
    return Path.home() / written[2:] if written.startswith("~/") else folder / written


def _allowed(plugins: Any) -> frozenset[str] | None:
    allow = plugins.get("allow") if isinstance(plugins, dict) else ()
    if allow is None:
        return None
    return frozenset(each for each in allow if isinstance(each, str)) if isinstance(allow, list) else frozenset()

"""Where okrsync.toml is, and what has to be known of it before all of it is read: which plugins may be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from okrsync.problems import Problem, Problems

FILE_NAME = "okrsync.toml"
VARIABLE = "OKRSYNC_CONFIG"


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


def allowed_plugins(path: Path) -> frozenset[str] | None:
    """The names under `plugins.allow`; None where every plugin may be loaded.

    What else the file says may be wrong. Where this very key is, nothing may be loaded.

    Raises:
        Problems: the file cannot be read at all.
    """
    from okrsync.toml_files import read_toml, shown_path

    plugins = read_toml(path, shown_path(path, Path.cwd())).data.get("plugins", {})
    allow = plugins.get("allow") if isinstance(plugins, dict) else ()
    if allow is None:
        return None
    return frozenset(each for each in allow if isinstance(each, str)) if isinstance(allow, list) else frozenset()

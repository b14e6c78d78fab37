"""Finding and reading okrsync.toml, with everything that is wrong in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from okrsync.domain.okr import Source
from okrsync.problems import Problem, Problems, did_you_mean, listed
from okrsync.settings.literals import REMEDY, literal_credentials
from okrsync.settings.messages import dotted, problem_of
from okrsync.settings.models import Settings
from okrsync.toml_files import TomlFile, read_toml, shown_path
from okrsync.toml_lines import Path as TomlPath
from okrsync.toml_lines import lines_of, nearest


def load(path: Path, relative_to: Path | None = None) -> Settings:
    """Read the settings. Messages name the file from `relative_to`, or from the working folder.

    Raises:
        Problems: everything that is wrong in it.
    """
    settings, problems = check(path, relative_to)
    if problems or settings is None:
        raise Problems(problems)
    return settings


def check(path: Path, relative_to: Path | None = None) -> tuple[Settings | None, list[Problem]]:
    """As `load`, with the problems as values; the settings are None where there are any."""
    shown = shown_path(path.absolute(), (relative_to or Path.cwd()).absolute())
    try:
        file = read_toml(path, shown)
    except Problems as unreadable:
        return None, list(unreadable.problems)
    lines = lines_of(file.text)
    credentials = list(literal_credentials(file.data))
    problems = [_literal(shown, lines, where) for where in credentials]
    settings = None
    try:
        settings = Settings.model_validate(file.data)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_context=True):
            location = tuple(step for step in details["loc"])
            if not any(location[: len(where)] == where or where[: len(location)] == location for where in credentials):
                problems.append(problem_of(details, file, lines))
    problems += _unknown_trackers(file, lines)
    problems += _writing_into_git(file, lines)
    if problems or settings is None:
        return None, sorted(set(problems))
    _attach(settings, path.absolute(), shown, lines)
    return settings, []


def _literal(shown: str, lines: dict[TomlPath, int], where: TomlPath) -> Problem:
    found = "holds a credential itself, which is not shown here"
    return Problem(shown, nearest(lines, where) or 1, dotted(where), found, do=REMEDY)


def _unknown_trackers(file: TomlFile, lines: dict[TomlPath, int]) -> list[Problem]:
    """Mappings that name a tracker that is not there. They are looked for in what is written, right or not."""
    trackers, mappings = file.data.get("trackers", {}), file.data.get("mappings", [])
    if not isinstance(trackers, dict) or not isinstance(mappings, list):
        return []
    problems = []
    for index, mapping in enumerate(mappings):
        name: Any = mapping.get("tracker") if isinstance(mapping, dict) else None
        if isinstance(name, str) and name not in trackers:
            where = ("mappings", index, "tracker")
            known = [each for each in trackers if isinstance(each, str)]
            problems.append(
                Problem(
                    file.shown,
                    nearest(lines, where),
                    dotted(where),
                    f"there is no tracker {name!r}",
                    listed(repr(each) for each in known) if known else "",
                    did_you_mean(name, known) or f"Add a table [trackers.{name}].",
                )
            )
    return problems


def _writing_into_git(file: TomlFile, lines: dict[TomlPath, int]) -> list[Problem]:
    """Mappings that would have documents changed, where the documents come from a git repository."""
    mappings = file.data.get("mappings", [])
    if not isinstance(file.data.get("documents"), dict) or not isinstance(mappings, list):
        return []
    found = "has documents changed, and these come from a git repository, which okrsync only reads"
    do = "Or put the documents into a folder, and let what keeps that folder up to date commit what okrsync changes."
    return [
        Problem(file.shown, nearest(lines, where) or 1, dotted(where), found, "'documents'", do)
        for index, mapping in enumerate(mappings)
        if isinstance(mapping, dict) and mapping.get("authority", "documents") != "documents"
        for where in [("mappings", index, "authority")]
    ]


def _attach(settings: Settings, path: Path, shown: str, lines: dict[TomlPath, int]) -> None:
    settings._path = path
    for name, tracker in settings.trackers.items():
        tracker._source = Source(shown, nearest(lines, ("trackers", name)) or 1)
    for name, source in settings.sources.items():
        source._source = Source(shown, nearest(lines, ("sources", name)) or 1)
    for name, notifier in settings.notify.items():
        notifier._source = Source(shown, nearest(lines, ("notify", name)) or 1)
    for index, mapping in enumerate(settings.mappings):
        mapping._source = Source(shown, nearest(lines, ("mappings", index)) or 1)

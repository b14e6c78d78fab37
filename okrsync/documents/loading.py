"""A folder of OKR documents: every file read, everything checked, all problems of all files at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from okrsync.documents.across import check_across
from okrsync.documents.parsed import keep_parsed, parsed_before
from okrsync.documents.practised import LARGEST_ADJUSTMENT
from okrsync.documents.reading import Reading, Surroundings, read_document
from okrsync.domain.okr import Okrs
from okrsync.domain.ref import Ref
from okrsync.problems import Problem, Problems
from okrsync.toml_files import TomlFile, read_toml, shown_path


@dataclass(frozen=True)
class Documents:
    """The OKRs of a workspace, and the files that they were read from."""

    okrs: Okrs
    files: Mapping[str, TomlFile]
    """By the path as people know it: `Source.file` of everything in `okrs` is a key here."""


def load(
    root: Path,
    relative_to: Path,
    named_cycles: Mapping[str, tuple[date, date]] | None = None,
    audiences: Mapping[str, Collection[str]] | None = None,
    cache: MutableMapping[str, str] | None = None,
    *,
    measures: Collection[str] | None = None,
    largest_adjustment: float = LARGEST_ADJUSTMENT,
) -> Documents:
    """Read every `*.toml` below `root`, except hidden ones.

    `relative_to` is the folder from which messages name files. `named_cycles` are the first and last days of cycles
    with names of their own, `audiences` the names that objectives may be shown to beside `everyone` and who belongs to
    each, `measures` the sources of values that plugins register (None: any name will do), and `largest_adjustment` how
    far a score may be moved by judgement. `cache` keeps parsed files for the next time,
    each under the digest of its content; it is ours alone, and what is in it need not have the right form.

    Raises:
        Problems: everything that is wrong in any of the files.
    """
    surroundings = Surroundings(named_cycles or {}, audiences or {}, measures, largest_adjustment)
    documents, problems = _read(root, relative_to, surroundings, cache)
    if problems:
        raise Problems(problems)
    return documents


def check(
    root: Path,
    relative_to: Path,
    named_cycles: Mapping[str, tuple[date, date]] | None = None,
    audiences: Mapping[str, Collection[str]] | None = None,
    *,
    measures: Collection[str] | None = None,
    largest_adjustment: float = LARGEST_ADJUSTMENT,
) -> tuple[Okrs, list[Problem]]:
    """As `load`, with the problems beside what could be read: objectives and KPIs with nothing wrong inside them.

    They may align to something that does not exist, or in a loop.
    """
    surroundings = Surroundings(named_cycles or {}, audiences or {}, measures, largest_adjustment)
    documents, problems = _read(root, relative_to, surroundings)
    return documents.okrs, problems


@dataclass(frozen=True)
class Drafts:
    """Documents as far as they can be told, whatever is wrong in them."""

    documents: Documents
    """Key results may lack numbers here, and alignment may lead nowhere."""
    problems: tuple[Problem, ...]
    """All that `load` would raise."""
    unplaced: frozenset[Ref]
    """Objectives of documents whose cycle or level nobody knows."""


def read_drafts(
    root: Path,
    relative_to: Path,
    named_cycles: Mapping[str, tuple[date, date]] | None = None,
    audiences: Mapping[str, Collection[str]] | None = None,
    cache: MutableMapping[str, str] | None = None,
    *,
    measures: Collection[str] | None = None,
    largest_adjustment: float = LARGEST_ADJUSTMENT,
) -> Drafts:
    """As `load`, but every objective and KPI that has an id and a title is read, whatever else is wrong in it."""
    surroundings = Surroundings(named_cycles or {}, audiences or {}, measures, largest_adjustment, lenient=True)
    unplaced: set[Ref] = set()
    documents, problems = _read(root, relative_to, surroundings, cache, unplaced)
    return Drafts(documents, tuple(problems), frozenset(unplaced))


def _read(
    root: Path,
    relative_to: Path,
    surroundings: Surroundings,
    cache: MutableMapping[str, str] | None = None,
    unplaced: set[Ref] | None = None,
) -> tuple[Documents, list[Problem]]:
    problems: list[Problem] = []
    files: dict[str, TomlFile] = {}
    readings: list[Reading] = []
    parsed = {} if cache is None else parsed_before(cache)
    for path in _document_paths(root, relative_to, problems):
        shown = shown_path(path, relative_to)
        try:
            files[shown] = read_toml(path, shown, parsed)
        except Problems as unreadable:
            problems.extend(unreadable.problems)
        else:
            readings.append(read_document(files[shown], surroundings))
    if cache is not None:
        keep_parsed(cache, parsed, {file.digest: file.data for file in files.values()})
    complete = not problems and all(reading.has_cycle for reading in readings)
    check_across(readings, surroundings.audiences, complete=complete)
    if unplaced is not None:
        unplaced.update(each.ref for reading in readings if not reading.is_placed for each in reading.objectives)
    problems.extend(problem for reading in readings for problem in reading.report.problems)
    okrs = Okrs(
        tuple(objective for reading in readings for objective in reading.objectives),
        tuple(kpi for reading in readings for kpi in reading.kpis),
    )
    return Documents(okrs, files), sorted(set(problems))


def _document_paths(root: Path, relative_to: Path, problems: list[Problem]) -> list[Path]:
    """The documents in the order of their paths, each file once even where links lead to it."""
    if not root.is_dir():
        do = "Create it, or set documents in okrsync.toml."
        found = "is not a folder" if root.exists() else "does not exist"
        problems.append(Problem(shown_path(root, relative_to), 0, "", f"the documents folder {found}", do=do))
        return []
    true_root = root.resolve()
    chosen: dict[Path, Path] = {}
    for path in sorted(_toml_paths(root, relative_to, problems), key=lambda each: (each.is_symlink(), each)):
        true_path = path.resolve()
        if not true_path.is_relative_to(true_root):
            problems.append(
                Problem(
                    shown_path(path, relative_to),
                    0,
                    "",
                    "is a link that leads out of the documents folder",
                    do="Put the file itself there.",
                )
            )
        else:
            chosen.setdefault(true_path, path)
    return sorted(chosen.values())


def _toml_paths(root: Path, relative_to: Path, problems: list[Problem]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        shown = shown_path(Path(error.filename or root), relative_to)
        problems.append(Problem(shown, 0, "", f"cannot be read: {error.strerror or error}"))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in names:
            if name.endswith(".toml") and not name.startswith("."):
                yield Path(folder, name)

"""Reading the tables of one document against the description of their keys, and collecting what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from okrsync.documents.forms import Keys, WrongValue
from okrsync.domain.okr import Source
from okrsync.problems import Problem, did_you_mean, listed
from okrsync.toml_files import TomlFile
from okrsync.toml_lines import Path, lines_of, nearest


class Report:
    """What is wrong with one document. Lines of single keys are looked up only when something is."""

    def __init__(self, file: TomlFile) -> None:
        self._file = file
        self._headers = lines_of(file.text, keys=False)
        self._every_key: dict[Path, int] | None = None
        self._problems: list[Problem] = []

    @property
    def count(self) -> int:
        """How many problems there are so far."""
        return len(self._problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems so far."""
        return tuple(self._problems)

    def source(self, path: Path) -> Source:
        """Where the table at `path` begins."""
        return Source(self._file.shown, self._headers.get(path) or self._line(path))

    def wrong(self, path: Path, where: str, found: str, right: str = "", do: str = "", code: str = "") -> None:
        """Note a problem with what stands at `path`; `where` is how people call the table around it."""
        self._problems.append(Problem(self._file.shown, self._line(path), where, found, right, do, code))

    def _line(self, path: Path) -> int:
        if self._every_key is None:
            self._every_key = lines_of(self._file.text)
        return nearest(self._every_key, path) or 1


@dataclass(frozen=True)
class Place:
    """A table of a document."""

    report: Report
    path: Path
    where: str
    """How people call it: its reference, or its position; empty for the document itself."""

    @property
    def source(self) -> Source:
        """Where it begins."""
        return self.report.source(self.path)

    def wrong(self, key: str, found: str, right: str = "", do: str = "", code: str = "") -> None:
        """Note a problem with one of its keys; with no key, with the table as a whole. `code` is lint's name for it."""
        self.report.wrong((*self.path, key) if key else self.path, self.where, found, right, do, code)

    def below(self, *steps: str | int) -> Place:
        """A table inside this one that people call by the same name."""
        return Place(self.report, (*self.path, *steps), self.where)


def read_table(
    data: Mapping[str, Any], keys: Keys, place: Place, codes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The values of the keys that are there and right; everything else is reported.

    `codes` are lint's names for what is wrong with a key, by key.
    """
    codes = codes or {}
    values: dict[str, Any] = {}
    for name, value in data.items():
        key = keys.get(name)
        if key is None:
            unused = [known for known in keys if known not in data]
            right = f"one of {listed(keys)}" if keys else "no key here"
            place.wrong(name, f"{name!r} is not a key", right, did_you_mean(name, unused))
            continue
        try:
            values[name] = key.form.read(value)
        except WrongValue as wrong:
            place.wrong(name, f"{name} {wrong.found}", wrong.right, wrong.do, codes.get(name, ""))
    for key in keys.values():
        if key.required and key.name not in data:
            place.wrong("", f"has no {key.name}", do=f"Add {key.name}: {key.meaning}", code=codes.get(key.name, ""))
    return values

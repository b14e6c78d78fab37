"""Problems in what people wrote: where each is, what is right, and all of them at once.

Documents and settings both speak in these values, and so may every other part that judges a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_ALIKE = 60.0
"""How alike (0–100) a known word must be to be offered in place of an unknown one."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that somebody has to mend. Sorting puts problems in the order in which they stand in the files."""

    file: str
    """The file as people know it."""
    line: int
    """The line, from 1; 0 when the file as a whole is meant."""
    where: str
    """The reference or dotted key that is wrong; empty for the top of the file."""
    found: str
    """What is there, as a clause without a full stop."""
    right: str = ""
    """What is expected there; empty where `found` says it all."""
    do: str = ""
    """What to do about it, as a whole sentence."""
    code: str = ""
    """The code under which `okrsync lint` finds it too and explains it; most problems have none."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f"{self.where}: " if self.where else ""
        right = f"; expected {self.right}" if self.right else ""
        do = f". {self.do}" if self.do else ""
        return f"{place}: {where}{self.found}{right}{do}"


class Problems(Exception):
    """Everything that is wrong with some files, sorted and each once. Its text has a line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that offers the known word most like `word`; empty when none is alike."""
    # Only people who made a mistake wait for the import.
    from rapidfuzz import fuzz, process

    best = process.extractOne(word, sorted(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=_ALIKE)
    return f"Did you mean {best[0]!r}?" if best else ""


def listed(words: Iterable[str], last: str = "or") -> str:
    """Words as a sentence lists them: `a, b or c`."""
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail


def written(value: object) -> str:
    """A value as its file has it, cut to what a message can hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a very large number"
    return str(value)

"""How well OKR101, OKR202 and OKR203 do on published OKRs that were labelled by hand.

Run it with `python -m tests.corpus.figures [FILE …]`; without a file it measures the corpus beside it. With `-v` it
shows each entry on which a rule and its label differ. The rows are those of docs/explanation/lint-figures.md.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from okrsync.domain.okr import KeyResult, Kind
from okrsync.domain.ref import Ref
from okrsync.practice.lint.activities import activity
from okrsync.practice.lint.agreement import disagreement
from okrsync.practice.lint.quantities import measures
from okrsync.practice.lint.vocabulary import Words, words_from

HERE = Path(__file__).parent
WORDS = HERE.parents[1] / "okrsync" / "practice" / "lint" / "words" / "en.toml"


@dataclass
class Figures:
    """What a rule said of entries with labels."""

    right: int = 0
    """Found, and labelled so."""
    wrong: list[str] = field(default_factory=list)
    """Found, and not labelled so."""
    missed: list[str] = field(default_factory=list)
    silent: int = 0
    """Not found, and not labelled so."""

    def count(self, text: str, *, found: bool, labelled: bool) -> None:
        """Take in one entry."""
        if found and labelled:
            self.right += 1
        elif found:
            self.wrong.append(text)
        elif labelled:
            self.missed.append(text)
        else:
            self.silent += 1

    @property
    def precision(self) -> float:
        """The share of what was found that is labelled so."""
        return self.right / (self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        """The share of what is labelled so that was found."""
        return self.right / (self.right + len(self.missed))


def entries(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The entries of corpus files."""
    for file in files:
        yield from tomllib.loads(file.read_text(encoding="utf-8"))["entries"]


def measure(corpus: Iterable[dict[str, Any]], words: Words) -> dict[str, Figures]:
    """The figures of each rule, by its code."""
    figures = {code: Figures() for code in ("OKR101", "OKR202", "OKR203")}
    for entry in corpus:
        text = entry["text"]
        if entry["kind"] == "objective":
            figures["OKR101"].count(text, found=bool(measures(text, words)), labelled=entry["number"])
            continue
        found = activity(_key_result(text), words) is not None
        figures["OKR202"].count(text, found=found, labelled=entry["activity"])
        for numbers in entry.get("numbers", ()):
            key_result = _key_result(text, numbers)
            figures["OKR203"].count(
                f"{text} | {_shown(numbers)}",
                found=disagreement(key_result, words) is not None,
                labelled=numbers["disagree"],
            )
    return figures


def _key_result(title: str, numbers: dict[str, Any] | None = None) -> KeyResult:
    told = numbers or {}
    return KeyResult(
        Ref("2026-Q4", "published", "result"),
        title,
        Kind(told.get("kind", Kind.REACH)),
        told.get("baseline"),
        told.get("target"),
        told.get("min"),
        told.get("max"),
        told.get("unit", ""),
    )


def _shown(numbers: dict[str, Any]) -> str:
    keys = ("baseline", "target", "min", "max", "unit", "slip", "note")
    return ", ".join(f"{key} {numbers[key]}" for key in keys if key in numbers)


HEADING = "| corpus | code | right | wrong | missed | silent | precision | recall |"


def rows(name: str, figures: dict[str, Figures]) -> Iterator[str]:
    """The figures as docs/explanation/lint-figures.md has them."""
    for code, each in figures.items():
        counts = f"{each.right} | {len(each.wrong)} | {len(each.missed)} | {each.silent}"
        yield f"| `{name}` | {code} | {counts} | {each.precision:.3f} | {each.recall:.3f} |"


def differences(figures: dict[str, Figures]) -> Iterator[str]:
    """The entries on which a rule and its label differ."""
    for code, each in figures.items():
        yield from (f"{code} wrong:  {text}" for text in each.wrong)
        yield from (f"{code} missed: {text}" for text in each.missed)


def main(arguments: Sequence[str]) -> None:
    """Print the figures."""
    files = [Path(each) for each in arguments if each != "-v"] or [HERE / "published_okrs.toml"]
    words = words_from(tomllib.loads(WORDS.read_text(encoding="utf-8")))
    print(HEADING)
    for file in files:
        figures = measure(entries([file]), words)
        print("\n".join(rows(file.name, figures)))
        if "-v" in arguments:
            print("\n".join(differences(figures)))


if __name__ == "__main__":
    main(sys.argv[1:])

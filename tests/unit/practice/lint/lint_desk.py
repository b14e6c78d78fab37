"""Documents to lint, read as the program reads them, and rules run over them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from okrsync.documents import read_drafts
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.linting import Finding, LintContext, Refusal, Review
from okrsync.domain.okr import KeyResult, Kind
from okrsync.domain.ref import Ref
from okrsync.practice.lint import registry
from okrsync.practice.lint.running import Selection, lint
from okrsync.practice.lint.vocabulary import Words, words_from

LINT = Path(registry.__file__).parent
TODAY = date(2026, 11, 15)
"""45 days into 2026-Q4."""
KR = Ref("2026-Q4", "instant-signup", "p95")

HEAD = 'cycle = "2026-Q4"\nlevel = "{level}"\nowner = "{owner}"\n'
P95 = """
  [[objectives.key_results]]
  id       = "p95"
  title    = "Cut p95 sign-up time from 4.0 s to 1.5 s"
  baseline = 4.0
  target   = 1.5
  unit     = "s"
"""
SUCCESS = """
  [[objectives.key_results]]
  id       = "success"
  title    = "Raise the share of sign-ups that succeed from 91 % to 98 %"
  baseline = 91
  target   = 98
  unit     = "%"
"""


@cache
def words() -> Words:
    """The English words."""
    return words_from(tomllib.loads((LINT / "words" / "en.toml").read_text(encoding="utf-8")))


def document(*objectives: str, level: str = "company", owner: str = "dana") -> str:
    """A document with these objectives."""
    return HEAD.format(level=level, owner=owner) + "".join(objectives)


def objective(name: str = "instant-signup", more: str = "", key_results: str = P95 + SUCCESS) -> str:
    """An objective about which there is nothing to say, but for what `more` adds."""
    head = f'id = "{name}"\ntitle = "Make signing up feel instant"\nwhy = "They leave."'
    return f"\n[[objectives]]\n{head}\n{more}\n{key_results}"


def context(folder: Path, *documents: str, **told: Any) -> LintContext:
    """What rules see of documents, with anything else that is told."""
    for number, text in enumerate(documents):
        (folder / f"{number}.toml").write_text(text, encoding="utf-8")
    drafts = read_drafts(folder, folder)
    okrs = drafts.documents.okrs
    names = {each.ref.cycle for each in (*okrs.objectives, *okrs.kpis)} - {"?"}
    made = LintContext(
        okrs,
        TODAY,
        {name: parse_cycle(name) for name in names},
        refusals=tuple(Refusal(**asdict(each)) for each in drafts.problems),
        unplaced=drafts.unplaced,
        review=Review(required=True, reviewers=("erin", "frank")),
    )
    return replace(made, **told)


def found(seen: LintContext, code: str = "") -> list[Finding]:
    """What the rules find; those of one code, or all."""
    result = lint(seen, registry.rules(words()), Selection((code,) if code else ()))
    assert not result.broken
    return list(result.findings)


def key_result(title: str, *, kind: Kind = Kind.REACH, **fields: Any) -> KeyResult:
    """A key result with a title and numbers."""
    names: Mapping[str, str] = {"min": "minimum", "max": "maximum"}
    return KeyResult(KR, title, kind, **{names.get(name, name): value for name, value in fields.items()})

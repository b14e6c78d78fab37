"""The three rules that read titles, on OKRs that others published and a reader labelled."""

from __future__ import annotations

import pytest

from tests.corpus.figures import HERE, entries, measure
from tests.unit.practice.lint.lint_desk import words

FILES = sorted(HERE.glob("published_okrs*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("code", ["OKR101", "OKR202", "OKR203"])
def test_precision_and_recall_on_published_okrs(code: str, file: object) -> None:
    figures = measure(entries([HERE / str(file)]), words())[code]
    assert figures.precision >= 0.9, figures.wrong
    assert figures.recall >= 0.8, figures.missed

"""Whatever a file holds, reading it ends in OKRs or in problems with places, and never in anything else."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.documents import check
from okrsync.documents.keys import DOCUMENT, KEY_RESULT, KPI, OBJECTIVE, PHASE
from okrsync.domain.okr import Okrs
from okrsync.problems import Problem

anything: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
    | st.dates(date(1000, 1, 1))
    | st.datetimes(datetime(1000, 1, 1))
    | st.times(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["from", "by", "id", "x\x1b", ""]), inner)
    ),
    max_leaves=4,
)
slugs = st.sampled_from(["a", "b", "a/b"])


def tables(keys: dict[str, Any], right: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with some of these keys, each with a right value, or with any."""
    return st.fixed_dictionaries({}, optional={name: right.get(name, anything) | anything for name in keys})


measures = st.fixed_dictionaries(
    {"from": st.sampled_from(["field", "count", "manual", "x"])}, optional={"by": anything}
)
phases = st.lists(tables(dict(PHASE), {"by": st.dates(), "target": st.floats()}), max_size=2)
key_results = tables(dict(KEY_RESULT), {"id": slugs, "title": slugs, "measure": measures, "phases": phases})
objectives = tables(
    dict(OBJECTIVE),
    {"id": slugs, "title": slugs, "aligns_to": st.lists(slugs), "key_results": st.lists(key_results, max_size=2)},
)
documents = tables(
    dict(DOCUMENT),
    {
        "cycle": st.sampled_from(["2026-Q4", "2026", "x"]),
        "level": st.just("team"),
        "objectives": st.lists(objectives, max_size=3),
        "kpis": st.lists(tables(dict(KPI), {"id": slugs, "title": slugs, "measure": measures}), max_size=2),
    },
)


def read(*contents: bytes) -> tuple[Okrs, list[Problem]]:
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(contents):
            (Path(folder) / f"{number}.toml").write_bytes(content)
        return check(Path(folder), Path(folder))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text("a.\"[]{}=#\n\\' 1", max_size=60).map(str.encode))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    okrs, problems = read(content)
    assert okrs == Okrs()
    assert problems
    assert all(str(problem).isprintable() for problem in problems)


@settings(max_examples=60, deadline=None)
@given(st.lists(documents, min_size=1, max_size=2))
def test_any_values_are_read_or_refused(data: list[dict[str, Any]]) -> None:
    texts = [tomlkit.dumps(each) for each in data]
    okrs, problems = read(*(text.encode() for text in texts))
    for problem in problems:
        number = int(problem.file.removesuffix(".toml"))
        assert 1 <= problem.line <= texts[number].count("\n") + 1
        assert str(problem).isprintable()
    for objective in okrs.objectives:
        assert objective.title
        assert objective.ref.cycle in {"2026-Q4", "2026"}

"""The pages about numbers that are in no tracker: their settings and documents fit; the CSV page is run."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import time_machine

from okrsync import documents, settings
from okrsync.cli.program import run
from okrsync.engine.sources import check_measures
from okrsync.settings.against import check_sources
from okrsync.trackers.plugins import load_plugins
from tests.system.pages import DOCS, blocks, section, tables

PAGES = [
    DOCS / "how-to" / f"measure-by-{name}.md" for name in load_plugins().measures if name in {"sql", "http", "csv"}
]
PAGES.append(DOCS / "how-to" / "measure-by-prometheus.md")
CSV = DOCS / "how-to" / "measure-by-csv.md"


def write(folder: Path, page: Path) -> None:
    """Write the settings and the documents of a page."""
    (folder / "okrs").mkdir()
    (folder / "okrsync.toml").write_text('workspace = "acme"\n')
    for number, block in enumerate(blocks(page, "toml")):
        name = f"okrs/{number}.toml" if "cycle" in tomllib.loads(block.text) else "okrsync.toml"
        (folder / name).write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda each: each.stem)
def test_the_measures_of_a_page_fit_its_settings(page: Path, tmp_path: Path) -> None:
    write(tmp_path, page)
    plugins = load_plugins()
    read = settings.load(tmp_path / "okrsync.toml", tmp_path)
    okrs, problems = documents.check(tmp_path / "okrs", tmp_path, measures=plugins.measures)
    assert okrs.objectives or okrs.kpis
    assert problems + check_sources(read, plugins) + check_measures(okrs, read, plugins) == []


def test_a_measure_that_does_not_fit_would_be_found(tmp_path: Path) -> None:
    write(tmp_path, CSV)
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n')
    read = settings.load(tmp_path / "okrsync.toml", tmp_path)
    okrs, _ = documents.check(tmp_path / "okrs", tmp_path)
    assert len(check_measures(okrs, read, load_plugins())) == 2


def test_the_table_of_the_csv_page_gives_the_numbers_that_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "okrs").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n')
    (tmp_path / "okrs" / "web.toml").write_text(blocks(CSV, "toml")[0].text, encoding="utf-8")
    (tmp_path / "data" / "signups.csv").write_text(blocks(CSV, "csv")[0].text, encoding="utf-8")
    (typed,) = blocks(CSV, "console")
    command, *expected = typed.text.splitlines()
    with time_machine.travel("2026-11-22T12:00:00Z"):
        assert run(command.removeprefix("$ okrsync ").split()) == 0
    assert [each.rstrip() for each in capsys.readouterr().out.splitlines()] == expected


def test_every_way_to_choose_a_row_is_described() -> None:
    from okrsync_sources.csv_rules import AGGREGATES, ROWS

    said = section("how-to/measure-by-csv.md", "Which number")
    (rows,) = tables(said)
    text = " ".join(row[0] for row in rows)
    assert all(f'"{each}"' in text for each in (*AGGREGATES, *ROWS))

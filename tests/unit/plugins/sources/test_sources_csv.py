"""The measure `csv`: tables in the workspace, in a folder of the settings, and over HTTP."""

from __future__ import annotations

import math
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.trackers.errors import NotFound, Rejected
from okrsync.trackers.sources import MeasureSource, SourceTable
from okrsync_sources import csv_table
from tests.unit.plugins.sources.house import CANARY, Desk, House, Reply, ask, one_line, refused

SIGNUPS = """\
week,team,signups,share
1,platform,100,0.5
2,web,40,0.1
2,platform,130,
3,platform,,0.25

"""


@pytest.fixture
def source(desk: Desk) -> MeasureSource:
    (desk.folder / "data").mkdir()
    (desk.folder / "data" / "signups.csv").write_text(SIGNUPS, encoding="utf-8")
    return desk.open("csv", SourceTable())


@pytest.mark.parametrize(
    ("options", "value", "source_text", "details"),
    [
        ({"column": "signups", "row": "first"}, 100, "signups in line 2 of data/signups.csv", {"line": 2}),
        ({"column": "share", "row": "last"}, 0.25, "share in line 5 of data/signups.csv", {"line": 5}),
        (
            {"column": "signups", "where": {"week": 2, "team": "platform"}},
            130,
            "signups in line 4 of data/signups.csv",
            {"line": 4},
        ),
        ({"column": "signups", "aggregate": "sum"}, 270, "sum of signups in data/signups.csv", {"rows": 3}),
        ({"column": "signups", "aggregate": "average"}, 90, "average of signups in data/signups.csv", {"rows": 3}),
        ({"column": "signups", "aggregate": "last"}, 130, "last signups of data/signups.csv", {"line": 4}),
        ({"column": "signups", "aggregate": "count"}, 3, "rows with signups of data/signups.csv", {"rows": 4}),
        ({"aggregate": "count"}, 4, "rows of data/signups.csv", {"rows": 4}),
        ({"aggregate": "count", "where": {"team": "mobile"}}, 0, "rows of data/signups.csv", {"rows": 0}),
        (
            {"column": "signups", "aggregate": "sum", "where": {"team": "platform"}},
            230,
            "sum of signups in data/signups.csv",
            {"rows": 2},
        ),
    ],
)
def test_numbers_worked_out_by_hand(
    source: MeasureSource, options: dict[str, Any], value: float, source_text: str, details: dict[str, int]
) -> None:
    found = ask(source, file="data/signups.csv", **options)
    assert (found.value, found.source, found.details) == (value, source_text, details)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"column": "sign-ups", "row": "last"}, "has no column 'sign-ups'; it has week, team, signups, share"),
        ({"column": "signups"}, "4 rows of data/signups.csv could be meant: narrow them by where"),
        ({"column": "signups", "row": "last"}, "column signups in line 5 of data/signups.csv is empty"),
        ({"column": "team", "row": "last"}, "column team in line 5 of data/signups.csv is the text 'platform'"),
        ({"column": "team", "aggregate": "sum"}, "column team in line 2 of data/signups.csv is the text 'platform'"),
        ({"column": "signups", "where": {"team": "x"}}, "no row of data/signups.csv is as `where` says"),
        (
            {"column": "share", "aggregate": "average", "where": {"week": "2", "team": "platform"}},
            "no row of data/signups.csv has a value in column share: there is no average",
        ),
        ({"column": "signups", "where": {"tem": "x"}}, "has no column 'tem'"),
    ],
)
def test_what_is_no_number_is_told(source: MeasureSource, options: dict[str, Any], said: str) -> None:
    assert said in refused(source, Rejected, file="data/signups.csv", **options)


@pytest.mark.parametrize(
    ("content", "options", "value"),
    [
        (b"\xef\xbb\xbfn\r\n1.5\r\n", {}, 1.5),
        (b"n;m\n1,5;2\n", {"delimiter": ";", "decimal": ","}, 1.5),
        ("n\tm\n3\t4\n".encode("utf-16"), {"encoding": "utf-16", "delimiter": "\t"}, 3),
        ("größe,n\n1,2\n".encode("cp1252"), {"encoding": "cp1252"}, 2),
        (b'"n"\n"-1e-3"\n', {}, -0.001),
        (b' n ,"a ""b"",\nc"\n +7 ,x\n', {}, 7),
        (b"n,m\n5\n", {}, 5),
        (b"n\n2,extra\n", {}, 2),
    ],
)
def test_tables_are_read_as_people_export_them(
    source: MeasureSource, desk: Desk, content: bytes, options: dict[str, Any], value: float
) -> None:
    (desk.folder / "t.csv").write_bytes(content)
    assert ask(source, file="t.csv", column="n", **options).value == value


def test_a_row_is_found_by_its_day(source: MeasureSource, desk: Desk) -> None:
    (desk.folder / "t.csv").write_text("day,n\n2026-10-01,3\n2026-10-02,4\n")
    assert ask(source, file="t.csv", column="n", where={"day": date(2026, 10, 1)}).value == 3


def test_a_file_of_tabs_needs_no_delimiter(source: MeasureSource, desk: Desk) -> None:
    (desk.folder / "t.tsv").write_text("a,b\tn\nx\t3\n")
    assert ask(source, file="t.tsv", column="n").value == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "t.csv is empty; expected a heading in its first line"),
        (b"\n\n", "t.csv is empty"),
        (b"n\n", "t.csv has no rows below its heading"),
        (b"n\n,\n", "t.csv has no rows below its heading"),
        (b"n\n\xff\n", "t.csv is not UTF-8: export it as UTF-8, or write encoding"),
        (b"n,n\n1,2\n", "t.csv has 2 columns 'n': rename all but one"),
        (b"n\n1;5\n", "is the text '1;5' where a number is expected"),
        (b'n\n"1,5"\n', "is the text '1,5' where a number is expected; write decimal = \",\""),
        (b'n\n"1,234.5"\n', "is the text '1,234.5' where a number is expected"),
        (b"n\nNaN\n", "is the text 'NaN'"),
        (b"n\n1e999\n", "is the text '1e999'"),
        (b"n\n12%\n", "is the text '12%'"),
        (b"n\n" + b"9" * 140_000 + b"\n", "t.csv cannot be read as a table (line 2: field larger than field limit"),
    ],
)
def test_what_is_no_table_is_told(source: MeasureSource, desk: Desk, content: bytes, said: str) -> None:
    (desk.folder / "t.csv").write_bytes(content)
    assert said in refused(source, Rejected, file="t.csv", column="n", row="last")


def test_a_table_that_is_not_there_is_told(source: MeasureSource) -> None:
    said = refused(source, NotFound, file="data/other.csv", column="n")
    assert said == "data/other.csv does not exist in the folder of the settings"


def test_a_large_file_is_not_read(source: MeasureSource, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "LARGEST_FILE", 1024 * 1024)
    (desk.folder / "t.csv").write_bytes(b"n\n" + b"1\n" * 600_000)
    said = refused(source, Rejected, file="t.csv", column="n", aggregate="sum")
    assert said == "t.csv has 1200002 bytes, and at most 1 MiB are read"


def test_nothing_but_files_of_the_folder_is_read(source: MeasureSource, desk: Desk, tmp_path_factory: Any) -> None:
    outside: Path = tmp_path_factory.mktemp("outside")
    (outside / "t.csv").write_text("n\n1\n")
    (desk.folder / "link.csv").symlink_to(outside / "t.csv")
    os.mkfifo(desk.folder / "pipe.csv")
    (desk.folder / "folder.csv").mkdir()
    for file in ("link.csv", f"{outside}/t.csv", f"../{outside.name}/t.csv"):
        assert "leads out of the folder of the settings" in refused(source, Rejected, file=file, column="n")
    for file in ("pipe.csv", "folder.csv"):
        assert f"{file} is not a file" in refused(source, Rejected, file=file, column="n")


def test_a_folder_of_the_settings_may_be_anywhere(desk: Desk, tmp_path_factory: Any) -> None:
    outside: Path = tmp_path_factory.mktemp("exports")
    (outside / "t.csv").write_text("n\n1\n")
    source = desk.open("csv", desk.table(name="exports", options={"folder": str(outside)}))
    assert ask(source, file="t.csv", column="n").value == 1
    assert "leads out of the folder of source exports" in refused(source, Rejected, file="../t.csv", column="n")


def test_a_table_comes_over_http(desk: Desk, house: House) -> None:
    house.answers["/exports/t.csv"] = Reply(b"n\n41\n")
    source = desk.open("csv", desk.table(url=f"{house.url}/exports"), token=CANARY)
    found = ask(source, file="t.csv?week=3", column="n")
    assert (found.value, found.source) == (41, f"n in line 2 of {house.url}/exports/t.csv")
    assert found.url == f"{house.url}/exports/t.csv?week=3"
    assert house.requests[0].headers["Authorization"] == f"Bearer {CANARY}"
    house.answers["/exports/login.csv"] = Reply(b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})
    assert "a page for people and no table" in refused(source, Rejected, file="login.csv", column="n")
    house.answers["/exports/large.csv"] = Reply(b"n\n" + b"1\n" * 600_000)
    assert "more than 1 MiB" in refused(source, Rejected, file="large.csv", column="n", row="last")


def test_an_address_without_a_table_is_read_without_credentials(desk: Desk, house: House) -> None:
    house.answers["/t.csv"] = Reply(b"n\n41\n")
    assert ask(desk.open("csv", SourceTable()), url=f"{house.url}/t.csv", column="n").value == 41
    assert "Authorization" not in house.requests[0].headers


@pytest.mark.parametrize(
    ("options", "keys", "said"),
    [
        ({"file": "d/t.csv", "column": "n"}, None, ""),
        ({"file": "t.TSV", "aggregate": "count"}, None, ""),
        ({"url": "https://x.example/t", "column": "n"}, None, ""),
        ({"file": "t", "column": "n"}, {"url": "https://x.example"}, ""),
        ({"file": "t.csv", "column": "n", "where": {"a": "b", "c": 3}, "row": "last"}, {}, ""),
        ({"column": "n"}, None, "file or url is needed"),
        ({"file": "t.csv", "url": "https://x.example/t", "column": "n"}, None, "file or url is needed"),
        ({"url": "https://x.example/t", "column": "n"}, {}, "url stands beside a source"),
        ({"url": "http://x.example/t", "column": "n"}, None, "url is not https"),
        ({"url": 3, "column": "n"}, None, "url is no text"),
        ({"file": 3, "column": "n"}, None, "file is no text"),
        ({"file": "/etc/t.csv", "column": "n"}, None, "file leads out of its folder"),
        ({"file": "../t.csv", "column": "n"}, {}, "file leads out of its folder"),
        ({"file": "~/t.csv", "column": "n"}, None, "file leads out of its folder"),
        ({"file": "okrsync.toml", "column": "n"}, None, "file is no table"),
        ({"file": ".secrets/t.csv", "column": "n"}, None, "file is no table"),
        ({"file": "../t.csv", "column": "n"}, {"url": "https://x.example"}, "file is not a path below"),
        ({"file": "t.csv"}, None, "column is missing"),
        ({"file": "t.csv", "aggregate": "sum"}, None, "column is missing"),
        ({"file": "t.csv", "column": 3}, None, "column is no text"),
        ({"file": "t.csv", "column": "n", "aggregate": "mean"}, None, "aggregate is not one of sum, average"),
        ({"file": "t.csv", "column": "n", "aggregate": []}, None, "aggregate is not one of"),
        ({"file": "t.csv", "column": "n", "row": 3}, None, "row is not one of first, last"),
        ({"file": "t.csv", "column": "n", "row": "last", "aggregate": "sum"}, None, "row stands beside aggregate"),
        ({"file": "t.csv", "column": "n", "where": "x"}, None, "where is not a table"),
        ({"file": "t.csv", "column": "n", "where": {"a": 1.5}}, None, "where is not a table"),
        ({"file": "t.csv", "column": "n", "where": {"a": True}}, None, "where is not a table"),
        ({"file": "t.csv", "column": "n", "where": {"a": date(2026, 10, 1)}}, None, ""),
        ({"file": "t.csv", "column": "n", "delimiter": "||"}, None, "delimiter is not one character"),
        ({"file": "t.csv", "column": "n", "decimal": []}, None, "decimal is neither"),
        ({"file": "t.csv", "column": "n", "encoding": "base64"}, None, "encoding is none that is known"),
        ({"file": "t.csv", "column": "n", "encoding": "klingon"}, None, "encoding is none that is known"),
    ],
)
def test_mistakes_in_a_measure_are_found_without_asking(
    desk: Desk, options: dict[str, Any], keys: dict[str, Any] | None, said: str
) -> None:
    table = SourceTable() if keys is None else desk.table(**(keys or {"options": {"folder": "/srv"}}))
    message = one_line(desk.wrong("csv", options, table))
    assert message.startswith(said)
    assert bool(message) is bool(said)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": "https://x.example"}, ""),
        ({"options": {"folder": "/srv/exports"}}, ""),
        ({}, "url or folder is needed, and not both"),
        ({"url": "https://x.example", "options": {"folder": "/srv"}}, "url or folder is needed, and not both"),
        ({"options": {"folder": 3}}, "folder is no text"),
        ({"options": {"folder": "/srv"}, "has_token": True}, "token and password are for a url"),
        ({"url": "https://x.example", "options": {"header": "X-Api-Key"}}, "header stands without a token"),
    ],
)
def test_mistakes_in_a_table_are_found_without_asking(desk: Desk, keys: dict[str, Any], said: str) -> None:
    message = one_line(desk.wrong_table("csv", desk.table(**keys)))
    assert message.startswith(said)
    assert bool(message) is bool(said)


class Shelf:
    """A folder for many tables."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.source = self.desk.open("csv", SourceTable())


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("shelf"))


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=12))
def test_aggregates_are_those_of_the_numbers_that_are_there(shelf: Shelf, cells: list[float | None]) -> None:
    text = "n,x\n" + "".join(f"{'' if each is None else repr(each)},y\n" for each in cells)
    (shelf.desk.folder / "t.csv").write_text(text)
    numbers = [each for each in cells if each is not None]
    assert ask(shelf.source, file="t.csv", aggregate="count").value == len(cells)
    assert ask(shelf.source, file="t.csv", column="n", aggregate="count").value == len(numbers)
    if not numbers:
        assert "there is no sum" in refused(shelf.source, Rejected, file="t.csv", column="n", aggregate="sum")
        return
    assert ask(shelf.source, file="t.csv", column="n", aggregate="sum").value == math.fsum(numbers)
    average = ask(shelf.source, file="t.csv", column="n", aggregate="average").value
    assert average == math.fsum(numbers) / len(numbers)
    assert ask(shelf.source, file="t.csv", column="n", aggregate="last").value == numbers[-1]

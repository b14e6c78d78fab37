"""The bundled measures as people use them: settings, documents, commands; and a secret that is nowhere afterwards."""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import time_machine

from okrsync.cli.program import run
from tests.unit.plugins.sources.house import CANARY, House, Reply, Request

SETTINGS = """
workspace = "acme"

[sources.warehouse]
type = "sql"
url = "sqlite:///metrics.db"
timeout = "1s"

[sources.metrics]
type = "prometheus"
url = "{url}"
token = {{ env = "OKRSYNC_TEST_TOKEN" }}

[sources.stats]
type = "http"
url = "{url}/stats"
user = "dana"
password = {{ file = "password" }}

[sources.locked]
type = "http"
url = "{url}"
token = {{ env = "OKRSYNC_NOT_SET" }}
"""
WELL = {
    "signups": '{ from = "sql", source = "warehouse", query = "select count(*) from signup" }',
    "uptime": '{ from = "prometheus", source = "metrics", query = "avg(up)" }',
    "users": '{ from = "http", source = "stats", path = "users", value = "data.total" }',
    "sales": '{ from = "csv", file = "sales.csv", column = "sum", row = "last" }',
}
ILL = {
    "rows": (
        '{ from = "sql", source = "warehouse", query = "select day from signup" }',
        "the query gave 2 rows; expected exactly one with one number",
    ),
    "nothing": (
        '{ from = "prometheus", source = "metrics", query = "0 / 0" }',
        "the query gave NaN, which is no number: a division of nothing by nothing, perhaps",
    ),
    "large": ('{ from = "http", source = "stats", path = "large", value = "@" }', "answers with more than 1 MiB"),
    "echo": ('{ from = "http", source = "stats", path = "echo", value = "said" }', "is the text 'Basic …'"),
    "text": ('{ from = "csv", file = "sales.csv", column = "day", row = "last" }', "is the text '2026-10-02'"),
    "unset": ('{ from = "http", source = "locked", path = "x", value = "x" }', "OKRSYNC_NOT_SET is not set"),
    "unknown": (
        '{ from = "sql", source = "warehous", query = "select 1" }',
        "there is no source 'warehous'; expected one of warehouse, metrics, stats or locked (did you mean",
    ),
    "missing": ('{ from = "sqll", query = "select 1" }', "nothing installed measures 'sqll' (did you mean 'sql'?)"),
}


def stats(request: Request) -> Reply:
    return Reply.json({"data": {"total": 300}, "said": request.headers["Authorization"]})


def prometheus(request: Request) -> Reply:
    value = "NaN" if "0+%2F+0" in request.path else "0.5"
    return Reply.json({"status": "success", "data": {"resultType": "scalar", "result": [1, value]}})


@dataclass
class Office:
    """A workspace on disk, and the program that works on it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, measures: dict[str, str]) -> dict[str, int]:
        """A document with a key result and a KPI for each measure; the lines on which the key results begin."""
        lines = ['cycle = "2026-Q4"', 'level = "team"', "[[objectives]]", 'id = "one"', 'title = "One"']
        begins = {}
        for name, measure in measures.items():
            begins[name] = len(lines) + 1
            lines += ["[[objectives.key_results]]", f'id = "{name}"', f'title = "{name}"']
            lines += ["baseline = 0", "target = 1000", f"measure = {measure}"]
        for name, measure in measures.items():
            lines += ["[[kpis]]", f'id = "kpi-{name}"', f'title = "{name}"', "min = 1", f"measure = {measure}"]
        (self.folder / "okrs" / "a.toml").write_text("\n".join(lines) + "\n")
        return begins

    def okrsync(self, *arguments: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        code = run(arguments)
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def status(self) -> dict[str, Any]:
        _, out, _ = self.okrsync("status", "--json")
        told: dict[str, Any] = json.loads(out)
        (objective,) = told["objectives"]
        return {each["ref"].rpartition("/")[2]: each for each in [*objective["key_results"], *told["kpis"]]}


@pytest.fixture
def office(tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Office:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKRSYNC_TEST_TOKEN", CANARY)
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text(SETTINGS.format(url=house.url))
    (tmp_path / "password").write_text(CANARY)
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "sales.csv").write_text("day,sum\n2026-10-01,70\n2026-10-02,80.5\n")
    with closing(sqlite3.connect(tmp_path / "metrics.db")) as connection, connection:
        connection.execute("create table signup (day text)")
        connection.executemany("insert into signup values (?)", [("2026-10-01",), ("2026-10-02",)])
    house.answers["/api/v1/query"] = prometheus
    house.answers["/stats/users"] = house.answers["/stats/echo"] = stats
    house.answers["/stats/large"] = Reply(b"9" * (10 * 2**20))
    return Office(tmp_path, capsys)


def test_key_results_and_kpis_are_measured_alike(office: Office, house: House) -> None:
    office.write(WELL)
    assert office.okrsync("check")[0] == 0
    with time_machine.travel("2026-11-15T12:00:00Z", tick=False):
        code, _, err = office.okrsync("pull")
        assert (code, err) == (0, "")
        status = office.status()
    assert {name: each["current"] for name, each in status.items()} == {
        **(values := {"signups": 2, "uptime": 0.5, "users": 300, "sales": 80.5}),
        **{f"kpi-{name}": value for name, value in values.items()},
    }
    assert status["signups"]["source"] == "sql query on warehouse"
    assert status["kpi-uptime"]["source"] == "prometheus query on metrics"
    assert status["users"]["source"] == f"data.total of {house.url}/stats/users"
    assert status["sales"]["source"] == "sum in line 3 of sales.csv"
    # A key result and a KPI that ask the same share the request.
    assert len(house.requests) == 2


def test_what_cannot_be_measured_is_told_with_its_place_and_the_others_go_on(office: Office) -> None:
    begins = office.write({**{name: measure for name, (measure, _) in ILL.items()}, **WELL})
    code, _, err = office.okrsync("pull")
    assert code == 1
    lines = err.splitlines()
    for name, (_, said) in ILL.items():
        (line,) = [
            each for each in lines if each.startswith(f"failed: 2026-Q4/one/{name}: okrs/a.toml:{begins[name]}:")
        ]
        assert said in line
        assert line.endswith("; the last known value stays")
    assert len(lines) == 2 * len(ILL)
    status = office.status()
    assert [status[name]["current"] for name in WELL] == [2, 0.5, 300, 80.5]
    assert all(status[name]["current"] is None for name in ILL)


def test_check_finds_what_can_be_found_without_asking(office: Office, house: House) -> None:
    begins = office.write({**{name: measure for name, (measure, _) in ILL.items()}, **WELL})
    code, _, err = office.okrsync("check")
    assert code == 2
    assert f"okrs/a.toml:{begins['unknown']}: 2026-Q4/one/unknown: there is no source 'warehous'" in err
    assert "2026-Q4/one/missing: measure.from is 'sqll'; expected" in err
    assert "Did you mean 'sql'?" in err
    assert err.splitlines()[-1] == "4 problems"
    assert house.requests == []


def test_a_value_that_fails_later_stays_and_is_stale(office: Office, house: House) -> None:
    office.write({"users": WELL["users"]})
    with time_machine.travel("2026-11-15T12:00:00Z", tick=False):
        assert office.okrsync("pull")[0] == 0
    for answer, code in ((Reply(b"", 400), 1), (Reply.json({"data": {}}), 1), (Reply.json({"data": {"total": 0}}), 0)):
        house.answers["/stats/users"] = answer
        with time_machine.travel("2026-11-16T12:00:00Z", tick=True):
            assert office.okrsync("pull")[0] == code
            assert office.status()["users"]["current"] == (300 if code else 0)
            assert office.status()["users"]["stale"] is bool(code)


def test_no_secret_is_left_anywhere(
    office: Office, house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write({**{name: measure for name, (measure, _) in ILL.items()}, **WELL})
    said: list[str | int] = []
    with caplog.at_level(logging.DEBUG):
        for arguments in (["pull"], ["--verbose", "pull"], ["--log-format", "json", "--verbose", "pull"], ["trackers"]):
            said += office.okrsync(*arguments)
            assert said[-3] == (0 if "trackers" in arguments else 1)
        for arguments in (["status", "--json"], ["explain", "2026-Q4/one/echo"], ["trackers", "--json"], ["check"]):
            said += office.okrsync(*arguments)
    assert any(CANARY in value for request in house.requests for value in request.headers.values())
    text = "".join(map(str, said)) + caplog.text
    packed = "ZGFuYTpjNG40cnkt"  # dana:c4n4ry-
    assert CANARY not in text
    assert packed not in text
    for path in office.folder.rglob("*"):
        if path.is_file() and path.name != "password":
            assert CANARY.encode() not in path.read_bytes(), path
            assert packed.encode() not in path.read_bytes(), path


def test_the_measures_and_the_sources_are_listed(office: Office) -> None:
    office.write(WELL)
    code, out, _ = office.okrsync("trackers", "--json")
    told = json.loads(out)
    assert code == 0
    assert {"sql", "http", "prometheus", "csv"} <= {each["name"] for each in told["measures"]}
    assert [each["name"] for each in told["sources"]] == ["warehouse", "metrics", "stats", "locked"]
    _, out, _ = office.okrsync("trackers")
    assert "warehouse" in out
    assert "sqlite:///metrics.db" in out

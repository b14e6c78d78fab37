"""The measure `sql`, on SQLite: one number from one statement that only reads, in a short time."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from okrsync.trackers.errors import Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.sources import MeasureSource
from okrsync_sources.sql_rules import address, connect_arguments, first_statements
from tests.unit.plugins.sources.house import CANARY, Desk, ask, one_line, refused

FOREVER = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"


@pytest.fixture
def base(desk: Desk) -> Path:
    path = desk.folder / "me trics.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table signup (day text, team text, seconds real, note text)")
        connection.executemany(
            "insert into signup values (?, ?, ?, ?)",
            [
                ("2026-09-30", "web", 9.0, "10:30"),
                ("2026-10-01", "web", 2.0, "50%"),
                ("2026-12-31", "platform", 4.0, ":day"),
                ("2027-01-01", "platform", 8.0, None),
            ],
        )
    return path


@pytest.fixture
def source(desk: Desk, base: Path) -> MeasureSource:
    return desk.open("sql", desk.table(name="warehouse", url=f"sqlite:///{base.name}"))


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select count(*) from signup", 4),
        ("SELECT count(*) FROM signup;\n", 4),
        (
            "-- How long it takes\n/* all; teams */ with x as (select seconds from signup) select avg(seconds) from x",
            5.75,
        ),
        ("select count(*) from signup where day between :cycle_start and :cycle_end", 2),
        ("select count(*) from signup where note = '50%'", 1),
        ("select count(*) from signup where note like '%:day' and day <= :cycle_end", 1),
        ("select count(*) from signup where note = '10:30'", 1),
        ("select count(*) from signup where note = ':day'", 1),
        ("select 3 > 2", 1),
        ("values (3)", 3),
        ("select 12345678901234567890.5", 12345678901234567890.5),
    ],
)
def test_one_number_from_one_query(source: MeasureSource, query: str, value: float) -> None:
    found = ask(source, query=query)
    assert found.value == value
    assert found.source == "sql query on warehouse"


def test_the_column_is_evidence(source: MeasureSource) -> None:
    assert ask(source, query="select count(*) as signups from signup").details == {"column": "signups"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select seconds from signup limit 2", "the query gave 2 rows; expected exactly one with one number"),
        ("select seconds from signup where team = 'x'", "the query gave no rows; expected exactly one"),
        ("select * from signup limit 1", "the query gave 4 columns (day, team, seconds, note); expected one"),
        (
            "select 1 union all select x from (" + FOREVER.replace("count(*)", "x") + " limit 3000)",
            "more than 1000 rows",
        ),
        ("select avg(seconds) from signup where team = 'x'", "the query gave NULL and no number"),
        ("select 1 / 0", "the query gave NULL and no number: nothing to compute from, or a division by nothing"),
        ("select team from signup limit 1", "what the query gave is the text 'web' where a number is expected"),
        ("select '12'", "is the text '12' where a number is expected; cast it to a number"),
        ("select x'00'", "is of type bytes where a number is expected"),
        ("select 9e999", "what the query gave is inf, which is no number"),
        ("select nowhere from signup", "the database refuses the query: no such column: nowhere"),
        ("select count(* from signup", "the database refuses the query: near"),
        ("with x as (select 1) delete from signup", "attempt to write a readonly database"),
        ("with x as (select 1) insert into signup (day) values ('x')", "attempt to write a readonly database"),
        ("select load_extension('x')", "the database refuses the query: not authorized"),
    ],
)
def test_what_is_no_number_is_told_and_nothing_is_written(
    source: MeasureSource, base: Path, query: str, said: str
) -> None:
    before = hashlib.sha256(base.read_bytes()).hexdigest()
    message = refused(source, Rejected, query=query)
    assert said in message
    assert "sqlalche.me" not in message and "SQL:" not in message
    assert hashlib.sha256(base.read_bytes()).hexdigest() == before
    assert sorted(each.name for each in base.parent.iterdir()) == [base.name]


def test_a_query_that_takes_too_long_is_ended(desk: Desk, base: Path) -> None:
    source = desk.open("sql", desk.table(name="warehouse", url=f"sqlite:///{base.name}", timeout=1.0))
    begun, threads = time.monotonic(), threading.active_count()
    assert "the query took more than 1 s" in refused(source, Rejected, query=FOREVER)
    assert time.monotonic() - begun < 30
    assert ask(source, query="select 7").value == 7
    deadline = time.monotonic() + 30
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= threads, "the query goes on"


def test_a_query_ends_when_the_process_is_to_stop(desk: Desk, base: Path) -> None:
    source = desk.open("sql", desk.table(name="warehouse", url=f"sqlite:///{base.name}", timeout=60.0))
    threading.Timer(0.2, desk.policy.stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Interrupted):
        ask(source, query=FOREVER)
    assert time.monotonic() - begun < 30


def test_a_database_that_is_not_there_is_told_and_not_made(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"there is no database other\.db"):
        desk.open("sql", desk.table(name="warehouse", url="sqlite:///other.db"))
    assert list(desk.folder.iterdir()) == []


def test_a_file_that_is_no_database_is_told(desk: Desk) -> None:
    (desk.folder / "x.db").write_text("not a database, but long enough to be taken for one" * 20)
    source = desk.open("sql", desk.table(name="warehouse", url="sqlite:///x.db"))
    assert "file is not a database" in refused(source, (Rejected, Misconfigured), query="select 1 from t")


def test_a_dialect_or_driver_that_nobody_has_is_told(desk: Desk) -> None:
    source = desk.open("sql", desk.table(name="warehouse", url="oracel://db.example/x", user="u"), password=CANARY)
    assert "no database 'oracel' is known (source warehouse)" in refused(source, Misconfigured, query="select 1")
    source = desk.open("sql", desk.table(name="warehouse", url="oracle+cx_oracle://db.example/x"))
    said = refused(source, Misconfigured, query="select 1")
    assert "source warehouse needs the driver cx_Oracle, which is not installed" in said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select 1", ""),
        ("  \n-- why\nWITH x AS (select 1) select * from x;", ""),
        ("(select 1)", ""),
        (3, "query is no text"),
        (" ", "query is no text"),
        ("delete from signup", "query does not begin with select or with"),
        ("-- select\ndrop table signup", "query does not begin with select or with"),
        ("/* select 1 */ drop table signup", "query does not begin with select or with"),
        ("select x from t\nINTO  outfile 'x.csv'", "query writes a file"),
        ("selected", "query does not begin with select or with"),
        ("select 1; drop table signup", "query has a ; in it; expected one statement alone"),
        ("select 1; commit; drop table signup;", "query has a ; in it"),
        ("select " + "1" * 30_000, "query has 30007 characters"),
    ],
)
def test_mistakes_in_a_measure_are_found_without_asking(desk: Desk, query: Any, said: str) -> None:
    message = one_line(desk.wrong("sql", {"query": query}))
    assert message.startswith(said)
    assert bool(message) is bool(said)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": "postgresql+psycopg://db.example/warehouse", "user": "u", "has_password": True}, ""),
        ({"url": "postgresql://db.example/w", "ca_file": "ca.pem"}, ""),
        ({"url": "sqlite:///metrics.db"}, ""),
        ({}, "url is missing"),
        ({"url": "https://db.example"}, "url is not an SQLAlchemy URL"),
        ({"url": "db.example"}, "url is not an SQLAlchemy URL"),
        ({"url": "sqlite://"}, "url names no file"),
        ({"url": "sqlite:///:memory:"}, "url names no file"),
        ({"url": "mysql://db.example/x", "has_token": True}, "token is not for a database"),
        ({"url": "mysql://db.example/x", "ca_file": "ca.pem"}, "ca_file works for postgresql alone"),
    ],
)
def test_mistakes_in_a_table_are_found_without_asking(desk: Desk, keys: dict[str, Any], said: str) -> None:
    message = one_line(desk.wrong_table("sql", desk.table(**keys)))
    assert message.startswith(said)
    assert bool(message) is bool(said)


def test_postgresql_is_asked_over_tls_unless_somebody_says_otherwise(desk: Desk) -> None:
    def told(url: str, **keys: Any) -> dict[str, Any]:
        table = desk.table(url=url, user="dana", **keys)
        made = address(table, CANARY, desk.folder)
        assert CANARY not in f"{made} {made!r}"
        return connect_arguments(made, table)

    assert told("postgresql+psycopg://db.example/w") == {"connect_timeout": 5, "sslmode": "require"}
    assert told("postgresql+psycopg://db.example/w?sslmode=disable") == {"connect_timeout": 5}
    assert told("postgresql://127.0.0.1:5432/w") == {"connect_timeout": 5}
    assert told("postgresql:///w?host=/run/postgresql&connect_timeout=2") == {}
    assert told("postgresql+pg8000://db.example/w") == {}
    assert told("mysql+pymysql://db.example/w") == {}
    (desk.folder / "ca.pem").write_text("")
    authority = {"sslrootcert": str(desk.folder / "ca.pem"), "sslmode": "verify-full"}
    assert told("postgresql://db.example/w", ca_file=authority["sslrootcert"]) == {"connect_timeout": 5, **authority}
    with pytest.raises(Misconfigured, match="does not exist"):
        told("postgresql://db.example/w", ca_file="/nowhere/ca.pem")


def test_each_kind_of_database_is_held_to_reading_for_a_short_time() -> None:
    def first(backend: str, *, is_mariadb: bool = False) -> tuple[str, ...]:
        return first_statements(backend, is_mariadb=is_mariadb, seconds=1.5)

    assert first("postgresql") == ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = 1500")
    assert first("mysql") == ("SET SESSION max_execution_time = 1500", "START TRANSACTION READ ONLY")
    assert first("mysql", is_mariadb=True) == ("SET SESSION max_statement_time = 1.5", "START TRANSACTION READ ONLY")
    assert first("oracle") == ("SET TRANSACTION READ ONLY",)
    assert first("sqlite") == ("PRAGMA query_only = ON",)
    assert first("mssql") == ()


def test_a_file_is_opened_for_reading_whatever_its_address_says(desk: Desk, base: Path) -> None:
    url = address(desk.table(url=f"sqlite:///{base.name}?mode=rwc&timeout=1"), None, desk.folder)
    assert dict(url.query) == {"mode": "ro", "uri": "true", "timeout": "1"}
    assert url.database == f"file:{base.parent}/me%20trics.db"


def test_a_database_that_does_not_answer_is_asked_for_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlalchemy_sqlite = pytest.importorskip("sqlalchemy.dialects.sqlite.pysqlite")

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("connection refused")

    (desk.folder / "x.db").touch()
    source = desk.open("sql", desk.table(name="warehouse", url="sqlite:///x.db"))
    monkeypatch.setattr(sqlalchemy_sqlite.SQLiteDialect_pysqlite, "connect", refuse)
    said = refused(source, Transient, query="select 1")
    assert said == "the database of source warehouse cannot be reached: connection refused"
    asked = desk.policy.requests
    assert asked == 2
    assert refused(source, Transient, query="select 2") == said
    assert desk.policy.requests == asked

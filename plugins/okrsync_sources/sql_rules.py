"""What a query and a database's address may be, and how each kind of database is held to reading for a short time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from okrsync.trackers.errors import Misconfigured, NotFound
from okrsync.trackers.sources import SourceTable
from okrsync_sources.addresses import is_loopback

CONNECT_SECONDS = 5
LONGEST_QUERY = 20_000
"""Characters."""
LIMITED = frozenset({"postgresql", "mysql", "mariadb"})
"""Databases that end a query that takes too long themselves."""
_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_READS = re.compile(r"\(*\s*(?:select|with|values)\b", re.IGNORECASE)
_WRITES_FILES = re.compile(r"\binto\s+(?:outfile|dumpfile)\b", re.IGNORECASE)
"""MySQL does so even in a transaction that only reads."""
_LIBPQ = frozenset({"psycopg", "psycopg2"})


def wrong_options(options: Mapping[str, Any], _table: SourceTable) -> Iterator[str]:
    """What is wrong in a measure, in clauses that begin with its key."""
    query = options["query"]
    if not isinstance(query, str) or not query.strip():
        yield "query is no text; expected one select"
    elif len(query) > LONGEST_QUERY:
        yield f"query has {len(query)} characters; expected at most {LONGEST_QUERY}"
    elif ";" in bare(query):
        yield "query has a ; in it; expected one statement alone (in a text, write it as chr(59) or char(59))"
    elif not _READS.match(_COMMENTS.sub("", query, count=1)):
        yield "query does not begin with select or with; expected a statement that only reads"
    elif _WRITES_FILES.search(query):
        yield "query writes a file; expected a statement that only reads"


def bare(query: str) -> str:
    """The query without what ends it."""
    return query.rstrip().rstrip(";").rstrip()


def wrong_table(table: SourceTable) -> Iterator[str]:
    """What is wrong in a table of the settings, in clauses that begin with its key."""
    if table.url is None:
        yield "url is missing: an SQLAlchemy URL such as postgresql+psycopg://db.acme.example/warehouse"
        return
    try:
        url = make_url(table.url)
    except (ArgumentError, ValueError):
        yield "url is not an SQLAlchemy URL such as postgresql+psycopg://db.acme.example/warehouse"
        return
    if url.get_backend_name() in {"http", "https"}:
        yield "url is not an SQLAlchemy URL such as postgresql+psycopg://db.acme.example/warehouse"
    if table.has_token:
        yield "token is not for a database; expected user and password"
    if table.ca_file is not None and url.get_backend_name() != "postgresql":
        yield "ca_file works for postgresql alone; name the certificate in the query of url, as the driver wants it"
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        yield "url names no file; expected one such as sqlite:///metrics.db"


def address(table: SourceTable, password: str | None, folder: Path) -> URL:
    """Where the database is, with the credentials, and so that a file can only be read.

    Raises:
        NotFound: the file does not exist.
    """
    url = make_url(table.url or "")
    if url.get_backend_name() != "sqlite":
        return url.set(username=table.user, password=password)
    path = folder / str(url.database)
    if not path.is_file():
        raise NotFound(
            f"there is no database {url.database} (source {table.name}); paths start from the settings' folder"
        )
    return url.set(database=f"file:{quote(str(path))}", query={**url.query, "mode": "ro", "uri": "true"})


def connect_arguments(url: URL, table: SourceTable) -> dict[str, Any]:
    """What the driver is told beside the address: PostgreSQL's drivers, to wait briefly and to encrypt."""
    if url.get_backend_name() != "postgresql" or (url.get_driver_name() or "psycopg2") not in _LIBPQ:
        return {}
    told: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS}
    if table.ca_file is not None:
        if not Path(table.ca_file).is_file():
            raise Misconfigured(f"ca_file names {table.ca_file}, which does not exist")
        told |= {"sslrootcert": table.ca_file, "sslmode": "verify-full"}
    elif url.host and not is_loopback(url.host) and not url.host.startswith("/"):
        told["sslmode"] = "require"
    return {name: value for name, value in told.items() if name not in url.query}


def first_statements(backend: str, *, is_mariadb: bool, seconds: float) -> tuple[str, ...]:
    """What a transaction begins with, so that it only reads and the server ends it in time.

    PostgreSQL: SET TRANSACTION, statement_timeout in milliseconds. MySQL: max_execution_time in milliseconds; MariaDB:
    max_statement_time in seconds. What other databases cannot do, the rollback and the time limit here do alone.
    """
    milliseconds = max(1, int(seconds * 1000))
    match backend:
        case "postgresql":
            return "SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = {milliseconds}"
        case "mysql" | "mariadb":
            limit = f"max_statement_time = {seconds:g}" if is_mariadb else f"max_execution_time = {milliseconds}"
            # Begun in words: a transaction that begins by itself would not hold back CREATE and the like.
            return f"SET SESSION {limit}", "START TRANSACTION READ ONLY"
        case "oracle":
            return ("SET TRANSACTION READ ONLY",)
        case "sqlite":
            return ("PRAGMA query_only = ON",)
        case _:
            return ()

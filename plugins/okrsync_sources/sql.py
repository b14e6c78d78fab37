"""The measure `sql`: one number from one query that only reads."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, CursorResult, Date, Engine, bindparam, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from okrsync.trackers.errors import AuthFailed, Misconfigured, Rejected, TrackerError, Transient
from okrsync.trackers.sources import Asked, Found, MeasureSource, SourceContext
from okrsync_sources.numbers import number_of
from okrsync_sources.patience import TookTooLong, within
from okrsync_sources.sql_rules import LIMITED, address, bare, connect_arguments, first_statements
from okrsync_sources.words import Words

PARAMETERS = ("cycle_start", "cycle_end")
"""Names that a query may use with a colon before them: the first and the last day of the cycle."""
_OURS = re.compile(rf"(?<![:\w\\]):({'|'.join(PARAMETERS)})\b")
_THEIRS = re.compile(r"(?<![:\w\\]):(?=\w)")
"""What SQLAlchemy would take for a parameter of a text."""
_COUNTED = 1000
"""A query with more rows than this is told to have more."""
_GRACE = 2.0
"""Seconds that the server has more than its own limit, so that its answer comes before we give up."""
_LOGIN = re.compile(r"(?i)password|authentication|access denied|login failed|role .* does not exist|permission denied")
_PLACE = re.compile(r"(?i)does not exist|unknown database|unable to open database|not a database|does not support SSL")


class SqlSource(MeasureSource):
    """A database."""

    def __init__(self, context: SourceContext) -> None:
        self._table = context.table
        self._policy = context.policy
        self._words = Words(context)
        password = context.password.reveal() if context.password else None
        self._url = address(context.table, password, context.folder)
        self._engine: Engine | None = None
        self._silent: Transient | None = None
        """Why the database cannot be reached: nobody waits for it again."""
        self._interrupt: Callable[[], None] = lambda: None

    def measure(self, asked: Asked) -> Found:
        """Ask the database, in a transaction that is rolled back."""
        if self._silent is not None:
            raise self._silent
        try:
            row = self._policy.call(lambda: self._exchange(asked), repeatable=True)
        except Transient as error:
            self._silent = error if error.acted is False else None
            raise
        ((name, value),) = row.items()
        if value is None:
            raise Rejected("the query gave NULL and no number: nothing to compute from, or a division by nothing")
        number = number_of(value, "what the query gave", self._words, remedy="cast it to a number")
        return Found(number, f"sql query on {self._table.name}", details={"column": name})

    def close(self) -> None:
        """Let go of the connection."""
        if self._engine is not None:
            self._engine.dispose()

    def _exchange(self, asked: Asked) -> Mapping[str, Any]:
        engine = self._opened()
        try:
            grace = _GRACE if engine.dialect.name in LIMITED else 0.0
            return within(
                self._table.timeout + grace, self._policy.stop, lambda: self._ask(engine, asked), self._give_up
            )
        except TookTooLong:
            raise self._too_slow() from None

    def _opened(self) -> Engine:
        if self._engine is None:
            arguments = connect_arguments(self._url, self._table)
            try:
                self._engine = sqlalchemy.create_engine(
                    self._url, connect_args=arguments, pool_size=1, hide_parameters=True
                )
            except NoSuchModuleError:
                raise Misconfigured(
                    f"no database {self._url.drivername!r} is known (source {self._table.name}): install its SQLAlchemy"
                    " dialect, or correct the beginning of url"
                ) from None
            except ModuleNotFoundError as error:
                raise Misconfigured(
                    f"source {self._table.name} needs the driver {error.name}, which is not installed: install it"
                    " beside okrsync with pip"
                ) from None
            except (ArgumentError, TypeError) as error:
                said = self._words.clean(str(error))
                raise Misconfigured(f"the url of source {self._table.name} cannot be used ({said})") from None
        return self._engine

    def _ask(self, engine: Engine, asked: Asked) -> Mapping[str, Any]:
        connection = self._connected(engine)
        try:
            raw = connection.connection.driver_connection
            self._interrupt = getattr(raw, "cancel", None) or getattr(raw, "interrupt", None) or (lambda: None)
            with connection, connection.begin() as transaction:
                try:
                    for statement in first_statements(
                        engine.dialect.name,
                        is_mariadb=bool(getattr(engine.dialect, "is_mariadb", False)),
                        seconds=self._table.timeout,
                    ):
                        connection.exec_driver_sql(statement)
                    begun = time.monotonic()
                    row = self._only_row(_run(connection, bare(asked.options["query"]), asked))
                    if time.monotonic() - begun >= self._table.timeout:
                        # MySQL answers with a 0 or a 1 of its own where it interrupts some functions.
                        raise self._too_slow()
                    return row
                finally:
                    transaction.rollback()
        except DBAPIError as error:
            raise self._refusal(error) from None
        except SQLAlchemyError as error:
            raise Rejected(f"the query cannot be used ({self._words.clean(str(error))})") from None

    def _connected(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except DBAPIError as error:
            said = self._said(error)
            if _LOGIN.search(said):
                raise AuthFailed(f"the database of source {self._table.name} does not let us in: {said}") from None
            if _PLACE.search(said):
                raise Misconfigured(f"the database of source {self._table.name} cannot be opened: {said}") from None
            raise Transient(
                f"the database of source {self._table.name} cannot be reached: {said}", acted=False
            ) from None

    def _only_row(self, result: CursorResult[Any]) -> Mapping[str, Any]:
        if not result.returns_rows:
            raise Rejected("the query gives no rows; expected one select")
        names = list(result.keys())
        rows = result.fetchmany(_COUNTED + 1)
        result.close()
        if len(names) != 1:
            raise Rejected(f"the query gave {len(names)} columns ({self._words.listed(names)}); expected one")
        if len(rows) != 1:
            many = f"more than {_COUNTED}" if len(rows) > _COUNTED else "no" if not rows else len(rows)
            raise Rejected(f"the query gave {many} rows; expected exactly one with one number")
        return {str(names[0]): rows[0][0]}

    def _refusal(self, error: DBAPIError) -> TrackerError:
        if error.connection_invalidated:
            return Transient(
                f"the connection to the database of source {self._table.name} was lost: {self._said(error)}"
            )
        # 57014 is PostgreSQL's query_canceled, 3024 and 1969 are MySQL's and MariaDB's.
        codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
        if codes & {"57014", 3024, 1969}:
            return self._too_slow()
        return Rejected(f"the database refuses the query: {self._said(error)}")

    def _said(self, error: DBAPIError) -> str:
        """The first words of the driver alone: those that follow, and SQLAlchemy's own, repeat the statement."""
        said = str(error.orig).strip()
        return self._words.clean(said.splitlines()[0] if said else type(error.orig).__name__)

    def _too_slow(self) -> Rejected:
        return Rejected(
            f"the query took more than {self._table.timeout:g} s: make it quicker, or raise timeout in the table of"
            f" source {self._table.name}"
        )

    def _give_up(self) -> None:
        """End the query where the driver can, and leave the connection to the thread that waits for it."""
        self._engine = None
        self._interrupt()


def _run(connection: Connection, query: str, asked: Asked) -> CursorResult[Any]:
    """Run the query, one row at a time where the database can."""
    streaming = connection.execution_options(stream_results=True)
    used = dict.fromkeys(_OURS.findall(query))
    if not used:
        # As it stands: what looks like a parameter to SQLAlchemy or the driver may be a cast, a time or a pattern.
        return streaming.execution_options(no_parameters=True).exec_driver_sql(query)
    parts = _OURS.split(query)
    # Every second part is a name; brackets keep it apart from a cast that may follow.
    parts = [f"(:{each})" if index % 2 else _THEIRS.sub(r"\:", each) for index, each in enumerate(parts)]
    days = {"cycle_start": asked.cycle.start, "cycle_end": asked.cycle.end}
    return streaming.execute(text("".join(parts)).bindparams(*(bindparam(name, days[name], Date()) for name in used)))

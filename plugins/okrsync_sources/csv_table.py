"""The measure `csv`: a number out of a table with a heading, in a file or at an address."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okrsync.trackers.errors import NotFound, Rejected
from okrsync.trackers.sources import Asked, Found, MeasureSource, SourceContext
from okrsync_sources.addresses import below
from okrsync_sources.web import Web
from okrsync_sources.words import Words

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes. An answer over HTTP may be as large as all of them: 1 MiB."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class _Table:
    """A table that was read. `rows` are those that are asked for, each with its line number in the file."""

    heading: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    where: str
    """Its file or address, as messages name it."""


class CsvSource(MeasureSource):
    """Tables in the workspace, in a folder that the settings name, or on an HTTP server."""

    def __init__(self, context: SourceContext) -> None:
        self._table = context.table
        self._folder = context.folder / Path(str(context.table.options.get("folder", "."))).expanduser()
        self._words = Words(context)
        self._web = Web(context, self._words)

    def measure(self, asked: Asked) -> Found:
        """Read the table, and take or compute the number."""
        options = asked.options
        table = self._read(options)
        column, aggregate = options.get("column"), options.get("aggregate")
        position = None if column is None else self._position(table, column)
        url = None if self._is_local(options) else self._address(options)
        if aggregate == "count":
            cells = [position is None or self._cell(row, position) != "" for _, row in table.rows]
            what = "rows" if column is None else f"rows with {column}"
            return Found(float(sum(cells)), f"{what} of {table.where}", url, {"rows": len(table.rows)})
        assert position is not None
        if aggregate is None:
            line, row = self._one_row(table, options)
            number = self._number(row, position, line, table, options)
            return Found(number, f"{column} in line {line} of {table.where}", url, {"line": line})
        numbers = [
            (line, self._number(row, position, line, table, options))
            for line, row in table.rows
            if self._cell(row, position) != ""
        ]
        if not numbers:
            raise Rejected(f"no row of {table.where} has a value in column {column}: there is no {aggregate}")
        if aggregate == "last":
            line, number = numbers[-1]
            return Found(number, f"last {column} of {table.where}", url, {"line": line})
        total = math.fsum(number for _, number in numbers)
        value = total / len(numbers) if aggregate == "average" else total
        return Found(value, f"{aggregate} of {column} in {table.where}", url, {"rows": len(numbers)})

    def close(self) -> None:
        """Let go of the connections."""
        self._web.close()

    def _is_local(self, options: Mapping[str, Any]) -> bool:
        return self._table.url is None and "url" not in options

    def _address(self, options: Mapping[str, Any]) -> str:
        return str(options["url"]) if self._table.url is None else below(self._table.url, str(options["file"]))

    def _read(self, options: Mapping[str, Any]) -> _Table:
        if self._is_local(options):
            where, content = str(options["file"]), self._file(str(options["file"]))
        else:
            url = self._address(options)
            answer = self._web.get(url)
            where, content = self._web.shown(url), answer.body
            if "html" in answer.kind:
                raise Rejected(f"{where} answers with a page for people and no table: check the address, or the token")
        text = self._text(content, options, where)
        delimiter = options.get("delimiter") or ("\t" if where.endswith(".tsv") else ",")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            heading = [each.strip() for each in next(reader, [])]
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        except csv.Error as error:
            raise Rejected(f"{where} cannot be read as a table (line {reader.line_num}: {error})") from None
        if not any(heading):
            raise Rejected(f"{where} is empty; expected a heading in its first line")
        if not rows:
            raise Rejected(f"{where} has no rows below its heading")
        return self._chosen(_Table(heading, rows, where), options)

    def _file(self, name: str) -> bytes:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise Rejected(f"{name} leads out of {self._place()}")
        try:
            # A pipe would block in open: look before.
            if not stat.S_ISREG(path.stat().st_mode):
                raise Rejected(f"{name} is not a file")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                content = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            raise NotFound(f"{name} does not exist in {self._place()}") from None
        except OSError as error:
            raise Rejected(f"{name} cannot be read: {error.strerror}") from None
        if len(content) > LARGEST_FILE:
            raise Rejected(f"{name} has {size} bytes, and at most {LARGEST_FILE // 2**20} MiB are read")
        return content

    def _place(self) -> str:
        return "the folder of the settings" if self._table.name is None else f"the folder of source {self._table.name}"

    def _text(self, content: bytes, options: Mapping[str, Any], where: str) -> str:
        encoding = str(options.get("encoding", "utf-8-sig"))
        try:
            return content.decode(encoding)
        except (UnicodeError, LookupError):
            name = "UTF-8" if "encoding" not in options else encoding
            raise Rejected(f'{where} is not {name}: export it as UTF-8, or write encoding = "…" (cp1252?)') from None

    def _chosen(self, table: _Table, options: Mapping[str, Any]) -> _Table:
        """Only the rows in which the columns of `where` hold what it says."""
        wanted = {self._position(table, name): str(value) for name, value in options.get("where", {}).items()}
        rows = [
            (line, row)
            for line, row in table.rows
            if all(self._cell(row, position) == value for position, value in wanted.items())
        ]
        if not rows and options.get("aggregate") != "count":
            raise Rejected(f"no row of {table.where} is as `where` says")
        return _Table(table.heading, rows, table.where)

    def _position(self, table: _Table, column: str) -> int:
        count = table.heading.count(column)
        if count == 1:
            return table.heading.index(column)
        has = f"; it has {self._words.listed(table.heading)}"
        if count:
            raise Rejected(f"{table.where} has {count} columns {column!r}: rename all but one{has}")
        raise Rejected(f"{table.where} has no column {column!r}{has}")

    def _one_row(self, table: _Table, options: Mapping[str, Any]) -> tuple[int, Sequence[str]]:
        row = options.get("row")
        if row is None and len(table.rows) > 1:
            raise Rejected(
                f"{len(table.rows)} rows of {table.where} could be meant: narrow them by where, or write"
                ' row = "last" or an aggregate'
            )
        return table.rows[0 if row == "first" else -1]

    def _cell(self, row: Sequence[str], position: int) -> str:
        return row[position].strip() if position < len(row) else ""

    def _number(self, row: Sequence[str], position: int, line: int, table: _Table, options: Mapping[str, Any]) -> float:
        cell = self._cell(row, position)
        place = f"column {table.heading[position]} in line {line} of {table.where}"
        if not cell:
            raise Rejected(f"{place} is empty")
        written = cell.replace(",", ".") if options.get("decimal") == "," and "." not in cell else cell
        number = float(written) if _NUMBER.fullmatch(written) else None
        if number is None or number in {float("inf"), float("-inf")}:
            hint = '; write decimal = "," if that is its decimal sign' if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
            raise Rejected(f"{place} is the text {self._words.quoted(cell)} where a number is expected{hint}")
        return number

"""What a measure over a table, and a source of tables, may say."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from okrsync.trackers.sources import SourceTable
from okrsync_sources.addresses import wrong_address, wrong_path, wrong_web_table

ROWS = ("first", "last")
AGGREGATES = ("sum", "average", "count", "last")
ENDINGS = (".csv", ".tsv", ".txt")
"""Nothing else is read: a message may quote a heading, and a file of another kind may be nobody's business."""


def wrong_table(table: SourceTable) -> Iterator[str]:
    """What is wrong in a table of the settings, in clauses that begin with its key."""
    folder = table.options.get("folder")
    if table.url is not None:
        yield from wrong_web_table(table)
    if (folder is None) is (table.url is None):
        yield "url or folder is needed, and not both: where the tables are"
    if folder is not None and (not isinstance(folder, str) or not folder.strip()):
        yield "folder is no text; expected a folder, from that of the settings"
    elif folder is not None and (table.has_token or table.has_password):
        yield "token and password are for a url; a folder needs none"


def wrong_options(options: Mapping[str, Any], table: SourceTable) -> Iterator[str]:
    """What is wrong in a measure, in clauses that begin with its key."""
    yield from _wrong_place(options, table)
    aggregate, row = options.get("aggregate"), options.get("row")
    if "column" in options and not isinstance(options["column"], str):
        yield "column is no text; expected the heading of a column"
    elif "column" not in options and aggregate != "count":
        yield "column is missing: the heading of the column that holds the number"
    if aggregate is not None and aggregate not in AGGREGATES:
        yield f"aggregate is not one of {', '.join(AGGREGATES)}"
    if row is not None and row not in ROWS:
        yield f"row is not one of {', '.join(ROWS)}"
    if row is not None and aggregate is not None:
        yield "row stands beside aggregate: one of them is enough"
    where = options.get("where", {})
    if not isinstance(where, Mapping) or not all(_can_be_compared(each) for each in where.values()):
        yield 'where is not a table of columns and what they hold, such as { team = "platform" }'
    delimiter = options.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        yield "delimiter is not one character"
    if options.get("decimal", ".") not in (".", ","):
        yield 'decimal is neither "." nor ","'
    if "encoding" in options and not _is_text_encoding(options["encoding"]):
        yield "encoding is none that is known, such as utf-8, cp1252 or utf-16"


def _wrong_place(options: Mapping[str, Any], table: SourceTable) -> Iterator[str]:
    url, file = options.get("url"), options.get("file")
    if table.name is not None and url is not None:
        yield "url stands beside a source; write the file below the source's url or folder"
    elif (url is None) is (file is None):
        yield "file or url is needed, and not both: where the table is"
    elif url is not None:
        wrong = wrong_address(url) if isinstance(url, str) else "is no text"
        if wrong:
            yield f"url {wrong}"
    elif not isinstance(file, str) or not file.strip():
        yield "file is no text; expected the path of a table"
    elif table.url is not None:
        if wrong := wrong_path(file):
            yield f"file {wrong}"
    else:
        yield from _wrong_file(file)


def _wrong_file(file: str) -> Iterator[str]:
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\x00" in file or file.startswith("~"):
        yield (
            "file leads out of its folder; files elsewhere are reached by a table under [sources] with type ="
            ' "csv" and folder = "…"'
        )
    elif not file.lower().endswith(ENDINGS) or any(part.startswith(".") for part in path.parts):
        yield f"file is no table; expected a name that ends with {', '.join(ENDINGS)} and is not hidden"


def _can_be_compared(value: object) -> bool:
    return isinstance(value, str | int | date) and not isinstance(value, bool | datetime)


def _is_text_encoding(name: object) -> bool:
    try:
        return isinstance(name, str) and isinstance("".encode(codecs.lookup(name).name), bytes)
    except (LookupError, ValueError):
        return False

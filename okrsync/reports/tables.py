"""A plain table of short facts, and its two looks: aligned lines for pipes, columns for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okrsync.reports.words import shown

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Rows of texts under headings. The last column takes what does not fit elsewhere."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""


def table_text(table: Table) -> Iterator[str]:
    """The table as lines; every column but the last is as wide as its widest text."""
    if table.title:
        yield shown(table.title)
    lines = [[shown(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(table.headings))]
    for row in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def table_picture(table: Table) -> RichTable:
    """The table for a terminal."""
    from rich.table import Table as RichTable
    from rich.text import Text

    picture = RichTable(
        title=Text(shown(table.title), style="bold") if table.title else None,
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for heading in table.headings:
        picture.add_column(Text(shown(heading)), overflow="fold")
    for row in table.rows:
        picture.add_row(*(Text(shown(cell)) for cell in row))
    return picture


def tables_text(tables: Sequence[Table]) -> Iterator[str]:
    """Several tables as lines, with an empty one between."""
    for number, table in enumerate(tables):
        yield from ("",) if number else ()
        yield from table_text(table)


def tables_picture(tables: Sequence[Table]) -> RenderableType:
    """Several tables for a terminal, with an empty line between."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    for number, table in enumerate(tables):
        parts += [Text()] if number else []
        parts.append(table_picture(table))
    return Group(*parts)

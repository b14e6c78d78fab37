"""The history of one number: a table with a sparkline, JSON, and CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from okrsync.domain.forecast import Forecast, TooLittle
from okrsync.domain.movement import Cause
from okrsync.domain.progress import same_number
from okrsync.domain.terms import Terms
from okrsync.reports import explain_words as say
from okrsync.reports import words
from okrsync.reports.explain_json import forecast_json
from okrsync.reports.history_rows import Recorded, Row, row_json
from okrsync.reports.sparkline import sparkline
from okrsync.reports.tables import Table, table_picture, table_text

if TYPE_CHECKING:
    from rich.console import RenderableType

SPARKS = 52
"""How many characters a sparkline has: four a week of a quarter."""
_FORMULA = ("=", "+", "-", "@")
_BLANK = ("\t", "\r")
"""How a cell begins that spreadsheets run (OWASP, CSV Injection)."""
_COLUMNS = (
    *("ref", "at", "value", "unit", "baseline", "target", "min", "max"),
    *("raw_progress", "progress", "coverage", "in_band", "source", "why"),
)


def history_text(found: Recorded) -> Iterator[str]:
    """The history as lines."""
    yield from _head(found)
    if found.rows:
        yield ""
        yield from table_text(_table(found))
    yield from _foot(found)


def history_picture(found: Recorded, width: int) -> RenderableType:
    """The history for a terminal of `width` columns."""
    from rich.console import Group
    from rich.text import Text

    first, *head = _head(found, width)
    parts: list[RenderableType] = [Text(first, style="bold"), *(Text(each) for each in head)]
    if found.rows:
        parts += [Text(), table_picture(_table(found))]
    return Group(*parts, *(Text(each) for each in _foot(found)))


def history_json(found: Recorded) -> dict[str, Any]:
    """The history for `okrsync history --json`."""
    check_in = found.check_in
    return {
        "ref": str(found.ref),
        "what": found.what,
        "title": found.title,
        "unit": found.unit,
        "cycle": found.cycle.name,
        "as_of": found.as_of.isoformat(),
        "rows": [row_json(each) for each in found.rows],
        "forecast": None if found.forecast is None else forecast_json(found.forecast),
        "confidence": None
        if check_in is None
        else {"confidence": check_in.confidence, "by": check_in.author, "at": check_in.at.isoformat()},
    }


def history_csv(found: Recorded) -> Iterator[str]:
    """The history as lines of CSV (RFC 4180, with a line feed alone at line ends)."""
    yield _csv_line(_COLUMNS)
    for row in found.rows:
        told = row_json(row)
        values = {**told, "ref": str(found.ref), "unit": found.unit, "why": _why(row, found.unit)}
        yield _csv_line(tuple(values[name] for name in _COLUMNS))


def cell(value: Any) -> str:
    """A value as a CSV cell: numbers stay numbers, and a text that a spreadsheet would run gets a quote before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    # What a terminal must not obey is left out first: without it, another character may begin the cell.
    text = words.shown(str(value))
    runs = str(value).startswith(_BLANK) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if runs else text


def _csv_line(values: tuple[Any, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([cell(each) for each in values])
    return line.getvalue().removesuffix("\n")


def _head(found: Recorded, width: int = 80) -> Iterator[str]:
    yield f"{found.ref}  {words.shown(found.title)}"
    if not found.rows:
        yield "no value is known yet: `okrsync pull` reads the trackers"
        return
    start, end = found.span
    line = sparkline(found.points, start, end, max(1, min(SPARKS, width - 26)))
    yield f"{say.day(start)} {line} {say.day(end)}"


def _foot(found: Recorded) -> Iterator[str]:
    lines = [*_forecast(found), *_confidence(found)]
    if lines:
        yield ""
    yield from lines


def _forecast(found: Recorded) -> Iterator[str]:
    ahead = found.forecast
    if isinstance(ahead, Forecast):
        yield f"forecast for the cycle's end, {found.cycle.end}: {forecast_text(ahead, found.unit)}"
    elif isinstance(ahead, TooLittle) and found.rows:
        yield f"forecast: {ahead.reason}"


def forecast_text(ahead: Forecast, unit: str) -> str:
    """The range of the value and of its progress: `2.1 to 2.8 s, middle 2.4; progress 48 % to 76 %`."""
    if same_number(ahead.low, ahead.high):
        return (
            f"{say.about(ahead.middle)} {words.shown(unit)}".rstrip()
            + f"; progress {words.percent(ahead.progress_middle)}"
        )
    high = f"{say.about(ahead.high)} {words.shown(unit)}".rstrip()
    return (
        f"{say.about(ahead.low)} to {high}, middle {say.about(ahead.middle)};"
        f" progress {words.percent(ahead.progress_low)} to {words.percent(ahead.progress_high)}"
    )


def _confidence(found: Recorded) -> Iterator[str]:
    check_in = found.check_in
    if check_in is not None and check_in.confidence is not None:
        who = f" by {words.shown(check_in.author)}" if check_in.author else ""
        yield f"confidence: {words.percent(check_in.confidence)}, stated{who} on {words.moment(check_in.at)}"


def _table(found: Recorded) -> Table:
    if found.what == "objective":
        rows = [
            (words.moment(each.at), words.percent(each.progress), words.percent(each.coverage)) for each in found.rows
        ]
        return Table(("Since", "Progress", "Known for"), rows)
    is_kpi = found.what == "kpi"
    return Table(
        ("Since", "Value", *(("Band", "In its band") if is_kpi else ("Progress",)), "Why", "From"),
        [
            (
                words.moment(each.at),
                words.quantity(each.value, found.unit),
                *(_band(each) if is_kpi else (words.percent(each.progress),)),
                _why(each, found.unit),
                words.shown(each.source),
            )
            for each in found.rows
        ],
    )


def _band(row: Row) -> tuple[str, str]:
    terms = row.terms or Terms()
    return words.band(terms.minimum, terms.maximum, terms.unit), "yes" if row.in_band else "no"


def _why(row: Row, unit: str) -> str:
    """Why a row is another than the one before: `work done +10 %, scope change −2 %`."""
    causes = [
        f"{say.cause_text(cause)} "
        + (say.points(float(part)) if cause is Cause.TARGET else say.signed(float(part), unit))
        for cause, part in row.causes.items()
    ]
    changed = row.target_change
    return ", ".join([*causes, *([] if changed is None else [say.target_change_text(changed, unit)])])

"""The measures `sql`, `http`, `prometheus` and `csv`: numbers that are in no tracker.

It may import `okrsync.domain` and `okrsync.trackers`; SQLAlchemy, jmespath and requests are imported only when
something is measured. Start reading at a measure (`sql`, `http_json`, `prometheus`, `csv_table`); `web` sends what goes
over HTTP, `patience` ends what takes too long, `words` keeps credentials out of messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from okrsync.trackers.hookspecs import hookimpl
from okrsync.trackers.sources import MeasureSource, MeasureType, SourceContext, SourceTable

_HEADER = {"header": "The header that carries the token, where it is not `Authorization: Bearer`: `X-Api-Key`."}


def _load_sql(context: SourceContext) -> MeasureSource:
    from okrsync_sources.sql import SqlSource

    return SqlSource(context)


def _load_http(context: SourceContext) -> MeasureSource:
    from okrsync_sources.http_json import HttpSource

    return HttpSource(context)


def _load_prometheus(context: SourceContext) -> MeasureSource:
    from okrsync_sources.prometheus import PrometheusSource

    return PrometheusSource(context)


def _load_csv(context: SourceContext) -> MeasureSource:
    from okrsync_sources.csv_table import CsvSource

    return CsvSource(context)


def _check_sql(options: Mapping[str, Any], table: SourceTable) -> Iterable[str]:
    from okrsync_sources.sql_rules import wrong_options

    return wrong_options(options, table)


def _check_sql_table(table: SourceTable) -> Iterable[str]:
    from okrsync_sources.sql_rules import wrong_table

    return wrong_table(table)


def _check_http(options: Mapping[str, Any], table: SourceTable) -> Iterable[str]:
    from okrsync_sources.http_json import wrong_options

    return wrong_options(options, table)


def _check_web_table(table: SourceTable) -> Iterable[str]:
    from okrsync_sources.addresses import wrong_web_table

    return wrong_web_table(table)


def _check_prometheus(options: Mapping[str, Any], table: SourceTable) -> Iterable[str]:
    from okrsync_sources.prometheus import wrong_options

    return wrong_options(options, table)


def _check_csv(options: Mapping[str, Any], table: SourceTable) -> Iterable[str]:
    from okrsync_sources.csv_rules import wrong_options

    return wrong_options(options, table)


def _check_csv_table(table: SourceTable) -> Iterable[str]:
    from okrsync_sources.csv_rules import wrong_table

    return wrong_table(table)


@hookimpl
def register_measures() -> Iterable[MeasureType]:
    """Databases, JSON over HTTP, Prometheus, and tables in files."""
    return [
        MeasureType(
            name="sql",
            summary="one number from one query of a database that SQLAlchemy knows",
            load=_load_sql,
            options={
                "query": "One select that gives one row with one number; `:cycle_start` and `:cycle_end` are days."
            },
            required=frozenset({"query"}),
            check=_check_sql,
            check_table=_check_sql_table,
        ),
        MeasureType(
            name="http",
            summary="a number in a JSON answer, by JMESPath",
            load=_load_http,
            options={
                "path": "With a source: what to fetch below its url, such as `v1/users?active=true`.",
                "url": "Without a source: the whole address, for what needs no credentials.",
                "value": "The JMESPath expression that finds the number, such as `data.total` or `length(items)`.",
            },
            required=frozenset({"value"}),
            settings=_HEADER,
            needs_source=False,
            check=_check_http,
            check_table=_check_web_table,
        ),
        MeasureType(
            name="prometheus",
            summary="one sample of an instant query, now",
            load=_load_prometheus,
            options={"query": "A PromQL expression that gives one sample: a scalar, or a vector with one element."},
            required=frozenset({"query"}),
            settings=_HEADER,
            check=_check_prometheus,
            check_table=_check_web_table,
        ),
        MeasureType(
            name="csv",
            summary="a number from a table with a heading, in a file or at an address",
            load=_load_csv,
            options={
                "file": "The table: a path in the settings' folder, or below the source's folder or url.",
                "url": "Without a source: the whole address of the table, for what needs no credentials.",
                "column": "The heading of the column that holds the number.",
                "where": 'Only rows in which columns hold this: `{ team = "platform" }`.',
                "row": "Which of several rows: `first` or `last`.",
                "aggregate": "Or a number over all of them: `sum`, `average`, `count`, or `last` (that is not empty).",
                "delimiter": "What stands between cells; a comma without it, a tab in `.tsv`.",
                "decimal": 'The decimal sign: `"."` without it, or `","`.',
                "encoding": "The encoding of the text; UTF-8 without it.",
            },
            settings={"folder": "A folder with tables, from the settings' folder, wherever it is.", **_HEADER},
            needs_source=False,
            check=_check_csv,
            check_table=_check_csv_table,
        ),
    ]

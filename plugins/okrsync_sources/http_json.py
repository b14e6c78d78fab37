"""The measure `http`: a number out of a JSON answer, found by a JMESPath expression."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import jmespath
from jmespath.exceptions import JMESPathError

from okrsync.trackers.errors import Rejected
from okrsync.trackers.sources import Asked, Found, MeasureSource, SourceContext, SourceTable
from okrsync_sources.addresses import below, wrong_address, wrong_path
from okrsync_sources.numbers import number_of
from okrsync_sources.web import Answer, Web
from okrsync_sources.words import Words


class HttpSource(MeasureSource):
    """An HTTP server that answers with JSON, or any such address where it has no table in the settings."""

    def __init__(self, context: SourceContext) -> None:
        self._table = context.table
        self._words = Words(context)
        self._web = Web(context, self._words)

    def measure(self, asked: Asked) -> Found:
        """Fetch the answer and find the number in it."""
        url = address(asked.options, self._table)
        answer = self._web.get(url)
        expression = asked.options["value"]
        what = f"{expression} of {self._web.shown(url)}"
        value = self._search(expression, json_of(answer, self._web.shown(url)), what)
        number = number_of(value, what, self._words, remedy=f"if it is one in quotes, write to_number({expression})")
        return Found(number, what, url=url)

    def _search(self, expression: str, answer: Any, what: str) -> Any:
        try:
            value = jmespath.search(expression, answer)
        except JMESPathError as error:
            raise Rejected(f"{what} cannot be found: {self._words.clean(str(error))}") from None
        if value is None:
            has = f"; it has {self._words.listed(answer)}" if isinstance(answer, Mapping) and answer else ""
            raise Rejected(f"{what} is nothing (null), so there is no number{has}")
        return value

    def close(self) -> None:
        """Let go of the connections."""
        self._web.close()


def json_of(answer: Answer, where: str) -> Any:
    """What an answer says in JSON. Raises Rejected where it is none."""
    try:
        return json.loads(answer.body, parse_constant=_no_constant)
    except _Constant as constant:
        raise Rejected(f"{where} answers with {constant}, which is no number and no JSON (RFC 8259)") from None
    except (ValueError, RecursionError):
        kind = f" ({answer.kind})" if answer.kind else ""
        raise Rejected(f"{where} answers with something other than JSON{kind}") from None


class _Constant(Exception):
    """NaN or an infinity, which Python reads and JSON does not have."""


def _no_constant(name: str) -> NoReturn:
    raise _Constant(name)


def address(options: Mapping[str, Any], table: SourceTable) -> str:
    """Where a measure's number is fetched."""
    return str(options["url"]) if table.url is None else below(table.url, str(options.get("path", "")))


def wrong_place(options: Mapping[str, Any], table: SourceTable) -> Iterator[str]:
    """What is wrong in `path` and `url` of a measure, which needs the one with a source and the other without."""
    needed, unneeded = ("url", "path") if table.name is None else ("path", "url")
    if unneeded in options:
        why = "without a source; write the whole address as url" if unneeded == "path" else "beside a source"
        yield f"{unneeded} stands {why}"
    value = options.get(needed)
    if value is None and needed == "url":
        yield "url is missing: the address to fetch; or name a source, and a path below its url"
    elif value is not None and not isinstance(value, str):
        yield f"{needed} is no text"
    elif value is not None and (wrong := wrong_address(value) if needed == "url" else wrong_path(value)):
        yield f"{needed} {wrong}"


def wrong_options(options: Mapping[str, Any], table: SourceTable) -> Iterator[str]:
    """What is wrong in a measure, in clauses that begin with its key."""
    yield from wrong_place(options, table)
    expression = options["value"]
    if not isinstance(expression, str) or not expression.strip():
        yield "value is no text; expected a JMESPath expression such as data.total"
        return
    try:
        jmespath.compile(expression)
    except (JMESPathError, RecursionError) as error:
        said = " ".join(str(error).split())
        yield f"value is not a JMESPath expression ({said}); expected one such as data.total"

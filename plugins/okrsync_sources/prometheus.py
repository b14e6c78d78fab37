"""The measure `prometheus`: one sample of an instant query.

The shapes are those of Prometheus's HTTP API, https://prometheus.io/docs/prometheus/latest/querying/api/: an envelope
{status, data: {resultType, result}, errorType, error, warnings}; 400 for bad parameters, 422 for an expression that
cannot be executed, 503 for one that timed out or was aborted, each with the envelope.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from okrsync.trackers.errors import Misconfigured, Rejected
from okrsync.trackers.sources import Asked, Found, MeasureSource, SourceContext, SourceTable
from okrsync_sources.addresses import below
from okrsync_sources.http_json import json_of
from okrsync_sources.web import Web
from okrsync_sources.words import Words

_REFUSALS = frozenset({400, 422, 503})
_ONE = "a query for one sample, such as sum(…) or max(…)"


class PrometheusSource(MeasureSource):
    """A server that answers instant queries as Prometheus does: Thanos, Mimir and VictoriaMetrics are such too."""

    def __init__(self, context: SourceContext) -> None:
        self._table = context.table
        self._words = Words(context)
        self._web = Web(context, self._words)

    def measure(self, asked: Asked) -> Found:
        """Ask for the value of the query now."""
        data = self._data(asked.options["query"])
        sample, labels = self._sample(data)
        moment, number = self._read(sample)
        details: dict[str, Any] = {"at": moment.isoformat()} if moment else {}
        if labels:
            details["labels"] = {str(name): str(value) for name, value in labels.items()}
        return Found(number, f"prometheus query on {self._table.name}", details=details)

    def _data(self, query: str) -> Mapping[str, Any]:
        url = below(self._table.url or "", "api/v1/query")
        params = {"query": query, "timeout": f"{max(1, int(self._table.timeout))}s"}
        answer = self._web.get(url, params, accept=_REFUSALS)
        told = json_of(answer, self._web.shown(url))
        if not isinstance(told, Mapping) or told.get("status") not in {"success", "error"}:
            raise Misconfigured(f"{self._web.shown(url)} does not answer as Prometheus does: check the source's url")
        if told["status"] == "error":
            said = self._words.clean(f"{told.get('errorType')}: {told.get('error')}")
            raise Rejected(f"prometheus refuses the query ({said})")
        data = told.get("data")
        if not isinstance(data, Mapping) or not isinstance(data.get("result"), list):
            raise Misconfigured(f"{self._web.shown(url)} does not answer as Prometheus does: it gives no result")
        return data

    def _sample(self, data: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        """The only sample and its labels."""
        kind, result = data.get("resultType"), data["result"]
        if kind == "scalar":
            return result, {}
        if kind != "vector":
            raise Rejected(f"the query gives a {self._words.clean(str(kind), 20)} where a number is expected; {_ONE}")
        if not result:
            raise Rejected("the query gave no sample: no series matches it now")
        if len(result) > 1:
            series = [each.get("metric") if isinstance(each, Mapping) else None for each in result[:2]]
            shown = self._words.clean(" and ".join(map(_written, series)), 200)
            raise Rejected(f"the query gave {len(result)} samples, beginning with {shown}; expected {_ONE}")
        (only,) = result
        labels = only.get("metric") if isinstance(only, Mapping) else None
        if not isinstance(labels, Mapping) or "value" not in only:
            raise Rejected("the query gave a histogram where a number is expected; take histogram_quantile(…) of it")
        return only["value"], labels

    def _read(self, sample: Any) -> tuple[datetime | None, float]:
        """A sample is [seconds since 1970, "number"]."""
        try:
            seconds, text = sample
            number = float(text)
        except (TypeError, ValueError):
            raise Rejected("the query gave text where a number is expected") from None
        if math.isnan(number):
            raise Rejected("the query gave NaN, which is no number: a division of nothing by nothing, perhaps")
        if math.isinf(number):
            raise Rejected(f"the query gave {number:+}, which is no number: a division by nothing, perhaps")
        try:
            return datetime.fromtimestamp(float(seconds), UTC), number
        except (TypeError, ValueError, OverflowError, OSError):
            return None, number

    def close(self) -> None:
        """Let go of the connections."""
        self._web.close()


def _written(labels: object) -> str:
    """Labels as PromQL writes them."""
    if not isinstance(labels, Mapping):
        return "{}"
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def wrong_options(options: Mapping[str, Any], _table: SourceTable) -> Iterator[str]:
    """What is wrong in a measure, in clauses that begin with its key."""
    query = options["query"]
    if not isinstance(query, str) or not query.strip():
        yield "query is no text; expected a PromQL expression"

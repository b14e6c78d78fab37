"""The measure `prometheus`, against a server that speaks the JSON that Prometheus documents."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from okrsync.trackers.errors import AuthFailed, Misconfigured, Rejected
from okrsync.trackers.sources import MeasureSource
from tests.unit.plugins.sources.house import CANARY, Desk, House, Reply, Request, ask, one_line, refused

NOON = 1796126400


def vector(*values: str) -> dict[str, Any]:
    series = [
        {"metric": {"__name__": "up", "instance": f"web-{number}"}, "value": [NOON + 0.781, value]}
        for number, value in enumerate(values)
    ]
    return {"resultType": "vector", "result": series}


HISTOGRAM = {"metric": {}, "histogram": [NOON, {"count": "60", "sum": "33", "buckets": [[1, "0.2", "0.3", "6"]]}]}
QUERIES: dict[str, dict[str, Any]] = {
    "up": vector("0.995"),
    "scalar(up)": {"resultType": "scalar", "result": [NOON, "42"]},
    "many": vector("1", "0", "1"),
    "none": vector(),
    "up[5m]": {"resultType": "matrix", "result": []},
    '"text"': {"resultType": "string", "result": [NOON, "text"]},
    "0 / 0": vector("NaN"),
    "1 / 0": vector("+Inf"),
    "-1 / 0": vector("-Inf"),
    "native": {"resultType": "vector", "result": [HISTOGRAM]},
    "odd": {"resultType": "scalar", "result": [NOON, None]},
    "timeless": {"resultType": "scalar", "result": [1e300, "3"]},
}


def prometheus(request: Request) -> Reply:
    """A small Prometheus: one endpoint, its envelope, its refusals."""
    if request.headers.get("Authorization") != f"Bearer {CANARY}":
        return Reply(b"Unauthorized\n", 401)
    (query,) = parse_qs(urlsplit(request.path).query)["query"]
    if query == "sum(":
        error = {"status": "error", "errorType": "bad_data", "error": "parse error: unclosed left parenthesis"}
        return Reply.json(error, 400)
    if query == "slow":
        error = {"status": "error", "errorType": "timeout", "error": "query timed out in expression evaluation"}
        return Reply.json(error, 503)
    return Reply.json({"status": "success", "data": QUERIES[query]})


@pytest.fixture
def source(desk: Desk, house: House) -> MeasureSource:
    house.answers["/prom/api/v1/query"] = prometheus
    return desk.open("prometheus", desk.table(name="metrics", url=f"{house.url}/prom"), token=CANARY)


def test_a_vector_with_one_element_is_a_number(source: MeasureSource, house: House) -> None:
    found = ask(source, query="up")
    assert found.value == 0.995
    assert found.source == "prometheus query on metrics"
    assert found.details == {
        "at": "2026-12-01T12:00:00.781000+00:00",
        "labels": {"__name__": "up", "instance": "web-0"},
    }
    (request,) = house.requests
    assert parse_qs(urlsplit(request.path).query) == {"query": ["up"], "timeout": ["5s"]}


def test_a_scalar_is_a_number(source: MeasureSource) -> None:
    assert ask(source, query="scalar(up)").value == 42
    assert ask(source, query="timeless").value == 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "many",
            'the query gave 3 samples, beginning with {__name__="up", instance="web-0"} and {__name__="up",'
            ' instance="web-1"}; expected a query for one sample, such as sum(…)',
        ),
        ("none", "the query gave no sample: no series matches it now"),
        ("up[5m]", "the query gives a matrix where a number is expected"),
        ('"text"', "the query gives a string where a number is expected"),
        ("0 / 0", "the query gave NaN, which is no number: a division of nothing by nothing, perhaps"),
        ("1 / 0", "the query gave +inf, which is no number: a division by nothing, perhaps"),
        ("-1 / 0", "the query gave -inf"),
        ("native", "the query gave a histogram where a number is expected"),
        ("odd", "the query gave text where a number is expected"),
        ("sum(", "prometheus refuses the query (bad_data: parse error: unclosed left parenthesis)"),
        ("slow", "prometheus refuses the query (timeout: query timed out in expression evaluation)"),
    ],
)
def test_what_is_no_number_is_told(source: MeasureSource, house: House, query: str, said: str) -> None:
    assert said in refused(source, Rejected, query=query)
    assert len(house.requests) == 1


@pytest.mark.parametrize("answer", [[], {}, {"status": "success"}, {"status": "success", "data": {"result": 3}}, "x"])
def test_a_server_that_is_no_prometheus_is_told(source: MeasureSource, house: House, answer: Any) -> None:
    house.answers["/prom/api/v1/query"] = Reply.json(answer)
    assert "does not answer as Prometheus does" in refused(source, Misconfigured, query="up")


def test_a_wrong_token_is_told(desk: Desk, house: House) -> None:
    house.answers["/api/v1/query"] = prometheus
    source = desk.open("prometheus", desk.table(name="metrics", url=house.url), token="another-token")
    assert "does not accept the credentials of source metrics" in refused(source, AuthFailed, query="up")


def test_a_query_is_text(desk: Desk) -> None:
    assert desk.wrong("prometheus", {"query": "up"}) == []
    assert "query is no text" in one_line(desk.wrong("prometheus", {"query": 3}))
    assert "query is no text" in one_line(desk.wrong("prometheus", {"query": " "}))

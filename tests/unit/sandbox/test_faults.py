"""Which requests a fault strikes, and what counts as a write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from okrsync.sandbox import Fault, FaultInjector, SandboxRequest
from okrsync.sandbox.request_log import is_write


def asked(method: str = "GET", path: str = "/x", body: bytes = b"") -> SandboxRequest:
    return SandboxRequest(method, path, "", Headers({}), body, "http://here")


@given(skip=st.integers(0, 5), times=st.integers(1, 5) | st.none(), requests=st.integers(0, 15))
def test_a_fault_skips_then_strikes_a_number_of_times(skip: int, times: int | None, requests: int) -> None:
    injector = FaultInjector()
    injector.add(Fault("status", skip=skip, times=times))
    struck = [injector.take(asked()) is not None for _ in range(requests)]
    assert struck == [n >= skip and (times is None or n < skip + times) for n in range(requests)]


def test_only_requests_that_fit_are_counted() -> None:
    injector = FaultInjector()
    injector.add(Fault("status", method="post", path="^/issue$", body="Epic", skip=1))
    assert injector.take(asked("POST", "/issue", b'{"type": "Epic"}')) is None
    assert injector.take(asked("GET", "/issue", b"Epic")) is None
    assert injector.take(asked("POST", "/issue/1", b"Epic")) is None
    assert injector.take(asked("POST", "/issue", b"Task")) is None
    assert injector.take(asked("POST", "/issue", b"Epic")) is not None
    assert injector.waiting == []


def test_the_first_fault_that_is_due_takes_the_request() -> None:
    injector = FaultInjector()
    first, second = Fault("status", status=500), Fault("status", status=501)
    injector.add(first)
    injector.add(second)
    assert [injector.take(asked()) for _ in range(3)] == [first, second, None]


def test_clearing_drops_all() -> None:
    injector = FaultInjector()
    injector.add(Fault("status", times=None))
    injector.clear()
    assert injector.take(asked()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "boom"},
        {},
        {"kind": "status", "what": 1},
        {"kind": "delay", "seconds": -1},
        {"kind": "status", "times": 0},
        {"kind": "status", "path": "("},
    ],
)
def test_what_is_no_fault_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Fault.from_json(wrong)


def test_a_fault_from_json_has_its_body_as_bytes() -> None:
    fault = Fault.from_json({"kind": "status", "status": 429, "headers": {"Retry-After": "2"}, "response_body": "{}"})
    assert fault == Fault("status", status=429, headers={"Retry-After": "2"}, response_body=b"{}")


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [
        ("GET", "/rest/api/2/issue/1", False),
        ("POST", "/rest/api/2/issue", True),
        ("PUT", "/rest/api/2/issue/1", True),
        ("DELETE", "/rest/api/2/issue/1", True),
        ("POST", "/rest/api/2/search", False),
        ("POST", "/rest/api/2/search/jql", False),
        ("POST", "/rest/api/2/search/approximate-count", False),
        ("POST", "/rest/api/2/issue/bulkfetch", False),
        ("POST", "/rest/api/2/changelog/bulkfetch", False),
        ("POST", "/rest/api/2/issue/bulk", True),
        ("PATCH", "/repos/a/b/milestones/1", True),
    ],
)
def test_reads_in_disguise_are_no_writes(method: str, path: str, write: bool) -> None:
    assert is_write(method, path, b"{}") is write


@pytest.mark.parametrize(
    ("query", "write"),
    [
        ("query { viewer { login } }", False),
        ('{ repository(name: "mutation") { id } }', False),
        ("# mutation\nquery A { a }", False),
        ("mutation { addStar(input: {}) { clientMutationId } }", True),
        ("fragment F on X { a } mutation M { b { ...F } }", True),
        ("no graphql {", False),
    ],
)
def test_graphql_writes_only_by_mutation(query: str, write: bool) -> None:
    assert is_write("POST", "/api/graphql", json.dumps({"query": query}).encode()) is write


def test_graphql_that_is_no_json_is_no_write() -> None:
    assert not is_write("POST", "/graphql", b"<html>")

"""What a sandbox was asked and what it answered, for tests that count requests and check them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

READS_BY_POST = re.compile(
    r"/(search|search/jql|search/approximate-count|issue/bulkfetch|changelog/bulkfetch|jql/parse|jql/match|"
    r"jql/pdcleaner|expression/evaluate|expression/eval|permissions/check)/?$"
)
"""Jira's POSTs that only read (Cloud platform REST API)."""

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})


@dataclass(frozen=True)
class RequestRecord:
    """One request with its answer.

    `headers` and `response_headers` have lower-case names and hold no credentials.  `status` is what the site
    answered or, where a fault stood in its place, what the fault answered; 0 if there was no answer at all.
    `fault` is the fault's kind.
    """

    at: datetime
    method: str
    path: str
    query: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: str | None
    response_body: bytes
    response_headers: Mapping[str, str]

    @property
    def is_write(self) -> bool:
        """Whether the request asks for a change, whatever came of it."""
        return is_write(self.method, self.path, self.body)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON, with bodies as text."""
        return {
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "is_write": self.is_write,
            "fault": self.fault,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "replace"),
            "response_headers": dict(self.response_headers),
            "response_body": self.response_body.decode("utf-8", "replace"),
        }


def is_write(method: str, path: str, body: bytes) -> bool:
    """Whether a request asks for a change: POSTs that search read, and so does GraphQL without mutation."""
    if method not in {"POST", "PUT", "PATCH", "DELETE"}:
        return False
    if method == "POST" and path.rstrip("/").endswith("/graphql"):
        return _holds_mutation(body)
    return not (method == "POST" and READS_BY_POST.search(path))


def _holds_mutation(body: bytes) -> bool:
    try:
        document = parse(json.loads(body)["query"])
    except (ValueError, KeyError, TypeError, GraphQLError):
        return False
    return any(
        isinstance(part, OperationDefinitionNode) and part.operation is OperationType.MUTATION
        for part in document.definitions
    )


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with lower-case names, credentials left out."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in SECRET_HEADERS}


class RequestLog:
    """All requests of a site since it began or since `clear`, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[RequestRecord] = []

    def append(self, record: RequestRecord) -> None:
        """Add the newest record."""
        with self._lock:
            self._records.append(record)

    @property
    def records(self) -> list[RequestRecord]:
        """A copy of all records."""
        with self._lock:
            return list(self._records)

    def writes(self) -> list[RequestRecord]:
        """The requests that asked for a change."""
        return [record for record in self.records if record.is_write]

    def reads(self) -> list[RequestRecord]:
        """The requests that asked for no change."""
        return [record for record in self.records if not record.is_write]

    def count(self, method: str | None = None, path_regex: str | None = None) -> int:
        """How many requests had this method and a path in which the pattern is found."""
        return sum(
            (method is None or record.method == method)
            and (path_regex is None or re.search(path_regex, record.path) is not None)
            for record in self.records
        )

    def clear(self) -> None:
        """Forget all records."""
        with self._lock:
            self._records.clear()

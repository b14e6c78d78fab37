"""A request as the sandboxes' handlers see it: whole, with its body read, and read-only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response


@dataclass(frozen=True)
class SandboxRequest:
    """One HTTP request with its body read.

    `path` is decoded and without the query; `query_string` is as sent; `base_url` is the scheme and host that
    the client used, without a slash at the end, and goes into every URL of an answer.  `notes` lets the
    authentication leave what it found (who asks) for the handlers.
    """

    method: str
    path: str
    query_string: str
    headers: Headers
    body: bytes
    base_url: str
    client_host: str = ""
    path_params: Mapping[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> QueryParams:
        """The query's parameters; repeated ones through `getlist`."""
        return QueryParams(self.query_string)

    @property
    def url(self) -> str:
        """The whole URL, as the client sent it."""
        return f"{self.base_url}{self.path}" + (f"?{self.query_string}" if self.query_string else "")

    def json(self) -> Any:
        """The body as JSON; an empty body is None.

        Raises ValueError where the body is not JSON.
        """
        return json.loads(self.body) if self.body else None


class Refused(Exception):
    """Raised by a handler to end a request with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"answered {response.status_code}")
        self.response = response

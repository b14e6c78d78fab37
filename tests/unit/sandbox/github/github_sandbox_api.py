"""Plain HTTP to a served GitHub sandbox, for tests that look at statuses and headers."""

from __future__ import annotations

from typing import Any

import requests

from okrsync.sandbox import SandboxServer


class Api:
    """Plain requests to a served sandbox, with its token."""

    def __init__(self, server: SandboxServer, token: str | None = "sandbox-token") -> None:
        self.url = server.url
        self.session = requests.Session()
        if token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request; underscores in the names of headers stand for dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else self.url + path
        return self.session.request(method, url, json=body, headers=sent, timeout=10, allow_redirects=False)

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to a GraphQL query, errors and all."""
        response = self("POST", "/graphql", {"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

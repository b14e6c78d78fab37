"""Ways to talk to a Jira sandbox in tests: plain requests, and the real client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests
from jira import JIRA

from okrsync.sandbox.jira import JiraSandbox

START = datetime(2026, 11, 22, 1, 39, 52, 123000, tzinfo=UTC)
USER, TOKEN = "bot@demo.example", "sandbox-token"


class Raw:
    """Plain requests to a site's version 2 API, logged in as its flavour wants it."""

    def __init__(self, site: JiraSandbox, url: str) -> None:
        self.site = site
        self.session = requests.Session()
        if site.store.cloud:
            self.session.auth = (USER, TOKEN)
        else:
            self.session.headers["Authorization"] = f"Bearer {TOKEN}"
        self.url = f"{url}/rest/api/2/"

    def __call__(self, method: str, path: str, json: Any = None, **query: Any) -> requests.Response:
        return self.session.request(method, self.url + path, json=json, params=query, timeout=5)

    def create(self, project: Any = "PLAT", kind: str = "Epic", **fields: Any) -> Any:
        """The answer to a create request."""
        sent = {
            "project": {"key": project} if isinstance(project, str) else project,
            "issuetype": {"name": kind},
            "summary": "Instant sign-up",
        }
        if kind == "Epic" and not self.site.store.cloud:
            sent["customfield_10101"] = "Instant sign-up"
        return self("POST", "issue", {"fields": sent | fields})

    def keys(self, jql: str) -> list[str]:
        """What a search finds, in its order."""
        if self.site.store.cloud:
            answer = self("POST", "search/jql", {"jql": jql, "fields": ["key"]})
        else:
            answer = self("POST", "search", {"jql": jql, "fields": ["key"]})
        assert answer.status_code == 200, answer.text
        return [issue["key"] for issue in answer.json()["issues"]]


def client(raw: Raw) -> JIRA:
    """The real client, with its own retries off."""
    server = raw.url.removesuffix("/rest/api/2/")
    options: dict[str, Any] = {"server": server, "max_retries": 0, "timeout": 5, "get_server_info": True}
    if raw.site.store.cloud:
        return JIRA(basic_auth=(USER, TOKEN), **options)
    return JIRA(token_auth=TOKEN, **options)

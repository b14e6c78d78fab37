"""A server that says as little as a GitHub can: no ETag, no node ids, no limits, two entries a page, HTTP/1.0.

It shares nothing with the sandbox, so that the plugin does not lean on the sandbox's habits.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from okrsync.testing import memory_context
from okrsync.trackers.errors import NotFound
from okrsync.trackers.values import Edit, Scope
from okrsync_github.tracker import GitHubTracker
from tests.unit.plugins.github.github_ground import MARKER, draft

ITEM = re.compile(r"/repos/acme/web/(milestones|issues)(?:/(\d+))?(/comments|/sub_issues)?$")


class Sparse(ThreadingHTTPServer):
    """Things by kind and number, and the requests so far."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.things: dict[str, list[dict[str, Any]]] = {"milestones": [], "issues": [], "comments": []}
        self.seen: list[str] = []


class Handler(BaseHTTPRequestHandler):
    """Answers the least."""

    server: Sparse

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def answer(self, status: int, body: object = None, link: str = "") -> None:
        self.send_response(status)
        if link:
            self.send_header("link", link)
        self.end_headers()
        self.wfile.write(b"" if body is None else json.dumps(body).encode())

    def handle_any(self) -> None:
        address = urlsplit(self.path)
        self.server.seen.append(f"{self.command} {address.path}")
        sent = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or "{}")
        if self.headers["authorization"] != "token a-token-for-tests":
            return self.answer(401)
        if address.path == "/user":
            return self.answer(200, {"login": "bot"})
        if address.path == "/repos/acme/web":
            return self.answer(200, {"full_name": "acme/web"})
        found = ITEM.match(address.path)
        if not found:
            return self.answer(404)
        kind, number, below = found.groups()
        rows = self.server.things["comments" if below == "/comments" else kind]
        if self.command == "POST":
            rows.append(made := {"number": len(rows) + 1, "id": len(rows) + 1, "state": "open", **made_of(sent)})
            return self.answer(201, made)
        if below == "/sub_issues":
            return self.answer(404)
        if number and not below:
            if int(number) > len(rows):
                return self.answer(404)
            rows[int(number) - 1].update(made_of(sent))
            return self.answer(200, rows[int(number) - 1])
        return self.page(rows, address.path, parse_qs(address.query))

    def page(self, rows: list[dict[str, Any]], path: str, query: dict[str, list[str]]) -> None:
        page = int(query.pop("page", ["1"])[0])
        wanted = query.get("milestone", [None])[0]
        rows = [row for row in rows if wanted is None or (row.get("milestone") or {}).get("number") == int(wanted)]
        following = urlencode({**query, "page": page + 1}, doseq=True)
        link = f"<http://{self.headers['host']}{path}?{following}>; rel=next" if len(rows) > 2 * page else ""
        self.answer(200, rows[2 * page - 2 : 2 * page], link)

    do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - the library's names


def made_of(sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, as it is shown: an issue's milestone is an object."""
    return {key: {"number": value} if key == "milestone" else value for key, value in sent.items()}


@pytest.fixture
def sparse() -> Iterator[Sparse]:
    with Sparse() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def tracker(sparse: Sparse) -> Iterator[GitHubTracker]:
    tracker = GitHubTracker(memory_context(url=f"http://localhost:{sparse.server_port}/"))
    yield tracker
    tracker.close()


def test_the_main_job_needs_no_more(sparse: Sparse, tracker: GitHubTracker) -> None:
    scope = Scope("acme/web", "milestone")
    assert tracker.login().account == "bot"
    assert tracker.check(scope) == ()
    objective = tracker.create(scope, draft("signup"))
    key_results = [tracker.create(scope, draft(f"signup/kr{number}", parent=objective.at)) for number in range(5)]
    tracker.update(scope, objective, Edit(title="New", due=None))
    tracker.set_closed(key_results[4], True)
    made = tracker.comment(key_results[0].at, "Confidence 0.7")

    items = {item.at.key: item for item in tracker.read([scope]).items}

    assert len(items) == 6
    assert (items["acme/web/milestone/1"].title, items["acme/web/milestone/1"].markers) == ("New", (MARKER,))
    assert items["acme/web#5"].closed and items["acme/web#5"].parent == objective.at.id
    assert items["acme/web#5"].at.url == f"http://localhost:{sparse.server_port}/acme/web/issues/5"
    assert len(tracker.find(scope, [MARKER, f"{MARKER}/kr4"])) == 2
    assert [each.done for each in tracker.children([objective])[objective.at.id]] == [False] * 4 + [True]
    assert tracker.children(key_results[:1]) == {key_results[0].at.id: ()}, "an issue there, and none below it"
    assert [(each.id, each.text) for each in tracker.comments(key_results[0].at)] == [(made, "Confidence 0.7")]
    with pytest.raises(NotFound):
        tracker.item("acme/web#99")
    assert "POST /graphql" not in sparse.seen

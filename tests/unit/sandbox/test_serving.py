"""The shared ground of the sandboxes, over real sockets."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from okrsync.sandbox import (
    Fault,
    Refused,
    SandboxClock,
    SandboxRequest,
    SandboxServer,
    SandboxSite,
    serve_forever,
)
from okrsync.sandbox.control import answer_control
from okrsync.sandbox.site import Handler


class Notebook(SandboxSite):
    """The smallest site: it keeps lines of text."""

    def __init__(self) -> None:
        super().__init__("notebook", clock=SandboxClock(datetime(2026, 11, 2, 9, tzinfo=UTC), frozen=True))
        self.lines: list[str] = []

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return [
            ("GET", "/lines", self.read),
            ("POST", "/lines", self.write),
            ("GET", "/lines/{number}", self.one),
            ("GET", "/broken", self.broken),
        ]

    def authenticate(self, request: SandboxRequest) -> Response | None:
        return None if request.headers.get("authorization") == "let me in" else JSONResponse({}, 401)

    def empty_list(self, request: SandboxRequest) -> Response:
        return JSONResponse([])

    def dump_state(self) -> dict[str, Any]:
        return {"lines": self.lines}

    def load_state(self, saved: dict[str, Any]) -> None:
        self.lines = saved["lines"]

    def read(self, request: SandboxRequest) -> Response:
        return JSONResponse(self.lines)

    def write(self, request: SandboxRequest) -> Response:
        self.lines.append(request.json()["line"])
        return JSONResponse({"at": request.url}, 201)

    def one(self, request: SandboxRequest) -> Response:
        number = int(request.path_params["number"])
        if number >= len(self.lines):
            raise Refused(JSONResponse({"message": "no such line"}, 404))
        return JSONResponse(self.lines[number])

    def broken(self, request: SandboxRequest) -> Response:
        raise RuntimeError("the handler has a mistake")


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Notebook()) as server:
        yield server


@pytest.fixture
def site(server: SandboxServer) -> Notebook:
    assert isinstance(server.app, Notebook)
    return server.app


def get(server: SandboxServer, path: str, **more: Any) -> requests.Response:
    return requests.get(server.url + path, headers={"Authorization": "let me in"}, timeout=30, **more)


def write(server: SandboxServer, line: str, path: str = "/lines") -> requests.Response:
    headers = {"Authorization": "let me in"}
    return requests.post(server.url + path, json={"line": line}, headers=headers, timeout=30)


def test_routes_answer_and_the_log_holds_what_was_said(server: SandboxServer, site: Notebook) -> None:
    written = write(server, "hello")
    assert (written.status_code, written.json()) == (201, {"at": f"{server.url}/lines"})
    assert get(server, "/lines/0?x=1").json() == "hello"
    first, second = site.requests.records
    assert (first.method, first.path, first.status, first.is_write) == ("POST", "/lines", 201, True)
    assert json.loads(first.body) == {"line": "hello"}
    assert (second.query, second.response_body, second.is_write) == ("x=1", b'"hello"', False)
    assert site.requests.count("GET", "^/lines/") == 1
    assert [record.path for record in site.requests.writes()] == ["/lines"]


def test_the_log_keeps_no_credentials(server: SandboxServer, site: Notebook) -> None:
    get(server, "/lines")
    assert "let me in" not in json.dumps([record.to_json() for record in site.requests.records])


def test_credentials_are_asked_before_routes(server: SandboxServer) -> None:
    assert requests.get(server.url + "/lines", timeout=30).status_code == 401
    assert requests.get(server.url + "/nowhere", timeout=30).status_code == 401


def test_unknown_paths_and_methods(server: SandboxServer) -> None:
    assert get(server, "/nowhere").status_code == 404
    assert get(server, "/lines/7").json() == {"message": "no such line"}
    answer = requests.delete(server.url + "/lines", headers={"Authorization": "let me in"}, timeout=30)
    assert answer.status_code == 405


def test_a_mistake_in_a_handler_is_a_500_that_names_it(server: SandboxServer) -> None:
    answer = get(server, "/broken")
    assert answer.status_code == 500
    assert "the handler has a mistake" in answer.text


def test_the_date_header_is_the_sandbox_s(server: SandboxServer, site: Notebook) -> None:
    site.clock.advance(timedelta(hours=1))
    assert get(server, "/lines").headers["date"] == "Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_dropped_connection_gives_no_answer(server: SandboxServer, site: Notebook, kind: Any) -> None:
    site.faults.add(Fault(kind))
    with pytest.raises(requests.exceptions.ConnectionError):
        write(server, "lost")
    assert site.lines == (["lost"] if kind == "drop_after" else [])
    assert (site.requests.records[0].status, site.requests.records[0].fault) == (0, kind)
    assert write(server, "next").status_code == 201


def test_a_truncated_answer_announces_more_than_it_sends(server: SandboxServer, site: Notebook) -> None:
    site.lines = ["x" * 1000]
    site.faults.add(Fault("truncate"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get(server, "/lines")
    with socket.create_connection((server.host, server.port), timeout=30) as raw:
        site.faults.add(Fault("truncate"))
        raw.sendall(b"GET /lines HTTP/1.1\r\nHost: here\r\nAuthorization: let me in\r\n\r\n")
        received = b""
        while more := raw.recv(65536):
            received += more
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-length: 1004" in head.lower()
    assert len(body) == 502


def test_statuses_stand_in_for_the_answer_with_or_without_acting(server: SandboxServer, site: Notebook) -> None:
    site.faults.add(Fault("status", status=503, headers={"Retry-After": "7"}))
    site.faults.add(Fault("status_after", status=502, response_body=b'{"so": "sorry"}'))
    before = write(server, "not written")
    assert (before.status_code, before.headers["Retry-After"], site.lines) == (503, "7", [])
    after = write(server, "written")
    assert (after.status_code, after.json(), site.lines) == (502, {"so": "sorry"}, ["written"])


def test_answers_that_are_not_what_was_asked_for(server: SandboxServer, site: Notebook) -> None:
    site.lines = ["something"]
    for kind in ("empty_list", "html_login", "wrong_json"):
        site.faults.add(Fault(kind))
    assert get(server, "/lines").json() == []
    login = get(server, "/lines")
    assert (login.status_code, login.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "password" in login.text
    assert get(server, "/lines").json() != ["something"]
    assert get(server, "/lines").json() == ["something"]


def test_a_delay_acts_after_waiting(server: SandboxServer, site: Notebook) -> None:
    site.faults.add(Fault("delay", seconds=0.1))
    begun = time.monotonic()
    assert write(server, "late").status_code == 201
    assert time.monotonic() - begun >= 0.1
    assert site.lines == ["late"]


def test_latency_delays_every_request_but_not_one_behind_the_other(server: SandboxServer, site: Notebook) -> None:
    site.latency = 0.5
    threads = [threading.Thread(target=get, args=(server, "/lines")) for _ in range(40)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.5 <= time.monotonic() - begun < 15


def test_the_state_is_saved_after_each_write_and_read_again(
    server: SandboxServer, site: Notebook, tmp_path: Path
) -> None:
    site.autosave = tmp_path / "notebook.json"
    get(server, "/lines")
    assert not site.autosave.exists()
    write(server, "kept")
    site.clock.advance(timedelta(days=3))
    site.save_if_wanted()
    assert stat.S_IMODE(site.autosave.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["notebook.json"]
    again = Notebook()
    again.load(site.autosave)
    assert again.lines == ["kept"]
    assert again.clock.now() == datetime(2026, 11, 5, 9, tzinfo=UTC)


def test_the_state_of_another_site_is_refused() -> None:
    saved = Notebook().to_json()
    with pytest.raises(ValueError, match="expected the saved state of a notebook"):
        Notebook().load_json({**saved, "site": "jira-cloud"})


def test_control_endpoints(server: SandboxServer, site: Notebook) -> None:
    control = server.url + "/_sandbox/"
    assert requests.post(control + "faults", json={"kind": "status", "status": 500}, timeout=30).status_code == 204
    assert write(server, "no").status_code == 500
    requests.post(control + "faults", json=[{"kind": "status"}, {"kind": "delay"}], timeout=30)
    requests.delete(control + "faults", timeout=30)
    assert write(server, "yes").status_code == 201
    moved = requests.post(control + "clock", json={"advance_seconds": 86400}, timeout=30)
    assert moved.json() == {"now": "2026-11-03T09:00:00+00:00"}
    seen = requests.get(control + "requests", timeout=30).json()
    assert [one["status"] for one in seen] == [500, 201]
    assert requests.get(control + "state", timeout=30).json()["state"] == {"lines": ["yes"]}
    assert requests.get(control + "nothing", timeout=30).status_code == 404
    wrong = requests.post(control + "faults", json={"kind": "explode"}, timeout=30)
    assert (wrong.status_code, "unknown fault 'explode'" in wrong.json()["error"]) == (400, True)
    assert len(site.requests.records) == 2


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 403), ("testclient", 403)])
def test_only_this_machine_controls(host: str, status: int) -> None:
    request = SandboxRequest("GET", "/_sandbox/state", "", Headers({}), b"", "http://here", client_host=host)
    assert answer_control(Notebook(), request).status_code == status


def test_a_taken_port_is_an_error_and_a_stopped_server_frees_its_own(server: SandboxServer) -> None:
    with pytest.raises(OSError, match="in use"):
        SandboxServer(Notebook(), port=server.port).start()
    server.stop()
    server.stop()
    with SandboxServer(Notebook(), port=server.port) as again:
        assert get(again, "/lines").json() == []


def test_serving_until_told_to_stop() -> None:
    enough = threading.Event()
    servers = [SandboxServer(Notebook()), SandboxServer(Notebook())]
    thread = threading.Thread(target=serve_forever, args=(servers,), kwargs={"until": enough})
    thread.start()
    deadline = time.monotonic() + 30
    while not all(server.port for server in servers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [get(server, "/lines").json() for server in servers] == [[], []]
    enough.set()
    thread.join(30)
    assert not thread.is_alive()
    with pytest.raises(requests.exceptions.ConnectionError):
        get(servers[0], "/lines")

"""What goes over the wire, and what a server can do to whoever listens to it."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import TrackerContract, memory_context
from okrsync.trackers.errors import AuthFailed, Misconfigured, TrackerError, Transient
from okrsync.trackers.interface import TrackerContext
from okrsync.trackers.retry import Interrupted, RetryPolicy
from okrsync.trackers.values import Edit, Scope
from okrsync_jira import register_trackers, transport
from okrsync_jira.tracker import JiraTracker

CANARY = "canary-7f3a91"
Connect = Callable[..., JiraTracker]
SCOPE = Scope("PLAT", "epic")
SERVER_INFO = {"version": "9.12.0", "versionNumbers": [9, 12, 0], "deploymentType": "Server"}


@dataclass
class Scripted:
    """A server that says what a test wants: path → how to answer."""

    url: str = ""
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def says(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(raw)))
            handler.end_headers()
            handler.wfile.write(raw)

        self.answers[path] = answer


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].rpartition("/rest/api/2/")[2]
            script.seen.append((self.command, self.path, {name.lower(): text for name, text in self.headers.items()}))
            script.answers[path](self)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    script.says("serverInfo", SERVER_INFO)
    script.says("myself", {"displayName": "OKR bot"})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()


def tracker_for(url: str, **changes: Any) -> JiraTracker:
    context: TrackerContext = memory_context(url=url, token=changes.pop("token", CANARY))
    return JiraTracker(replace(context, **changes))


def login(url: str, **changes: Any) -> Any:
    tracker = tracker_for(url, **changes)
    try:
        return tracker.login()
    finally:
        tracker.close()


def failure(kind: type[TrackerError], url: str, **changes: Any) -> TrackerError:
    with pytest.raises(kind) as caught:
        login(url, **changes)
    assert CANARY not in f"{caught.value!r} {caught.value}"
    return caught.value


def test_the_plugin_registers_jira_without_its_library() -> None:
    (kind,) = register_trackers()
    assert kind.name == "jira"
    tracker = kind.load(memory_context(url="http://127.0.0.1:9"))
    assert isinstance(tracker, JiraTracker), "making one sends nothing"
    tracker.close()


def test_a_token_alone_is_a_bearer_token(scripted: Scripted) -> None:
    assert login(scripted.url).server == "Jira Data Center 9.12.0"
    assert scripted.seen[-1][2]["authorization"] == f"Bearer {CANARY}"


def test_a_user_makes_it_basic_authentication(scripted: Scripted) -> None:
    login(scripted.url, user="jörg@acme.example")
    scheme, _, packed = scripted.seen[-1][2]["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(packed).decode() == f"jörg@acme.example:{CANARY}"


def test_people_open_items_where_the_settings_say_that_jira_is(scripted: Scripted) -> None:
    scripted.says("serverInfo", {**SERVER_INFO, "baseUrl": "https://elsewhere.acme.example"})
    scripted.says("field", [])
    scripted.says("issue/PLAT-1", {"id": "1", "key": "PLAT-1"})
    with closing(tracker_for(scripted.url)) as tracker:
        assert tracker.item("PLAT-1").at.url == f"{scripted.url}/browse/PLAT-1"


def test_a_server_that_ignores_the_offset_is_read_once(scripted: Scripted) -> None:
    scripted.says("field", [])
    labels = {"labels": ["okrsync:acme:2026-Q4:a"]}
    rows = [{"id": 1, "key": "PLAT-1", "fields": labels}, {"id": "2", "key": "PLAT-2", "fields": labels}]
    scripted.says("search", {"issues": rows})
    with closing(tracker_for(scripted.url)) as tracker:
        assert [each.at.id for each in tracker.read([SCOPE], markers=labels["labels"]).items] == ["1", "2"]
    assert sum("/search?" in path for _, path, _ in scripted.seen) == 2


def test_one_name_may_mean_another_field_in_each_project(scripted: Scripted) -> None:
    kind = {"name": "Progress", "schema": {"type": "number"}}
    places = {"customfield_1": "11", "customfield_2": "22"}
    scripted.says("field", [{"id": id_, **kind, "scope": {"project": {"id": place}}} for id_, place in places.items()])
    scripted.says("project/PLAT", {"id": "11", "key": "PLAT"})
    scripted.says("project/WEB", {"id": 22, "key": "WEB"})
    labels = ["okrsync:acme:2026-Q4:a"]
    both = {"customfield_1": 1, "customfield_2": 2, "labels": labels}
    rows = [{"id": "1", "key": "PLAT-1", "fields": both}, {"id": "2", "key": "WEB-1", "fields": both}]
    scripted.says("search", {"issues": rows, "total": 2})
    scopes = [replace(SCOPE, project=project, fields=("Progress",)) for project in ("PLAT", "WEB")]

    with closing(tracker_for(scripted.url)) as tracker:
        assert [each.fields["Progress"] for each in tracker.read(scopes, markers=labels).items] == [1.0, 2.0]


def test_through_the_gateway_people_open_the_site_itself(scripted: Scripted) -> None:
    scripted.says("serverInfo", {**SERVER_INFO, "deploymentType": "Cloud", "baseUrl": "https://acme.atlassian.net"})
    scripted.says("issue/PLAT-1", {"id": "1", "key": "PLAT-1", "self": "https://acme.atlassian.net/rest/api/2/issue/1"})
    tracker = tracker_for(f"{scripted.url}/ex/jira/9b1c-22")

    item = tracker.item("PLAT-1")
    tracker.close()

    assert item.at.url == "https://acme.atlassian.net/browse/PLAT-1"
    assert scripted.seen[-1][1].startswith("/ex/jira/9b1c-22/rest/api/2/issue/PLAT-1?")
    assert scripted.seen[-1][2]["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("info", "cloud"),
    [
        ({"version": "1001.0.0", "baseUrl": "https://acme.atlassian.net"}, True),
        ({"version": "8.20.1", "baseUrl": "https://jira.acme.example"}, False),
        ({"baseUrl": "https://jira.acme.example", "deploymentType": "cloud"}, True),
    ],
)
def test_the_flavour_is_known_without_its_name(scripted: Scripted, info: dict[str, Any], cloud: bool) -> None:
    scripted.says("serverInfo", info)
    assert ("Cloud" in login(scripted.url).server) is cloud


@pytest.mark.parametrize("info", [[], {}, {"name": "another API"}, "x", None, 5])
def test_what_is_no_jira_is_misconfigured(scripted: Scripted, info: object) -> None:
    scripted.says("serverInfo", info)
    assert "`url`" in str(failure(Misconfigured, scripted.url))


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 200), (b"not json", 200), (b"<html>hello", 404), (b'{"detail": "Not Found"}', 404)]
)
def test_another_server_is_misconfigured(scripted: Scripted, body: bytes, status: int) -> None:
    scripted.says("serverInfo", body, status)
    assert scripted.url in str(failure(Misconfigured, scripted.url))


@pytest.mark.parametrize("token", ["", "  ", "two\nlines", "with space", "x\x00"])
def test_a_token_that_was_copied_badly_is_not_sent(scripted: Scripted, token: str) -> None:
    assert "token" in str(failure(Misconfigured, scripted.url, token=token))
    assert not scripted.seen


def test_a_line_break_at_the_end_of_a_token_is_none_of_it(scripted: Scripted) -> None:
    login(scripted.url, token=f"{CANARY}\n")
    assert scripted.seen[-1][2]["authorization"] == f"Bearer {CANARY}"


def test_a_redirect_to_another_host_is_not_followed(scripted: Scripted) -> None:
    port = scripted.url.rpartition(":")[2]
    scripted.says("myself", {}, 302, Location=f"http://localhost:{port}/rest/api/2/serverInfo?token=x")

    error = failure(Misconfigured, scripted.url)
    assert "http://localhost" in str(error)
    assert "token=x" not in str(error)
    assert len(scripted.seen) == 2


def test_a_redirect_to_a_login_page_elsewhere_is_a_failed_login(scripted: Scripted) -> None:
    scripted.says("myself", {}, 302, Location="https://id.acme.example/login?continue=x")
    failure(AuthFailed, scripted.url)


def test_a_redirect_on_the_same_host_is_followed_a_few_times(scripted: Scripted) -> None:
    scripted.says("myself", {}, 301, Location="/rest/api/2/me")
    scripted.says("me", {"name": "bot"})
    assert login(scripted.url).account == "bot"

    scripted.says("me", {}, 302, Location="/rest/api/2/myself")
    failure(Misconfigured, scripted.url)


def test_a_write_is_never_redirected(scripted: Scripted) -> None:
    scripted.says("issue/1/comment", {}, 307, Location="/rest/api/2/elsewhere")
    tracker = tracker_for(scripted.url)
    scripted.says("issue/1", {"id": "1", "key": "PLAT-1"})
    scripted.says("field", [])
    at = tracker.item("1").at
    with pytest.raises(Misconfigured, match="redirects"):
        tracker.comment(at, "x")
    tracker.close()
    assert sum(method == "POST" for method, *_ in scripted.seen) == 1


def test_an_answer_beyond_all_measure_is_not_read(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1_000_000)
    scripted.says("myself", b" " * 1_500_000)
    assert "MiB" in str(failure(Misconfigured, scripted.url))


def test_an_answer_that_drips_is_given_up(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LONGEST_EXCHANGE", 0.05)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000000")
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b" " * 70_000)
            except OSError:
                return
            time.sleep(0.01)

    scripted.answers["myself"] = drip
    error = failure(Transient, scripted.url, policy=RetryPolicy(attempts=1))
    assert isinstance(error, Transient)
    assert error.acted is None


def test_the_wish_to_stop_ends_the_reading_of_an_answer(scripted: Scripted) -> None:
    policy = RetryPolicy(attempts=1)

    def last_words(handler: BaseHTTPRequestHandler) -> None:
        policy.stop.set()
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"{}")

    scripted.answers["myself"] = last_words
    with pytest.raises(Interrupted):
        login(scripted.url, policy=policy)


def test_a_server_that_does_not_answer_is_left(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.1)
    done = threading.Event()
    scripted.answers["myself"] = lambda handler: done.wait(5) and None
    error = failure(Transient, scripted.url, policy=RetryPolicy(attempts=1))
    done.set()
    assert isinstance(error, Transient)
    assert error.acted is None


def test_nobody_there_did_certainly_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = failure(Transient, url)
    assert isinstance(error, Transient)
    assert error.acted is False
    assert url in str(error)


def test_a_host_that_does_not_exist_is_named() -> None:
    error = failure(Transient, "https://jira.okrsync.invalid", policy=RetryPolicy(attempts=1))
    assert isinstance(error, Transient)
    assert error.acted is False
    assert "jira.okrsync.invalid" in str(error)


def test_plain_http_beyond_this_machine_is_refused_before_anything_is_sent() -> None:
    failure(Misconfigured, "http://jira.acme.example")


def test_a_server_without_tls_is_no_certificate_to_trust(scripted: Scripted) -> None:
    failure(Transient, scripted.url.replace("http:", "https:"), policy=RetryPolicy(attempts=1))


def test_an_own_certificate_authority_has_to_exist(scripted: Scripted, tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    assert "ca.pem" in str(failure(Misconfigured, scripted.url, ca_file=str(missing)))


def test_a_proxy_is_not_asked_for_this_machine(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert login(scripted.url).account == "OKR bot"


def test_each_wait_of_a_rate_limit_is_honoured_and_each_request_counted(connect: Connect, site: JiraSandbox) -> None:
    tracker = connect()
    site.faults.add(Fault("status", status=429, headers={"Retry-After": "120", "RateLimit-Reason": "jira-burst-based"}))
    with pytest.raises(Transient, match="jira-burst-based") as caught:
        tracker.login()
    assert caught.value.retry_after == 120
    assert tracker.context.policy.requests == len(site.requests.records) == 1


def test_no_credential_is_in_any_log_or_error(
    connect: Connect, site: JiraSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    tracker = connect()
    packed = base64.b64encode(f"{site.user}:{site.token}".encode()).decode() if site.store.cloud else site.token
    made = tracker.create(SCOPE, TrackerContract.draft(tracker, "o"))
    echo = json.dumps({"errorMessages": [f"Authorization: Basic {packed}; Bearer {site.token}"]}).encode()
    for status in (400, 401, 403, 404, 409, 410, 429, 500):
        site.faults.add(Fault("status", status=status, response_body=echo, times=3))
        try:
            tracker.update(SCOPE, made, Edit(title="x"))
        except TrackerError as error:
            said.append(f"{error!r} {error} {vars(error)} {error.__cause__!r}")
        site.faults.clear()
    for kind in ("drop_before", "html_login", "wrong_json", "truncate"):
        site.faults.add(Fault.from_json({"kind": kind, "times": 3}))
        try:
            tracker.read([SCOPE], markers=made.markers)
        except TrackerError as error:
            said.append(f"{error!r} {error} {error.__cause__!r}")
        site.faults.clear()

    everything = "\n".join([*said, caplog.text, repr(tracker.context), repr(vars(tracker))])
    assert len(said) > 8
    assert site.token not in everything
    assert packed not in everything

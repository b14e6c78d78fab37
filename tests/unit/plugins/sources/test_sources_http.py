"""The measure `http`: numbers out of JSON, from a server that is not trusted with more than its own credentials."""

from __future__ import annotations

import base64
import gzip
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.sources import MeasureSource, SourceTable
from tests.unit.plugins.sources.house import CANARY, Desk, House, Reply, Request, ask, one_line, refused

USERS = {"data": {"total": 1234, "share": 0.5, "text": "12", "none": None, "list": [1, 2], "on": True}}


@pytest.fixture
def source(desk: Desk, house: House) -> MeasureSource:
    house.answers["/api/users"] = Reply.json(USERS)
    return desk.open("http", desk.table(url=f"{house.url}/api"), token=CANARY)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("data.total", 1234.0),
        ("data.share", 0.5),
        ("to_number(data.text)", 12.0),
        ("length(data.list)", 2.0),
        ("sum(data.list)", 3.0),
        ("data.on", 1.0),
    ],
)
def test_a_number_is_found_in_json(source: MeasureSource, house: House, value: str, number: float) -> None:
    found = ask(source, path="users?active=true", value=value)
    assert found.value == number
    assert found.source == f"{value} of {house.url}/api/users"
    assert found.url == f"{house.url}/api/users?active=true"
    assert [(each.method, each.path) for each in house.requests] == [("GET", "/api/users?active=true")]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("data.totl", "is nothing (null), so there is no number; it has data"),
        ("data.none", "is nothing (null)"),
        (
            "data.text",
            "is the text '12' where a number is expected; if it is one in quotes, write to_number(data.text)",
        ),
        ("data.list", "is of type list where a number is expected"),
        ("data", "is of type dict where a number is expected"),
        ("sum(data.text)", "cannot be found: In function sum()"),
        ("avg(data.list[?@ > `9`])", "is nothing (null)"),
    ],
)
def test_what_is_no_number_is_told(source: MeasureSource, value: str, said: str) -> None:
    assert said in refused(source, Rejected, path="users", value=value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Log in</html>", "answers with something other than JSON (text/html)"),
        (b'{"n": NaN}', "answers with NaN, which is no number"),
        (b'{"n": 1e999}', "n of http"),
        (b"\xff\xfe", "something other than JSON"),
        (b"[" * 100_000, "something other than JSON"),
        (b"", "something other than JSON"),
        (b"9" * 5000, "something other than JSON"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told(source: MeasureSource, house: House, body: bytes, said: str) -> None:
    house.answers["/api/users"] = Reply(body, headers={"Content-Type": "text/html; charset=utf-8"})
    assert said in refused(source, Rejected, path="users", value="n")


def test_measures_of_one_address_share_its_request(source: MeasureSource, house: House) -> None:
    assert ask(source, path="users", value="data.total").value == 1234
    assert ask(source, path="/users", value="data.share").value == 0.5
    assert len(house.requests) == 1


@pytest.mark.parametrize("body", [b'"' + b"x" * (10 * 2**20) + b'"', gzip.compress(b" " * (10 * 2**20))])
def test_ten_megabytes_are_not_read(source: MeasureSource, house: House, body: bytes) -> None:
    packed = {"Content-Encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
    house.answers["/api/users"] = Reply(body, headers=packed)
    assert "answers with more than 1 MiB, which is not read: ask for less" in refused(
        source, Rejected, path="users", value="n"
    )


@pytest.mark.parametrize(
    ("keys", "secrets", "header", "value"),
    [
        ({}, {"token": CANARY}, "Authorization", f"Bearer {CANARY}"),
        ({"options": {"header": "X-Api-Key"}}, {"token": CANARY}, "X-Api-Key", CANARY),
        (
            {"user": "dana"},
            {"password": CANARY},
            "Authorization",
            "Basic " + base64.b64encode(f"dana:{CANARY}".encode()).decode(),
        ),
    ],
)
def test_credentials_are_sent_as_the_settings_say(
    desk: Desk, house: House, keys: dict[str, Any], secrets: dict[str, str], header: str, value: str
) -> None:
    house.answers["/n"] = Reply.json(1)
    ask(desk.open("http", desk.table(url=house.url, **keys), **secrets), path="n", value="@")
    assert house.requests[0].headers[header] == value
    assert header == "Authorization" or "Authorization" not in house.requests[0].headers


def test_without_credentials_none_are_looked_for(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login dana password {CANARY}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    house.answers["/n"] = Reply.json(7)
    assert ask(desk.open("http", SourceTable()), url=f"{house.url}/n", value="@").value == 7
    assert "Authorization" not in house.requests[0].headers


def test_credentials_of_the_account_are_not_sent_to_others(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine stats.example login dana password {CANARY}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", house.url)
    monkeypatch.setenv("no_proxy", "")
    house.answers["http://stats.example/n"] = Reply.json(7)
    assert ask(desk.open("http", desk.table(url="http://stats.example")), path="n", value="@").value == 7
    assert "Authorization" not in house.requests[0].headers


def test_a_proxy_does_not_see_what_this_machine_is_asked(
    source: MeasureSource, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = House()
    try:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert ask(source, path="users", value="data.total").value == 1234
        assert proxy.requests == []
    finally:
        proxy.close()


def test_a_server_that_repeats_the_credentials_does_not_get_them_into_messages(desk: Desk, house: House) -> None:
    def echo(request: Request) -> Reply:
        return Reply.json({"said": request.headers["Authorization"], "keys": {request.headers["Authorization"]: 1}})

    house.answers["/n"] = echo
    house.answers["/no"] = lambda request: Reply(request.headers["Authorization"].encode(), 400)
    for secrets in ({"token": CANARY}, {"password": CANARY}):
        table = desk.table(url=house.url, user="dana" if "password" in secrets else None)
        source = desk.open("http", table, **secrets)
        packed = base64.b64encode(f"dana:{CANARY}".encode()).decode()
        for options in ({"path": "n", "value": "said"}, {"path": "n", "value": "keys.x"}, {"path": "no", "value": "x"}):
            said = refused(source, Rejected, **options)
            assert CANARY not in said and packed not in said and packed[:20] not in said


@pytest.mark.parametrize(
    ("base", "options", "asked"),
    [
        ("/api/", {}, "/api"),
        ("/api", {"path": ""}, "/api"),
        ("/api", {"path": "?n=1"}, "/api?n=1"),
        ("/api", {"path": "/v1/n"}, "/api/v1/n"),
        ("", {"path": "//other.example/n"}, "/other.example/n"),
        ("", {"path": "@other.example/n"}, "/@other.example/n"),
    ],
)
def test_a_path_stays_below_the_address_of_its_source(
    desk: Desk, house: House, base: str, options: dict[str, str], asked: str
) -> None:
    house.answers[asked.partition("?")[0]] = Reply.json(7)
    assert ask(desk.open("http", desk.table(url=house.url + base)), value="@", **options).value == 7
    assert [each.path for each in house.requests] == [asked]


def test_a_redirect_within_the_server_is_followed(source: MeasureSource, house: House) -> None:
    house.answers["/api/old"] = Reply(status=302, headers={"Location": "/api/users"})
    assert ask(source, path="old", value="data.total").value == 1234


def test_a_redirect_to_another_host_is_not_followed(source: MeasureSource, house: House) -> None:
    other = House()
    try:
        other.answers["/"] = Reply.json(1)
        house.answers["/api/old"] = Reply(status=307, headers={"Location": other.url})
        said = refused(source, Rejected, path="old", value="@")
        assert f"redirects to {other.url}, another host, which is not followed" in said
        assert other.requests == []
    finally:
        other.close()


def test_redirects_in_a_circle_end(source: MeasureSource, house: House) -> None:
    house.answers["/api/old"] = Reply(status=302, headers={"Location": "/api/old"})
    assert "leads from redirect to redirect" in refused(source, Rejected, path="old", value="@")
    assert len(house.requests) < 6


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, AuthFailed, "does not accept the credentials of source there (401): no"),
        (403, AuthFailed, "may not be read with these credentials (403): no"),
        (404, NotFound, "does not exist (404): check the path"),
        (400, Rejected, "answers with HTTP 400: no"),
        (500, Transient, "fails on the server's side (HTTP 500)"),
        (429, Transient, "is asked too often (HTTP 429)"),
    ],
)
def test_refusals_are_told_apart(
    source: MeasureSource, house: House, status: int, kind: type[Exception], said: str
) -> None:
    house.answers["/api/users"] = Reply(b"no\x1b[31m", status)
    message = refused(source, kind, path="users", value="@")
    assert said in message
    assert message.isprintable()


def test_an_address_without_a_table_that_wants_credentials_says_where_they_belong(desk: Desk, house: House) -> None:
    house.answers["/n"] = Reply(b"", 401)
    said = refused(desk.open("http", SourceTable()), AuthFailed, url=f"{house.url}/n", value="@")
    assert "make a table under [sources], and name it as source" in said


def test_what_passes_is_asked_again(source: MeasureSource, house: House) -> None:
    house.answers["/api/users"] = [Reply(b"", 503), Reply.json(USERS)]
    assert ask(source, path="users", value="data.total").value == 1234
    assert len(house.requests) == 2


def test_a_long_retry_after_is_not_waited_for(source: MeasureSource, house: House) -> None:
    house.answers["/api/users"] = Reply(b"", 429, {"Retry-After": "3600"})
    assert "asks to come back in 3600 s" in refused(source, Transient, path="users", value="@")
    assert len(house.requests) == 1


def test_a_server_that_is_not_there_is_asked_for_once(desk: Desk, house: House) -> None:
    url = house.url
    house.close()
    source = desk.open("http", desk.table(url=url))
    assert "cannot connect to 127.0.0.1" in refused(source, Transient, path="a", value="@")
    asked = desk.policy.requests
    assert "cannot connect to 127.0.0.1" in refused(source, Transient, path="b", value="@")
    assert desk.policy.requests == asked


def test_an_answer_that_does_not_come_is_given_up(desk: Desk, house: House) -> None:
    stall = threading.Event()
    house.answers["/n"] = Reply(b"123", stall=stall)
    house.answers["/m"] = Reply.json(5)
    source = desk.open("http", desk.table(url=house.url, timeout=1.5))
    begun = time.monotonic()
    assert "did not answer within 1.5 s" in refused(source, Rejected, path="n", value="@")
    assert time.monotonic() - begun < 30
    assert ask(source, path="m", value="@").value == 5
    stall.set()


def test_a_stalled_answer_ends_when_the_process_is_to_stop(desk: Desk, house: House) -> None:
    stall = threading.Event()
    house.answers["/n"] = Reply(b"123", stall=stall)
    source = desk.open("http", desk.table(url=house.url, timeout=60.0))
    threading.Timer(0.2, desk.policy.stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Interrupted):
        ask(source, path="n", value="@")
    assert time.monotonic() - begun < 30
    stall.set()


def test_a_certificate_authority_that_is_not_there_is_told(desk: Desk, house: House, tmp_path: Path) -> None:
    source = desk.open("http", desk.table(url=house.url, ca_file=str(tmp_path / "ca.pem")))
    assert "ca.pem, which does not exist" in refused(source, Misconfigured, path="n", value="@")


@pytest.mark.parametrize(
    ("options", "named", "said"),
    [
        ({"value": "a", "path": "v1/users?active=true"}, True, ""),
        ({"value": "a"}, True, ""),
        ({"value": "a", "url": "https://stats.example/x.json?n=1"}, False, ""),
        ({"value": "a", "url": "http://localhost:8080/x"}, False, ""),
        ({"value": "a"}, False, "url is missing"),
        ({"value": "a", "url": "https://stats.example"}, True, "url stands beside a source"),
        ({"value": "a", "url": "https://x.example", "path": "v1"}, False, "path stands without a source"),
        ({"value": "a", "url": "http://stats.example/x"}, False, "url is not https (stats.example)"),
        ({"value": "a", "url": "ftp://stats.example/x"}, False, "url is not an address"),
        ({"value": "a", "url": "https://dana:pw@stats.example/x"}, False, "url holds a user or password"),
        ({"value": "a", "url": "https://stats.example/x?api_key=1"}, False, "has api_key in its query"),
        ({"value": "a", "url": 3}, False, "url is no text"),
        ({"value": "a", "path": "../admin"}, True, "path is not a path below the url of its source"),
        ({"value": "a", "path": "x/%2e%2e/admin"}, True, "path is not a path below"),
        ({"value": "a", "path": "https://other.example/x"}, True, "path is not a path below"),
        ({"value": "a", "path": "x y"}, True, "path is not a path below"),
        ({"value": "a", "path": "x?token=1"}, True, "has token in its query"),
        ({"value": "a..b", "path": "x"}, True, "value is not a JMESPath expression"),
        ({"value": 3, "path": "x"}, True, "value is no text"),
        ({"value": "(" * 5000, "path": "x"}, True, "value is not a JMESPath expression"),
    ],
)
def test_mistakes_in_a_measure_are_found_without_asking(
    desk: Desk, options: dict[str, Any], named: bool, said: str
) -> None:
    message = one_line(desk.wrong("http", options, desk.table(url="https://s.example") if named else None))
    assert message.startswith(said) or said in message
    assert bool(message) is bool(said)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": "https://s.example/api"}, ""),
        ({"url": "https://s.example", "has_token": True, "options": {"header": "X-Api-Key"}}, ""),
        ({}, "url is missing"),
        ({"url": "postgresql://s.example"}, "url is not an address"),
        ({"url": "https://s.example?x=1"}, "url has a query"),
        ({"url": "https://s.example", "options": {"header": "X-Api-Key"}}, "header stands without a token"),
        ({"url": "https://s.example", "has_token": True, "options": {"header": "X: y"}}, "header is not the name"),
    ],
)
def test_mistakes_in_a_table_are_found_without_asking(desk: Desk, keys: dict[str, Any], said: str) -> None:
    for kind in ("http", "prometheus"):
        message = one_line(desk.wrong_table(kind, desk.table(**keys)))
        assert message.startswith(said)
        assert bool(message) is bool(said)

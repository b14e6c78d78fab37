"""What the connection refuses: wrong addresses, other hosts, endless answers, and showing the token to anybody."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable

import pytest

from okrsync.sandbox import Fault
from okrsync.trackers.errors import AuthFailed, Misconfigured, Rejected, TrackerError, Transient
from okrsync.trackers.values import Scope
from okrsync_github import connection
from okrsync_github.client import Client
from okrsync_github.connection import checked_address
from tests.unit.plugins.github.github_ground import GitHub, Make

ELSEWHERE = "http://localhost.attacker.example:1"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://ghe.example/api/v3", "https://ghe.example/api/v3"),
        ("http://localhost.attacker.example", "unencrypted"),
        ("https://github.com", "https://api.github.com"),
        ("https://github.com/acme/web", "https://api.github.com"),
        ("ftp://ghe.example", "not the address of an API"),
        ("ghe.example/api/v3", "not the address of an API"),
        ("https://ghe.example:port", "not an address"),
        ("", "not the address of an API"),
    ],
)
def test_addresses_where_no_token_is_sent(github: GitHub, url: str, hint: str) -> None:
    with pytest.raises(Misconfigured, match=hint):
        github.connect(url=url or " ").login()


def test_an_address_with_credentials_is_refused_without_repeating_them() -> None:
    with pytest.raises(Misconfigured) as caught:
        checked_address("https://okr:ghp_canary@ghe.example/api/v3")

    assert "ghp_canary" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "a.localhost"])
def test_this_machine_may_be_spoken_with_in_the_clear(host: str) -> None:
    assert checked_address(f"http://{host}:8000").port == 8000


@pytest.mark.parametrize("token", ["", "  ", "ghp_a b", "ghp_a\nX-Header: b", "ghp_ä"])
def test_a_token_that_cannot_be_one_is_never_sent(github: GitHub, token: str) -> None:
    with pytest.raises(AuthFailed, match="token") as caught:
        github.connect(token=token).login()

    assert not token.strip() or token not in str(caught.value)
    assert not github.sent()


def test_the_next_page_at_another_host_is_not_asked_for(github: GitHub, scope: Scope) -> None:
    link = {"link": f'<{ELSEWHERE}/milestones?page=2>; rel="next"'}
    github.site.faults.add(Fault("status", status=200, headers=link, response_body=b"[]"))

    failure = github.connect().read([scope]).failures["acme/web"]

    assert isinstance(failure, Misconfigured)
    assert "localhost.attacker.example" in str(failure)


def test_pages_that_lead_in_a_circle_end(github: GitHub, scope: Scope) -> None:
    url = f"{github.url}/repos/acme/web/milestones?page=2"
    link = {"link": f'<{url}>; rel="next"'}
    github.site.faults.add(Fault("status", status=200, headers=link, response_body=b"[]", times=None))

    assert "circle" in str(github.connect().read([scope]).failures["acme/web"])


def test_pages_may_be_numbered_and_links_relative(github: GitHub, scope: Scope, make: Make) -> None:
    objective, _ = make(0)
    link = {"link": '</repos/acme/web/milestones?page=1&per_page=100&state=all>; rel="next"'}
    github.site.faults.add(Fault("status", status=200, headers=link, response_body=b"[]"))

    assert [item.at.id for item in github.connect().read([scope]).items] == [objective.at.id]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_to_another_host_are_not_followed(github: GitHub, status: int) -> None:
    github.site.faults.add(Fault("status", status=status, headers={"location": f"{ELSEWHERE}/user"}))

    with pytest.raises(Misconfigured, match=r"sends /user on to http://localhost\.attacker\.example"):
        github.connect().login()


def test_redirects_without_end_end(github: GitHub) -> None:
    here = {"location": f"{github.url}/user"}
    github.site.faults.add(Fault("status", status=301, headers=here, times=None))

    with pytest.raises(Misconfigured, match="without end"):
        github.connect().login()

    assert len(github.sent()) == 4


@pytest.mark.parametrize(
    ("fault", "expected", "word"),
    [
        (Fault("html_login"), AuthFailed, "login page"),
        (Fault("status", status=200, response_body=b"<html>Welcome</html>"), Misconfigured, "not GitHub's API"),
        (Fault("status", status=200, response_body=b"hello"), Misconfigured, "not GitHub's API"),
        (Fault("status", status=200, response_body=b'{"name": "\xff"}'), Misconfigured, "unreadable"),
        (Fault("status", status=200, response_body=b"[" * 100_000), Misconfigured, "not GitHub's API"),
        (Fault("wrong_json"), Misconfigured, "not GitHub's API"),
        (Fault("empty_list"), Misconfigured, "not GitHub's API"),
        (Fault("status", status=404, response_body=b"<html>Page not found</html>"), Misconfigured, "/api/v3"),
        (Fault("status", status=404, response_body=b'{"message": "Not Found"}'), Misconfigured, "has no /user"),
        (Fault("status", status=202), Transient, "preparing"),
        (Fault("truncate", times=None), Transient, "broke"),
        (Fault("drop_before", times=None), Transient, "broke"),
        (Fault("status", status=503, times=None), Transient, "503"),
    ],
)
def test_what_is_no_github_is_said_so(github: GitHub, fault: Fault, expected: type[TrackerError], word: str) -> None:
    times = None if expected is Transient else 1
    github.site.faults.add(Fault(**{**vars(fault), "times": times}))

    with pytest.raises(expected, match=word):
        github.connect().login()


def test_a_server_that_does_not_listen_did_nothing(github: GitHub) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(Transient, match="cannot be reached") as caught:
        github.connect(url=f"http://127.0.0.1:{port}").login()

    assert caught.value.acted is False


def test_a_name_that_does_not_exist(github: GitHub) -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        github.connect(url="http://no-such-host.localhost:1").login()


def test_a_missing_authority_file_is_a_mistake_in_the_settings(github: GitHub) -> None:
    tracker = github.connect(url="https://127.0.0.1:1")
    tracker.context = type(tracker.context)(**{**vars(tracker.context), "ca_file": "no/such/file.pem"})

    with pytest.raises(Misconfigured, match="ca_file"):
        tracker.login()


def test_answers_are_capped(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LARGEST_ANSWER", 1000)
    github.site.faults.add(Fault("status", status=200, response_body=b"[" + b" " * 2000 + b"]"))

    with pytest.raises(Rejected, match="more than 1000 bytes"):
        github.connect().login()


CANARY = "ghp_canary0123456789"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=422, response_body=b'{"message": "no ghp_canary0123456789"}', times=None),
        Fault(
            "status", status=403, response_body=b'{"message": "token ghp_canary0123456789 is not enough"}', times=None
        ),
        Fault("status", status=200, response_body=b"ghp_canary0123456789", times=None),
        Fault("status", status=401, response_body=b'{"message": "ghp_canary0123456789"}', times=None),
        Fault("drop_before", times=None),
    ],
)
def test_the_token_is_shown_nowhere(
    github: GitHub,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    board_scope: Scope,
) -> None:
    caplog.set_level(logging.DEBUG)
    github.site.faults.add(fault)
    tracker = github.connect(token=CANARY)
    attempts: list[Callable[[], object]] = [tracker.login, lambda: tracker.fields("acme/web", "acme/1")]

    shown = [repr(tracker.context), repr(vars(tracker))]
    for attempt in attempts:
        with pytest.raises(TrackerError) as caught:
            attempt()
        shown.append("".join(traceback.format_exception(caught.value)))
        assert caught.value.__context__ is None

    assert CANARY not in "".join([*shown, caplog.text, *capfd.readouterr()])


def test_graphql_errors_do_not_show_the_token(github: GitHub) -> None:
    answer = b'{"data": null, "errors": [{"type": "FORBIDDEN", "message": "not with ghp_canary0123456789"}]}'
    github.site.faults.add(Fault("status", status=200, response_body=answer, times=None))

    with pytest.raises(AuthFailed) as caught:
        github.connect(token=CANARY).fields("acme/web", "acme/1")

    assert CANARY not in str(caught.value)


def test_pygithub_logs_nothing(github: GitHub, capfd: pytest.CaptureFixture[str]) -> None:
    github.connect().login()
    logging.getLogger("github.Requester").info("shown by PyGithub's own handler")

    assert not logging.getLogger("github").handlers
    assert not logging.getLogger("github.Requester").isEnabledFor(logging.INFO)
    assert capfd.readouterr().err == ""


def test_a_graphql_limit_is_waited_for(github: GitHub) -> None:
    answer = b'{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}'
    github.site.faults.add(Fault("status", status=200, headers={"Retry-After": "0"}, response_body=answer, times=2))

    assert github.connect().fields("acme/web", "acme/1")
    assert [path for _, path, _ in github.sent()] == ["/graphql"] * 3 + ["/orgs/acme/issue-fields"]


def test_the_pages_for_people(github: GitHub) -> None:
    def web(url: str) -> str:
        return Client(github.connect(url=url).context).web

    assert web("https://api.github.com") == "https://github.com"
    assert web("https://ghe.example/api/v3/") == "https://ghe.example"
    assert web("https://api.acme.ghe.com") == "https://acme.ghe.com"

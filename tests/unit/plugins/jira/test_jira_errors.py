"""What answers mean: each becomes one of the tracker errors, in words that help and hold no credentials."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.trackers.errors import (
    AuthFailed,
    Conflict,
    Misconfigured,
    NotFound,
    Rejected,
    TrackerError,
    Transient,
)
from okrsync_jira.errors import (
    Answer,
    Circumstances,
    FieldsRejected,
    NoSuchEndpoint,
    judge,
    not_json,
    redirected,
    refused_fields,
    words,
)

TOKEN = "canary-7f3a"
AROUND = Circumstances("https://acme.atlassian.net", has_user=True, secrets=(TOKEN,))
DATE = "Thu, 01 Oct 2026 12:00:00 GMT"


def answer(status: int, body: Any = b"", method: str = "GET", **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(method, "search", status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def said(*messages: str, **fields: str) -> dict[str, Any]:
    return {"errorMessages": list(messages), "errors": fields}


def verdict(given_answer: Answer, about: str | None = None) -> TrackerError:
    error = judge(given_answer, AROUND, about)
    assert error is not None
    assert TOKEN not in f"{error!r} {error}"
    return error


@pytest.mark.parametrize(
    ("status", "about", "kind"),
    [
        (400, "PLAT-1", Rejected),
        (401, "PLAT-1", AuthFailed),
        (403, None, AuthFailed),
        (403, "PLAT-1", Rejected),
        (404, "PLAT-1", NotFound),
        (405, None, Misconfigured),
        (409, "PLAT-1", Conflict),
        (410, None, NoSuchEndpoint),
        (413, "PLAT-1", Rejected),
        (422, "PLAT-1", Rejected),
        (302, None, Misconfigured),
        (429, None, Transient),
        (408, None, Transient),
        (500, None, Transient),
        (502, None, Transient),
        (503, None, Transient),
    ],
)
def test_a_status_has_one_meaning(status: int, about: str | None, kind: type[TrackerError]) -> None:
    error = verdict(answer(status, said(f"Jira says why, {TOKEN}")), about)

    assert isinstance(error, kind)
    assert "acme.atlassian.net" in str(error)
    if status not in {302, 408, 429}:
        assert "Jira says why" in str(error)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_good_answer_is_good(status: int) -> None:
    assert judge(answer(status, {"issues": []}, x_seraph_loginreason="OK"), AROUND, None) is None


@pytest.mark.parametrize("status", [200, 201, 404])
def test_a_failed_login_is_never_an_answer(status: int) -> None:
    error = verdict(answer(status, {"issues": []}, x_seraph_loginreason="AUTHENTICATED_FAILED"))

    assert isinstance(error, AuthFailed)
    assert "`user`" in str(error)


def test_a_page_that_forbids_stands_before_jira() -> None:
    forbidden = answer(403, b"<html>Blocked by the firewall</html>", content_type="text/html")
    assert isinstance(verdict(forbidden, "PLAT-1"), AuthFailed)


def test_a_captcha_is_named() -> None:
    denied = answer(403, b"<html>", x_authentication_denied_reason="CAPTCHA_CHALLENGE; login-url=https://x/login.jsp")

    error = verdict(denied)
    assert isinstance(error, AuthFailed)
    assert "CAPTCHA_CHALLENGE" in str(error)
    assert "browser" in str(error)


def test_a_missing_user_is_a_hint() -> None:
    error = judge(answer(401), Circumstances("https://acme.atlassian.net", has_user=False), None)
    assert "needs `user`" in str(error)


def test_a_missing_scope_is_named() -> None:
    error = verdict(answer(401, {"code": 401, "message": "Unauthorized; scope does not match"}))
    assert "write:jira-work" in str(error)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "17"}, 17.0),
        ({"retry_after": "0"}, None),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "soon"}, None),
        ({}, None),
        ({"retry_after": "Thu, 01 Oct 2026 12:02:00 GMT", "date": DATE}, 120.0),
        ({"retry_after": "Thu, 01 Oct 2026 11:00:00 GMT", "date": DATE}, None),
        ({"x_ratelimit_reset": "2026-10-01T12:00:30Z", "date": DATE}, 30.0),
        ({"x_ratelimit_reset": "1790856030", "date": DATE}, 30.0),
        ({"x_ratelimit_reset": "2026-10-01T12:30:00Z", "retry_after": "5", "date": DATE}, 5.0),
        (
            {
                "x_ratelimit_reset": "2026-10-01T12:30:00Z",
                "retry_after": "5",
                "ratelimit_reason": "jira-quota-global-based",
                "date": DATE,
            },
            1800.0,
        ),
        ({"x_ratelimit_reset": "2026-10-01T11:00:00Z", "date": DATE}, 0.0),
        ({"x_ratelimit_reset": "nonsense"}, None),
    ],
)
def test_a_rate_limit_says_how_long_and_that_nothing_was_done(headers: dict[str, str], wait: float | None) -> None:
    error = verdict(answer(429, **headers))

    assert isinstance(error, Transient)
    assert error.acted is False
    assert error.retry_after == wait


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_a_server_error_nobody_knows_what_was_done(status: int) -> None:
    error = verdict(answer(status, b"<html>Bad gateway</html>", method="POST", retry_after="9"), "PLAT-1")

    assert isinstance(error, Transient)
    assert error.acted is None
    assert error.retry_after == 9.0


def test_a_login_page_is_not_an_answer() -> None:
    page = b"<!DOCTYPE html><title>Log in &ndash; Acme</title><input type='password'>"

    error = verdict(answer(200, page, content_type="application/json"))
    assert isinstance(error, AuthFailed)
    assert "Log in – Acme" in str(error)


def test_another_page_is_the_wrong_address() -> None:
    error = verdict(answer(200, b"  <html><title>It works!</title></html>", content_type="text/html"))

    assert isinstance(error, Misconfigured)
    assert "It works!" in str(error)
    assert "`url`" in str(error)


def test_a_page_of_404_is_no_proof_that_an_item_is_gone() -> None:
    error = verdict(answer(404, b"<html>nginx</html>", content_type="text/html"), "PLAT-1")
    assert isinstance(error, NoSuchEndpoint)


def test_something_that_is_not_json_is_unreadable() -> None:
    assert isinstance(not_json(answer(200), AROUND), Misconfigured)
    lost = not_json(answer(201, method="POST"), AROUND)
    assert isinstance(lost, Transient)
    assert lost.acted is None


def test_a_redirect_elsewhere_names_the_place() -> None:
    error = redirected(answer(302), AROUND, "https://new.example/rest/api/2/search")
    assert isinstance(error, Misconfigured)
    assert "https://new.example/rest" in str(error)
    assert isinstance(redirected(answer(302), AROUND, "https://id.example/login.jsp"), AuthFailed)


def test_a_refusal_names_fields_and_what_to_do() -> None:
    text = "Field 'customfield_10042' cannot be set. It is not on the appropriate screen, or unknown."
    error = verdict(answer(400, said(customfield_10042=text, summary="Too long")), "PLAT-1")
    assert isinstance(error, FieldsRejected)

    named = refused_fields(error, "a new Task in project PLAT", {"customfield_10042": "KR current"})

    assert "customfield_10042" not in str(named)
    assert "KR current: Field 'KR current' cannot be set" in str(named)
    assert "summary: Too long" in str(named)
    assert "screens" in str(named)


@pytest.mark.parametrize(
    ("text", "todo"),
    [("Team is required.", "default value"), ("Operation value must be a number", "correct the value")],
)
def test_other_refusals_say_what_to_do_too(text: str, todo: str) -> None:
    error = verdict(answer(400, said(customfield_1=text)))
    assert isinstance(error, FieldsRejected)
    assert todo in str(refused_fields(error, "x", {}))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["errorMessages", "errorMessage", "message", "errors", "x"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from([400, 401, 403, 404, 409, 410, 429, 500]),
)
def test_any_json_in_an_error_becomes_an_error(body: object, status: int) -> None:
    assert isinstance(verdict(answer(status, body), "PLAT-1"), TrackerError)
    words(answer(status, body))


@given(st.binary(max_size=200), st.sampled_from([400, 403, 404, 429, 503]))
def test_any_bytes_in_an_error_become_one_clean_line(body: bytes, status: int) -> None:
    text = str(verdict(answer(status, body), "PLAT-1"))
    assert all(character.isprintable() or character == "\ufffd" or ord(character) > 127 for character in text)
    assert "\n" not in text


def test_words_of_a_server_are_cut_and_cleaned() -> None:
    cleaned = AROUND.clean(f"a\x1b[31m\nb \u202e{TOKEN} " + "x" * 5000)
    assert cleaned.startswith("a [31m b … x")
    assert len(cleaned) <= 600

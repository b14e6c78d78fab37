"""What GitHub's refusals mean: the class decides whether to try again, the text tells people what to mend."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, TrackerError, Transient
from okrsync_github.errors import Asked, Reply, TokenRefused, graphql_error, quoted, refusal

NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
ASKED = Asked("GET", "/repos/acme/web", "acme/web", "https://api.github.com")
DATE = "Thu, 01 Oct 2026 08:00:00 GMT"


def refused(status: int, message: str = "", headers: dict[str, str] | None = None, **more: Any) -> TrackerError:
    return refusal(ASKED, Reply(status, headers or {}, json.dumps({"message": message, **more})), NOW)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "Thu, 01 Oct 2026 08:02:00 GMT"}, 120),
        ({"retry-after": "Thu, 01 Oct 2026 07:02:00 GMT"}, 0),
        ({"retry-after": "Thu, 01 Oct 2026 09:02:00 GMT", "date": "Thu, 01 Oct 2026 09:00:00 GMT"}, 120),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 91),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) - 90)}, 1),
        ({"x-ratelimit-remaining": "0"}, 60),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 60),
        ({"retry-after": "later"}, 60),
        ({}, 60),
    ],
)
@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_tells_how_long_to_wait(status: int, headers: dict[str, str], seconds: float) -> None:
    error = refused(status, "You have exceeded a secondary rate limit.", headers)

    assert isinstance(error, Transient)
    assert error.acted is False
    assert error.retry_after == pytest.approx(seconds)


def test_headers_alone_tell_a_limit_from_a_missing_permission() -> None:
    assert isinstance(refused(403, "Forbidden", {"retry-after": "1"}), Transient)
    assert isinstance(refused(403, "Forbidden", {"x-ratelimit-remaining": "0"}), Transient)
    assert isinstance(refused(403, "Forbidden", {"x-ratelimit-remaining": "1"}), AuthFailed)


def test_a_bad_token_is_not_a_missing_permission() -> None:
    assert isinstance(refused(401, "Bad credentials"), TokenRefused)
    missing = refused(
        403,
        "Resource not accessible by personal access token",
        {"x-accepted-github-permissions": "issues=write"},
    )
    assert isinstance(missing, AuthFailed) and not isinstance(missing, TokenRefused)
    assert "issues=write" in str(missing) and "Metadata (read)" in str(missing)
    assert "single sign-on" in str(refused(403, "Resource protected by SAML", {"x-github-sso": "required; url=…"}))
    assert isinstance(refused(403, "Repository was archived so is read-only."), Rejected)


def test_what_is_not_there() -> None:
    missing = refused(404, "Not Found")
    assert isinstance(missing, NotFound)
    assert "acme/web does not exist, or the token may not see it" in str(missing)
    assert isinstance(refusal(ASKED, Reply(404, {}, ""), NOW), NotFound)
    assert isinstance(refused(410, "This issue was deleted"), NotFound)
    assert isinstance(refused(410, "Issues are disabled for this repo"), Misconfigured)


def test_validation_in_githubs_words() -> None:
    taken = [{"resource": "Milestone", "code": "already_exists", "field": "title"}]
    assert isinstance(refused(422, "Validation Failed", errors=taken), Conflict)
    error = refused(
        422,
        "Validation Failed",
        errors=[{"resource": "Issue", "field": "title", "code": "custom", "message": "is long"}],
    )
    assert isinstance(error, Rejected)
    assert "Issue.title is long" in str(error)
    assert "nothing to see" in str(refused(422, "Validation Failed", errors=["nothing to see"]))
    assert isinstance(refused(400, "Problems parsing JSON"), Rejected)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_may_have_acted(status: int) -> None:
    error = refusal(
        ASKED, Reply(status, {"retry-after": "7", "content-type": "text/html"}, "<html>Unicorn</html>"), NOW
    )

    assert isinstance(error, Transient)
    assert error.acted is None
    assert error.retry_after == 7


def test_a_page_for_people_is_no_api() -> None:
    page = refusal(ASKED, Reply(404, {"content-type": "text/html"}, "<html>Page not found</html>"), NOW)
    assert isinstance(page, Misconfigured) and "/api/v3" in str(page)
    login = refusal(ASKED, Reply(404, {}, "<!DOCTYPE html><form>Sign in</form>"), NOW)
    assert isinstance(login, AuthFailed) and "login page" in str(login)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "RATE_LIMITED", "message": "x"}, Transient),
        ({"type": "RATE_LIMIT", "message": "x"}, Transient),
        ({"message": "You have exceeded a secondary rate limit"}, Transient),
        ({"message": "Something went wrong while executing your query."}, Transient),
        ({"type": "NOT_FOUND", "message": "Could not resolve to an Organization"}, NotFound),
        ({"type": "FORBIDDEN", "message": "no"}, AuthFailed),
        ({"type": "INSUFFICIENT_SCOPES", "message": "no"}, AuthFailed),
        ({"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}, Rejected),
        ({"type": "UNPROCESSABLE", "message": "no"}, Rejected),
        ("nonsense", Rejected),
    ],
)
def test_graphql_errors_by_type(error: object, kind: type[TrackerError]) -> None:
    found = graphql_error(ASKED, error, {}, NOW)

    assert type(found) is kind
    assert not isinstance(found, AuthFailed | NotFound) or "Projects (read and write)" in str(found)


answers = st.builds(
    Reply,
    st.integers(400, 599),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date", "content-type"]),
        st.text(max_size=30) | st.sampled_from(["0", "5", DATE, "text/html", "application/json"]),
    ),
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.text(max_size=9) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["message", "errors", "code"]), inner)
        ),
        max_leaves=9,
    ).map(json.dumps),
)


@given(answers)
def test_every_answer_is_classified_in_one_printable_line(reply: Reply) -> None:
    error = refusal(ASKED, reply, NOW)

    assert isinstance(error, TrackerError)
    assert str(error).isprintable()
    assert not isinstance(error, Transient) or error.retry_after is None or error.retry_after >= 0


@given(st.text())
def test_quoted_words_are_short_and_harmless(text: str) -> None:
    line = quoted(text)

    assert len(line) <= 300
    assert line.isprintable()
    assert line.split() == text.split() or len(line) == 300 or not text.isprintable()

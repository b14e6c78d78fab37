"""What an answer, or the lack of one, means: the errors of `okrsync.trackers`, in words for who can mend them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from okrsync.trackers.errors import (
    AuthFailed,
    Conflict,
    Misconfigured,
    NotFound,
    Rejected,
    TrackerError,
    Transient,
)

_LOGIN = re.compile(r"(?i)\blog[ -]?in\b|\bsign[ -]?in\b|\bsso\b|saml|\boauth|password|\blogin\.")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_LONGEST = 600


class FieldsRejected(Rejected):
    """A 400 with Jira's words in parts, so that field ids can be replaced by the names that people know.

    Args:
        messages: what Jira said about the whole.
        fields: field id → what Jira said about it.
    """

    def __init__(self, message: str, messages: tuple[str, ...], fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.messages = messages
        self.fields = dict(fields)


class NoSuchEndpoint(Misconfigured):
    """The server does not have this part of the API: 410 where it was taken away, a 404 page where it never was."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, with its body read. `headers` have lower-case names."""

    method: str
    path: str
    """Below `/rest/api/2/`."""
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people."""
        return "html" in self.headers.get("content-type", "").lower() or self.body.lstrip()[:1] == b"<"

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Circumstances:
    """What is known when an answer is judged: the site's address, who asks, and which words must not be repeated."""

    site: str
    has_user: bool
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def clean(self, text: str) -> str:
        """Words of a server, fit for a message: one line, not too long, no control characters, no credentials."""
        for secret in self.secrets:
            if secret:
                text = text.replace(secret, "…")
        text = " ".join(_CONTROL.sub(" ", text).split())
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def judge(answer: Answer, around: Circumstances, about: str | None) -> TrackerError | None:
    """What is wrong with an answer, None when it is good.

    `about` names the one thing that was asked for or written; None when the request concerns the whole account, so
    that a refusal concerns everything.
    """
    if "AUTHENTICATED_FAILED" in answer.headers.get("x-seraph-loginreason", "").upper():
        # Jira answers anonymously then: 200 with an empty list, or a 404 for what is there.
        return _not_accepted(around, "Jira reports a failed login (X-Seraph-LoginReason)")
    denied = answer.headers.get("x-authentication-denied-reason")
    if denied and answer.status in {401, 403}:
        return AuthFailed(
            f"Jira at {around.site} denies the login: {around.clean(denied)}. Log in once in a browser with this"
            " account to clear a CAPTCHA, then try again"
        )
    if answer.status < 300:
        return _page_instead_of_answer(answer, around) if answer.is_html else None
    return _by_status(answer, around, about)


def _by_status(answer: Answer, around: Circumstances, about: str | None) -> TrackerError:
    said = _said(answer, around)
    what = about or "the request"
    site = around.site
    match answer.status:
        case 401:
            return _not_accepted(around, said)
        case 403 if about is None or answer.is_html:
            return AuthFailed(f"Jira at {site} forbids this account to use its API: {said or 'HTTP 403'}")
        case 403:
            return Rejected(f"Jira at {site} forbids {what}: {said or 'HTTP 403'}. Give the account the permission")
        case 404 if answer.is_html:
            return NoSuchEndpoint(
                f"{site} answers {answer.path} with a web page and 404: it is not the address of a Jira API;"
                " check `url` (with its context path, if it has one)"
            )
        case 404:
            return NotFound(f"Jira at {site} does not find {what}, or hides it from this account: {said or 'HTTP 404'}")
        case 409:
            return Conflict(f"Jira at {site} reports a conflict at {what}: {said or 'HTTP 409'}")
        case 410:
            return NoSuchEndpoint(f"Jira at {site} no longer has {answer.path}: {said or 'HTTP 410'}")
        case 405 | 407:
            return Misconfigured(f"{site} answers {answer.path} with HTTP {answer.status}: {said or 'no reason given'}")
        case 429:
            return _too_many(answer, around)
        case 408 | 425:
            return Transient(f"Jira at {site} gave up waiting ({answer.status})", acted=None)
        case status if status >= 500:
            # A 503 may come from a proxy whose server has acted, so nobody knows.
            return Transient(
                f"Jira at {site} failed with HTTP {status}{f': {said}' if said else ''}",
                retry_after=_asked_wait(answer),
                acted=None,
            )
        case status if status < 400:
            return Misconfigured(f"{site} answers {answer.path} with HTTP {status}, as no Jira does; check `url`")
        case status:
            messages, fields = words(answer)
            return FieldsRejected(
                f"Jira at {site} rejects {what}: {said or f'HTTP {status}'}",
                tuple(around.clean(each) for each in messages),
                {key: around.clean(value) for key, value in fields.items()},
            )


def _not_accepted(around: Circumstances, said: str) -> AuthFailed:
    if "scope" in said.lower():
        todo = "make a token with the scopes read:jira-work and write:jira-work"
    elif around.has_user:
        todo = "check `user` (on Cloud the account's e-mail address) and whether the token is right and not expired"
    else:
        todo = (
            "check that the token is right and not expired; a Jira Cloud API token needs `user`, the account's"
            " e-mail address, beside it"
        )
    return AuthFailed(f"Jira at {around.site} does not accept the credentials{f' ({said})' if said else ''}: {todo}")


def _page_instead_of_answer(answer: Answer, around: Circumstances) -> TrackerError:
    page = answer.body[:20_000].decode("utf-8", "replace")
    title = re.search(r"(?is)<title[^>]*>(.*?)</title>", page)
    named = f" ({around.clean(html.unescape(title[1]))!r})" if title else ""
    if _LOGIN.search(page):
        return AuthFailed(
            f"{around.site} answered with a login page{named} instead of data: the credentials were not used or not"
            " accepted. Check `user` and `token`, and that `url` is the Jira itself and not a single sign-on page"
        )
    return Misconfigured(f"{around.site} answered with a web page{named} instead of data: check that `url` is a Jira")


def redirected(answer: Answer, around: Circumstances, target: str) -> TrackerError:
    """A redirect that is not followed. `target` is its address without query."""
    shown = around.clean(target)
    if _LOGIN.search(target):
        return AuthFailed(f"{around.site} sends requests to a login page, {shown}: check `user` and `token`")
    return Misconfigured(
        f"{around.site} redirects {answer.path} to {shown}; okrsync does not send credentials there."
        " If that is the right place, write its address as `url`"
    )


def not_json(answer: Answer, around: Circumstances) -> TrackerError:
    """A good status with a body that is not what the endpoint promises."""
    if answer.method != "GET":
        return Transient(f"Jira at {around.site} answered {answer.path} with something unreadable", acted=None)
    return Misconfigured(
        f"{around.site} answered {answer.path} with something that is not Jira's JSON: check that `url` is a Jira,"
        " and any proxy between"
    )


def refused_fields(error: FieldsRejected, what: str, names: Mapping[str, str]) -> Rejected:
    """The same refusal with the names of fields in place of their ids (`names`: id → name), and what to do."""
    parts = [*error.messages]
    for id_, text in error.fields.items():
        name = names.get(id_, id_)
        parts.append(f"{name}: {text.replace(id_, name)}")
    said = "; ".join(each.rstrip(". ") for each in parts) or str(error)
    if "project" in error.fields:
        todo = "correct `project` in the mapping, or give the account the permission to create issues there"
    elif "issuetype" in error.fields:
        todo = "correct the issue type in the mapping to one that the project has"
    elif "screen" in said:
        todo = "have a project administrator put the field on the create and edit screens, or leave it out of `fields`"
    elif "required" in said:
        todo = "make the field optional for this issue type, or give it a default value"
    else:
        todo = "correct the value in the document, or what the project allows"
    return Rejected(f"Jira rejects {what}: {said}. To mend it, {todo}")


def words(answer: Answer) -> tuple[tuple[str, ...], dict[str, str]]:
    """What Jira says in an error: messages on the whole, and field id → message."""
    try:
        said = answer.json()
    except ValueError:
        return (), {}
    if not isinstance(said, Mapping):
        return (), {}
    messages: list[str] = []
    for key in ("errorMessages", "errorMessage", "message"):
        value = said.get(key)
        if isinstance(value, str):
            messages.append(value)
        elif isinstance(value, Iterable) and not isinstance(value, Mapping):
            messages.extend(str(each) for each in value)
    errors = said.get("errors")
    fields = {str(key): str(value) for key, value in errors.items()} if isinstance(errors, Mapping) else {}
    if isinstance(errors, list):
        messages.extend(str(each.get("message", each)) if isinstance(each, Mapping) else str(each) for each in errors)
    return tuple(each for each in messages if each.strip()), fields


def _said(answer: Answer, around: Circumstances) -> str:
    messages, fields = words(answer)
    parts = [*messages, *(f"{key}: {value}" for key, value in fields.items())]
    if not parts and not answer.is_html:
        text = answer.body[:200].decode("utf-8", "replace")
        parts = [] if text.lstrip().startswith(("{", "[")) else [text]
    return around.clean("; ".join(each.strip().rstrip(".") for each in parts))


def _too_many(answer: Answer, around: Circumstances) -> Transient:
    reason = around.clean(answer.headers.get("ratelimit-reason", ""))
    wait = _asked_wait(answer)
    reset = _until_reset(answer)
    if reset is not None and (wait is None or "quota" in reason):
        wait = max(reset, wait or 0.0)
    asked = "" if wait is None else f"; it asks to wait {wait:.0f} s"
    return Transient(
        f"Jira at {around.site} is getting too many requests{f' ({reason})' if reason else ''}{asked}",
        retry_after=wait,
        acted=False,
    )


def _asked_wait(answer: Answer) -> float | None:
    """`Retry-After` in seconds, from a number or an HTTP date; 0 says nothing (Data Center sends it all the time)."""
    given = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(given)
    except ValueError:
        moment = _http_date(given)
        seconds = (moment - _now(answer)).total_seconds() if moment else 0.0
    return seconds if 0.0 < seconds < float("inf") else None


def _until_reset(answer: Answer) -> float | None:
    """Seconds until `X-RateLimit-Reset`: ISO 8601 on Jira Cloud; seconds since 1970 are understood too."""
    given = answer.headers.get("x-ratelimit-reset", "").strip()
    try:
        moment = datetime.fromtimestamp(float(given), UTC)
    except (ValueError, OverflowError, OSError):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - _now(answer)).total_seconds())


def _now(answer: Answer) -> datetime:
    """The server's clock where it tells, so that a wrong one here does not matter."""
    return _http_date(answer.headers.get("date", "")) or datetime.now(UTC)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The moment in an answer's `Date` header."""
    return _http_date(headers.get("date", ""))

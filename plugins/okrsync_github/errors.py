"""What GitHub's refusals and silences mean to okrsync. Pure: an answer goes in, an error comes out.

The rules are those of GitHub's pages `Rate limits for the REST API`, `Troubleshooting the REST API` and
`Rate limits and node limits for the GraphQL API`. A 403 may mean a limit or a missing permission, a 404 a missing
permission too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, TrackerError, Transient

REPOSITORY_SCOPES = (
    "a fine-grained token needs Issues (read and write) and Metadata (read) on the repository,"
    " a classic one the scope repo; its owner needs write access there"
)
BOARD_SCOPES = (
    "for a board, a fine-grained token needs Projects (read and write) of the organisation,"
    " a classic one the scope project"
)
_PAUSE = 60.0
"""Seconds to wait after a limit that names no time (GitHub asks for at least one minute)."""
_LONGEST_QUOTE = 300
_LIMIT_WORDS = ("rate limit", "abuse detection", "submitted too quickly")
_LOGIN_WORDS = ("log in", "login", "sign in", "sign_in", "signin", 'type="password"', "single sign-on")


class TokenRefused(AuthFailed):
    """GitHub does not accept the token at all, so nothing else needs to be tried with it."""


@dataclass(frozen=True)
class Asked:
    """The request that an answer belongs to, for messages."""

    verb: str
    path: str
    about: str
    """What it concerns, as people say it: a repository, an item, a board."""
    api: str
    """The address from the settings."""


@dataclass(frozen=True)
class Reply:
    """An answer: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people."""
        return "html" in self.headers.get("content-type", "") or self.text.lstrip()[:1] == "<"


def refusal(asked: Asked, reply: Reply, now: datetime) -> TrackerError:
    """The error for an answer with a status of 400 or more."""
    data = _json(reply.text)
    message = _message(data)
    said = f"{asked.about}: GitHub says {message!r}" if message else f"{asked.about}: GitHub answers {reply.status}"
    if reply.status >= 500:
        return Transient(
            f"{asked.about}: GitHub fails ({reply.status}{', ' + message if message else ''})",
            retry_after=_asked_wait(reply.headers, now),
        )
    if reply.status == 429 or (reply.status == 403 and _is_limit(reply, message)):
        wait = limit_wait(reply.headers, now)
        return Transient(
            f"{said}: the rate limit is used up; it asks to wait {wait:.0f} s", retry_after=wait, acted=False
        )
    if reply.status == 401:
        return TokenRefused(
            f"{asked.api} does not accept the token ({message or 'no reason given'}): it is mistyped, has expired or"
            f" was revoked; make a new one: {REPOSITORY_SCOPES}"
        )
    if reply.is_html and reply.status in {400, 404, 405, 406, 407}:
        return not_github(asked, reply)
    if reply.status == 403:
        return _forbidden(asked, reply, said, message)
    if reply.status == 404:
        return NotFound(f"{asked.about} does not exist, or the token may not see it: {REPOSITORY_SCOPES}")
    if reply.status == 410:
        if "disabled" in message.lower():
            return Misconfigured(f"{said}; switch issues on in the repository's settings")
        return NotFound(f"{asked.about} was deleted")
    if reply.status == 422 and any(_code(each) == "already_exists" for each in _errors(data)):
        return Conflict(f"{asked.about}: GitHub says that it exists already ({_details(data)})")
    details = _details(data)
    return Rejected(f"{said}{': ' + details if details else ''}")


def _forbidden(asked: Asked, reply: Reply, said: str, message: str) -> TrackerError:
    lower = message.lower()
    if "archived" in lower or "read-only" in lower or "locked" in lower:
        return Rejected(said)
    if "x-github-sso" in reply.headers or "saml" in lower:
        return AuthFailed(f"{said}; authorise the token for the organisation's single sign-on, in the token's settings")
    takes = reply.headers.get("x-accepted-github-permissions") or reply.headers.get("x-accepted-oauth-scopes")
    return AuthFailed(f"{said}; {f'this takes {quoted(takes)}; ' if takes else ''}{REPOSITORY_SCOPES}")


def not_github(asked: Asked, reply: Reply) -> TrackerError:
    """The error for an answer that is not what GitHub's API answers: a page for people, or something else."""
    if reply.is_html and any(word in reply.text.lower() for word in _LOGIN_WORDS):
        return AuthFailed(
            f"{asked.api} answers with a login page instead of JSON ({reply.status} for {asked.verb} {asked.path}): the"
            f" token did not reach GitHub; check the address ({ADDRESSES}) and any proxy on the way"
        )
    what = "a web page" if reply.is_html else "something"
    return Misconfigured(
        f"{asked.api} is not GitHub's API: it answers {asked.verb} {asked.path} with {what} that is no JSON of GitHub's"
        f" (status {reply.status}); {ADDRESSES}"
    )


ADDRESSES = "the address is https://api.github.com, or https://HOST/api/v3 for an Enterprise Server"


def limit_wait(headers: Mapping[str, str], now: datetime) -> float:
    """How many seconds a rate limit asks to wait, by the server's own clock where it shows one."""
    asked = _asked_wait(headers, now)
    if asked is not None:
        return asked
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None and _number(headers.get("x-ratelimit-remaining")) == 0:
        return max(1.0, reset - (_date(headers.get("date")) or now).timestamp() + 1)
    return _PAUSE


def _asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    until = _date(value)
    return None if until is None else max(0.0, (until - (_date(headers.get("date")) or now)).total_seconds())


def _is_limit(reply: Reply, message: str) -> bool:
    return (
        _number(reply.headers.get("x-ratelimit-remaining")) == 0
        or "retry-after" in reply.headers
        or any(word in message.lower() for word in _LIMIT_WORDS)
    )


def graphql_error(asked: Asked, error: object, headers: Mapping[str, str], now: datetime) -> TrackerError:
    """The error for one entry of a GraphQL answer's `errors`."""
    entry = error if isinstance(error, Mapping) else {}
    extensions = entry.get("extensions")
    more = extensions if isinstance(extensions, Mapping) else {}
    kind = str(entry.get("type") or more.get("code") or "").upper()
    message = quoted(str(entry.get("message") or "no reason given"))
    said = f"{asked.about}: GitHub says {message!r}"
    lower = message.lower()
    if kind in {"RATE_LIMIT", "RATE_LIMITED"} or any(word in lower for word in _LIMIT_WORDS):
        wait = limit_wait(headers, now)
        return Transient(
            f"{said}: the rate limit is used up; it asks to wait {wait:.0f} s", retry_after=wait, acted=False
        )
    if kind == "NOT_FOUND":
        return NotFound(f"{said}; it does not exist, or the token may not see it: {BOARD_SCOPES}")
    if kind in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return AuthFailed(f"{said}; {BOARD_SCOPES}")
    if kind in {"INTERNAL", "SERVICE_UNAVAILABLE", "TIMEOUT"} or lower.startswith("something went wrong"):
        return Transient(said)
    return Rejected(said)


def quoted(text: str) -> str:
    """Somebody else's words, fit for a message: in one line, of printable characters only, not too long."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _message(data: object) -> str:
    return quoted(str(data.get("message") or "")) if isinstance(data, Mapping) else ""


def _errors(data: object) -> list[Any]:
    errors = data.get("errors") if isinstance(data, Mapping) else None
    return errors if isinstance(errors, list) else [errors] if errors else []


def _code(error: object) -> str:
    return str(error.get("code") or "") if isinstance(error, Mapping) else ""


def _details(data: object) -> str:
    return quoted("; ".join(_detail(each) for each in _errors(data)))


def _detail(error: object) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    where = ".".join(str(error[key]) for key in ("resource", "field") if error.get(key))
    return " ".join(part for part in (where, str(error.get("message") or error.get("code") or "")) if part)


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value is not None and value.strip()[:1].isdigit() else None
    except ValueError:
        return None


def _date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value) if value else None
    except (TypeError, ValueError):
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)

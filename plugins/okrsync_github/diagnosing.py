"""What `okrsync doctor` wants to know of a GitHub beyond what `check` finds: the token, the clock, the rate limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from okrsync.trackers.diagnosis import Finding, findings_of_headers
from okrsync_github.client import Client

ENDS = "github-authentication-token-expiration"
"""The header with the day on which a token that does not live for ever ends."""
SOON = timedelta(days=14)


def findings(client: Client) -> tuple[Finding, ...]:
    """From the last answer; no request."""
    return (*_scopes(client), *_end(client), *findings_of_headers(client.heard, client.heard_at))


def _scopes(client: Client) -> Iterator[Finding]:
    granted = client.token_scopes
    if granted is None:
        yield Finding(
            "scopes", "the token has none: it is fine-grained or an app's, and GitHub does not tell its rights"
        )
        return
    yield Finding("scopes", ", ".join(sorted(granted)) or "none")
    more = sorted(each for each in granted if each.startswith(("admin:", "delete_", "write:org")))
    if more:
        yield Finding(
            "least rights",
            f"the token may do more than okrsync needs: {', '.join(more)}",
            "Make one with the scopes repo and project alone, or a fine-grained one with Issues read and write.",
        )


def _end(client: Client) -> Iterator[Finding]:
    ends = _moment(client.heard.get(ENDS, ""))
    if ends is None:
        return
    found = f"it ends on {ends:%Y-%m-%d}"
    soon = ends - client.heard_at < SOON
    yield Finding("token", found, "Make a new one in time, and put it where the old one is." if soon else "")


def _moment(text: str) -> datetime | None:
    """GitHub writes `2026-12-31 12:00:00 UTC`, or an offset in the place of the zone."""
    try:
        return datetime.strptime(text.replace(" UTC", " +0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None

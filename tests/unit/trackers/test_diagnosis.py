"""What an answer's headers tell somebody who looks for trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from okrsync.trackers.diagnosis import Finding, findings_of_headers
from okrsync_github import diagnosing

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def found_in(**headers: str) -> list[Finding]:
    return list(findings_of_headers({name.replace("_", "-"): text for name, text in headers.items()}, NOW))


@pytest.mark.parametrize(("seconds", "said"), [(59, ""), (-59, ""), (61, "61 s ahead of"), (-7200, "7,200 s behind")])
def test_a_clock_more_than_a_minute_off_is_to_be_mended(seconds: int, said: str) -> None:
    (found,) = found_in(date=format_datetime(NOW + timedelta(seconds=seconds), usegmt=True))
    assert found.about == "clock" and found.well is (not said) and said in found.found


@pytest.mark.parametrize("reset", [str(int((NOW + timedelta(hours=1)).timestamp())), "2026-11-22T11:00Z"])
def test_what_is_left_of_a_limit_is_told_with_its_end(reset: str) -> None:
    (found,) = found_in(x_ratelimit_limit="5000", x_ratelimit_remaining="4000", x_ratelimit_reset=reset)
    assert found == Finding("rate limit", "4,000 of 5,000 requests left, anew at 11:00 UTC")
    (found,) = found_in(x_ratelimit_limit="5000", x_ratelimit_remaining="499", x_ratelimit_reset=reset)
    assert not found.well


@pytest.mark.parametrize(
    "headers", [{}, {"date": "yesterday"}, {"x_ratelimit_remaining": "5"}, {"x_ratelimit_limit": "a"}]
)
def test_what_is_not_told_is_left_out(headers: dict[str, str]) -> None:
    assert found_in(**headers) == []


def github(scopes: frozenset[str] | None, **headers: str) -> dict[str, Finding]:
    client: Any = SimpleNamespace(token_scopes=scopes, heard=headers, heard_at=NOW)
    return {each.about: each for each in diagnosing.findings(client)}


def test_a_token_that_may_do_more_than_is_needed_is_named() -> None:
    assert all(each.well for each in github(frozenset({"repo", "project", "read:org"})).values())
    assert "admin:org, delete_repo" in github(frozenset({"repo", "admin:org", "delete_repo"}))["least rights"].found
    assert github(None)["scopes"].well


@pytest.mark.parametrize("zone", ["UTC", "+0000"])
def test_a_token_that_ends_soon_is_named(zone: str) -> None:
    def ends(day: int) -> Finding:
        return github(None, **{diagnosing.ENDS: f"2026-12-{day:02} 09:00:00 {zone}"})["token"]

    assert ends(7).well and ends(7).found == "it ends on 2026-12-07"
    assert not ends(5).well

"""Addresses are checked before a credential is sent to one."""

from __future__ import annotations

import pytest

from okrsync.trackers.errors import Misconfigured
from okrsync_jira.address import same_place, site


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://acme.atlassian.net", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/", "https://acme.atlassian.net"),
        (" https://jira.acme.example:8443/jira/ ", "https://jira.acme.example:8443/jira"),
        ("https://jira.acme.example/jira/rest/api/2/", "https://jira.acme.example/jira"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://localhost:2990/jira", "http://localhost:2990/jira"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://api.atlassian.com/ex/jira/9b1c", "https://api.atlassian.com/ex/jira/9b1c"),
    ],
)
def test_an_address_of_a_jira(url: str, base: str) -> None:
    found = site(url)
    assert found.base == base
    assert found.api == f"{base}/rest/api/2/"
    assert found.gateway is ("/ex/jira/" in url)
    assert found.loopback is url.startswith("http:")


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://jira.acme.example", "clear text"),
        ("http://10.0.0.5:8080", "clear text"),
        ("http://localhost.acme.example", "clear text"),
        ("acme.atlassian.net", "https://"),
        ("ftp://acme.atlassian.net", "https://"),
        ("", "https://"),
        ("https://", "https://"),
        ("https://acme..example", "https://"),
        ("https://ac me.example", "https://"),
        ("https://acme.example:port", "https://"),
        ("https://[::1", "https://"),
        ("https://acme.example/?x=1", "query"),
        ("https://acme.example/#board", "fragment"),
        ("https://bot:canary@acme.example", "`token`"),
    ],
)
def test_an_address_that_credentials_must_not_be_sent_to(url: str, hint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        site(url)
    assert hint in str(caught.value)
    assert "canary" not in str(caught.value)


def test_places_are_told_apart() -> None:
    assert same_place("https://a.example/x", "https://a.example:443/y")
    assert not same_place("https://a.example/x", "http://a.example/x")
    assert not same_place("https://a.example/x", "https://a.example.evil.example/x")
    assert not same_place("https://a.example/x", "https://a.example:444/x")
    assert not same_place("https://a.example/x", "https://a.example:x/")

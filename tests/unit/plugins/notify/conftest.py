"""What the tests of notifiers share: a message, and notifiers as the core makes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.trackers.interface import Secret
from okrsync.trackers.notifiers import Message, News, Notifier, NotifierContext, NotifierTable, Occasion
from okrsync.trackers.plugins import load_plugins
from okrsync.trackers.retry import RetryPolicy

CANARY = "c4n4ry-5ecr3t-value"
Make = Callable[..., Notifier]


@pytest.fixture
def message() -> Message:
    return Message(
        workspace="acme",
        title="acme: 2 things",
        news=(
            News(
                Occasion.HEALTH_CHANGED,
                "p95 <b> is off-track & late",
                "@channel: 50 % of 90 %",
                "2026-Q4/a/p95",
                "https://t/1",
            ),
            News(Occasion.CHECK_IN_DUE, "Größe: a check-in is due"),
        ),
        at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        to=("dana@acme.example", "kim@acme.example"),
    )


@pytest.fixture
def policy() -> RetryPolicy:
    return RetryPolicy(attempts=3, first_wait=0.001, longest_wait=1.0)


@pytest.fixture
def make(tmp_path: Path, policy: RetryPolicy) -> Make:
    def made(
        kind: str,
        *,
        url: str | None = None,
        token: str | None = None,
        user: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
        timeout: float = 5.0,
        **options: object,
    ) -> Notifier:
        table = NotifierTable(
            "x",
            user=user,
            has_url=bool(url),
            has_token=bool(token),
            has_password=bool(password),
            ca_file=ca_file,
            timeout=timeout,
            options=options,
        )
        kinds = load_plugins().notifiers
        wrong = list(kinds[kind].check_table(table))
        assert not wrong, wrong
        secrets = [None if each is None else Secret(each) for each in (url, token, password)]
        return kinds[kind].load(NotifierContext(table, *secrets, tmp_path, policy))

    return made

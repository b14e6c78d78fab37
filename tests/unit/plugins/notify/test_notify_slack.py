"""Messages to an incoming webhook, on a server that answers as Slack does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected, TrackerError, Transient
from okrsync.trackers.notifiers import Message, News, Occasion
from okrsync.trackers.retry import RetryPolicy
from okrsync_notify.slack import LONGEST_TEXT, slack_text
from tests.unit.plugins.notify.conftest import CANARY, Make
from tests.unit.plugins.notify.webhook import Webhook


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


def test_a_message_is_posted_word_by_word(make: Make, webhook: Webhook, message: Message) -> None:
    assert make("slack", url=webhook.url(CANARY)).send(message) is None
    [(path, headers, body)] = webhook.requests
    assert path == f"/services/{CANARY}"
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    assert json.loads(body) == {
        "text": "acme: 2 things\n\np95 &lt;b&gt; is off-track &amp; late\n@\u200bchannel: 50 % of 90 %\nhttps://t/1\n\n"
        "Größe: a check-in is due",
        "mrkdwn": False,
        "unfurl_links": False,
    }


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, Rejected, "does not take the message"),
        (403, AuthFailed, "make a new one"),
        (404, NotFound, "is gone"),
        (410, NotFound, "is gone"),
        (302, Rejected, "HTTP 302"),
    ],
)
def test_a_refusal_says_what_to_do_and_no_secret(
    make: Make, webhook: Webhook, message: Message, status: int, kind: type[TrackerError], words: str
) -> None:
    webhook.answers = [(status, {"Location": "/elsewhere"}, f"no_service {webhook.url(CANARY)}")]
    with pytest.raises(kind, match=words) as refused:
        make("slack", url=webhook.url(CANARY)).send(message)
    assert CANARY not in str(refused.value)
    assert len(webhook.requests) == 1, "neither again nor elsewhere"


def test_what_was_certainly_not_posted_is_posted_again(make: Make, webhook: Webhook, message: Message) -> None:
    webhook.answers = [(429, {"Retry-After": "0"}, "rate_limited"), (500, {}, "rollup_error"), (200, {}, "ok")]
    assert make("slack", url=webhook.url(CANARY)).send(message) is None
    assert len(webhook.requests) == 3


def test_of_a_lost_answer_nobody_knows_and_it_is_not_posted_again(
    make: Make, webhook: Webhook, message: Message
) -> None:
    webhook.answers = [None]
    with pytest.raises(Transient, match="may have arrived or not") as lost:
        make("slack", url=webhook.url(CANARY)).send(message)
    assert lost.value.acted is None
    assert CANARY not in str(lost.value)
    assert len(webhook.requests) == 1


def test_where_nobody_listens_nothing_was_posted(
    make: Make, webhook: Webhook, message: Message, policy: RetryPolicy
) -> None:
    url = webhook.url(CANARY)
    webhook.close()
    with pytest.raises(Transient, match=r"127\.0\.0\.1 cannot be reached") as failed:
        make("slack", url=url).send(message)
    assert failed.value.acted is False
    assert policy.requests == 3
    assert CANARY not in str(failed.value)


@pytest.mark.parametrize(
    "url", [f"http://hooks.example/{CANARY}", f"{CANARY}", f"ftp://h/{CANARY}", f"https://[/{CANARY}"]
)
def test_a_wrong_address_is_told_without_showing_it(make: Make, message: Message, url: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        make("slack", url=url).send(message)
    assert CANARY not in str(wrong.value)


def test_a_long_message_is_cut_between_lines(message: Message) -> None:
    news = tuple(News(Occasion.CHANGE_HELD, f"change {number} of many") for number in range(2000))
    text = slack_text(Message("acme", "many", news, message.at))
    assert len(text) <= LONGEST_TEXT
    assert text.rstrip().splitlines()[-3].endswith("of many")
    assert text.endswith("`okrsync status` shows all of it")

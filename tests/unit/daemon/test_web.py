"""The daemon's port, in its parts: hints that gather, deliveries that are judged, health, and the words of metrics."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from okrsync.daemon import events
from okrsync.daemon.inbox import Hint
from okrsync.daemon.standing import MappingStanding, Standing
from okrsync.daemon.state import Pause
from okrsync.daemon.web import health, receiving
from okrsync.daemon.web.gathering import LONGEST, MOST, MOST_HINTS, QUIET, SPAN, Gathering
from okrsync.daemon.web.metrics import FAMILIES, Metrics
from okrsync.daemon.web.receiving import Door, Fate
from okrsync.daemon.web.serving import Address
from okrsync.settings import Settings
from okrsync.store.values import Run
from okrsync.trackers.interface import Secret
from okrsync.trackers.plugins import load_plugins
from okrsync.trackers.webhooks import Webhooks

NOW = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)


# Gathering


def passed_on(arrivals: list[tuple[float, Hint]]) -> list[tuple[float, tuple[Hint, ...]]]:
    """When hints that come at these moments are passed on, and which."""
    gathering, passed = Gathering(), []
    for moment, hint in [*arrivals, (float("inf"), None)]:
        while (due := gathering.due()) is not None and due <= moment:
            passed.append((due, gathering.take(due)))
        if hint is not None:
            gathering.add([hint], moment)
    return passed


def test_one_hint_is_passed_on_almost_at_once_and_a_storm_in_a_few_bundles() -> None:
    one = Hint("work", "PLAT", "1")
    assert passed_on([(100.0, one)]) == [(100.0 + QUIET, (one,))]
    storm = passed_on([(number / 100, Hint("work", "PLAT", str(number % 7))) for number in range(1000)])
    assert [round(moment, 2) for moment, _ in storm] == [LONGEST, 10.29]
    bursts = passed_on([(second + number / 1000, one) for second in range(10) for number in range(100)])
    assert [round(moment, 1) for moment, _ in bursts] == [0.4, 1.4, 2.4, 10.4]


@given(st.lists(st.tuples(st.floats(0, 60), st.integers(0, 5)), max_size=60))
def test_every_hint_is_passed_on_in_time_and_never_too_often(arrivals: list[tuple[float, int]]) -> None:
    hints = [(moment, Hint("work", "PLAT", str(item))) for moment, item in sorted(arrivals)]
    passed = passed_on(hints)
    moments = [moment for moment, _ in passed]
    assert all(any(moment <= at <= moment + SPAN and hint in bundle for at, bundle in passed) for moment, hint in hints)
    assert all(later - earlier > SPAN - 1e-6 for earlier, later in zip(moments, moments[MOST:], strict=False))


def test_more_hints_than_anybody_would_look_at_become_their_projects() -> None:
    gathering = Gathering()
    gathering.add([Hint("work", "PLAT", str(number)) for number in range(MOST_HINTS * 3)], 0.0)
    taken = gathering.take(60.0)
    assert len(taken) == MOST_HINTS + 1 and Hint("work", "PLAT") in taken
    assert gathering.take(60.0) == () and gathering.due() is None


# Deliveries


def settings(**mapping: Any) -> Settings:
    return Settings.model_validate(
        {
            "workspace": "acme",
            "trackers": {
                "work": {"type": "jira", "token": {"env": "T"}, "webhook_secret": {"env": "S"}},
                "code": {"type": "github", "token": {"env": "T"}},
            },
            "mappings": [
                {"tracker": "work", "project": "PLAT", "objectives": {"as": "epic"}},
                {
                    "tracker": "code",
                    "project": "acme/Web",
                    "objectives": {"as": "milestone"},
                    "fields": {"project_board": "acme/1", "current": "KR current"},
                },
            ],
        }
    )


def door(tracker: str) -> Door:
    kind = {"work": "jira", "code": "github"}[tracker]
    webhooks = load_plugins().trackers[kind].webhooks
    assert webhooks is not None
    return Door(tracker, webhooks, Secret("s3cret"))


def delivery(door: Door, body: bytes, **headers: str) -> tuple[Fate, tuple[Hint, ...]]:
    digest = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return door.receive({door.webhooks.signature: f"sha256={digest}", **named}, body, settings())


REPOSITORY = {"repository": {"full_name": "Acme/web"}}


@pytest.mark.parametrize(
    ("event", "payload", "hints"),
    [
        ("ping", {"zen": "…"}, ()),
        ("push", REPOSITORY, ()),
        ("issues", {"issue": {"number": 12}, **REPOSITORY}, (Hint("code", "acme/Web", "Acme/web/issues/12"),)),
        ("issue_comment", {"issue": {"number": 3}, **REPOSITORY}, (Hint("code", "acme/Web", "Acme/web/issues/3"),)),
        ("milestone", {"milestone": {"number": 3}, **REPOSITORY}, (Hint("code", "acme/Web", "Acme/web/milestones/3"),)),
        ("sub_issues", REPOSITORY, (Hint("code", "acme/Web"),)),
        ("issues", {"issue": {"number": 1}, "repository": {"full_name": "acme/other"}}, ()),
        ("projects_v2_item", {"organization": {"login": "ACME"}}, (Hint("code", "acme/Web"),)),
        (
            "projects_v2_item",
            {"organization": {"login": "acme"}, "changes": {"field_value": {"project_number": 2}}},
            (),
        ),
        ("projects_v2_item", {"organization": {"login": "else"}}, ()),
        ("issues", {"issue": {"number": True}, **REPOSITORY}, None),
        ("issues", {"issue": {"number": 1}}, None),
        ("milestone", REPOSITORY, None),
        ("projects_v2_item", {}, None),
    ],
)
def test_what_github_names(event: str, payload: Mapping[str, Any], hints: tuple[Hint, ...] | None) -> None:
    body = json.dumps(payload).encode()
    wanted = (Fate.MALFORMED, ()) if hints is None else (Fate.TAKEN if hints else Fate.IGNORED, hints)
    assert delivery(door("code"), body, x_github_event=event) == wanted
    form = urlencode({"payload": json.dumps(payload)}).encode()
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    assert delivery(door("code"), form, x_github_event=event, content_type=kind) == wanted


@pytest.mark.parametrize(
    ("payload", "hints"),
    [
        ({"webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "key": "PLAT-7"}}, ("10001",)),
        ({"webhookEvent": "jira:issue_deleted", "issue": {"id": 10001, "key": "PLAT-7"}}, ("10001",)),
        ({"webhookEvent": "comment_created", "issue": {"id": "10001", "key": "PLAT-7"}}, ("10001",)),
        ({"webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "key": "OTHER-7"}}, ()),
        ({"webhookEvent": "sprint_started", "sprint": {"id": 1}}, ()),
        ({"webhookEvent": "worklog_created", "worklog": {"issueId": "10001"}}, ()),
        ({"issue": {"id": "10001", "key": "PLAT-7"}}, None),
        ({"webhookEvent": "jira:issue_updated", "issue": {"id": "../1", "key": "PLAT-7"}}, None),
        ({"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "PLAT"}}, None),
    ],
)
def test_what_jira_names(payload: Mapping[str, Any], hints: tuple[str, ...] | None) -> None:
    fate, found = delivery(door("work"), json.dumps(payload).encode())
    assert fate is (Fate.MALFORMED if hints is None else Fate.TAKEN if hints else Fate.IGNORED)
    assert found == tuple(Hint("work", "PLAT", each) for each in hints or ())


def test_only_what_is_signed_is_read_and_only_once() -> None:
    read: list[bytes] = []
    webhooks = Webhooks("x-signature", "x-delivery", lambda headers, payload: read.append(b"read") or ())
    mine = Door("work", webhooks, Secret("s3cret"))
    assert delivery(mine, b"{}", x_signature="sha256=ünsigned")[0] is Fate.UNSIGNED
    assert delivery(mine, b"{}", x_signature="")[0] is Fate.UNSIGNED and not read
    assert delivery(mine, b"{}", x_delivery="1")[0] is Fate.IGNORED
    assert delivery(mine, b"{}", x_delivery="1")[0] is Fate.SEEN_BEFORE
    assert delivery(mine, b"{}")[0] is Fate.IGNORED, "without an id, its content tells it from others"
    assert delivery(mine, b"{}")[0] is Fate.SEEN_BEFORE
    heir = Door("work", webhooks, Secret("s3cret"))
    heir.remember_as(mine)
    assert delivery(heir, b"{}", x_delivery="1")[0] is Fate.SEEN_BEFORE, "a reload forgets nothing"


def test_it_remembers_a_bounded_number_of_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "REMEMBERED", 3)
    mine = Door("work", Webhooks("x-signature", "x-delivery", lambda headers, payload: ()), Secret("s3cret"))
    fates = [delivery(mine, b"{}", x_delivery=str(each))[0] for each in (1, 2, 3, 3, 4, 1, 4)]
    seen = Fate.SEEN_BEFORE
    assert fates == [Fate.IGNORED] * 3 + [seen, Fate.IGNORED, Fate.IGNORED, seen]


# Where it listens


@pytest.mark.parametrize(
    ("text", "host", "port", "private"),
    [
        ("127.0.0.1:8321", "127.0.0.1", 8321, True),
        ("8321", "127.0.0.1", 8321, True),
        (":8321", "127.0.0.1", 8321, True),
        ("localhost:1", "localhost", 1, True),
        ("[::1]:8321", "::1", 8321, True),
        ("0.0.0.0:8321", "0.0.0.0", 8321, False),
        ("[::]:8321", "::", 8321, False),
        ("okrs.acme.example:443", "okrs.acme.example", 443, False),
    ],
)
def test_an_address_beyond_this_machine_has_to_be_written_out(text: str, host: str, port: int, private: bool) -> None:
    address = Address.parse(text)
    assert (address.host, address.port, address.is_private) == (host, port, private)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "here", "127.0.0.1", "127.0.0.1:", "h:70000", "::1:80", "http://h:1", "h:-1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Address.parse(text)


# Health and metrics


def how_it_stands(**changes: Any) -> Standing:
    return Standing(
        **{
            "workspace": "acme",
            "as_of": NOW,
            "running": None,
            "mappings": (
                MappingStanding("work/PLAT", NOW - timedelta(minutes=5)),
                MappingStanding("code/acme/web", None, NOW - timedelta(hours=1), "secret token in okrs/dana.toml"),
            ),
            "last_run": Run(1, "poll", NOW, NOW, 1, 3, 0, 2, ("dana did it",)),
            "held": 2,
            "outbox": 1,
            "stale": 4,
            "paused": {"code": Pause(NOW + timedelta(minutes=3), "Instant sign-up")},
            "next": {"poll": NOW + timedelta(minutes=10)},
            "refused": ("okrs/dana.toml:1: is wrong",),
            **changes,
        }
    )


def test_alive_is_who_moves_and_ready_is_who_has_read() -> None:
    assert health.alive(1).status == 200 and health.alive(health.STUCK_AFTER).status == 503
    assert health.ready(how_it_stands(), is_up=True).status == 200, "one failing tracker and a pause are no reason"
    never = (MappingStanding("work/PLAT", None),)
    for found, is_up in ((how_it_stands(), False), (None, True), (how_it_stands(mappings=never), True)):
        assert health.ready(found, is_up=is_up).status == 503
    assert health.ready(how_it_stands(mappings=()), is_up=True).status == 200


def observed(found: Standing | None) -> str:
    metrics = Metrics(lambda: found, lambda: 0.5)
    metrics.expect(["work"])
    left = {"code": 0.75}
    ended = events.RunEnded(
        NOW, "poll", ("work/PLAT",), 1, 0.2, requests=3, retries=1, changes=2, held=1, rate_left=left
    )
    metrics(ended)
    metrics.delivered("work", Fate.TAKEN)
    metrics.delivered(None, Fate.UNKNOWN)
    return metrics.exposition()[0].decode()


def test_metrics_tell_how_it_stands() -> None:
    samples = {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(observed(how_it_stands()))
        for each in family.samples
    }
    wanted = {
        ("okrsync_mapping_last_success_timestamp_seconds", "work/PLAT"): NOW.timestamp() - 300,
        ("okrsync_mapping_lag_seconds", "work/PLAT"): 300,
        ("okrsync_mapping_failing", "code/acme/web"): 1,
        ("okrsync_mapping_failing", "work/PLAT"): 0,
        ("okrsync_tracker_paused_until_timestamp_seconds", "code"): NOW.timestamp() + 180,
        ("okrsync_tracker_paused_until_timestamp_seconds", "work"): 0,
        ("okrsync_rate_limit_left_ratio", "code"): 0.75,
        ("okrsync_changes_held",): 2,
        ("okrsync_outbox_depth",): 1,
        ("okrsync_stale_key_results",): 4,
        ("okrsync_next_run_timestamp_seconds", "poll"): NOW.timestamp() + 600,
        ("okrsync_last_run_exit_code",): 1,
        ("okrsync_settings_refused",): 1,
        ("okrsync_documents_not_fetched",): 0,
        ("okrsync_progress_age_seconds",): 0.5,
        ("okrsync_runs_total", "poll", "partly_failed"): 1,
        ("okrsync_requests_total",): 3,
        ("okrsync_retries_total",): 1,
        ("okrsync_changes_made_total",): 2,
        ("okrsync_webhook_deliveries_total", "taken", "work"): 1,
        ("okrsync_webhook_deliveries_total", "unknown", "-"): 1,
        ("okrsync_cache_readable",): 1,
    }
    assert {key: samples.get(key) for key in wanted} == wanted
    assert ("okrsync_mapping_lag_seconds", "code/acme/web") not in samples, "unknown is not 0"


def test_the_exposition_is_as_prometheus_has_it_and_names_no_person_and_no_objective() -> None:
    text = observed(how_it_stands())
    assert not re.search("dana|secret|Instant|okrs/", text)
    families = {each.name: each for each in text_string_to_metric_families(text)}
    ours = {name: each for name, each in families.items() if name.startswith("okrsync")}
    # The parser calls a counter by its name without _total.
    assert set(ours) == {each.full_name.removesuffix("_total") for each in FAMILIES}
    for family in FAMILIES:
        found = ours[family.full_name.removesuffix("_total")]
        assert (found.type, found.documentation) == (family.kind, family.meaning)
        assert re.fullmatch(r"okrsync_[a-z][a-z_]*[a-z]", family.full_name) and family.meaning.endswith(".")
        assert all(set(sample.labels) - {"le"} == set(family.labels) for sample in found.samples)
        assert family.full_name.endswith("_total") == (family.kind == "counter")
        assert not re.search(r"_(ms|minutes|hours|percent|count|sum|bucket)$", family.full_name)
    broken = {each.name for each in text_string_to_metric_families(observed(None))}
    assert {"okrsync_cache_readable", "okrsync_runs"} <= broken and "okrsync_changes_held" not in broken

"""The outbox, runs and check-ins: what must not be lost or done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn, CheckInOrigin, IntentState, Link, Run

REF = Ref("2026-Q4", "instant-signup", "p95")
LINK = Link(REF, ItemKind.KEY_RESULT, "work", ItemId("PLAT", "10002", "PLAT-2", "https://acme.example/PLAT-2"))
MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def test_settling_stores_the_link_with_it(cache: Cache, clock: Any) -> None:
    run = cache.runs.begin("sync")
    intent = cache.outbox.intend(REF, "create", {"marker": "m"}, run)
    assert [each.id for each in cache.outbox.open_intents()] == [intent]
    clock.advance(timedelta(seconds=2))
    cache.outbox.settle(intent, LINK)
    assert cache.outbox.open_intents() == ()
    found = cache.outbox.get(intent)
    assert found is not None
    assert (found.state, found.item_id, found.run_id, found.settled_at) == (IntentState.DONE, "10002", run, clock.now)
    assert cache.links.get(REF) == replace(LINK, created_at=clock.now)


def test_an_unknown_outcome_stays_open_until_it_is_known(cache: Cache) -> None:
    intent = cache.outbox.intend(REF, "create", {})
    cache.outbox.leave_open(intent, "the answer was lost")
    (left,) = cache.outbox.open_intents()
    assert (left.state, left.error, left.settled_at) == (IntentState.UNSETTLED, "the answer was lost", None)
    cache.outbox.fail(intent, "looked up: it is not there")
    assert cache.outbox.open_intents() == ()
    assert cache.links.live() == {}


def test_an_intent_is_never_older_than_it_is(cache: Cache, clock: Any) -> None:
    clock.advance(timedelta(microseconds=999_999))
    intent = cache.outbox.intend(REF, "create", {})
    (left,) = cache.outbox.open_intents()
    assert left.intended_at == clock.now
    clock.advance(timedelta(milliseconds=1))
    cache.outbox.settle(intent)
    found = cache.outbox.get(intent)
    assert found is not None and found.settled_at == clock.now


def test_what_is_settled_cannot_be_settled_again(cache: Cache) -> None:
    intent = cache.outbox.intend(REF, "update", {})
    cache.outbox.settle(intent)
    with pytest.raises(LookupError, match="no open intent"):
        cache.outbox.settle(intent, LINK)
    with pytest.raises(LookupError, match="no open intent"):
        cache.outbox.fail(intent, "")
    with pytest.raises(LookupError, match="no open intent"):
        cache.outbox.leave_open(intent, "")
    with pytest.raises(LookupError, match="no open intent"):
        cache.outbox.settle(intent + 1, LINK)
    assert cache.links.live() == {}


def test_old_settled_intents_are_dropped_and_open_ones_never(cache: Cache, clock: Any) -> None:
    settled, still_open = (cache.outbox.intend(REF, "create", {}) for _ in range(2))
    cache.outbox.settle(settled)
    clock.advance(timedelta(days=89))
    cache.prune()
    assert cache.outbox.get(settled) is not None
    clock.advance(timedelta(days=2))
    cache.prune()
    assert cache.outbox.get(settled) is None
    assert [each.id for each in cache.outbox.open_intents()] == [still_open]
    assert cache.outbox.intend(REF, "create", {}) > still_open


def test_runs_tell_how_they_ended(cache: Cache, clock: Any) -> None:
    first = cache.runs.begin("sync")
    started = clock.now
    clock.advance(timedelta(minutes=1))
    cache.runs.finish(first, exit_code=3, requests=7, changes_made=2, held=1, problems=["PLAT-1: both changed"])
    second = cache.runs.begin("pull")
    assert cache.runs.recent() == (
        Run(second, "pull", clock.now),
        Run(first, "sync", started, clock.now, 3, 7, 2, 1, ("PLAT-1: both changed",)),
    )
    assert cache.runs.last() == cache.runs.recent(1)[0]
    with pytest.raises(LookupError):
        cache.runs.finish(99, exit_code=0)


def test_check_ins_come_back_as_they_were_said(cache: Cache) -> None:
    said = CheckIn(
        REF,
        MONDAY.astimezone(timezone(timedelta(hours=8))),
        "dana",
        2.5,
        0.6,
        "cache warmed\nnext: edge",
        "waiting for the CDN contract",
        "somebody who knows procurement",
    )
    number = cache.check_ins.add(said)
    (found,) = cache.check_ins.of(REF)
    assert found == replace(said, id=number)
    assert found.at.utcoffset() == timedelta(0)


def test_the_newest_check_in_counts_whatever_order_they_came_in(cache: Cache) -> None:
    for value, at in ((3.0, MONDAY + timedelta(days=7)), (2.0, MONDAY + timedelta(days=7)), (4.0, MONDAY)):
        cache.check_ins.add(CheckIn(REF, at, "dana", value))
    other = Ref("2027-Q1", "instant-signup", "p95")
    cache.check_ins.add(CheckIn(other, MONDAY, "dana", 9.0))
    assert {ref: each.value for ref, each in cache.check_ins.newest("2026-Q4").items()} == {REF: 2.0}
    assert {ref: each.value for ref, each in cache.check_ins.newest().items()} == {REF: 2.0, other: 9.0}


def test_check_ins_within_one_second_keep_their_order(cache: Cache) -> None:
    for value, milliseconds in ((1.0, 0), (3.0, 900), (2.0, 50)):
        cache.check_ins.add(CheckIn(REF, MONDAY + timedelta(milliseconds=milliseconds), "dana", value))
    assert [each.value for each in cache.check_ins.of(REF)] == [1.0, 2.0, 3.0]
    assert cache.check_ins.newest()[REF].at == MONDAY + timedelta(milliseconds=900)


def test_a_comment_that_is_read_twice_is_one_check_in(cache: Cache) -> None:
    comment = CheckIn(REF, MONDAY, "lee", 3.0, origin=CheckInOrigin.COMMENT, sent=True, remote_id="77")
    first = cache.check_ins.add(comment)
    assert cache.check_ins.add(replace(comment, note="read again")) == first
    assert cache.check_ins.add(replace(comment, ref=REF.parent)) != first
    assert len(cache.check_ins.of(REF)) == 1
    assert cache.check_ins.unsent() == ()


def test_our_own_comment_read_back_before_it_was_noted_becomes_one_with_ours(cache: Cache) -> None:
    ours = cache.check_ins.add(CheckIn(REF, MONDAY, "dana", 3.0, 0.7))
    cache.check_ins.add(CheckIn(REF, MONDAY, "okr-bot", 3.0, origin=CheckInOrigin.COMMENT, sent=True, remote_id="78"))
    assert [each.id for each in cache.check_ins.unsent()] == [ours]
    cache.check_ins.mark_sent(ours, "78")
    (found,) = cache.check_ins.of(REF)
    assert (found.id, found.author, found.origin, found.sent, found.remote_id) == (ours, "dana", "cli", True, "78")
    with pytest.raises(LookupError):
        cache.check_ins.mark_sent(99, "79")


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_is_a_share(cache: Cache, confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        cache.check_ins.add(CheckIn(REF, MONDAY, "dana", confidence=confidence))


def test_a_time_without_a_zone_is_refused(cache: Cache) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        cache.check_ins.add(CheckIn(REF, datetime(2026, 10, 5), "dana"))

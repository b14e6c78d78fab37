"""The cache gives back what it was given, and its history is the sequence of changes, for all values."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.columns import exact_stamp, item_from_json, item_to_json, moment_of, stamp
from okrsync.store.values import IntentState, Link, Measured

texts = st.text(max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(
    min_value=datetime(2, 1, 1),
    max_value=datetime(9000, 1, 1),
    timezones=st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
items = st.builds(
    RemoteItem,
    at=st.builds(ItemId, texts, texts, texts, texts),
    kind=st.sampled_from(ItemKind),
    title=texts,
    description=texts,
    markers=st.lists(texts, max_size=3).map(tuple),
    due=st.none() | st.dates(min_value=date(1, 1, 1)),
    closed=st.booleans(),
    parent=st.none() | texts,
    fields=st.dictionaries(texts, st.none() | numbers | texts, max_size=3),
    links=st.frozensets(texts, max_size=3),
    labels=st.frozensets(texts, max_size=3),
    updated=st.none() | moments,
    type_name=texts,
)


@given(items)
def test_an_item_comes_back_as_it_was(item: RemoteItem) -> None:
    assert item_from_json(item_to_json(item)) == item


@given(moments, moments)
def test_times_are_kept_to_the_second_or_exactly_and_sort_as_text(one: datetime, other: datetime) -> None:
    assert moment_of(stamp(one)) == one.replace(microsecond=0)
    assert moment_of(exact_stamp(one)) == one
    if stamp(one) < stamp(other):
        assert one < other
    assert (exact_stamp(one) < exact_stamp(other)) == (one < other)


REFS = [Ref("2026-Q4", "objective", name) for name in ("a", "b")]
attempts = st.tuples(
    st.sampled_from(REFS), st.none() | st.sampled_from([0.0, 1.0, 1.0 + 1e-13, 2.5]) | numbers, st.booleans()
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(attempts, max_size=4), max_size=8))
def test_history_is_the_sequence_of_changes(rounds: list[list[tuple[Ref, float | None, bool]]]) -> None:
    start = datetime(2026, 10, 5, tzinfo=UTC)
    succeeded: dict[Ref, list[tuple[datetime, float | None]]] = {ref: [] for ref in REFS}
    failed: dict[Ref, bool] = {}
    with tempfile.TemporaryDirectory() as folder, Cache.open(Path(folder) / "okrsync.db", "acme") as cache:
        rows = 0
        for number, attempted in enumerate(rounds):
            at = start + timedelta(hours=number)
            rows += cache.observations.record(
                Measured(ref, value, at, "field", problem="failed" if fails else None)
                for ref, value, fails in attempted
            )
            for ref, value, fails in attempted:
                failed[ref] = fails
                if not fails:
                    succeeded[ref].append((at, value))
        assert rows == cache.info().counts["observations"]
        for ref in REFS:
            changes: list[tuple[datetime, float | None]] = []
            for at, value in succeeded[ref]:
                if not same_number(changes[-1][1] if changes else None, value):
                    changes.append((at, value))
            assert [(each.observed_at, each.value) for each in cache.observations.history(ref)] == changes
            current = cache.observations.current_of(ref)
            if ref not in failed:
                assert current is None
                continue
            assert current is not None
            assert (current.observed_at, current.value) == (changes[-1] if changes else (None, None))
            assert current.seen_at == (succeeded[ref][-1][0] if succeeded[ref] else None)
            assert (current.problem is not None) == failed[ref]


class OutboxMachine(RuleBasedStateMachine):
    """Intents are made and settled in every way, and the cache is opened anew at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "okrsync.db"
        self.cache = Cache.open(self.path, "acme")
        self.states: dict[int, IntentState] = {}
        self.live: dict[Ref, str] = {}

    intents = Bundle("intents")

    @rule(target=intents, ref=st.sampled_from(REFS))
    def intend(self, ref: Ref) -> tuple[int, Ref]:
        number = self.cache.outbox.intend(ref, "create", {"ref": str(ref)})
        assert number not in self.states
        self.states[number] = IntentState.INTENDED
        return number, ref

    @rule(intent=intents, item_id=st.sampled_from(["1", "2"]), how=st.sampled_from(IntentState))
    def settle(self, intent: tuple[int, Ref], item_id: str, how: IntentState) -> None:
        number, ref = intent
        link = Link(ref, ItemKind.KEY_RESULT, "work", ItemId("PLAT", item_id, f"PLAT-{item_id}", ""))
        is_open = self.states[number] in {IntentState.INTENDED, IntentState.UNSETTLED}
        try:
            if how is IntentState.DONE:
                self.cache.outbox.settle(number, link)
            elif how is IntentState.FAILED:
                self.cache.outbox.fail(number, "refused")
            else:
                how = IntentState.UNSETTLED
                self.cache.outbox.leave_open(number, "lost")
        except LookupError:
            assert not is_open
            return
        assert is_open
        self.states[number] = how
        if how is IntentState.DONE:
            self.live[ref] = item_id

    @rule()
    def open_anew(self) -> None:
        self.cache.close()
        self.cache = Cache.open(self.path, "acme")

    @rule()
    def clear_for_rebuild(self) -> None:
        self.cache.clear_for_rebuild()
        self.live.clear()

    @invariant()
    def the_open_ones_and_the_links_are_known(self) -> None:
        expected = {
            number: state
            for number, state in self.states.items()
            if state in {IntentState.INTENDED, IntentState.UNSETTLED}
        }
        assert {each.id: each.state for each in self.cache.outbox.open_intents()} == expected
        assert self.cache.outbox.count_open() == len(expected)
        assert {ref: link.at.id for ref, link in self.cache.links.live().items()} == self.live

    def teardown(self) -> None:
        self.cache.close()
        self.folder.cleanup()


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)

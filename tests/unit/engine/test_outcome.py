"""The exit code that follows from what failed, what is held, and which trackers answered."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.items import ItemKind
from okrsync.domain.okr import Measure, Source
from okrsync.domain.ref import Ref
from okrsync.engine.measuring import measure
from okrsync.engine.outcome import Cause, ExitCode, Failure, Outcome, exit_code
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.engine.tasks import Task
from okrsync.plan.values import Action, Change, Placement, Plan, Snapshot
from okrsync.testing import MemoryServer, MemoryTracker, memory_context
from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.values import Markup
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import JIRA

SETTINGS = Failure(Cause.SETTINGS, "there is no such field", tracker="work")
DOUBT = Failure(Cause.DOUBT, "nothing matches any more")
REFUSED = Failure(Cause.REFUSED, "the workflow says no", tracker="work")
HELD = Change(Action.UPDATE, Ref("2026-Q4", "signup"), "work", "PLAT", "PLAT-1", "title", "a", "b", "both changed")


@pytest.mark.parametrize(
    ("failures", "held", "trackers", "reached", "expected"),
    [
        ((), False, 0, 0, ExitCode.DONE),
        ((), False, 2, 2, ExitCode.DONE),
        ((), True, 1, 1, ExitCode.HELD),
        ((), True, 0, 0, ExitCode.HELD),
        ((REFUSED,), False, 1, 1, ExitCode.PARTLY_FAILED),
        ((REFUSED,), True, 1, 1, ExitCode.PARTLY_FAILED),
        ((REFUSED,), False, 2, 1, ExitCode.PARTLY_FAILED),
        ((REFUSED,), True, 2, 0, ExitCode.NO_TRACKER),
        ((SETTINGS,), False, 1, 1, ExitCode.BAD_INPUT),
        ((SETTINGS,), True, 1, 0, ExitCode.BAD_INPUT),
        ((SETTINGS, REFUSED), False, 1, 1, ExitCode.PARTLY_FAILED),
        ((DOUBT,), False, 1, 1, ExitCode.HELD),
        ((DOUBT, REFUSED), False, 1, 1, ExitCode.PARTLY_FAILED),
        ((SETTINGS, REFUSED), False, 1, 0, ExitCode.NO_TRACKER),
    ],
)
def test_the_exit_codes(
    failures: tuple[Failure, ...], held: bool, trackers: int, reached: int, expected: ExitCode
) -> None:
    assert exit_code(failures, held=held, trackers=trackers, reached=reached) is expected
    plan = Plan(held=(HELD,) if held else ())
    assert Outcome(plan, failures=failures, trackers=trackers, reached=reached).exit_code is expected


@given(
    st.lists(st.sampled_from(Cause).map(lambda cause: Failure(cause, "why"))),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_done_is_said_only_where_nothing_failed_and_nothing_waits(
    failures: list[Failure], held: bool, trackers: int, reached: int
) -> None:
    code = exit_code(failures, held=held, trackers=trackers, reached=min(reached, trackers))
    doubts = [each for each in failures if each.cause is Cause.DOUBT]
    if code in {ExitCode.DONE, ExitCode.HELD}:
        assert failures == doubts
        assert (held or bool(doubts)) is (code is ExitCode.HELD)
    if any(each.cause not in {Cause.SETTINGS, Cause.DOUBT} for each in failures):
        assert code in {ExitCode.PARTLY_FAILED, ExitCode.NO_TRACKER}


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (AuthFailed("no"), Cause.LOGIN),
        (Misconfigured("no"), Cause.SETTINGS),
        (Transient("no"), Cause.UNREACHABLE),
        (NotFound("no"), Cause.REFUSED),
        (Rejected("no"), Cause.REFUSED),
        (Conflict("no"), Cause.REFUSED),
    ],
)
def test_why_a_part_failed(error: Exception, cause: Cause) -> None:
    assert cause_of(error) is cause


def test_a_failure_says_where_it_was() -> None:
    assert str(Failure(Cause.REFUSED, "no", "work", "PLAT", Ref("2026-Q4", "a"))) == "2026-Q4/a, work, PLAT: no"
    assert str(Failure(Cause.DOCUMENT, "no")) == "no"


def test_a_tracker_that_is_asked_for_a_kpi_alone_counts_as_reached() -> None:
    server = MemoryServer()
    hidden = server.people.add_item("PLAT", "Availability")
    server.people.set_field(hidden, "KR current", 99.95)
    pool = TrackerPool(lambda name: MemoryTracker(memory_context(name=name), server))
    place = Placement("work", "PLAT", Source("okrsync.toml", 3), Markup.WIKI)
    options = {"item": hidden.key, "field": "KR current"}
    task = Task(Ref("2026-Q4", "up"), ItemKind.OTHER, Measure("field", options), "%", Source("okrs/a.toml", 9), place)
    found = measure([task], Snapshot(), pool, {}, {}, datetime(2026, 10, 5, tzinfo=UTC))
    assert [each.value for each in found.values] == [99.95]
    assert (pool.used, pool.reached) == (1, 1)


@pytest.mark.parametrize("first", [True, False])
def test_one_tracker_that_fails_never_stops_the_other(found: Found, first: bool) -> None:
    for error in (Transient("down"), AuthFailed("expired"), Misconfigured("no API"), Rejected("odd"), NotFound("odd")):
        world = found(("alpha", "work", "PLAT", JIRA), ("beta", "code", "WEB", JIRA))
        world.lose_cache()
        world.add("a")
        world.add("b", "beta")
        failing, other = itertools.islice(itertools.cycle(world.servers.values()), 0 if first else 1, 2 if first else 3)
        failing.fail("read", error, times=9)
        outcome = world.sync()
        assert outcome.exit_code in {ExitCode.PARTLY_FAILED, ExitCode.BAD_INPUT}
        assert len(other.items) == 2 and failing.items == {}
        failing.heal()
        assert world.sync().exit_code is ExitCode.DONE


@pytest.mark.parametrize(("trackers", "reached", "blind"), [(0, 0, False), (1, 0, True), (2, 1, False), (2, 2, False)])
def test_a_run_is_blind_where_no_tracker_let_it_in(trackers: int, reached: int, blind: bool) -> None:
    assert Outcome(trackers=trackers, reached=reached).is_blind is blind

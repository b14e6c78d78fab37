"""A cache with a story that can be worked out by hand, for the views that look back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.evidence import Evidence, Pages, Part
from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.okr import KeyResult, Kind, Kpi, Level, Measure, Objective, Okrs, Source
from okrsync.domain.ref import Ref
from okrsync.domain.status import Status, assess
from okrsync.domain.terms import Terms
from okrsync.reports.facts import gather_facts
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn, Link, Measured

CYCLE = parse_cycle("2026-Q4")
START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
MOVED_METHOD = {"from": "children", "of": "objective"}


def ref(objective: str, key_result: str = "") -> Ref:
    return Ref("2026-Q4", objective, key_result)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


MOVED = KeyResult(
    ref("fast", "moved"),
    "Move all services",
    baseline=0.0,
    target=80.0,
    unit="%",
    weight=2.0,
    measure=Measure("children", {"of": "objective"}),
    source=Source("okrs/team.toml", 12),
)
P95 = KeyResult(
    ref("fast", "p95"), "Cut p95", baseline=4.0, target=1.5, unit="s", measure=Measure("manual"), source=Source("f", 3)
)
ERRORS = KeyResult(ref("fast", "errors"), "Few errors", Kind.MAINTAIN, maximum=1.0, unit="%", source=Source("f", 5))
FAST = Objective(ref("fast"), "Be fast", Level.TEAM, CYCLE.end, (MOVED, P95, ERRORS))
SUPPORT = Objective(
    ref("support"),
    "Help them",
    Level.TEAM,
    CYCLE.end,
    (KeyResult(ref("support", "sso"), "SSO is live", Kind.DONE),),
    aligns_to=(ref("fast"),),
    contributes=True,
)
UPTIME = Kpi(ref("uptime"), "Up", minimum=99.9, unit="%", measure=Measure("field", {"item": "P-7", "field": "U"}))
OKRS = Okrs((FAST, SUPPORT), (UPTIME,))


def share(done: str, still_open: str) -> tuple[float, dict[str, Any]]:
    """A share of items, each named by a letter, and its evidence."""
    parts = tuple(Part(each, f"PLAT-{each}", each in done) for each in sorted(done + still_open))
    pages = Pages("https://acme.example/browse/")
    evidence = Evidence(MOVED_METHOD, parts, 100.0, "PLAT-1", "https://acme.example/browse/PLAT-1", pages=pages)
    return 100 * len(done) / len(parts), evidence.to_json()


def fill(cache: Cache) -> None:
    """Seven weeks: on day 14 two of eight are done; on day 35 three more, and two open ones enter: five of ten.

    On day 30 the target went from 100 % to 80 %. A person checks in 4.0, 3.5, 3.3, 2.9, 2.9, 2.5; errors stay in band.
    """
    record = cache.observations.record
    for number, (done, still_open) in {0: ("", "abcdefgh"), 14: ("ab", "cdefgh"), 35: ("abcde", "fghij")}.items():
        value, evidence = share(done, still_open)
        record([Measured(MOVED.ref, value, day(number), f"{len(done)} of {len(done + still_open)} done", evidence)])
    for week, value in enumerate([4.0, 3.5, 3.3, 2.9, 2.9, 2.5]):
        at = day(7 * week)
        cache.check_ins.add(CheckIn(P95.ref, at, "dana", value, 0.5 + week / 20))
        said = Evidence({"from": "manual"}, by="dana", at=at).to_json()
        record([Measured(P95.ref, value, at, "check-in", said)])
    record([Measured(ERRORS.ref, 0.4, day(7), "field E of P-3", {"method": {"from": "field", "field": "E"}})])
    record([Measured(ERRORS.ref, None, day(40), "field", problem="P-3 is \x1b[31mgone")])
    record(
        [Measured(UPTIME.ref, value, day(n), "field U of P-7") for n, value in {3: 99.95, 20: 99.5, 21: 99.99}.items()]
    )
    before = Terms(baseline=0.0, target=100.0, unit="%", weight=2.0)
    cache.terms.record({each.ref: Terms.of(each) for each in (P95, ERRORS)} | {MOVED.ref: before}, day(0))
    cache.terms.record({MOVED.ref: Terms.of(MOVED)}, day(30))
    cache.links.put(
        Link(
            ref("fast"), ItemKind.OBJECTIVE, "work", ItemId("PLAT", "1", "PLAT-1", "https://acme.example/browse/PLAT-1")
        )
    )


def filled(path: Path) -> Cache:
    cache = Cache.open(path, "acme", clock=lambda: NOW)
    fill(cache)
    return cache


def status(cache: Cache, okrs: Okrs = OKRS) -> Status:
    facts = gather_facts(cache, CYCLE.name, timedelta(days=7))
    return assess(okrs, "acme", CYCLE, NOW, facts)

"""What status leaves in the cache: the views that other people's dashboards read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import KeyResult, Kpi, Level, Objective, Okrs, Origin
from okrsync.domain.progress import Health
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, Observed, Status, assess
from okrsync.store.cache import Cache
from okrsync.store.values import Measured

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
REF = Ref("2026-Q4", "instant-signup")
KEY_RESULT = KeyResult(REF.child("p95"), "Cut p95", baseline=4.0, target=1.5, unit="s", weight=2.0)
OBJECTIVE = Objective(
    REF,
    "Make signing up feel instant",
    Level.TEAM,
    date(2026, 12, 31),
    (KEY_RESULT,),
    team="platform",
    owner="dana",
    origin=Origin.BOTTOM_UP,
    aligns_to=(Ref("2026-Q4", "win-newcomers", "visits"),),
    contributes=True,
    audience="leads",
)
FACTS = Facts(
    observed={KEY_RESULT.ref: Observed(2.0, NOW - timedelta(days=8), "field", confidence=0.6)},
    links={
        REF: Link("work", "PLAT-1", "https://acme.example/browse/PLAT-1"),
        KEY_RESULT.ref: Link("work", "PLAT-2", "https://acme.example/browse/PLAT-2"),
    },
)
VIEWS = {
    "objective_status": "workspace cycle as_of ref title level team owner origin stage progress coverage expected"
    " health stale tracker key url audience",
    "key_result_status": "workspace cycle as_of ref objective_ref title kind unit baseline target current raw_progress"
    " progress weight confidence health stale observed_at source tracker key url audience",
    "observations": "ref value observed_at source evidence",
    "alignment": "child_ref parent_ref contributes",
    "sync_runs": "id kind started_at finished_at exit_code requests changes_made held problems",
}


def status(*objectives: Objective, cycle: str = "2026-Q4", facts: Facts = FACTS) -> Status:
    kpi = Kpi(Ref(cycle, "uptime"), "API availability", minimum=99.9)
    return assess(Okrs(objectives, (kpi,)), "acme", parse_cycle(cycle), NOW, facts)


def view(path: Path, name: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as dashboard:
        dashboard.row_factory = sqlite3.Row
        return [dict(row) for row in dashboard.execute(f"select * from {name}")]


def test_the_views_keep_their_columns(cache: Cache, path: Path) -> None:
    with closing(sqlite3.connect(path)) as dashboard:
        found = {
            name: " ".join(column[0] for column in dashboard.execute(f"select * from {name}").description)
            for (name,) in dashboard.execute("select name from sqlite_master where type = 'view'")
        }
    assert found == VIEWS


def test_the_views_show_what_was_recorded(cache: Cache, path: Path) -> None:
    cache.status.record(status(OBJECTIVE))
    cache.observations.record([Measured(KEY_RESULT.ref, 2.0, NOW, "field", {"item": "PLAT-2"})])
    run = cache.runs.begin("pull")
    cache.runs.finish(run, exit_code=0, requests=1, problems=["one"])
    (objective,) = view(path, "objective_status")
    assert objective.pop("expected") == pytest.approx(50 / 91)
    assert objective == {
        "workspace": "acme",
        "cycle": "2026-Q4",
        "as_of": "2026-11-20T08:00:00Z",
        "ref": "2026-Q4/instant-signup",
        "title": "Make signing up feel instant",
        "level": "team",
        "team": "platform",
        "owner": "dana",
        "origin": "bottom-up",
        "stage": "committed",
        "progress": 0.8,
        "coverage": 1.0,
        "health": "on-track",
        "stale": 1,
        "tracker": "work",
        "key": "PLAT-1",
        "url": "https://acme.example/browse/PLAT-1",
        "audience": "leads",
    }
    assert view(path, "key_result_status") == [
        {
            "workspace": "acme",
            "cycle": "2026-Q4",
            "as_of": "2026-11-20T08:00:00Z",
            "ref": "2026-Q4/instant-signup/p95",
            "objective_ref": "2026-Q4/instant-signup",
            "title": "Cut p95",
            "kind": "reach",
            "unit": "s",
            "baseline": 4.0,
            "target": 1.5,
            "current": 2.0,
            "raw_progress": 0.8,
            "progress": 0.8,
            "weight": 2.0,
            "confidence": 0.6,
            "health": "on-track",
            "stale": 1,
            "observed_at": "2026-11-12T08:00:00Z",
            "source": "field",
            "tracker": "work",
            "key": "PLAT-2",
            "url": "https://acme.example/browse/PLAT-2",
            "audience": "leads",
        }
    ]
    assert view(path, "observations") == [
        {
            "ref": "2026-Q4/instant-signup/p95",
            "value": 2.0,
            "observed_at": "2026-11-20T08:00:00Z",
            "source": "field",
            "evidence": '{"item":"PLAT-2"}',
        }
    ]
    assert view(path, "alignment") == [
        {"child_ref": "2026-Q4/instant-signup", "parent_ref": "2026-Q4/win-newcomers/visits", "contributes": 1}
    ]
    (shown,) = view(path, "sync_runs")
    assert (shown["kind"], shown["exit_code"], shown["problems"]) == ("pull", 0, '["one"]')


def test_what_nobody_knows_is_null(cache: Cache, path: Path) -> None:
    cache.status.record(status(OBJECTIVE, facts=Facts()))
    unknown = {"progress", "tracker", "key", "url"}
    (objective,) = view(path, "objective_status")
    assert {name for name, value in objective.items() if value is None} == unknown
    assert (objective["health"], objective["coverage"]) == (Health.UNKNOWN, 0.0)
    (key_result,) = view(path, "key_result_status")
    unknown |= {"current", "raw_progress", "confidence", "observed_at", "source"}
    assert {name for name, value in key_result.items() if value is None} == unknown


def test_a_new_status_takes_the_place_of_the_old(cache: Cache, path: Path) -> None:
    cache.status.record(status(OBJECTIVE))
    other = replace(OBJECTIVE, ref=Ref("2026-Q3", "other"), key_results=())
    cache.status.record(status(other, cycle="2026-Q3"))
    assert [row["ref"] for row in view(path, "objective_status")] == ["2026-Q3/other"]
    assert [row["child_ref"] for row in view(path, "alignment")] == ["2026-Q3/other"]
    assert view(path, "key_result_status") == []


def test_a_status_that_cannot_be_stored_leaves_the_old_one_whole(cache: Cache, path: Path) -> None:
    cache.status.record(status(OBJECTIVE))
    before = {name: view(path, name) for name in VIEWS}
    with pytest.raises(sqlite3.IntegrityError):
        cache.status.record(status(replace(OBJECTIVE, title="first"), replace(OBJECTIVE, title="second")))
    assert {name: view(path, name) for name in VIEWS} == before


def test_a_thousand_objectives_are_recorded_and_read(cache: Cache, path: Path) -> None:
    objectives = [
        replace(
            OBJECTIVE,
            ref=ref,
            key_results=tuple(replace(KEY_RESULT, ref=ref.child(f"k{number}")) for number in range(4)),
        )
        for ref in (Ref("2026-Q4", f"o{number}") for number in range(1000))
    ]
    key_results = [each for objective in objectives for each in objective.key_results]
    with cache.transaction():
        measured = [Measured(each.ref, 1.0, NOW, "field", {"item": "PLAT-1"}) for each in key_results]
        assert cache.observations.record(measured) == 4000
        cache.status.record(status(*objectives))
    assert len(cache.observations.current("2026-Q4")) == 4000
    assert len(view(path, "objective_status")) == 1000 and len(view(path, "key_result_status")) == 4000

"""Status rows, and the views that other people's dashboards read."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.domain.okr import Kind, Level, Origin, Stage
from okrsync.domain.progress import Health
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.reading import Reader
from okrsync.store.values import (
    AlignmentEdge,
    KeyResultStatus,
    KpiStatus,
    LinkText,
    Measured,
    ObjectiveStatus,
)

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OBJECTIVE = ObjectiveStatus(
    Ref("2026-Q4", "instant-signup"),
    NOW,
    "Make signing up feel instant",
    Level.TEAM,
    Origin.BOTTOM_UP,
    Stage.COMMITTED,
    Health.AT_RISK,
    expected=0.55,
    coverage=0.5,
    progress=0.3,
    stale=True,
    team="platform",
    owner="dana",
    link=LinkText("work", "PLAT-1", "https://acme.example/browse/PLAT-1"),
    audience="leads",
)
KEY_RESULT = KeyResultStatus(
    OBJECTIVE.ref.child("p95"),
    NOW,
    "Cut p95",
    Kind.REACH,
    Health.ON_TRACK,
    weight=2.0,
    unit="s",
    baseline=4.0,
    target=1.5,
    minimum=1.0,
    maximum=9.0,
    current=2.0,
    raw_progress=0.8,
    progress=0.8,
    expected=0.55,
    confidence=0.6,
    stale=True,
    problem="timed out",
    observed_at=NOW,
    source="field",
    link=LinkText("work", "PLAT-2", "https://acme.example/browse/PLAT-2"),
    audience="leads",
)
KPI = KpiStatus(
    Ref("2026-Q4", "uptime"),
    NOW,
    "API availability",
    Level.COMPANY,
    "%",
    minimum=99.9,
    maximum=100.0,
    current=99.5,
    in_band=False,
    stale=True,
    problem="old",
    observed_at=NOW,
    source="field",
    team="platform",
    owner="dana",
    link=LinkText("work", "PLAT-7", "https://acme.example/browse/PLAT-7"),
    audience="leads",
)
EDGE = AlignmentEdge(OBJECTIVE.ref, Ref("2026-Q4", "win-newcomers", "visits"), True)
VIEWS = {
    "objective_status": "workspace cycle as_of ref title level team owner origin stage progress coverage expected"
    " health stale tracker key url audience",
    "key_result_status": "workspace cycle as_of ref objective_ref title kind unit baseline target current raw_progress"
    " progress weight confidence health stale observed_at source tracker key url audience",
    "observations": "ref value observed_at source evidence",
    "alignment": "child_ref parent_ref contributes",
    "sync_runs": "id kind started_at finished_at exit_code requests changes_made held problems",
}


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
    cache.status.record([OBJECTIVE], [KEY_RESULT], [KPI], [EDGE])
    cache.observations.record([Measured(KEY_RESULT.ref, 2.0, NOW, "field", {"item": "PLAT-2"})])
    run = cache.runs.begin("pull")
    cache.runs.finish(run, exit_code=0, requests=1, problems=["one"])
    assert view(path, "objective_status") == [
        {
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
            "progress": 0.3,
            "coverage": 0.5,
            "expected": 0.55,
            "health": "at-risk",
            "stale": 1,
            "tracker": "work",
            "key": "PLAT-1",
            "url": "https://acme.example/browse/PLAT-1",
            "audience": "leads",
        }
    ]
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
            "observed_at": "2026-11-20T08:00:00Z",
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


def test_rows_come_back_as_they_went_in_and_in_order(cache: Cache, path: Path) -> None:
    bare = ObjectiveStatus(
        Ref("2026-Q4", "a-first-by-name"),
        NOW,
        "t",
        Level.COMPANY,
        Origin.TOP_DOWN,
        Stage.DRAFT,
        Health.UNKNOWN,
        expected=0.0,
        coverage=0.0,
    )
    unknown = KeyResultStatus(bare.ref.child("k"), NOW, "t", Kind.DONE, Health.UNKNOWN)
    kpi = KpiStatus(Ref("2027-Q1", "kpi"), NOW, "t", Level.TEAM)
    cache.status.record([OBJECTIVE, bare], [KEY_RESULT, unknown], [KPI, kpi], [EDGE])
    with Reader.at(path, "acme") as reader:
        assert reader.status.objectives() == (OBJECTIVE, bare)
        assert reader.status.key_results("2026-Q4") == (KEY_RESULT, unknown)
        assert reader.status.kpis() == (KPI, kpi)
        assert reader.status.kpis("2026-Q4") == (KPI,)
        assert reader.status.alignment() == (EDGE,)
        assert reader.status.cycles() == ("2026-Q4", "2027-Q1")


def test_a_new_status_replaces_the_old_or_leaves_it_whole(cache: Cache) -> None:
    cache.status.record([OBJECTIVE], [KEY_RESULT], [KPI], [EDGE])
    with pytest.raises(sqlite3.IntegrityError):
        cache.status.record([], [KEY_RESULT])
    assert cache.status.objectives() == (OBJECTIVE,) and cache.status.kpis() == (KPI,)
    cache.status.record([OBJECTIVE], [])
    assert (cache.status.key_results(), cache.status.kpis(), cache.status.alignment()) == ((), (), ())


def test_a_thousand_objectives_are_recorded_and_read_quickly(cache: Cache, path: Path) -> None:
    objectives = [
        ObjectiveStatus(
            Ref("2026-Q4", f"o{number}"), NOW, "t" * 60, Level.TEAM, Origin.TOP_DOWN, Stage.COMMITTED, Health.ON_TRACK,
            expected=0.5, coverage=1.0, link=OBJECTIVE.link,
        )
        for number in range(1000)
    ]  # fmt: skip
    key_results = [
        KeyResultStatus(each.ref.child(f"k{number}"), NOW, "t" * 60, Kind.REACH, Health.ON_TRACK, link=OBJECTIVE.link)
        for each in objectives
        for number in range(4)
    ]
    measured = [Measured(each.ref, 1.0, NOW, "field", {"item": "PLAT-1"}) for each in key_results]
    began = time.process_time()
    with cache.transaction():
        assert cache.observations.record(measured) == 4000
        cache.status.record(objectives, key_results)
    written = time.process_time()
    with Reader.at(path, "acme") as reader, reader.snapshot():
        assert len(reader.status.objectives("2026-Q4")) == 1000
        assert len(reader.status.key_results("2026-Q4")) == 4000
    read = time.process_time()
    assert written - began < 0.5
    assert read - written < 0.25

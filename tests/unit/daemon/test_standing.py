"""How it stands with the daemon, as the cache tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.app import Workspace
from okrsync.daemon.standing import last_successes, standing, standing_apart
from okrsync.daemon.state import MappingState, State, StateFile
from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import Link

SETTINGS = """
workspace = "acme"
[daemon]
sync = SYNC
[trackers.work]
type = "jira"
url = "https://acme.atlassian.net"
token = { env = "T" }
[[mappings]]
match = { team = "alpha" }
tracker = "work"
project = "ALPHA"
objectives = { as = "epic" }
[[mappings]]
tracker = "work"
project = "BETA"
objectives = { as = "epic" }
schedule = "1h"
"""


@pytest.mark.parametrize(
    ("runs", "sync", "held"),
    [
        ([], True, 0),
        ([("sync", 3)], True, 3),
        ([("sync", 3), ("pull", 0)], True, 3),
        ([("sync", 3), ("poll of hints", 0)], True, 3),
        ([("sync", 0), ("poll", 2)], True, 2),
        ([("sync", 5), ("poll", 2)], True, 5),
        ([("sync", 5), ("poll", 2), ("poll 1h", 1)], True, 3),
        ([("sync", 5), ("poll 1h", 4), ("poll", 2), ("poll 1h", 0)], True, 2),
        ([("sync", 3), ("poll", 0), ("poll 1h", 0)], False, 3),
    ],
)
def test_what_is_held_is_what_was_seen_last_by_who_saw_all(
    tmp_path: Path, runs: list[tuple[str, int]], sync: bool, held: int
) -> None:
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text(SETTINGS.replace("SYNC", str(sync).lower()))
    with Cache.open(tmp_path / "okrsync.db", "acme") as cache:
        for kind, number in runs:
            cache.runs.finish(cache.runs.begin(kind), exit_code=0, requests=1, changes_made=0, held=number)
    assert standing(Workspace.load(tmp_path / "okrsync.toml")).held == held


NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def run(cache: Cache, kind: str, *, exit_code: int = 0, held: int = 0) -> None:
    cache.runs.finish(cache.runs.begin(kind), exit_code=exit_code, requests=1, changes_made=0, held=held)


def at(hour: int) -> datetime:
    return NOW.replace(hour=hour)


def test_a_daemon_that_begins_knows_when_mappings_were_read_last(tmp_path: Path) -> None:
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text(SETTINGS.replace("SYNC", "true"))
    workspace = Workspace.load(tmp_path / "okrsync.toml")
    assert last_successes(workspace) == {}
    hours = iter(range(1, 99))
    with Cache.open(tmp_path / "okrsync.db", "acme", clock=lambda: at(next(hours))) as cache:
        run(cache, "sync")
        run(cache, "poll 1h")
        run(cache, "poll", exit_code=1)
        run(cache, "poll", exit_code=4)
        last = {each.kind: each.finished_at for each in reversed(cache.runs.recent()) if each.exit_code != 4}
    found = last_successes(workspace)
    assert found == {"work/ALPHA": last["poll"], "work/BETA": last["poll 1h"]}

    state = State(mappings={"work/ALPHA": MappingState(at(1), failing_since=at(2), why="no answer")})
    state.remember(found)
    assert state.mappings["work/ALPHA"].last_success == at(1), "what was kept of a failing one is from before it failed"
    assert state.mappings["work/BETA"].last_success == last["poll 1h"]
    assert "work/BETA" not in state.to_json()["failing"]


def test_without_the_settings_the_cache_tells_how_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "okrsync.db"
    StateFile(path).keep(State(mappings={"code/acme/web": MappingState(at(1), at(2), "HTTP 503")}))
    with Cache.open(path, "acme", clock=lambda: at(3)) as cache:
        for project in ("ALPHA", "BETA"):
            ref = Ref("2026-Q4", project.lower())
            cache.links.put(Link(ref, ItemKind.OBJECTIVE, "work", ItemId(project, project, f"{project}-1", "")))
        run(cache, "sync", held=2)
        run(cache, "poll", held=1)
    found = standing_apart(path, None, lambda: NOW)
    assert (found.workspace, found.held, found.runs_of_a_day, found.running) == ("acme", 1, 2, None)
    assert [(each.mapping, each.last_success, each.failing_since, each.why) for each in found.mappings] == [
        ("code/acme/web", at(1), at(2), "HTTP 503"),
        ("work/ALPHA", at(3), None, ""),
        ("work/BETA", at(3), None, ""),
    ]
    assert found.next == {} and found.stale is None

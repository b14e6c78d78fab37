"""How the daemon stands, told while the settings are wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.daemon.state import Pause, State, StateFile
from okrsync.store.cache import Cache
from okrsync.store.lock import Post
from tests.unit.cli.conftest import Okrsync


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def watched(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose daemon has run."""
    monkeypatch.delenv("OKRSYNC_CACHE", raising=False)
    monkeypatch.setenv("OKRSYNC_TEST_TOKEN", "secret")
    with Cache.open(workspace / "okrsync.db", "acme") as cache:
        cache.runs.finish(cache.runs.begin("sync"), exit_code=0, requests=3, changes_made=1, held=2)
    return workspace


def break_settings(folder: Path, old: str = "project", new: str = "projct") -> None:
    path = folder / "okrsync.toml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_right_settings_are_as_before(watched: Path, okrsync: Okrsync) -> None:
    said = okrsync("daemon", "status", "--json")
    assert said.code == 0 and said.err == "" and said.json["wrong"] == []
    assert said.json["stale"] == 0 and said.json["running"] is None


def test_wrong_settings_are_named_beside_how_it_stands(watched: Path, okrsync: Okrsync) -> None:
    break_settings(watched)
    until = now().replace(year=2100)
    StateFile(watched / "okrsync.db").keep(
        State(refused=("okrsync.toml:11: x",), paused={"work": Pause(until, "busy")})
    )
    said = okrsync("daemon", "status")
    assert said.code == 2 and "okrsync.toml:9: mappings[1]: has no project" in said.err and "2 problems" in said.err
    assert said.out.splitlines()[0] == "acme: no daemon runs"
    assert "2 changes held" in said.out and "last run: sync" in said.out

    with Post(watched / "okrsync.db", "daemon", now):
        said = okrsync("daemon", "status")
        found = okrsync("daemon", "status", "--json").json
    assert said.code == 2 and said.out.splitlines()[0].endswith(", on the last good settings")
    assert "paused: work until 2100" in said.out and "okrsync.toml:11: x" in said.out
    assert found["running"]["process"] > 0 and len(found["wrong"]) == 2 and found["held"] == 2


def test_a_cache_of_another_name_is_found_by_what_is_right(watched: Path, okrsync: Okrsync) -> None:
    (watched / "elsewhere").mkdir()
    (watched / "okrsync.db").rename(watched / "elsewhere" / "acme.db")
    break_settings(watched, 'workspace = "acme"', 'workspace = "acme"\ncache = "elsewhere/acme.db"\nworkspce = 7')
    said = okrsync("daemon", "status")
    assert said.code == 2 and "2 changes held" in said.out


def test_where_the_cache_is_may_be_said(watched: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    (watched / "okrsync.toml").write_text("workspace = [\n", "utf-8")
    said = okrsync("daemon", "status")
    assert said.code == 2 and said.out == ""
    assert "okrsync.toml:" in said.err and "is not valid TOML" in said.err and "OKRSYNC_CACHE" in said.err
    said = okrsync("daemon", "status", "--cache", "okrsync.db")
    assert said.code == 2 and said.out.startswith("acme: ") and "2 changes held" in said.out
    monkeypatch.setenv("OKRSYNC_CACHE", str(watched / "okrsync.db"))
    assert "2 changes held" in okrsync("daemon", "status").out
    said = okrsync("daemon", "status", "--cache", "nowhere.db")
    assert said.code == 2 and "nowhere.db does not exist" in said.err


def test_without_any_settings_it_is_said_as_before(folder: Path, okrsync: Okrsync) -> None:
    said = okrsync("daemon", "status")
    assert said.code == 2 and "okrsync init" in said.err and said.out == ""

"""Workspaces: what they take from the cache, and what they leave there for the next command."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.app import Workspace
from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.errors import CacheDamaged, WrongWorkspace
from okrsync.store.recovery import rebuild
from okrsync.store.values import CheckIn, Link, Measured
from tests.system.grounds import team_document

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
REF = Ref("2026-Q4", "o0-0", "kr1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of two documents, and the folder in which commands run."""
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    (tmp_path / "okrs").mkdir()
    for team in range(2):
        (tmp_path / "okrs" / f"{team}.toml").write_text(team_document(team, 2, 2), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Call it to hear how many documents were parsed since the last time."""
    seen: list[str] = []
    loads = tomllib.loads

    def spy(text: str, **options: Any) -> dict[str, Any]:
        if "[[objectives]]" in text:
            seen.append(text)
        return loads(text, **options)

    def count() -> int:
        found = len(seen)
        seen.clear()
        return found

    monkeypatch.setattr("okrsync.toml_files.tomllib.loads", spy)
    return count


def command() -> Workspace:
    return Workspace.load(now=lambda: NOW)


def sync() -> None:
    """What every command does that writes to the cache."""
    workspace = command()
    assert workspace.okrs.objectives
    workspace.open_cache().close()


def test_an_unchanged_document_is_parsed_once(folder: Path, parsed: Callable[[], int]) -> None:
    before = command().status()
    assert parsed() == 2 and not list(folder.glob("okrsync.db*"))
    sync()
    assert parsed() == 2
    assert command().status() == before
    assert parsed() == 0
    (folder / "okrs" / "1.toml").write_text(team_document(1, 1, 2), "utf-8")
    assert len(command().status().objectives) == 3
    assert parsed() == 1
    sync()
    assert parsed() == 1
    assert len(command().status().objectives) == 3
    assert parsed() == 0


def test_a_command_that_needs_no_documents_leaves_them_in_the_cache(folder: Path, parsed: Callable[[], int]) -> None:
    sync()
    command().open_cache().close()
    parsed()
    assert command().okrs.objectives and parsed() == 0


def test_a_rebuild_puts_them_into_the_new_cache(folder: Path, parsed: Callable[[], int]) -> None:
    sync()
    workspace = command()
    assert workspace.okrs.objectives
    rebuild(folder / "okrsync.db", "acme", lambda: NOW)
    workspace.open_cache().close()
    parsed()
    assert command().okrs.objectives and parsed() == 0


def test_no_cache_stops_documents_from_being_read(folder: Path) -> None:
    path = folder / "okrsync.db"
    Cache.open(path, "other").close()
    assert len(command().okrs.objectives) == 4
    with pytest.raises(WrongWorkspace):
        command().status()
    path.write_bytes(b"no database" * 1000)
    assert len(command().okrs.objectives) == 4
    with pytest.raises(CacheDamaged):
        command().status()
    path.write_bytes(b"")
    assert len(command().okrs.objectives) == 4
    assert command().status().objectives


def test_a_cache_that_lost_the_documents_alone_still_tells_the_status(folder: Path) -> None:
    sync()
    workspace = command()
    with closing(workspace.open_cache()) as cache:
        cache._writing.write("drop table kept_texts")
    assert len(command().status().objectives) == 4
    sync()


def test_a_status_shows_what_the_cache_knows_of_its_cycle(folder: Path) -> None:
    other = Ref("2026-Q3", "o0-0", "kr1")
    with command().open_cache() as cache:
        for ref in (REF, other):
            cache.links.put(
                Link(
                    ref, ItemKind.KEY_RESULT, "work", ItemId("PLAT", str(ref), "PLAT-2", "https://acme.example/PLAT-2")
                )
            )
            cache.observations.record([Measured(ref, 2.0, NOW, "field", {"item": "PLAT-2"})])
        cache.observations.record([Measured(REF, None, NOW, "field", problem="timed out")])
        cache.check_ins.add(CheckIn(REF, NOW, "dana", confidence=0.4))
        cache.check_ins.add(CheckIn(REF.parent.child("kr2"), NOW, "dana", confidence=0.7))
        cache.observations.record([Measured(REF.parent.child("kr2"), None, NOW, "field")])
    known, asked, *_ = command().status().objectives[0].key_results
    assert known.link is not None and (known.link.tracker, known.link.key) == ("work", "PLAT-2")
    assert (known.observed.value, known.observed.seen_at, known.observed.source) == (2.0, NOW, "field")
    assert (known.observed.problem, known.observed.confidence) == ("timed out", 0.4)
    assert (asked.observed.value, asked.observed.seen_at, asked.observed.confidence) == (None, None, 0.7)
    assert asked.link is None


def test_work_begins_with_dropping_what_nobody_needs_any_more(folder: Path) -> None:
    long_ago = Workspace.load(now=lambda: NOW - timedelta(days=31))
    with long_ago.open_cache() as cache:
        cache.pages("work").put("https://acme.example/1", "etag", "[]")
    with command().engine() as engine:
        assert engine.inputs.cache.info().counts["pages"] == 0


def test_a_status_from_a_cache_needs_no_library_that_writes_or_talks_to_trackers(folder: Path) -> None:
    sync()
    script = (
        "import sys; from okrsync.app import Workspace; assert Workspace.load().status().objectives;"
        " sys.exit(str({'jira', 'github', 'sqlite_utils', 'rich', 'tomlkit'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=20)
    assert done.stderr.strip() == ""

"""The file itself: made for us alone, of one workspace, of a schema that we know."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from sqlite_utils import Database

from okrsync.domain.ref import Ref
from okrsync.store import migrations, schema
from okrsync.store.cache import Cache
from okrsync.store.errors import (
    CacheBusy,
    CacheDamaged,
    CacheError,
    CacheMissing,
    CacheNewer,
    CacheOlder,
    WrongWorkspace,
)
from okrsync.store.reading import Reader
from okrsync.store.writing import WritingSession


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_file_its_log_and_new_folders_are_ours_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "deep" / "down" / "okrsync.db"
        with Cache.open(path, "acme") as cache:
            cache.runs.begin("sync")
            assert {each.name for each in path.parent.iterdir()} >= {"okrsync.db", "okrsync.db-wal", "okrsync.db-shm"}
            assert {mode(each) for each in path.parent.iterdir()} == {0o600}
    finally:
        os.umask(before)
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Cache.open(tmp_path / "okrsync.db", "acme").close()
    assert mode(tmp_path) == 0o755


def test_it_is_in_wal_mode_and_foreign_keys_hold(cache: Cache, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("pragma journal_mode").fetchone() == ("wal",)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        cache._writing.write(
            "insert into outbox (run_id, ref, action, payload, state, intended_at) values (7, '', '', '', 'done', '')"
        )


def test_opening_again_finds_what_was_there(path: Path) -> None:
    with Cache.open(path, "acme") as cache:
        run = cache.runs.begin("sync")
    with Cache.open(path, "acme", create=False) as cache:
        assert [each.id for each in cache.runs.recent()] == [run]


def test_an_empty_file_becomes_a_cache(path: Path) -> None:
    path.touch()
    with Cache.open(path, "acme") as cache:
        assert cache.info().schema == schema.VERSION == len(schema.STEPS)


def test_the_names_that_readers_check_are_those_of_the_migrations() -> None:
    assert tuple(name for name, _ in migrations.STEPS) == schema.STEPS


@pytest.mark.parametrize("opened", [Reader.at, lambda path, workspace: Cache.open(path, workspace, create=False)])
def test_without_a_cache_it_says_so_and_makes_none(path: Path, opened: Callable[..., Reader]) -> None:
    with pytest.raises(CacheMissing, match=r"okrsync\.db: there is no cache here yet"):
        opened(path, "acme")
    assert not path.exists()


@pytest.mark.parametrize("opened", [Reader.at, Cache.open])
def test_the_cache_of_another_workspace_is_refused(path: Path, opened: Callable[..., Reader]) -> None:
    Cache.open(path, "acme").close()
    with pytest.raises(WrongWorkspace, match=r"belongs to the workspace 'acme'.*those of 'other'"):
        opened(path, "other")


@pytest.mark.parametrize("opened", [Reader.at, Cache.open])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('okrsync', '9000_more', '')",
            f"schema {schema.VERSION + 1} (unknown step 9000_more), and this okrsync knows schemas up to"
            f" {schema.VERSION}",
        ),
        ("pragma user_version = 90", f"schema 90, and this okrsync knows schemas up to {schema.VERSION}"),
    ],
)
def test_a_newer_schema_is_refused_and_left_alone(
    path: Path, opened: Callable[..., Reader], change: str, said: str
) -> None:
    Cache.open(path, "acme").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as newer:
        newer.execute(change)
    before = path.read_bytes()
    with pytest.raises(CacheNewer) as refused:
        opened(path, "acme")
    assert str(path) in str(refused.value) and said in str(refused.value)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("create table invoices (id)")
    before = path.read_bytes()
    for opened in (Reader.at, Cache.open):
        with pytest.raises(CacheError, match="SQLite database of something else"):
            opened(path, "acme")
    assert path.read_bytes() == before


def test_a_reader_leaves_an_old_cache_to_a_writer(path: Path) -> None:
    path.touch()
    with pytest.raises(CacheOlder, match="okrsync sync"):
        Reader.at(path, "acme")


@pytest.mark.parametrize("opened", [Reader.at, Cache.open])
def test_a_file_that_is_no_database_is_called_damaged(path: Path, opened: Callable[..., Reader]) -> None:
    path.write_text("cycle = '2026-Q4'\n" * 100)
    with pytest.raises(CacheDamaged, match=r"okrsync\.db: the cache is damaged \(.*okrsync cache repair"):
        opened(path, "acme")


def test_a_folder_and_a_folder_that_cannot_be_made_are_explained(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="is a folder, and the cache is a file"):
        Cache.open(tmp_path, "acme")
    (tmp_path / "file").touch()
    with pytest.raises(CacheError, match="cannot be made: Not a directory"):
        Cache.open(tmp_path / "file" / "okrsync.db", "acme")


@pytest.mark.parametrize("opened", ["Reader.at", "Cache.open"])
def test_a_folder_that_may_not_be_entered_is_explained(tmp_path: Path, opened: str) -> None:
    script = f"""
import os, sys
from pathlib import Path
from subprocess import PIPE, Popen
from okrsync.store.cache import Cache
from okrsync.store.errors import CacheError
from okrsync.store.reading import Reader
if os.geteuid() == 0:
    os.setuid(65534)
try:
    {opened}(Path(sys.argv[1]), "acme")
except CacheError as error:
    sys.exit(str(error))
"""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    command = [sys.executable, "-c", script, str(folder / "okrsync.db")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    folder.chmod(0o700)
    assert "okrsync.db: the cache cannot be reached: Permission denied. Let this account" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cache_that_may_not_be_written_is_explained_and_still_read(cache: Cache, path: Path) -> None:
    cache.runs.begin("sync")
    cache._writing.write("pragma query_only = on")
    with pytest.raises(CacheError, match=r"okrsync\.db: the cache may not be written\. Make the file and its folder"):
        cache.runs.begin("pull")
    assert [each.kind for each in cache.runs.recent()] == ["sync"]


def test_the_log_of_a_deleted_cache_does_not_come_back(path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from okrsync.store.cache import Cache\n"
        "cache = Cache.open(Path(sys.argv[1]), 'acme'); cache.runs.begin('sync'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=20)
    assert path.with_name("okrsync.db-wal").stat().st_size > 0
    path.unlink()
    with Cache.open(path, "acme") as cache:
        assert cache.runs.recent() == () and cache.damage() == ()


def test_a_link_to_nowhere_makes_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "okrsync.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CacheError):
        Cache.open(tmp_path / "okrsync.db", "acme")
    assert not (tmp_path / "elsewhere").exists()


def test_a_migration_that_fails_midway_leaves_the_old_schema(path: Path) -> None:
    Cache.open(path, "acme").close()

    def more(db: Database) -> None:
        db.execute("create table more (id)")

    def breaks(db: Database) -> None:
        db.executescript("create table half (id); alter table links add column half text")
        db.execute("insert into half values (1)")
        raise RuntimeError("no power")

    session = WritingSession(path)
    before = session.select(str, "select sql from sqlite_master where sql is not null")
    with closing(session), pytest.raises(RuntimeError, match="no power"):
        migrations.migrate(
            session, session.db, ("acme", "2"), (*migrations.STEPS, ("9000_more", more), ("9001_breaks", breaks))
        )
    with Reader.at(path, "acme") as reader:
        assert reader._session.select(str, "select sql from sqlite_master where sql is not null") == before
        assert reader._session.select(str, "select name from _sqlite_migrations") == [*schema.STEPS]
        assert reader._session.number("pragma user_version") == schema.VERSION


def test_a_new_migration_is_applied_once_and_counted(path: Path) -> None:
    with Cache.open(path, "acme") as cache:
        cache.runs.begin("sync")
    steps = (*migrations.STEPS, ("9000_more", lambda db: db.execute("create table more (id)")))
    for _ in range(2):
        with closing(WritingSession(path)) as session:
            migrations.migrate(session, session.db, ("ignored", "2"), steps)
            assert session.number("pragma user_version") == schema.VERSION + 1
            assert session.select(str, "select workspace || ' ' || okrsync from meta") == ["acme 2"]
            assert session.number("select count(*) from runs") == 1


def test_a_cache_of_the_first_schema_is_brought_up_to_date_and_keeps_its_check_ins(path: Path) -> None:
    path.touch()
    with closing(WritingSession(path)) as session:
        migrations.migrate(session, session.db, ("acme", "1"), migrations.STEPS[:1])
        session.write(
            "insert into check_ins (ref, at, author, value, note, obstacles, help, origin, sent)"
            " values ('2026-Q4/a/kr', '2026-11-15T09:30:00.000000Z', 'dana', 3.1, '', '', '', 'cli', 1)"
        )
    with pytest.raises(CacheOlder):
        Reader.at(path, "acme")
    with Cache.open(path, "acme") as cache:
        (kept,) = cache.check_ins.of(Ref("2026-Q4", "a", "kr"))
        assert (kept.author, kept.value, kept.sent, kept.entered_by) == ("dana", 3.1, True, "")
        assert cache.damage() == ()


def test_many_processes_may_make_it_at_once(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from okrsync.store.cache import Cache\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
        "with Cache.open(Path(sys.argv[1]), 'acme') as cache: cache.runs.begin('sync')"
    )
    starting = [
        Popen([sys.executable, "-c", script, str(path)], stdin=PIPE, stdout=PIPE, stderr=PIPE) for _ in range(4)
    ]
    for each in starting:
        assert each.stdout
        with each.stdout:
            assert each.stdout.read(1) == b"\n"
    for each in starting:
        assert each.stdin
        each.stdin.close()
    for each in starting:
        assert each.stderr
        with each.stderr:
            said = each.stderr.read().decode()
        assert each.wait(60) == 0, said
    with Reader.at(path, "acme") as reader:
        assert len(reader.runs.recent()) == 4


def test_who_waits_too_long_is_told_why(path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.store.session.BUSY_SECONDS", 0.05)
    with Cache.open(path, "acme") as other, cache.transaction(), pytest.raises(CacheBusy, match="another process"):
        other.runs.begin("sync")


def test_the_fast_way_of_reading_imports_little() -> None:
    script = (
        "import sys, okrsync.store.reading\n"
        "heavy = {'sqlite_utils', 'tenacity', 'pluggy', 'click', 'importlib.metadata'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)

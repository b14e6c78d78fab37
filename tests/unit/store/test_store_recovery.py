"""Backups, rebuilding, and caches that a disk has damaged."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.okr import Level, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, assess
from okrsync.store import schema
from okrsync.store.cache import Cache
from okrsync.store.errors import CacheDamaged, CacheError, CacheNewer, WrongWorkspace
from okrsync.store.reading import Reader
from okrsync.store.recovery import rebuild
from okrsync.store.values import CheckIn, Link, Measured

REF = Ref("2026-Q4", "instant-signup", "p95")
AT = ItemId("PLAT", "1", "PLAT-1", "https://acme.example/PLAT-1")
START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def fill(cache: Cache, rounds: int = 3) -> None:
    cache.links.put(Link(REF, ItemKind.KEY_RESULT, "work", AT))
    cache.baselines.put(REF, {"title": "one"})
    cache.items.replace("work", "a", [RemoteItem(AT, ItemKind.KEY_RESULT, "one")], "c1")
    cache.pages("work").put("https://acme.example/1", "e", "[]")
    cache.texts.keep({"parsed documents": "{}"})
    run = cache.runs.begin("sync")
    cache.outbox.settle(cache.outbox.intend(REF, "create", {"n": 0}, run))
    cache.outbox.intend(REF, "create", {"n": 1}, run)
    cache.check_ins.add(CheckIn(REF, START, "dana", 3.0, 0.5, "going well"))
    for number in range(rounds):
        cache.observations.record(
            [Measured(REF.parent.child(f"k{each}"), number, START + timedelta(days=number), "f") for each in range(40)]
        )
    okrs = Okrs((Objective(REF.parent, "t", Level.TEAM, date(2026, 12, 31)),))
    cache.status.record(assess(okrs, "acme", parse_cycle("2026-Q4"), START, Facts()))


def test_a_backup_is_complete_ours_alone_and_opens(cache: Cache, tmp_path: Path) -> None:
    fill(cache)
    before = os.umask(0)
    try:
        target = tmp_path / "kept" / "backup.db"
        cache.backup(target)
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in target.parent.iterdir()] == ["backup.db"]
    with Reader.at(target, "acme") as reader:
        assert reader.info().counts == cache.info().counts
        assert reader.observations.histories() == cache.observations.histories()


def test_a_backup_overwrites_nothing_and_leaves_no_half(cache: Cache, tmp_path: Path) -> None:
    precious = tmp_path / "okrs.toml"
    precious.write_text("cycle = '2026-Q4'")
    with pytest.raises(CacheError, match="something is there already"):
        cache.backup(precious)
    assert precious.read_text() == "cycle = '2026-Q4'"
    with cache.transaction(), pytest.raises(RuntimeError, match="not inside a transaction"):
        cache.backup(tmp_path / "half.db")
    assert not (tmp_path / "half.db").exists()


def test_a_backup_that_fails_midway_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    fill(cache)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
    try:
        with pytest.raises(CacheError, match=r"backup\.db: the (disk|cache)"):
            cache.backup(tmp_path / "backup.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.glob("backup*"))


def test_what_others_add_is_no_damage_and_what_is_missing_is(cache: Cache, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("create view mine as select * from objective_status")
        other.execute("analyze")
        assert cache.damage() == ()
        other.execute("drop index links_one_live")
    assert cache.damage() == ("links_one_live is not what its migration made",)


def test_info_says_what_is_there(cache: Cache, path: Path) -> None:
    fill(cache)
    info = cache.info()
    assert (info.path, info.workspace, info.schema, info.open_intents) == (path, "acme", schema.VERSION, 1)
    assert info.size >= path.stat().st_size > 0
    assert info.counts["observations"] == 120 and info.counts["links"] == 1 and info.counts["check_ins"] == 1
    assert info.last_run is not None and info.last_run.kind == "sync"


def test_every_table_of_the_schema_is_counted(cache: Cache) -> None:
    tables = cache._session.number(
        "select count(*) from sqlite_master where type = 'table' and name not in"
        " ('meta', '_sqlite_migrations', 'sqlite_sequence', 'status_alignment')"
    )
    assert len(cache.info().counts) == tables


def test_a_rebuild_of_a_sound_cache_keeps_what_only_it_knows(path: Path) -> None:
    with Cache.open(path, "acme") as cache:
        fill(cache)
        kept = (cache.check_ins.unsent(), cache.outbox.open_intents(), cache.observations.histories())
        current, status = cache.observations.current(), cache.info().counts["objectives"]
    assert rebuild(path, "acme").aside is None
    with Cache.open(path, "acme") as cache:
        assert (cache.check_ins.unsent(), cache.outbox.open_intents(), cache.observations.histories()) == kept
        assert cache.observations.current() == current and cache.info().counts["objectives"] == status == 1
        assert not cache.links.live() and not cache.baselines.all() and not cache.texts.all()
        assert cache.items.reading("work", "a").items == () and cache.items.reading("work", "a").cursor is None
        assert cache.pages("work").get("https://acme.example/1") is None
        assert cache.info().counts["outbox"] == 1


def test_a_file_that_is_no_database_is_put_aside(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    done = rebuild(path, "acme", lambda: START)
    assert done.aside == path.with_name("okrsync.db.damaged-20261005T090000Z")
    assert done.aside.read_bytes() == b"not a database" * 100
    assert set(done.incomplete) == set(done.carried) and not any(done.carried.values())
    with Cache.open(path, "acme") as cache:
        assert cache.damage() == ()
    path.write_bytes(b"again")
    assert rebuild(path, "acme", lambda: START).aside == path.with_name("okrsync.db.damaged-20261005T090000Z-2")


def pages_of(path: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [
            number
            for (number,) in connection.execute(
                "select pageno from dbstat where name = ? and pagetype = 'leaf' order by path", (table,)
            )
        ]


def test_the_rows_on_both_sides_of_the_damage_are_carried_over(path: Path) -> None:
    with Cache.open(path, "acme") as cache:
        fill(cache, rounds=40)
        histories = cache.observations.histories()
        unsent, open_intents = cache.check_ins.unsent(), cache.outbox.open_intents()
    with closing(sqlite3.connect(path)) as connection:
        (page_size,) = connection.execute("pragma page_size").fetchone()
        numbers = sorted(
            root for (root,) in connection.execute("select rootpage from sqlite_master where rootpage > 0")
        )
    content = bytearray(path.read_bytes())
    # The rows of the table lie on leaf pages; one in the middle is one that holds rows of a middle round.
    middle = [
        page
        for page in range(len(content) // page_size)
        if page + 1 not in numbers
        and content[page * page_size] == 0x0D
        and content[page * page_size : (page + 1) * page_size].count(b"2026-10-25T09:00:00Z") > 20
    ]
    assert middle
    content[middle[0] * page_size : middle[0] * page_size + 64] = b"\xff" * 64
    path.write_bytes(content)
    done = rebuild(path, "acme", lambda: START)
    assert done.aside is not None and "observations" in done.incomplete and "check-ins" not in done.incomplete
    whole = sum(len(each) for each in histories.values())
    assert whole * 0.8 < done.carried["observations"] < whole
    with Cache.open(path, "acme") as cache:
        assert cache.check_ins.unsent() == unsent
        assert [each.payload for each in cache.outbox.open_intents()] == [each.payload for each in open_intents]
        found = cache.observations.histories()
        for ref, before in histories.items():
            assert set(found[ref]) < set(before)
            assert found[ref][0] == before[0] and found[ref][-1] == before[-1]
        assert cache.damage() == ()


@pytest.mark.parametrize("workspace", ["other"])
def test_a_rebuild_touches_no_other_workspaces_and_no_newer_cache(path: Path, workspace: str) -> None:
    with Cache.open(path, "acme") as cache:
        fill(cache)
    with pytest.raises(WrongWorkspace):
        rebuild(path, workspace)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("pragma user_version = 9")
    with pytest.raises(CacheNewer):
        rebuild(path, "acme")
    assert not list(path.parent.glob("*damaged*"))


def everything(path: Path) -> Iterator[object]:
    """Read and write whatever there is."""
    with Cache.open(path, "acme") as cache:
        yield cache.info()
        yield cache.links.live(), cache.baselines.all(), cache.items.reading("work", "a"), cache.texts.all()
        yield cache.observations.current(), cache.observations.histories(), cache.check_ins.newest()
        yield cache.outbox.open_intents(), cache.runs.recent()
        fill(cache)
        cache.prune()


def test_flipped_bytes_end_in_a_clear_error_and_a_rebuild_always_helps(path: Path) -> None:
    with Cache.open(path, "acme") as cache:
        fill(cache, rounds=6)
    sound = path.read_bytes()
    chance = random.Random(20261005)
    damaged, messages = 0, []
    for _ in range(125):  # 1,000 flips in all
        content = bytearray(sound)
        for _ in range(8):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        for leftover in path.parent.iterdir():
            leftover.unlink()
        path.write_bytes(content)
        try:
            for _ in everything(path):
                pass
        except CacheDamaged:
            damaged += 1
            rebuild(path, "acme")
            with Cache.open(path, "acme") as cache:
                assert cache.damage() == ()
                fill(cache)
        except CacheError as error:
            messages.append(str(error))
    assert damaged > 25
    assert all(str(path) in each for each in messages)

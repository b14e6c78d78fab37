"""One transaction a change: together or not at all, whatever happens in the middle."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.errors import CacheError
from okrsync.store.reading import Reader
from okrsync.store.values import IntentState, Link

REF = Ref("2026-Q4", "instant-signup")
LINK = Link(REF, ItemKind.OBJECTIVE, "work", ItemId("PLAT", "10001", "PLAT-1", "https://acme.example/PLAT-1"))


class Stop(Exception):
    pass


def test_what_is_inside_is_stored_together_or_not_at_all(cache: Cache) -> None:
    def change(*, stop: bool) -> None:
        with cache.transaction():
            cache.links.put(LINK)
            cache.baselines.put(REF, {"title": "one"})
            if stop:
                raise Stop

    with pytest.raises(Stop):
        change(stop=True)
    assert not cache.links.live() and not cache.baselines.all()
    change(stop=False)
    assert cache.links.live() and cache.baselines.all()


def test_an_inner_transaction_is_part_of_the_outer(cache: Cache, path: Path) -> None:
    def change() -> None:
        with cache.transaction():
            with cache.transaction():
                cache.links.put(LINK)
            with Reader.at(path, "acme") as reader:
                assert not reader.links.live()
            raise Stop

    with pytest.raises(Stop):
        change()
    assert not cache.links.live()


def test_an_inner_one_that_fails_takes_back_only_its_own(cache: Cache) -> None:
    def inner() -> None:
        with cache.transaction():
            cache.baselines.put(REF, {"title": "one"})
            raise Stop

    with cache.transaction():
        cache.links.put(LINK)
        with pytest.raises(Stop):
            inner()
    assert cache.links.live() and not cache.baselines.all()


def test_a_statement_for_many_rows_is_all_or_none(cache: Cache) -> None:
    with pytest.raises(ValueError):
        cache.baselines.put_many({REF: {"title": "one", "current": float("nan")}})
    with pytest.raises(TypeError):
        cache.baselines.put_many({REF: {"title": "one", "current": {1, 2}}})  # type: ignore[dict-item]
    assert not cache.baselines.all()


def test_an_intent_is_refused_where_it_would_not_be_on_disk(cache: Cache) -> None:
    with cache.transaction(), pytest.raises(RuntimeError, match="before its request"):
        cache.outbox.intend(REF, "create", {})
    assert not cache.outbox.open_intents()


@pytest.mark.parametrize("settled", [False, True])
def test_what_was_committed_survives_a_kill(path: Path, settled: bool) -> None:
    script = f"""
import os, signal, sys
from pathlib import Path
from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import Link
cache = Cache.open(Path(sys.argv[1]), "acme")
ref = Ref("2026-Q4", "instant-signup")
intent = cache.outbox.intend(ref, "create", {{"tracker": "work", "marker": "okrsync:acme:2026-Q4:instant-signup"}})
if {settled}:
    cache.outbox.settle(intent, Link(ref, ItemKind.OBJECTIVE, "work", ItemId("PLAT", "10001", "PLAT-1", "u")))
with cache.transaction():
    cache.baselines.put(ref, {{"title": "never stored"}})
    os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=20)
    assert died.returncode == -signal.SIGKILL
    with Cache.open(path, "acme", create=False) as cache:
        assert not cache.baselines.all()
        if settled:
            assert not cache.outbox.open_intents()
            assert cache.links.live()[REF].at.key == "PLAT-1"
        else:
            (left,) = cache.outbox.open_intents()
            assert (left.ref, left.action, left.state) == (REF, "create", IntentState.INTENDED)
            assert left.payload == {"tracker": "work", "marker": "okrsync:acme:2026-Q4:instant-signup"}
            assert not cache.links.live()


def test_a_full_disk_is_named_and_loses_nothing(cache: Cache, path: Path) -> None:
    cache.links.put(LINK)
    session = cache._writing
    session.write(f"pragma max_page_count = {session.number('pragma page_count') + 2}")
    pages = cache.pages("work")

    def change() -> None:
        with cache.transaction():
            cache.baselines.put(REF, {"title": "one"})
            pages.put("https://acme.example/1", "etag", "x" * 100_000)

    with pytest.raises(CacheError, match=r"okrsync\.db: the disk is full\. Nothing of this step was stored"):
        change()
    assert not cache.baselines.all()
    assert list(cache.links.live()) == [REF]
    with Reader.at(path, "acme") as reader:
        assert list(reader.links.live()) == [REF]
    session.write("pragma max_page_count = 100000")
    pages.put("https://acme.example/1", "etag", "x" * 100_000)
    assert pages.get("https://acme.example/1") == ("etag", "x" * 100_000)
    assert cache.damage() == ()


def test_who_catches_the_full_disk_cannot_store_half(cache: Cache) -> None:
    def change() -> None:
        with cache.transaction():
            cache.baselines.put(REF, {"title": "one"})
            # What SQLite does by itself when it runs out of room for its log.
            cache._writing.db.rollback()
            with suppress(CacheError):
                cache.baselines.put(REF, {"title": "two"})

    with pytest.raises(CacheError, match="nothing of it was stored"):
        change()
    assert not cache.baselines.all()


def test_a_reader_goes_on_while_somebody_writes(cache: Cache, path: Path) -> None:
    cache.baselines.put(REF, {"title": "one"})
    with Reader.at(path, "acme") as reader:
        with cache.transaction():
            cache.baselines.put(REF, {"title": "two"})
            assert reader.baselines.get(REF) == {"title": "one"}
        assert reader.baselines.get(REF) == {"title": "two"}
        with reader.snapshot():
            assert reader.baselines.get(REF) == {"title": "two"}
            cache.baselines.put(REF, {"title": "three"})
            assert reader.baselines.get(REF) == {"title": "two"}
        assert reader.baselines.get(REF) == {"title": "three"}


def test_a_reader_cannot_write(cache: Cache, path: Path) -> None:
    with Reader.at(path, "acme") as reader:
        for write in (
            lambda: reader.runs.begin("sync"),
            lambda: reader.links.put(LINK),
            lambda: reader.outbox.intend(REF, "create", {}),
            lambda: reader.baselines.put(REF, {"title": "one"}),
        ):
            with pytest.raises(CacheError, match="for reading only"):
                write()
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader._session._connection.execute("delete from meta")
    assert not cache.runs.recent()


def test_threads_share_it_without_mixing_their_transactions(cache: Cache) -> None:
    refs = [Ref("2026-Q4", f"objective-{number}") for number in range(8)]

    def work(ref: Ref) -> None:
        for round_ in range(20):
            try:
                with cache.transaction():
                    cache.baselines.put(ref, {"one": round_})
                    cache.baselines.put(ref, {"two": round_})
                    if round_ % 2:
                        raise Stop
            except Stop:
                pass
            cache.pages("work").put(str(ref), "etag", str(round_))

    threads = [threading.Thread(target=work, args=(ref,)) for ref in refs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert cache.baselines.all() == {ref: {"one": 18, "two": 18} for ref in refs}
    assert all(cache.pages("work").get(str(ref)) == ("etag", "19") for ref in refs)


def test_halves_of_surrogate_pairs_do_not_stop_a_sync(cache: Cache) -> None:
    intent = cache.outbox.intend(REF, "create", {"title": "\ud83d"})
    cache.outbox.fail(intent, "refused: \ud83d")
    found = cache.outbox.get(intent)
    assert found is not None and found.error == "refused: ?" and found.payload == {"title": "\ud83d"}

"""Links, baselines, items with their cursors, kept pages and kept texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import Link, LinkState
from okrsync.trackers.interface import PageCache

REF = Ref("2026-Q4", "instant-signup")


def item_id(number: int, project: str = "PLAT") -> ItemId:
    return ItemId(project, str(number), f"{project}-{number}", f"https://acme.example/browse/{project}-{number}")


def link(number: int, ref: Ref = REF) -> Link:
    return Link(ref, ItemKind.OBJECTIVE, "work", item_id(number))


def item(number: int, title: str = "title", project: str = "PLAT") -> RemoteItem:
    return RemoteItem(item_id(number, project), ItemKind.OBJECTIVE, title)


def test_one_live_link_for_a_reference(cache: Cache, clock: Any) -> None:
    cache.links.put(link(1))
    cache.links.put(link(2))
    assert cache.links.live() == {REF: replace(link(2), created_at=clock.now)}
    assert [(each.at.key, each.state) for each in cache.links.gone()] == [("PLAT-1", LinkState.GONE)]


def test_the_same_item_under_a_new_key_is_the_same_link(cache: Cache, clock: Any) -> None:
    cache.links.put(link(1))
    founded = clock.now
    clock.advance(timedelta(days=1))
    moved = replace(link(1), at=ItemId("CORE", "1", "CORE-9", "https://acme.example/browse/CORE-9"))
    cache.links.put(moved)
    assert cache.links.get(REF) == replace(moved, created_at=founded)
    assert not cache.links.gone()


def test_a_link_whose_item_is_gone_can_be_followed_by_a_new_one(cache: Cache) -> None:
    cache.links.put(link(1))
    cache.links.mark_gone(REF)
    assert cache.links.get(REF) is None
    cache.links.put(link(1))
    assert cache.links.get(REF) is not None
    assert len(cache.links.gone()) == 1


def test_key_results_that_are_fields_share_their_objectives_item(cache: Cache) -> None:
    fields = [replace(link(1, REF.child(name)), kind=ItemKind.KEY_RESULT) for name in ("p95", "p50")]
    cache.links.put_many([link(1), *fields])
    assert [each.ref for each in cache.links.of_item("work", "1")] == [REF, REF.child("p95"), REF.child("p50")]
    assert cache.links.of_item("code", "1") == ()


def test_baselines_keep_the_attributes_that_are_not_named(cache: Cache) -> None:
    cache.baselines.put(REF, {"title": "one", "due": "2026-12-31", "closed": False, "links": ["2", "1"]})
    cache.baselines.put(REF, {"title": "two", "why": None})
    expected = {"title": "two", "due": "2026-12-31", "closed": False, "links": ["2", "1"], "why": None}
    assert cache.baselines.get(REF) == expected
    assert cache.baselines.all() == {REF: expected}
    cache.baselines.forget(REF)
    assert cache.baselines.get(REF) == {}


def test_items_and_the_cursor_after_them_are_stored_together(cache: Cache) -> None:
    assert cache.items.reading("work", "a").cursor is None
    cache.items.replace("work", "a", [item(1), item(2)], "c1")
    cache.items.merge("work", "a", [item(2, "new"), item(3)], "c2")
    found = cache.items.reading("work", "a")
    assert sorted((each.at.id, each.title) for each in found.items) == [("1", "title"), ("2", "new"), ("3", "title")]
    assert found.cursor == "c2"

    def breaks() -> Any:
        yield item(4)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.items.merge("work", "a", breaks(), "c3")
    assert cache.items.reading("work", "a") == found


def test_a_complete_reading_replaces_all_but_what_could_not_be_read(cache: Cache) -> None:
    cache.items.replace("work", "a", [item(1), item(2), item(3, project="WEB")], "c1")
    cache.items.replace("work", "a", [item(2)], "c2", unread=["WEB"])
    assert sorted(each.at.id for each in cache.items.reading("work", "a").items) == ["2", "3"]
    cache.items.replace("work", "a", [], None)
    assert cache.items.reading("work", "a").items == ()
    assert cache.items.reading("work", "a").cursor is None


def test_readings_of_other_scopes_and_trackers_stay_apart(cache: Cache) -> None:
    cache.items.replace("work", "a", [item(1)], "a1")
    cache.items.replace("work", "b", [item(1), item(2)], "b1")
    cache.items.replace("code", "a", [item(1), item(9)], "x1")
    assert [each.at.id for each in cache.items.reading("work", "a").items] == ["1"]
    cache.items.drop("work", ["1"])
    assert cache.items.reading("work", "a").items == ()
    assert [each.at.id for each in cache.items.reading("work", "b").items] == ["2"]
    assert len(cache.items.reading("code", "a").items) == 2
    cache.items.keep_scopes("work", ["b"])
    assert cache.items.reading("work", "a").cursor is None
    assert cache.items.reading("work", "b").cursor == "b1"
    assert cache.items.reading("code", "a").cursor == "x1"


def test_pages_are_kept_for_one_tracker_and_one_credential(cache: Cache) -> None:
    pages: PageCache = cache.pages("code", "token-1")
    pages.put("https://api.example/a?page=1", 'W/"1"', "[]")
    pages.put("https://api.example/a?page=1", 'W/"2"', "[1]")
    assert pages.get("https://api.example/a?page=1") == ('W/"2"', "[1]")
    assert pages.get("https://api.example/a?page=2") is None
    assert cache.pages("code", "token-2").get("https://api.example/a?page=1") is None
    assert cache.pages("other", "token-1").get("https://api.example/a?page=1") is None


def test_pages_that_nobody_asks_for_are_dropped_after_a_month(cache: Cache, clock: Any) -> None:
    pages = cache.pages("code")
    pages.put("asked", "1", "a")
    pages.put("forgotten", "1", "b")
    for _ in range(4):
        clock.advance(timedelta(days=10))
        assert pages.get("asked") == ("1", "a")
        cache.prune()
    assert pages.get("forgotten") is None
    assert cache.info().counts["pages"] == 1


def test_these_texts_are_kept_and_no_others(cache: Cache) -> None:
    cache.texts.keep({"one": "a", "two": "b"})
    cache.texts.keep({"one": "c", "three": "d"})
    assert cache.texts.all() == {"one": "c", "three": "d"}
    cache.texts.clear()
    assert cache.texts.all() == {}


def test_a_text_that_is_kept_already_costs_no_write(cache: Cache) -> None:
    cache.texts.keep({"one": "a"})
    before = cache._session.number("select total_changes()")
    cache.texts.keep({"one": "a"})
    assert cache._session.number("select total_changes()") == before


def test_a_text_that_a_disk_has_changed_is_not_believed(cache: Cache) -> None:
    cache.texts.keep({"one": "Win newcomers", "two": "b"})
    cache._writing.write("update kept_texts set body = 'Win newcomerz' where name = 'one'")
    assert cache.texts.all() == {"two": "b"}
    cache.texts.keep({"one": "Win newcomers", "two": "b"})
    assert cache.texts.all() == {"one": "Win newcomers", "two": "b"}

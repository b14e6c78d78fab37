"""What matched each query: kept whole or not at all, with the cursor that belongs to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.store.cache import Cache
from okrsync.store.errors import CacheError
from okrsync.store.reading import Reader
from okrsync.store.tables.matches import KEPT_FOR, StoredMatches
from okrsync.trackers.values import Match, Matches
from tests.unit.store.conftest import Clock

ONE = Match("1", "PLAT-1", "https://acme.example/browse/PLAT-1", True, {"Points": 3.0, "Text": "x", "Empty": None})
TWO = Match("2", "PLAT-2", "https://acme.example/browse/PLAT-2")


def test_a_query_that_was_never_asked_has_no_answer(cache: Cache) -> None:
    assert cache.queries.reading("work", "bugs") == StoredMatches()


def test_an_answer_comes_back_as_it_was(cache: Cache, path: Path) -> None:
    cache.queries.keep("work", "bugs", Matches((ONE, TWO), cursor="here"))
    cache.queries.keep("work", "ideas", Matches((TWO,)))
    cache.queries.keep("other", "bugs", Matches())

    with Reader.at(path, "acme") as reader:
        assert reader.queries.reading("work", "bugs") == StoredMatches({"1": ONE, "2": TWO}, "here")
        assert reader.queries.reading("work", "ideas") == StoredMatches({"2": TWO}, None)
        assert reader.queries.reading("other", "bugs") == StoredMatches()
        assert (reader.info().counts["queries"], reader.info().counts["matches"]) == (3, 3)


def test_what_changed_goes_over_what_is_known_and_a_whole_answer_replaces_it(cache: Cache) -> None:
    cache.queries.keep("work", "bugs", Matches((ONE, TWO), cursor="a"))
    done = Match("2", "PLAT-2", TWO.url, done=True)
    three = Match("3", "PLAT-3", "")

    cache.queries.keep("work", "bugs", Matches((done, three), frozenset({"1", "9"}), complete=False, cursor="b"))
    assert cache.queries.reading("work", "bugs") == StoredMatches({"2": done, "3": three}, "b")

    cache.queries.keep("work", "bugs", Matches((ONE,)))
    assert cache.queries.reading("work", "bugs") == StoredMatches({"1": ONE}, None)


def test_rows_and_cursor_are_stored_together_or_not_at_all(cache: Cache) -> None:
    cache.queries.keep("work", "bugs", Matches((ONE,), cursor="a"))
    wrong = Match("3", None, "")  # type: ignore[arg-type]

    with pytest.raises(Exception, match="NOT NULL"):
        cache.queries.keep("work", "bugs", Matches((TWO, wrong), frozenset({"1"}), complete=False, cursor="b"))

    assert cache.queries.reading("work", "bugs") == StoredMatches({"1": ONE}, "a")


def test_queries_that_nobody_asks_are_forgotten_with_their_answers(cache: Cache, clock: Clock) -> None:
    cache.queries.keep("work", "bugs", Matches((ONE,), cursor="a"))
    clock.advance(KEPT_FOR)
    cache.queries.keep("work", "ideas", Matches((TWO,), cursor="b"))
    assert cache.queries.reading("work", "bugs").cursor == "a"

    clock.advance(timedelta(seconds=1))
    cache.queries.keep("work", "ideas", Matches((TWO,), cursor="c"))

    assert cache.queries.reading("work", "bugs") == StoredMatches()
    assert cache.info().counts["matches"] == 1


def test_a_rebuild_forgets_every_answer(cache: Cache) -> None:
    cache.queries.keep("work", "bugs", Matches((ONE,), cursor="a"))

    cache.clear_for_rebuild()

    assert cache.queries.reading("work", "bugs") == StoredMatches()
    assert cache.info().counts["matches"] == 0


def test_who_only_reads_keeps_nothing(cache: Cache, path: Path) -> None:
    with Reader.at(path, "acme") as reader, pytest.raises(CacheError, match="for reading only"):
        reader.queries.keep("work", "bugs", Matches())


matches = st.builds(
    Match,
    id=st.sampled_from(["1", "2", "3", "10"]),
    key=st.text(max_size=5),
    url=st.text(max_size=5),
    done=st.booleans(),
    values=st.dictionaries(
        st.text(max_size=3), st.none() | st.floats(allow_nan=False) | st.text(max_size=3), max_size=2
    ),
)
answers = st.builds(
    Matches,
    matches=st.lists(matches, max_size=4, unique_by=lambda match: match.id).map(tuple),
    left=st.frozensets(st.sampled_from(["1", "2", "7"])),
    complete=st.booleans(),
    cursor=st.none() | st.text(max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(given_answers=st.lists(answers, max_size=5))
def test_what_is_stored_is_what_the_answers_add_up_to(
    tmp_path_factory: pytest.TempPathFactory, given_answers: list[Matches]
) -> None:
    with Cache.open(tmp_path_factory.mktemp("cache") / "okrsync.db", "acme") as cache:
        known: dict[str, Match] = {}
        for each in given_answers:
            known = each.after(known)
            cache.queries.keep("work", "bugs", each)
            assert cache.queries.reading("work", "bugs") == StoredMatches(known, each.cursor)

"""The query language of the tracker in memory: `open`, `closed`, `label:NAME`, words of the title, `-` for not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC

from okrsync.testing.memory.records import StoredItem
from okrsync.testing.memory.state import MemoryState
from okrsync.trackers.errors import Misconfigured, Rejected
from okrsync.trackers.values import FieldValue, Match, Matches, Query

Test = Callable[[StoredItem], bool]


def answer(state: MemoryState, query: Query, known: Collection[str], after: int) -> Matches:
    """What matches among the visible items, or of it what changed since the revision `after`.

    Raises:
        Rejected: a word is no word of the language.
        NotFound, Misconfigured: the project or a field does not exist.
    """
    fields = state.project(query.project).fields
    missing = [name for name in query.fields if len(fields.get(name, ())) != 1]
    if missing:
        raise Misconfigured(f"{query.project} has no field {missing[0]!r}; it has {', '.join(sorted(fields))}")
    visible = state.visible(query.project)
    test = _test_of(query)
    found = [each for each in visible if test(each)]
    return Matches(
        matches=tuple(_match(each, query) for each in found if each.revision > after),
        left=frozenset(known) - {each.at.id for each in found} if after else frozenset(),
        complete=after == 0,
        deserted=not visible,
    )


def _test_of(query: Query) -> Test:
    tests = [_negated(_test(word[1:])) if word.startswith("-") else _test(word) for word in query.text.split()]

    def test(item: StoredItem) -> bool:
        created = item.created.astimezone(UTC).date()
        return (
            not item.markers
            and (query.created_from is None or created >= query.created_from)
            and (query.created_to is None or created <= query.created_to)
            and all(each(item) for each in tests)
        )

    return test


def _match(item: StoredItem, query: Query) -> Match:
    values: dict[str, FieldValue] = {name: item.fields.get(name) for name in query.fields}
    return Match(item.at.id, item.at.key, item.at.url, item.closed, values)


def _test(word: str) -> Test:
    name, colon, value = word.partition(":")
    if word in {"open", "closed"}:
        return lambda item: item.closed is (word == "closed")
    if name == "label" and value:
        return lambda item: value in item.labels
    if colon or not word.isalnum():
        raise Rejected(f"{word!r} is no word of a query: write open, closed, label:NAME, or words of the title")
    return lambda item: word.casefold() in item.title.casefold().split()


def _negated(test: Test) -> Test:
    return lambda item: not test(item)

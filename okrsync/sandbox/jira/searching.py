"""Runs a JQL query over the search index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.sandbox.jira.jql_fields import SearchFields, matches
from okrsync.sandbox.jira.jql_syntax import All, Clause, JqlError, Query, Sort, Where, parse
from okrsync.sandbox.jira.model import Issue
from okrsync.sandbox.jira.store import JiraStore

Test = Callable[[Issue], bool]


def search(
    store: JiraStore, jql: str, zone: ZoneInfo, *, fresh: Iterable[int] = (), bounded: bool = False
) -> list[Issue]:
    """All issues that a query finds, in its order, by default the newest first.

    Issues with an id in `fresh` are looked at as they are, the others as they were `index_lag` ago.  Raises
    JqlError, also for a query without a restriction where it has to be `bounded`.
    """
    query = parse(jql)
    if bounded and query.where is None:
        raise JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    fields = SearchFields(store, store.clock.now(), zone)
    problems: list[str] = []
    test = _compile(query.where, fields, problems)
    order = _order(query, fields, problems)
    if problems:
        raise JqlError(*dict.fromkeys(problems))
    found = [issue for issue in store.indexed(fresh) if test(issue)]
    for key, descending in reversed(order):
        held = [issue for issue in found if key(issue)]
        held.sort(key=key, reverse=descending)
        found = held + [issue for issue in found if not key(issue)]
    return found


def _compile(where: Where | None, fields: SearchFields, problems: list[str]) -> Test:
    if where is None:
        return lambda issue: True
    if isinstance(where, Clause):
        try:
            return matches(where, fields.find(where.field))
        except JqlError as problem:
            problems += problem.messages
            return lambda issue: False
    tests = [_compile(part, fields, problems) for part in where.parts]
    if isinstance(where, All):
        return lambda issue: all(test(issue) for test in tests)
    return lambda issue: any(test(issue) for test in tests)


def _order(query: Query, fields: SearchFields, problems: list[str]) -> list[tuple[Callable[[Issue], list[Any]], bool]]:
    order = []
    for sort in query.sorts or (Sort("key", True),):
        try:
            order.append((fields.find(sort.field)[0].held, bool(sort.descending)))
        except JqlError as problem:
            problems += problem.messages
    return order

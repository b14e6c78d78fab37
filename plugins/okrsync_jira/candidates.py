"""Epics that people made, found by their JQL, with the items below them that are as key results are."""

from __future__ import annotations

import re

from okrsync.trackers.errors import Rejected
from okrsync.trackers.values import Candidate, RemoteItem, Scope
from okrsync_jira.checking import types_of
from okrsync_jira.jql import read_jql
from okrsync_jira.paging import chunks, listed, quoted
from okrsync_jira.reading import Reader

_KEYS = re.compile(r"[A-Za-z][A-Za-z0-9_]*-\d+(?:[\s,]+[A-Za-z][A-Za-z0-9_]*-\d+)*")
_EXAMPLE = "write JQL, for example project = PLAT AND issuetype = Epic AND status != Done"


def candidates(reader: Reader, scope: Scope, jql: str) -> tuple[Candidate, ...]:
    """What `jql` finds. Of what is below an epic, key results are those with the scope's labels, else of its type.

    Raises:
        Rejected: Jira does not understand the JQL.
    """
    asked = _asked(jql)
    objective_type, key_result_type = types_of(scope)
    views = reader.views([scope])
    found = reader.search(asked, views)
    epics = [each for each in found if each.type_name.casefold() == objective_type.casefold()]
    link = reader.epic_link()
    field = link.clause if link else "parent"
    below: dict[str, list[RemoteItem]] = {}
    for keys in chunks(each.at.key for each in epics):
        for each in reader.search(f"{field} in ({listed(keys)})", views):
            if _is_key_result(each, scope, key_result_type):
                below.setdefault(each.parent or "", []).append(each)
    return tuple(
        Candidate(each, tuple(below.get(each.at.id, ())))
        if each in epics
        else Candidate(each, unfit=f"is a {each.type_name}, and objectives are of type {objective_type} here")
        for each in found
    )


def open_objectives(reader: Reader, scope: Scope) -> tuple[RemoteItem, ...]:
    """Every epic of the scope's project that is not done."""
    objective_type, _ = types_of(scope)
    project, kind = quoted(scope.project), quoted(objective_type)
    jql = f"project = {project} AND issuetype = {kind} AND statusCategory != Done"
    return tuple(reader.search(jql, reader.views([scope])))


def _is_key_result(item: RemoteItem, scope: Scope, type_name: str) -> bool:
    if scope.labels:
        return set(scope.labels) <= item.labels
    return item.type_name.casefold() == type_name.casefold()


def _asked(text: str) -> str:
    """The JQL that somebody wrote, without its order. Keys alone mean the issues that have them."""
    keys = text.strip().strip(",")
    if _KEYS.fullmatch(keys):
        return f"key in ({listed(keys.replace(',', ' ').split())})"
    jql = read_jql(text)
    if not jql.where:
        raise Rejected(f"the query is empty: {_EXAMPLE}")
    if not jql.compares:
        raise Rejected(f"{text.strip()!r} compares no field with anything: {_EXAMPLE}, or the keys of epics: PLAT-12")
    return jql.where

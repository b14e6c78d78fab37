"""Which milestones somebody means who names a repository, a milestone or a title."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from okrsync.trackers.errors import Rejected
from okrsync.trackers.values import RemoteItem
from okrsync_github.addresses import Place

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_MILESTONE = re.compile(r"(?P<project>[\w.-]+/[\w.-]+)/milestone/(?P<number>[1-9][0-9]*)")


def chooser(query: str, project: str) -> Callable[[RemoteItem], bool]:
    """Whether a milestone of the repository `project` is meant.

    A query is `owner/repository` (every open milestone), `owner/repository/milestone/3` or `3` (that one, be it closed)
    or a title, in which `*` and `?` stand for anything (open ones, in any case of letters).

    Raises:
        Rejected: it is empty, or names another repository.
    """
    asked = query.strip()
    if not asked:
        raise Rejected(f"the query is empty: name a milestone's number or title, or all that are open with {project}")
    named = _MILESTONE.fullmatch(asked)
    if named or _REPOSITORY.fullmatch(asked):
        elsewhere = named["project"] if named else asked
        if elsewhere.casefold() != project.casefold():
            raise Rejected(
                f"{elsewhere} is not {project}, where the mapping keeps objectives: name it with --project, and have a"
                " mapping for it. Of a title with a slash, put * in the place of the slash"
            )
    number = named["number"] if named else asked
    if number.isdecimal():
        return lambda item: Place.parse(item.at.id).number == int(number)
    if _REPOSITORY.fullmatch(asked):
        return lambda item: not item.closed
    return lambda item: not item.closed and fnmatchcase(item.title.casefold(), asked.casefold())

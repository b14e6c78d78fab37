"""GitHub's issue search syntax, read into tests of an issue as the list of issues shows it.

The syntax is that of `Searching issues and pull requests` and `Understanding the search syntax` in GitHub's
documentation; what is not understood is refused by its name. Pull requests count only where they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from okrsync.trackers.errors import Rejected
from okrsync.trackers.values import Query
from okrsync_github.items import Json, is_pull_request, time_from

Test = Callable[[Json], bool]

KNOWN = (
    "is: state: type: label: milestone: author: assignee: no: created: updated: closed: comments: reason: and repo:,"
    " each with - before it for the opposite"
)
_TERM = re.compile(r'\s*(?P<minus>-)?(?:(?P<name>[A-Za-z][A-Za-z-]*):)?(?P<value>(?:"[^"]*"|[^\s"])+)')
_PIECE = re.compile(r'((?:"[^"]*"|[^",])+)')
_RANGE = re.compile(r"(?P<sign>>=|<=|>|<)?(?P<low>(?:(?!\.\.).)+?)(?:\.\.(?P<high>.+))?")
_PULL_REQUESTS = frozenset({"pr", "pull-request", "merged", "unmerged", "draft"})
_ONCE = frozenset({"state", "milestone", "author", "assignee", "reason", "created", "updated", "closed", "comments"})
_KINDS: Mapping[str, Test] = {
    "issue": lambda row: not is_pull_request(row),
    "pr": is_pull_request,
    "pull-request": is_pull_request,
    "open": lambda row: row.get("state") == "open",
    "closed": lambda row: row.get("state") == "closed",
    "merged": lambda row: _merged(row),
    "unmerged": lambda row: is_pull_request(row) and not _merged(row),
    "draft": lambda row: bool(row.get("draft")),
    "locked": lambda row: bool(row.get("locked")),
    "unlocked": lambda row: not row.get("locked"),
}
_NOTHING: Mapping[str, Test] = {
    "label": lambda row: not row.get("labels"),
    "milestone": lambda row: not row.get("milestone"),
    "assignee": lambda row: not row.get("assignees"),
}
_MOMENTS = {"created": "created_at", "updated": "updated_at", "closed": "closed_at"}


@dataclass(frozen=True)
class Search:
    """What a query asks for."""

    test: Test
    """Whether an issue matches."""
    pull_requests: bool
    """Whether pull requests are asked for, and not issues."""
    filters: Mapping[str, str]
    """What GitHub's list of issues can leave out by itself: its parameters `state`, `labels`, `assignee`, `creator`."""
    milestone: str | None
    """The title of the milestone that all of it is in."""
    labels: tuple[str, ...]
    """Every label that is named."""
    created_from: datetime | None
    """Nothing older matches."""


@dataclass(frozen=True)
class _Term:
    """One qualifier."""

    name: str
    value: str
    """As it is written, quotation marks included."""
    negated: bool
    written: str

    @property
    def word(self) -> str:
        return self.value.replace('"', "").strip()

    @property
    def words(self) -> list[str]:
        """The values that stand beside one another with commas between."""
        return [each.replace('"', "").strip() for each in _PIECE.findall(self.value)]


def read_search(query: Query) -> Search:
    """Read a query about a repository.

    Raises:
        Rejected: something in it is not understood; the text names it.
    """
    terms = list(_terms(query.text))
    for name in _ONCE:
        if sum(each.name == name and not each.negated for each in terms) > 1:
            raise Rejected(f"{name}: stands twice in the query {query.text!r}; write it once, or a range")
    tests = [_negated(_test(each, query)) if each.negated else _test(each, query) for each in terms]
    pull_requests = any(_asks_for_pull_requests(each) for each in terms)
    if not pull_requests:
        tests.append(_KINDS["issue"])
    since, until = _days(query)
    tests.append(_within("created_at", since, until))
    positive = {each.name: each.word for each in terms if not each.negated}
    bounds = [since] if since else []
    if created := positive.get("created"):
        low, _ = _span(created)
        bounds += [low] if low else []
    return Search(
        test=lambda row: all(test(row) for test in tests),
        pull_requests=pull_requests,
        filters=_filters(terms),
        milestone=_title(positive.get("milestone")),
        labels=tuple(dict.fromkeys(word for each in terms if each.name == "label" for word in each.words)),
        created_from=max(bounds, default=None),
    )


def _terms(text: str) -> Iterator[_Term]:
    if text.count('"') % 2:
        raise Rejected(f"the query has a quotation mark that is not closed: {text!r}")
    for found in _TERM.finditer(text):
        written, name, value = found[0].strip(), found["name"], found["value"]
        if name is None:
            if written != "AND":
                raise _not_understood(written, text)
            continue
        term = _Term(name.lower(), value, bool(found["minus"]), written)
        if not term.word:
            raise Rejected(f"{written!r} in the query {text!r} has no value")
        yield term


def _not_understood(written: str, text: str) -> Rejected:
    if written in {"OR", "NOT"} or "(" in written or ")" in written:
        return Rejected(
            f"{written!r} in the query {text!r} is not understood: qualifiers stand beside one another here"
        )
    if written.endswith(":"):
        return Rejected(f"{written!r} in the query {text!r} has no value")
    return Rejected(f"{written!r} in the query {text!r} is text, and only qualifiers are understood: {KNOWN}")


def _test(term: _Term, query: Query) -> Test:
    word = term.word.casefold()
    match term.name:
        case "is" if word in _KINDS:
            return _KINDS[word]
        case "state" if word in {"open", "closed"}:
            return _KINDS[word]
        case "type" if word in {"issue", "pr", "pull-request"}:
            return _KINDS[word]
        case "no" if word in _NOTHING:
            return _NOTHING[word]
        case "label":
            wanted = {each.casefold() for each in term.words}
            return lambda row: bool(wanted & _labels(row))
        case "milestone":
            return lambda row: bool(row.get("milestone")) and word in {"*", _milestone(row)}
        case "author" if word != "@me":
            login = f"{word.removeprefix('app/')}[bot]" if word.startswith("app/") else word
            return lambda row: _login(row.get("user")) == login
        case "assignee" if word != "@me":
            return lambda row: (
                bool(row.get("assignees")) and (word == "*" or word in map(_login, row.get("assignees") or ()))
            )
        case "reason":
            return lambda row: str(row.get("state_reason") or "").replace("_", " ") == word.replace("_", " ")
        case "created" | "updated" | "closed":
            return _within(_MOMENTS[term.name], *_span(term.word))
        case "comments":
            low, high = _numbers(term.word)
            return lambda row: low <= int(row.get("comments") or 0) <= high
        case "repo":
            if word != query.project.casefold():
                raise Rejected(
                    f"{term.written!r} is about another repository than the mapping's, {query.project}: leave it out,"
                    " or have a mapping for that repository"
                )
            return lambda _row: True
    raise Rejected(f"{term.written!r} in the query {query.text!r} is not understood; okrsync knows {KNOWN}")


def _asks_for_pull_requests(term: _Term) -> bool:
    if term.name not in {"is", "type"}:
        return False
    return term.word.casefold() == "issue" if term.negated else term.word.casefold() in _PULL_REQUESTS


def _filters(terms: list[_Term]) -> dict[str, str]:
    filters = {"state": "all"}
    labels: list[str] = []
    for each in terms:
        word = each.word
        if each.negated:
            continue
        if each.name in {"is", "state"} and word.casefold() in {"open", "closed"}:
            filters["state"] = word.casefold()
        elif each.name == "is" and word.casefold() == "merged":
            filters["state"] = "closed"
        elif each.name == "label" and len(each.words) == 1 and "," not in word:
            labels.append(word)
        elif each.name == "assignee":
            filters["assignee"] = word
        elif each.name == "author" and not word.startswith("app/"):
            filters["creator"] = word
    return filters | ({"labels": ",".join(labels)} if labels else {})


def _title(milestone: str | None) -> str | None:
    return None if milestone == "*" else milestone


def _days(query: Query) -> tuple[datetime | None, datetime | None]:
    """Days are days in UTC, as in GitHub's search."""
    first, last = query.created_from, query.created_to
    return (
        datetime.combine(first, time(), UTC) if first else None,
        datetime.combine(last + timedelta(days=1), time(), UTC) if last else None,
    )


def _within(name: str, low: datetime | None, high: datetime | None) -> Test:
    def test(row: Json) -> bool:
        moment = time_from(row.get(name))
        if low is None and high is None:
            return True
        return moment is not None and (low is None or moment >= low) and (high is None or moment < high)

    return test


def _span(text: str) -> tuple[datetime | None, datetime | None]:
    """From when (included) to when (excluded)."""
    found = _RANGE.fullmatch(text)
    if found is None or (found["sign"] and found["high"]):
        raise _no_time(text)
    start, end = _moment(found["low"], text)
    if found["high"]:
        return start, _moment(found["high"], text)[1]
    match found["sign"]:
        case ">":
            return end, None
        case ">=":
            return start, None
        case "<":
            return None, start
        case "<=":
            return None, end
    return start, end


def _moment(text: str, whole: str) -> tuple[datetime | None, datetime | None]:
    """When something begins and ends: a day, or a second; `*` has no end."""
    if text == "*":
        return None, None
    try:
        start = datetime.fromisoformat(text)
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        return start, start + (timedelta(days=1) if len(text) <= len("2026-10-01") else timedelta(seconds=1))
    except (ValueError, OverflowError):
        raise _no_time(whole) from None


def _no_time(text: str) -> Rejected:
    return Rejected(f"{text!r} is no time: write 2026-10-01, >=2026-10-01 or 2026-10-01..2026-12-31")


def _numbers(text: str) -> tuple[float, float]:
    """The least and the most."""
    found = _RANGE.fullmatch(text)
    try:
        if found is None or (found["sign"] and found["high"]):
            raise ValueError(text)
        low = 0 if found["low"] == "*" else int(found["low"])
        high = None if found["high"] in {None, "*"} else int(found["high"])
    except ValueError:
        raise Rejected(f"{text!r} is no number: write 5, >=5 or 5..20") from None
    if found["high"]:
        return low, float("inf") if high is None else high
    ends: dict[str, tuple[float, float]] = {
        ">": (low + 1, float("inf")),
        ">=": (low, float("inf")),
        "<": (0, low - 1),
        "<=": (0, low),
    }
    return ends.get(found["sign"] or "", (low, low))


def _merged(row: Json) -> bool:
    pull_request: Any = row.get("pull_request")
    return isinstance(pull_request, Mapping) and bool(pull_request.get("merged_at"))


def _labels(row: Json) -> set[str]:
    given = row.get("labels") or ()
    return {str(each.get("name") if isinstance(each, Mapping) else each).casefold() for each in given}


def _milestone(row: Json) -> str:
    milestone = row.get("milestone")
    return str(milestone.get("title") or "").casefold() if isinstance(milestone, Mapping) else ""


def _login(account: object) -> str:
    return str(account.get("login") or "").casefold() if isinstance(account, Mapping) else ""


def _negated(test: Test) -> Test:
    return lambda row: not test(row)

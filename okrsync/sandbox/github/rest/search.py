"""Issue search, with the qualifiers that count OKRs: 30 searches a minute, at most 1,000 results, perhaps incomplete.

Source of the syntax: docs.github.com, 'Searching issues and pull requests'.  Not spoken: AND, OR, parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from okrsync.sandbox.github.access import rank
from okrsync.sandbox.github.answers import Refused, answer, refuse
from okrsync.sandbox.github.paging import numbered_links, page_number, page_size
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.state import Issue, Repository

MOST_RESULTS = 1000
LONGEST_QUERY = 256
TERM = re.compile(r'(?P<minus>-)?(?:(?P<name>[a-z-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')
RANGE = re.compile(r"(?P<sign>>=|<=|>|<)?(?P<from>[^.]+?)(?:\.\.(?P<to>.+))?")
UNKNOWN_PLACE = (
    "The listed users and repositories cannot be searched either because the resources do not exist or you do not "
    "have permission to view them."
)


@dataclass(frozen=True)
class Hit:
    """An issue and the repository that it is in."""

    repository: Repository
    issue: Issue


Test = Callable[[Hit], bool]


def search_issues(call: Call) -> Response:
    query = call.request.query.get("q") or ""
    if not query.strip():
        raise _invalid(call, {"resource": "Search", "field": "q", "code": "missing"})
    if len(query) > LONGEST_QUERY:
        message = f"The search is longer than {LONGEST_QUERY} characters."
        raise _invalid(call, {"message": message, "resource": "Search", "field": "q", "code": "invalid"})
    size, page = page_size(call.request, call.hub.largest_page), page_number(call.request)
    if (page - 1) * size >= MOST_RESULTS:
        raise refuse(422, f"Only the first {MOST_RESULTS} search results are available", call.docs)
    found = _order(call, _find(call, query))
    shown = [_shown(call, hit) for hit in found[:MOST_RESULTS][(page - 1) * size : page * size]]
    links = numbered_links(call.request, call.request.path, min(len(found), MOST_RESULTS), size, page)
    body = {"total_count": len(found), "incomplete_results": call.hub.search_is_incomplete}
    return answer({**body, "search_type": "lexical", "items": shown}, headers=links)


def _shown(call: Call, hit: Hit) -> dict[str, Any]:
    shown = {**call.shapes.issue(hit.repository, hit.issue), "score": 1.0}
    shown.pop("parent_issue_url", None)
    return shown


def _invalid(call: Call, entry: dict[str, Any]) -> Refused:
    return refuse(422, "Validation Failed", call.docs, errors=[entry])


def _find(call: Call, query: str) -> list[Hit]:
    tests: list[Test] = []
    places: list[Test] = []
    names: list[str] = []
    for term in TERM.finditer(query):
        value = term["quoted"] if term["quoted"] is not None else term["plain"]
        name = term["name"]
        names.append(f"{name}:{value}")
        if name in ("repo", "org", "user"):
            places.append(_place(call, name, value))
            continue
        test = _qualifier(call, name, value) or _words(value if name is None else f"{name} {value}")
        tests.append(_not(test) if term["minus"] else test)
    needs_kind = call.token is not None and not call.token.is_classic
    if needs_kind and not {"is:issue", "is:pr", "is:pull-request", "type:issue", "type:pr"} & set(names):
        message = "Query must include 'is:issue' or 'is:pull-request'"
        raise _invalid(call, {"message": message, "resource": "Search", "field": "q", "code": "invalid"})
    indexed_until = call.hub.now() - call.hub.search_lag
    return [
        hit
        for repository in call.hub.state.repositories.values()
        if rank(repository, call.token)
        for issue in repository.issues.values()
        if issue.created_at <= indexed_until
        and (hit := Hit(repository, issue))
        and (not places or any(place(hit) for place in places))
        and all(test(hit) for test in tests)
    ]


def _not(test: Test) -> Test:
    return lambda hit: not test(hit)


def _place(call: Call, name: str, value: str) -> Test:
    wanted = value.casefold()
    if name == "repo":
        repository = call.hub.state.repository(value)
        if repository is None or not rank(repository, call.token):
            raise _invalid(call, {"message": UNKNOWN_PLACE, "resource": "Search", "field": "q", "code": "invalid"})
        return lambda hit: hit.repository is repository
    if call.hub.state.account(value) is None:
        raise _invalid(call, {"message": UNKNOWN_PLACE, "resource": "Search", "field": "q", "code": "invalid"})
    return lambda hit: hit.repository.owner.casefold() == wanted


def _qualifier(call: Call, name: str | None, value: str) -> Test | None:
    """What a qualifier asks; None for a name that is no qualifier, which GitHub reads as text."""
    wanted = value.casefold()
    match name:
        case "is" | "type" | "state":
            return _kind(wanted)
        case "no":
            return _nothing_in(wanted)
        case "label":
            labels = wanted.split(",")
            return lambda hit: any(one.name.casefold() in labels for one in hit.repository.labels_of(hit.issue))
        case "milestone":
            return lambda hit: wanted in ("*", _milestone_title(hit).casefold()) and hit.issue.milestone is not None
        case "author":
            login = _login(call, wanted)
            return lambda hit: hit.issue.author.casefold() == login
        case "assignee":
            login = _login(call, wanted)
            return lambda hit: login in [one.casefold() for one in hit.issue.assignees]
        case "reason":
            return lambda hit: (hit.issue.state_reason or "").replace("_", " ") == wanted
        case "created" | "updated" | "closed":
            return _in_time(call, name, value)
        case "in" | "sort" | "archived":
            return lambda hit: True
        case _:
            return None


def _login(call: Call, wanted: str) -> str:
    return call.login.casefold() if wanted == "@me" else wanted


def _milestone_title(hit: Hit) -> str:
    return "" if hit.issue.milestone is None else hit.repository.milestones[hit.issue.milestone].title


def _kind(wanted: str) -> Test:
    tests: dict[str, Test] = {
        "issue": lambda hit: not hit.issue.pull_request,
        "pr": lambda hit: hit.issue.pull_request,
        "pull-request": lambda hit: hit.issue.pull_request,
        "open": lambda hit: hit.issue.state == "open",
        "closed": lambda hit: hit.issue.state == "closed",
        "merged": lambda hit: hit.issue.merged_at is not None,
        "unmerged": lambda hit: hit.issue.pull_request and hit.issue.merged_at is None,
        "public": lambda hit: not hit.repository.private,
        "private": lambda hit: hit.repository.private,
    }
    return tests.get(wanted, lambda hit: False)


def _nothing_in(wanted: str) -> Test:
    tests: dict[str, Test] = {
        "label": lambda hit: not hit.issue.labels,
        "milestone": lambda hit: hit.issue.milestone is None,
        "assignee": lambda hit: not hit.issue.assignees,
    }
    return tests.get(wanted, lambda hit: False)


def _in_time(call: Call, name: str, value: str) -> Test:
    match = RANGE.fullmatch(value)
    try:
        if match is None:
            raise ValueError(value)
        start, length = _moment(match["from"])
        end = _moment(match["to"]) if match["to"] and match["to"] != "*" else None
    except ValueError:
        message = f'"{value}" is not a recognized date/time format.'
        entry = {"message": message, "resource": "Search", "field": "q", "code": "invalid"}
        raise _invalid(call, entry) from None
    after_start = {">": start + length, "<": None, "<=": None}.get(match["sign"] or "", start)
    before_end = {"<": start, "<=": start + length, ">": None, ">=": None}.get(match["sign"] or "", start + length)
    if match["to"]:
        before_end = end[0] + end[1] if end else None

    def fits(hit: Hit) -> bool:
        at = {"created": hit.issue.created_at, "updated": hit.issue.updated_at, "closed": hit.issue.closed_at}[name]
        return at is not None and (after_start is None or at >= after_start) and (before_end is None or at < before_end)

    return fits


def _moment(text: str) -> tuple[datetime, timedelta]:
    """A point in time and how long it lasts: a day for a date, a second for a time; `*` is the beginning of time."""
    if text == "*":
        return datetime.min.replace(tzinfo=UTC), timedelta(0)
    moment = datetime.fromisoformat(text)
    length = timedelta(days=1) if len(text) <= 10 else timedelta(seconds=1)
    return moment.replace(tzinfo=moment.tzinfo or UTC), length


def _words(value: str) -> Test:
    wanted = _split(value)

    def fits(hit: Hit) -> bool:
        if not wanted:
            return True
        texts = [hit.issue.title, hit.issue.body or "", *(one.body for one in hit.repository.comments_of(hit.issue))]
        return any(_holds(_split(text), wanted) for text in texts)

    return fits


def _split(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _holds(words: list[str], wanted: list[str]) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def _order(call: Call, found: list[Hit]) -> list[Hit]:
    sort = call.request.query.get("sort") or "created"
    upwards = call.request.query.get("order") == "asc"

    def key(hit: Hit) -> tuple[float, int]:
        if sort == "comments":
            return len(hit.repository.comments_of(hit.issue)), hit.issue.id
        return (hit.issue.updated_at if sort == "updated" else hit.issue.created_at).timestamp(), hit.issue.id

    return sorted(found, key=key, reverse=not upwards)


ROUTES = (Endpoint("GET", "/search/issues", "search/search#search-issues-and-pull-requests", search_issues),)

"""Pages of lists: by number with `first`, `prev`, `next` and `last`, or by cursor as issue lists have them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import Response

from okrsync.sandbox.github.answers import answer, refuse
from okrsync.sandbox.request import SandboxRequest

DEFAULT_PAGE_SIZE = 30
DEEPEST_ROW = 10_000
TOO_DEEP = (
    "Pagination with the page parameter is not supported for large datasets, "
    "please use cursor based pagination (after/before)"
)
Row = TypeVar("Row")


def page_size(request: SandboxRequest, largest: int) -> int:
    """How many rows the client wants, at most `largest`; what is no positive number counts as 30."""
    wanted = _positive(request.query.get("per_page"), DEFAULT_PAGE_SIZE)
    return min(wanted, largest)


def page_number(request: SandboxRequest) -> int:
    """Which page the client wants, from 1."""
    return _positive(request.query.get("page"), 1)


def _positive(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) > 0 else otherwise


def numbered_page(
    request: SandboxRequest, path: str, rows: Sequence[Row], largest: int, show: Callable[[Row], Any]
) -> Response:
    """A page of `rows` as a JSON list; `path` is where the links lead."""
    size, page = page_size(request, largest), page_number(request)
    shown = [show(row) for row in rows[(page - 1) * size : page * size]]
    return answer(shown, headers=numbered_links(request, path, len(rows), size, page))


def numbered_links(request: SandboxRequest, path: str, total: int, size: int, page: int) -> dict[str, str]:
    """The `Link` header of a list with numbered pages; none where one page holds all."""
    last = max(1, -(-total // size))
    links = {}
    if page > 1:
        links["prev"] = min(page - 1, last)
    if page < last:
        links["next"], links["last"] = page + 1, last
    if page > 1:
        links["first"] = 1
    return _header(request, path, {rel: {"page": str(number)} for rel, number in links.items()})


def cursor_page(
    request: SandboxRequest,
    path: str,
    rows: Sequence[Row],
    largest: int,
    *,
    key: Callable[[Row], tuple[Any, int]],
    descending: bool,
    show: Callable[[Row], Any],
    docs: str,
) -> Response:
    """A page of `rows` by cursor, with links to the next and previous page only.

    `key` sorts the rows and is what a cursor holds, so rows that come or go elsewhere do not shift a page.
    Raises a 422 where the number of a page leads too deep.
    """
    size, page = page_size(request, largest), page_number(request)
    ordered = sorted(rows, key=key, reverse=descending)
    after, before = request.query.get("after"), request.query.get("before")
    if after or before:
        start, end = _beside(_read_cursor(after or before or "", docs), [key(row) for row in ordered], descending)
        start, end = (end, end + size) if after else (max(0, start - size), start)
    elif "page" in request.query and page * size >= DEEPEST_ROW:
        raise refuse(422, TOO_DEEP, docs)
    else:
        start, end = (page - 1) * size, page * size
    shown = ordered[start:end]
    links = {}
    if shown and start > 0:
        links["prev"] = {"before": _cursor(key(shown[0])), "page": str(max(1, page - 1))}
    if shown and end < len(ordered):
        links["next"] = {"after": _cursor(key(shown[-1])), "page": str(page + 1)}
    return answer([show(row) for row in shown], headers=_header(request, path, links))


def _beside(mark: tuple[Any, int], keys: Sequence[tuple[Any, int]], descending: bool) -> tuple[int, int]:
    """Where the rows before the mark end, and where those behind it begin."""
    if descending:
        return sum(key > mark for key in keys), sum(key >= mark for key in keys)
    return sum(key < mark for key in keys), sum(key <= mark for key in keys)


def _header(request: SandboxRequest, path: str, links: dict[str, dict[str, str]]) -> dict[str, str]:
    kept = [(name, value) for name, value in request.query.multi_items() if name not in ("page", "after", "before")]
    parts = [
        f'<{request.base_url}{path}?{urlencode([*kept, *where.items()])}>; rel="{rel}"' for rel, where in links.items()
    ]
    return {"Link": ", ".join(parts)} if parts else {}


def _cursor(key: tuple[Any, int]) -> str:
    return base64.urlsafe_b64encode(b"cursor:v2:" + json.dumps(key).encode()).decode()


def _read_cursor(text: str, docs: str) -> tuple[Any, int]:
    try:
        value, number = json.loads(base64.urlsafe_b64decode(text).removeprefix(b"cursor:v2:"))
    except (binascii.Error, ValueError, TypeError):
        raise refuse(422, "Validation Failed", docs, errors=["The cursor is invalid."]) from None
    return value, number

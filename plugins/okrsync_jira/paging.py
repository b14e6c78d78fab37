"""Reading lists page by page: searches by token (Cloud) or offset (Data Center), and Jira's other lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from okrsync.trackers.errors import NotFound
from okrsync_jira.client import Client
from okrsync_jira.errors import NoSuchEndpoint
from okrsync_jira.transport import encoded

Row = Mapping[str, Any]

PAGE = 500
"""Rows asked for; the server gives as many as it likes. The answer says how many came, and that is what counts."""
LONGEST_IN_ADDRESS = 6_600
"""Characters of a whole query, after encoding; what is longer is asked by POST. Tomcat, under Data Center, takes 8 KiB
of request line and headers by default."""
_BY_TOKEN, _KNOWN_HERE = "pages by token", "known here"
"""Under these names lasts from run to run how pages follow each other, and that Jira knows us."""
LONGEST_LIST = 6_000
"""Characters of a list, encoded, that stays in the address together with some words around it."""


def quoted(text: str) -> str:
    """A string of JQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chunks(values: Iterable[str], most: int = 100, longest: int = LONGEST_LIST) -> Iterator[tuple[str, ...]]:
    """The values, each once, in groups that fit into one search: `most` of them, `longest` characters in all."""
    group: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(encoded(quoted(value) + ", "))
        if group and (len(group) == most or length + size > longest):
            yield tuple(group)
            group, length = [], 0
        group.append(value)
        length += size
    if group:
        yield tuple(group)


def listed(values: Iterable[str]) -> str:
    """Values for `in (…)`."""
    return ", ".join(quoted(value) for value in values)


@dataclass(frozen=True)
class Page:
    """One page of a search."""

    rows: list[Row]
    total: int | None = None
    """How many rows all pages have; only Data Center says so."""


class Search:
    """JQL searches on one server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def rows(self, jql: str, fields: Sequence[str]) -> list[Row]:
        """Every row, each id once, with the newest of its versions that came.

        The first empty answer is believed only after Jira has said who we are.
        """
        found = {str(row["id"]): row for page in self.pages(jql, fields) for row in page.rows}
        if not found:
            self.make_sure_of_us()
        self._client.lasting[_KNOWN_HERE] = True
        return list(found.values())

    def pages(self, jql: str, fields: Sequence[str], size: int = PAGE) -> Iterator[Page]:
        """Page by page, each asked for when it is wanted; `size` 0 asks for the total alone (Data Center)."""
        known: bool | None = self._client.lasting.get(_BY_TOKEN)
        by_token = self._client.server.cloud if known is None else known
        pages = self._pages(jql, fields, size, by_token=by_token)
        try:
            first = next(pages)
        except (NoSuchEndpoint, NotFound):
            if known is not None:
                raise
            by_token = not by_token
            pages = self._pages(jql, fields, size, by_token=by_token)
            first = next(pages)
        self._client.lasting[_BY_TOKEN] = by_token
        yield first
        yield from pages

    def make_sure_of_us(self) -> None:
        """Ask once who we are, because a failed login may look like an empty answer. Raises AuthFailed."""
        if not self._client.lasting.get(_KNOWN_HERE):
            self._client.get("myself")
            self._client.lasting[_KNOWN_HERE] = True

    def _pages(self, jql: str, fields: Sequence[str], size: int, *, by_token: bool) -> Iterator[Page]:
        params = {"jql": jql, "maxResults": str(size), "fields": ",".join(fields)}
        return self._token_pages(params) if by_token else self._offset_pages(params)

    def _token_pages(self, params: dict[str, str]) -> Iterator[Page]:
        seen: set[str] = set()
        while True:
            page = self._ask("search/jql", params)
            yield Page(self._issues(page, "search/jql"))
            token = page.get("nextPageToken")
            if not token or page.get("isLast") is True or token in seen:
                return
            seen.add(token)
            params = {**params, "nextPageToken": str(token)}

    def _offset_pages(self, params: dict[str, str]) -> Iterator[Page]:
        seen: set[str] = set()
        read = 0
        while True:
            page = self._ask("search", {**params, "startAt": str(read)})
            rows = self._issues(page, "search")
            total = page.get("total")
            yield Page(rows, total if isinstance(total, int) else None)
            read += len(rows)
            ids = {str(row["id"]) for row in rows}
            if ids <= seen or (isinstance(total, int) and read >= total):
                return
            seen |= ids

    def _ask(self, path: str, params: dict[str, str]) -> Any:
        if len(encoded(params["jql"])) <= LONGEST_IN_ADDRESS:
            return self._client.get(path, params)
        numbers = {name: int(value) for name, value in params.items() if name in {"maxResults", "startAt"}}
        return self._client.ask(path, {**params, **numbers, "fields": params["fields"].split(",")}, about="a search")

    def _issues(self, page: Any, path: str) -> list[Row]:
        rows = page.get("issues") if isinstance(page, Mapping) else None
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "id" in row for row in rows):
            raise self._client.unreadable("GET", path)
        return rows


def whole_list(
    client: Client,
    path: str,
    names: Sequence[str],
    *,
    page_size: int,
    about: str | None = None,
    identity: Callable[[Row], str],
) -> list[Row]:
    """Every entry of a list that comes in pages by offset, under one of `names` or bare."""
    found: dict[str, Row] = {}
    read = 0
    while True:
        page = client.get(path, {"startAt": str(read), "maxResults": str(page_size)}, about=about)
        bare = isinstance(page, list)
        rows: Any = page
        if isinstance(page, Mapping):
            rows = next((page[name] for name in names if name in page), None)
        if not isinstance(rows, list):
            raise client.unreadable("GET", path)
        entries = {identity(row): row for row in rows if isinstance(row, Mapping)}
        new = entries.keys() - found.keys()
        found.update(entries)
        read += len(rows)
        if bare or not new or page.get("isLast") is True:
            return list(found.values())
        total = page.get("total")
        if isinstance(total, int) and read >= total:
            return list(found.values())

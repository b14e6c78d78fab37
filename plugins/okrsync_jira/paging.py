"""Reading lists page by page: searches by token (Cloud) or offset (Data Center), and Jira's other lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from okrsync.trackers.errors import NotFound
from okrsync_jira.client import Client
from okrsync_jira.errors import NoSuchEndpoint

Row = Mapping[str, Any]

PAGE = 500
"""Rows asked for; the server gives as many as it likes. The answer says how many came, and that is what counts."""
_LONGEST_JQL = 3_000
"""Characters after encoding. Tomcat, under Data Center, takes 8 KiB of request line and headers by default."""


def quoted(text: str) -> str:
    """A string of JQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chunks(values: Iterable[str], most: int = 100) -> Iterator[tuple[str, ...]]:
    """The values, each once, in groups that fit into one search."""
    group: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(quote(quoted(value) + ", ", safe=""))
        if group and (len(group) == most or length + size > _LONGEST_JQL):
            yield tuple(group)
            group, length = [], 0
        group.append(value)
        length += size
    if group:
        yield tuple(group)


def listed(values: Iterable[str]) -> str:
    """Values for `in (…)`."""
    return ", ".join(quoted(value) for value in values)


class Search:
    """JQL searches on one server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._by_token: bool | None = None
        self._known_here = False

    def rows(self, jql: str, fields: Sequence[str]) -> list[Row]:
        """Every row, each id once, with the newest of its versions that came.

        The first empty answer is believed only after Jira has said who we are.
        """
        by_token = self._client.server.cloud if self._by_token is None else self._by_token
        try:
            found = self._all(jql, fields, by_token=by_token)
        except (NoSuchEndpoint, NotFound):
            if self._by_token is not None:
                raise
            by_token = not by_token
            found = self._all(jql, fields, by_token=by_token)
        self._by_token = by_token
        if not found and not self._known_here:
            self._client.get("myself")
        self._known_here = True
        return list({str(row["id"]): row for row in found}.values())

    def _all(self, jql: str, fields: Sequence[str], *, by_token: bool) -> list[Row]:
        params = {"jql": jql, "maxResults": str(PAGE), "fields": ",".join(fields)}
        pages = self._token_pages(params) if by_token else self._offset_pages(params)
        return [row for page in pages for row in page]

    def _token_pages(self, params: dict[str, str]) -> Iterator[list[Row]]:
        seen: set[str] = set()
        while True:
            page = self._client.get("search/jql", params)
            yield self._issues(page, "search/jql")
            token = page.get("nextPageToken")
            if not token or page.get("isLast") is True or token in seen:
                return
            seen.add(token)
            params = {**params, "nextPageToken": str(token)}

    def _offset_pages(self, params: dict[str, str]) -> Iterator[list[Row]]:
        seen: set[str] = set()
        read = 0
        while True:
            page = self._client.get("search", {**params, "startAt": str(read)})
            rows = self._issues(page, "search")
            yield rows
            read += len(rows)
            ids = {str(row["id"]) for row in rows}
            total = page.get("total")
            if ids <= seen or (isinstance(total, int) and read >= total):
                return
            seen |= ids

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

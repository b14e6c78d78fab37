"""Requests to one GitHub through PyGithub's requester: one function sends them all, each through the retry policy.

PyGithub retries, waits and logs nothing here; its client is not safe between threads, so every tracker has its own.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests
import urllib3
from github import Auth, Github

from okrsync.trackers.errors import Misconfigured, TrackerError, Transient
from okrsync.trackers.interface import TrackerContext
from okrsync_github.bodies import GraphQLAnswer, host_of, loaded, parsed, path_of, rows_of
from okrsync_github.connection import REDIRECT, Connection, checked_address, no_answer, same_origin
from okrsync_github.errors import Asked, Reply, TokenRefused, graphql_error, not_github, quoted, refusal
from okrsync_github.items import Json
from okrsync_github.pacing import Pace, write_interval

PAGE_SIZE = 100
MOST_REDIRECTS = 3
PINNED_VERSION = "2022-11-28"
"""The version of github.com's REST API that okrsync is written for. A server in one's own house has its own."""
ACCEPT = "application/vnd.github+json"


class Client:
    """A connection to GitHub with a token.

    Every method raises the errors of `okrsync.trackers.errors` alone. `about` says in people's words what a request
    concerns, for messages.
    """

    def __init__(self, context: TrackerContext) -> None:
        address = checked_address(context.url)
        self._context = context
        self.lasting = context.lasting
        self._url = context.url.rstrip("/")
        self._token = _checked_token(context.token.reveal())
        self._pace = Pace(write_interval(context, address.hostname or ""), context.policy.stop)
        verify: bool | str = context.ca_file or True
        self._connection = Connection(address, verify, context.policy.stop)
        self._github = Github(
            auth=Auth.Token(self._token),
            base_url=self._url,
            user_agent="okrsync",
            per_page=PAGE_SIZE,
            verify=verify,
            retry=None,
            lazy=True,
            timeout=15,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=PINNED_VERSION if address.hostname == "api.github.com" else None,
        )
        silence_pygithub()
        self.heard: Mapping[str, str] = {}
        """The headers of the last answer, by lower-case names."""
        self.heard_at = datetime.now(UTC)
        """When it came."""
        self.server_version: str | None = None
        """The version of the Enterprise Server that answered last; None for github.com."""

    @property
    def url(self) -> str:
        """The API's root."""
        return self._url

    @property
    def web(self) -> str:
        """The root of GitHub's pages for people."""
        parts = urlsplit(self._url)
        if parts.hostname == "api.github.com":
            return "https://github.com"
        host = parts.netloc.removeprefix("api.") if parts.netloc.endswith(".ghe.com") else parts.netloc
        return f"{parts.scheme}://{host}"

    @property
    def token_scopes(self) -> frozenset[str] | None:
        """The scopes of a classic token, as the last answer named them; None for other tokens, which have none."""
        scopes = self._github.oauth_scopes
        return None if scopes is None else frozenset(each.strip() for each in scopes if each.strip())

    def told_at(self) -> datetime:
        """The moment of the last answer by GitHub's clock, or by ours where it does not say. In UTC."""
        with suppress(ValueError):
            return parsedate_to_datetime(self.heard.get("date", "")).astimezone(UTC)
        return self.heard_at

    def get(self, path: str, *, about: str) -> Any:
        """Read one thing, afresh."""
        return self._checked("GET", self._address(path), about=about, repeatable=True)

    def post(self, path: str, body: Json, *, about: str) -> Any:
        """Create something. Not repeatable: an answer that makes no sense leaves open whether it was made."""
        return self._checked("POST", self._address(path), body, about=about, repeatable=False)

    def patch(self, path: str, body: Json, *, about: str) -> Any:
        """Write absolute values."""
        return self._checked("PATCH", self._address(path), body, about=about, repeatable=True)

    def pages(
        self, path: str, parameters: Mapping[str, str], *, about: str, fresh: bool = False, within: str | None = None
    ) -> Iterator[list[Json]]:
        """A list, page by page, 100 entries at a time; `within` is the key that holds it, where it is in an object.

        Pages that were read before are asked for with their ETag, unless the list is wanted `fresh`. Only `Link` says
        whether another page follows: lists of issues are paged by cursor.
        """
        url: str | None = self._address(path, {**parameters, "per_page": str(PAGE_SIZE)})
        seen: set[str] = set()
        full = PAGE_SIZE
        while url:
            if url in seen:
                raise Misconfigured(f"{about}: {self._url} leads from page to page in a circle ({urlsplit(url).path})")
            seen.add(url)
            rows, following = self._page(url, about, within, None if fresh else full)
            if following and rows:
                full = min(full, len(rows))
            yield rows
            url = following

    def first_page(self, path: str, parameters: Mapping[str, str], *, about: str) -> tuple[list[Json], bool]:
        """The first page of a list, and whether another follows; with its ETag where it was read before."""
        url = self._address(path, {**parameters, "per_page": str(PAGE_SIZE)})
        rows, following = self._page(url, about, None, PAGE_SIZE)
        return rows, following is not None

    def graphql(self, document: str, variables: Json, *, about: str, writes: bool = False) -> GraphQLAnswer:
        """Send a GraphQL document that may be sent again: a query, or mutations that write absolute values.

        What fails in a part of it is in `problems`; an answer without any data raises.
        """
        url = self._github.requester.graphql_url
        asked = Asked("POST", urlsplit(url).path, about, self._url)

        def send() -> GraphQLAnswer:
            reply = self._exchange(asked, url, {}, {"query": document, "variables": dict(variables)}, paced=writes)
            return self._graphql_answer(asked, reply)

        return self._context.policy.call(send, repeatable=True)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._github.close()

    def _address(self, path: str, parameters: Mapping[str, str] | None = None) -> str:
        query = urlencode(sorted(parameters.items())) if parameters else ""
        return f"{self._url}{path}{'?' if query else ''}{query}"

    def _page(self, url: str, about: str, within: str | None, full: int | None) -> tuple[list[Json], str | None]:
        """The entries of a page and the address of the next one.

        The ETag does not cover `Link`. So a last page that is `full` is asked for without condition: a 304 would not
        tell that another page follows by now.
        """
        asked = Asked("GET", urlsplit(url).path, about, self._url)
        kept = None if full is None else self._kept(url, within)
        if kept and kept.following is None and full is not None and len(kept.rows) >= full:
            kept = None
        reply = self._request(asked, url, headers={"If-None-Match": kept.etag} if kept else {}, repeatable=True)
        if reply.status == 304:
            if kept is None:
                raise Misconfigured(f"{about}: {self._url} answers 304 to a request without condition")
            return kept.rows, self._following(reply, url, about) if "link" in reply.headers else kept.following
        rows = rows_of(parsed(reply), within)
        if rows is None:
            raise not_github(asked, reply)
        following = self._following(reply, url, about)
        if etag := reply.headers.get("etag"):
            self._context.pages.put(url, etag, f"{following or ''}\n{reply.text}")
        return rows, following

    def _kept(self, url: str, within: str | None) -> _Kept | None:
        found = self._context.pages.get(url)
        if found is None:
            return None
        etag, body = found
        following, _, text = body.partition("\n")
        rows = rows_of(loaded(text), within)
        return None if rows is None else _Kept(etag, rows, following or None)

    def _following(self, reply: Reply, url: str, about: str) -> str | None:
        links = requests.utils.parse_header_links(reply.headers.get("link", ""))
        target = next((link.get("url") for link in links if link.get("rel") == "next"), None)
        if not target:
            return None
        following = urljoin(url, target)
        if not same_origin(following, self._url):
            raise Misconfigured(
                f"{about}: {self._url} says that its next page is at {quoted(host_of(following))}; okrsync sends the"
                " token to no other host, so the server must be set up to name itself as the url in okrsync.toml does"
            )
        return following

    def _checked(self, verb: str, url: str, body: Json | None = None, *, about: str, repeatable: bool) -> Any:
        asked = Asked(verb, urlsplit(url).path, about, self._url)
        reply = self._request(asked, url, body=body, repeatable=repeatable)
        data = parsed(reply)
        if isinstance(data, dict | list):
            return data
        if repeatable:
            raise not_github(asked, reply)
        raise Transient(f"{about}: GitHub's answer ({reply.status}) cannot be read, so nobody knows what it did")

    def _request(
        self, asked: Asked, url: str, headers: Json | None = None, body: Json | None = None, *, repeatable: bool
    ) -> Reply:
        """Send a request and follow redirects, which renamed repositories and moved issues have, on the same host."""
        policy = self._context.policy
        for _ in range(MOST_REDIRECTS + 1):
            send: Callable[[], Reply] = partial(
                self._exchange, asked, url, dict(headers or {}), body, paced=asked.verb != "GET"
            )
            reply = policy.call(send, repeatable=repeatable)
            if reply.status not in {301, 302, 307, 308} or (reply.status == 302 and asked.verb != "GET"):
                return reply
            target = urljoin(url, reply.headers.get(REDIRECT, ""))
            if not same_origin(target, self._url):
                raise Misconfigured(
                    f"{self._url} sends {asked.path} on to {quoted(host_of(target))}; okrsync sends the token to no"
                    " other host: put the right address under url"
                )
            url = target
        raise Misconfigured(f"{self._url} sends {asked.path} from one address to the next without end")

    def _exchange(self, asked: Asked, url: str, headers: dict[str, str], body: Json | None, *, paced: bool) -> Reply:
        """One request, one answer. Raises what the answer means where it is none to work with."""
        if paced:
            self._pace.wait()
        failure: TrackerError | None = None
        try:
            status, answered, text = self._github.requester.requestJson(
                asked.verb, url, headers={"Accept": ACCEPT, **headers}, input=body, cnx=self._connection
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, RuntimeError) as error:
            failure = no_answer(asked, error)
        finally:
            if paced:
                self._pace.written()
        if failure:
            # Raised here and not in the handler: the library's exception holds the request with its token.
            raise failure
        self.heard, self.heard_at = answered, datetime.now(UTC)
        self._context.policy.allowance.hear(answered, free=status == 304)
        self.server_version = answered.get("x-github-enterprise-version", self.server_version)
        if status >= 400:
            raise refusal(asked, Reply(status, answered, self._without_token(text)), datetime.now(UTC))
        return Reply(status, answered, text)

    def _graphql_answer(self, asked: Asked, reply: Reply) -> GraphQLAnswer:
        answered = parsed(reply)
        if not isinstance(answered, dict) or not ({"data", "errors"} & set(answered)):
            raise not_github(asked, reply)
        errors = answered.get("errors")
        problems = [
            (path_of(each), graphql_error(asked, each, reply.headers, datetime.now(UTC)))
            for each in loaded(self._without_token(json.dumps(errors if isinstance(errors, list) else [])))
        ]
        for _, error in problems:
            if isinstance(error, Transient):
                raise error
        data = answered.get("data")
        if not isinstance(data, dict):
            raise problems[0][1] if problems else not_github(asked, reply)
        return GraphQLAnswer(data, tuple(problems))

    def _without_token(self, text: str) -> str:
        """Words of the server's that go into a message: a server may repeat what it was sent."""
        return text.replace(self._token, "…")


@dataclass(frozen=True)
class _Kept:
    """A page that was read before."""

    etag: str
    rows: list[Json]
    following: str | None


def silence_pygithub() -> None:
    """Take away the handler that importing PyGithub installs, and its debug messages, which hold whole answers."""
    logger = logging.getLogger("github")
    for handler in [each for each in logger.handlers if type(each) is logging.StreamHandler]:
        logger.removeHandler(handler)
    logger.setLevel(logging.WARNING)


def _checked_token(token: str) -> str:
    token = token.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise TokenRefused("the token is empty" if not token else "the token holds characters that no GitHub token has")
    return token

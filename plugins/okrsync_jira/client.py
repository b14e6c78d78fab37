"""Every request to Jira, through the one retry policy, and what is known about the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from urllib.parse import urljoin, urlsplit

from okrsync.trackers.errors import Misconfigured, NotFound, TrackerError
from okrsync.trackers.interface import TrackerContext
from okrsync_jira.address import Site, same_place, site
from okrsync_jira.errors import Answer, judge, not_json, redirected, server_time
from okrsync_jira.transport import Transport

_HOPS = 3
Params = Mapping[str, str]


@dataclass(frozen=True)
class Server:
    """What `serverInfo` tells."""

    cloud: bool
    version: str
    base_url: str
    """Where people open items."""

    def __str__(self) -> str:
        return f"Jira {'Cloud' if self.cloud else 'Data Center'} {self.version}".rstrip()


class Client:
    """Sends the requests of one tracker. Nothing is sent, and no address judged, before the first of them."""

    def __init__(self, context: TrackerContext) -> None:
        self._context = context
        self.lasting = context.lasting
        self._clocks: dict[str, timedelta] = self.lasting.setdefault("clocks", {})
        self.heard: Mapping[str, str] = {}
        """The headers of the last answer, by lower-case names."""
        self.heard_at = datetime.now(UTC)
        """When it came."""

    @cached_property
    def site(self) -> Site:
        """Where the Jira answers. Raises Misconfigured."""
        return site(self._context.url)

    @cached_property
    def _transport(self) -> Transport:
        return Transport(self._context, self.site)

    @property
    def server(self) -> Server:
        """Cloud or Data Center; one request, once.

        Raises:
            Misconfigured: no Jira answers there.
        """
        if "server" not in self.lasting:
            self.lasting["server"] = self._asked_server()
        server: Server = self.lasting["server"]
        return server

    def _asked_server(self) -> Server:
        try:
            said = self.get("serverInfo")
        except NotFound as error:
            raise Misconfigured(f"no Jira answers at {self.site.base}: check `url`, with its context path") from error
        if not isinstance(said, Mapping) or not {"version", "deploymentType", "baseUrl"} & said.keys():
            raise Misconfigured(f"what answers at {self.site.base} is not a Jira: check `url`")
        base = str(said.get("baseUrl") or "")
        kind = said.get("deploymentType")
        named_cloud = self.site.gateway or any(
            (urlsplit(url).hostname or "").endswith((".atlassian.net", ".jira.com")) for url in (base, self.site.base)
        )
        try:
            self._clocks["serverInfo"] = datetime.fromisoformat(str(said.get("serverTime"))) - datetime.now(UTC)
        except (ValueError, TypeError):
            self._clocks.pop("serverInfo", None)
        return Server(
            cloud=str(kind).casefold() == "cloud" if kind else named_cloud,
            version=str(said.get("version") or ""),
            base_url=base.rstrip("/") if self.site.gateway and base.startswith("https://") else self.site.base,
        )

    def now(self) -> datetime:
        """The server's present moment; where its clocks differ, the later one. In UTC."""
        return datetime.now(UTC) + max(self._clocks.values(), default=timedelta(0))

    def at_least(self) -> datetime:
        """The server's present moment; where its clocks differ, the earlier one. In UTC."""
        return datetime.now(UTC) + min(self._clocks.values(), default=timedelta(0))

    def get(self, path: str, params: Params | None = None, *, about: str | None = None) -> Any:
        """The JSON at `path`, below `/rest/api/2/`.

        `about` names the one thing that is asked for, None where a refusal concerns the whole account.
        """
        return self._json(self._request("GET", path, params, None, repeatable=True, about=about))

    def ask(self, path: str, body: Mapping[str, Any], *, about: str | None = None) -> Any:
        """The JSON that answers a question with a body. It changes nothing, so it may be sent again."""
        return self._json(self._request("POST", path, None, body, repeatable=True, about=about))

    def post(self, path: str, body: Mapping[str, Any], *, about: str) -> Any:
        """Create something. Not repeatable. The JSON of the answer, None when it has no body."""
        answer = self._request("POST", path, None, body, repeatable=False, about=about)
        return self._json(answer) if answer.body.strip() else None

    def put(self, path: str, body: Mapping[str, Any], *, about: str) -> None:
        """Write absolute values."""
        self._request("PUT", path, None, body, repeatable=True, about=about)

    def delete(self, path: str, *, about: str) -> None:
        """Take something away. It may be sent again, and then finds nothing: see NotFound."""
        self._request("DELETE", path, None, None, repeatable=True, about=about)

    def close(self) -> None:
        """Close the connections, if there are any."""
        if transport := self.__dict__.pop("_transport", None):
            transport.close()

    def _json(self, answer: Answer) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise not_json(answer, self._transport.around) from None

    def unreadable(self, method: str, path: str) -> TrackerError:
        """The error for an answer that is JSON, but not what `path` promises."""
        return not_json(Answer(method, path, 200, {}, b""), self._transport.around)

    def _request(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: Mapping[str, Any] | None,
        *,
        repeatable: bool,
        about: str | None,
    ) -> Answer:
        url = self.site.api + path
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        for _ in range(_HOPS):
            send = partial(self._once, method, url, path, params, data, about)
            answer = self._context.policy.call(send, repeatable=repeatable)
            if answer.status < 300:
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if method != "GET" or not same_place(url, target):
                break
            url, params = target, None
        parts = urlsplit(target)
        raise redirected(answer, self._transport.around, f"{parts.scheme}://{parts.hostname}{parts.path}")

    def _once(
        self, method: str, url: str, path: str, params: Params | None, data: bytes | None, about: str | None
    ) -> Answer:
        answer = self._transport.exchange(method, url, path, params, data)
        self.heard, self.heard_at = answer.headers, datetime.now(UTC)
        self._context.policy.allowance.hear(answer.headers)
        if moment := server_time(answer.headers):
            ahead = moment - datetime.now(UTC)
            if {"date", "serverInfo"} <= self._clocks.keys():
                # Somebody set our clock, or the server's: what serverInfo told is as wrong by now.
                self._clocks["serverInfo"] += ahead - self._clocks["date"]
            self._clocks["date"] = ahead
        is_redirect = answer.status in {301, 302, 303, 307, 308} and "location" in answer.headers
        if not is_redirect and (error := judge(answer, self._transport.around, about)):
            raise error
        return answer

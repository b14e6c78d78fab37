"""What both sandboxes share: faults, request log, authentication before routes, saving."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.control import CONTROL, answer_control
from okrsync.sandbox.faults import Fault, FaultInjector
from okrsync.sandbox.request import Refused, SandboxRequest
from okrsync.sandbox.request_log import RequestLog, RequestRecord, without_secrets

Handler = Callable[[SandboxRequest], Response]

STATE_FORMAT = 1
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Log in</title></head><body><form method='post' action='/login'>"
    "<input name='username'><input name='password' type='password'></form></body></html>"
)
logger = logging.getLogger(__name__)


class SandboxSite(ABC):
    """A tracker's server in memory.

    Handlers are plain functions from a `SandboxRequest` to a Starlette response, called one at a time while
    `lock` is held; who touches the state from another thread holds it too.  Handlers may raise `Refused`.
    `latency` is added to every request, in seconds of real time.
    """

    def __init__(self, name: str, *, clock: SandboxClock | None = None) -> None:
        self.name = name
        self.clock = clock or SandboxClock()
        self.faults = FaultInjector()
        self.requests = RequestLog()
        self.lock = threading.RLock()
        self.latency = 0.0
        self.autosave: Path | None = None
        self.base_url = "http://127.0.0.1"
        self._routes: list[Route] | None = None

    @abstractmethod
    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        """All endpoints: method, path in Starlette's notation, handler; the first that fits is taken."""

    @abstractmethod
    def authenticate(self, request: SandboxRequest) -> Response | None:
        """The refusal of a request whose credentials are wrong; None lets it in."""

    @abstractmethod
    def empty_list(self, request: SandboxRequest) -> Response:
        """A 200 with an empty page, in the shape of the endpoint that was asked."""

    @abstractmethod
    def dump_state(self) -> dict[str, Any]:
        """The site's data as JSON, without credentials."""

    @abstractmethod
    def load_state(self, saved: dict[str, Any]) -> None:
        """Replace the site's data by what `dump_state` gave."""

    def limit(self, request: SandboxRequest) -> Response | None:
        """The refusal of a request that exceeds a rate limit; asked after authentication."""
        return None

    def finish(self, request: SandboxRequest, response: Response) -> None:
        """Last touch on every answer that comes from the site itself, such as rate-limit headers."""
        return

    def not_found(self, request: SandboxRequest) -> Response:
        """The answer for a path that the site does not know."""
        return JSONResponse({"message": "Not Found"}, 404)

    def method_not_allowed(self, request: SandboxRequest) -> Response:
        """The answer for a known path asked with a method that it does not take."""
        return JSONResponse({"message": "Method Not Allowed"}, 405)

    def to_json(self) -> dict[str, Any]:
        """All that `load_json` needs to bring the site back, with the clock; no credentials, no faults."""
        with self.lock:
            return {
                "format": STATE_FORMAT,
                "site": self.name,
                "clock": self.clock.to_json(),
                "state": self.dump_state(),
            }

    def load_json(self, saved: dict[str, Any]) -> None:
        """Take over what `to_json` wrote.

        Raises ValueError for the state of another kind of site or of another format.
        """
        if saved.get("format") != STATE_FORMAT or saved.get("site") != self.name:
            raise ValueError(
                f"expected the saved state of a {self.name} sandbox in format {STATE_FORMAT}, found "
                f"{saved.get('site')!r} in format {saved.get('format')!r}; delete the file to start afresh"
            )
        with self.lock:
            self.clock.load_json(saved["clock"])
            self.load_state(saved["state"])

    def save(self, path: Path) -> None:
        """Write the state to `path`, whole or not at all, readable for its owner alone."""
        new = path.with_name(f".{path.name}.{os.getpid()}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self.to_json(), file)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def load(self, path: Path) -> None:
        """Read what `save` wrote; raises OSError or ValueError where that cannot be done."""
        self.load_json(json.loads(path.read_text(encoding="utf-8")))

    def save_if_wanted(self) -> None:
        """Save to `autosave`, where that is set."""
        if self.autosave is not None:
            with self.lock:
                self.save(self.autosave)

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: request log, then faults, authentication, limits and routes."""
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        if request.path.startswith(CONTROL):
            await answer_control(self, request)(scope, receive, send)
            return
        at = self.clock.now()
        fault = self.faults.take(request)
        await asyncio.sleep(self.latency + (fault.seconds if fault and fault.kind == "delay" else 0.0))
        response = self._answer(request, fault)
        dropped = fault is not None and fault.kind in {"drop_before", "drop_after"}
        record = RequestRecord(
            at=at,
            method=request.method,
            path=request.path,
            query=request.query_string,
            status=0 if dropped else response.status_code,
            headers=without_secrets(request.headers),
            body=request.body,
            fault=fault.kind if fault else None,
            response_body=b"" if dropped else bytes(response.body),
            response_headers={} if dropped else without_secrets(response.headers),
        )
        self.requests.append(record)
        if record.is_write and (fault is None or fault.acts):
            self.save_if_wanted()
        if dropped:
            scope["state"]["transport"].abort()
            await _until_disconnected(receive)
        elif fault is not None and fault.kind == "truncate":
            await _send_half(response, scope, receive, send)
        else:
            await response(scope, receive, send)

    def _answer(self, request: SandboxRequest, fault: Fault | None) -> Response:
        with self.lock:
            if fault is None or fault.acts:
                response = self._act(request)
                if fault is not None and fault.kind == "status_after":
                    response = _as_told(fault)
            elif fault.kind == "status":
                response = _as_told(fault)
            elif fault.kind == "empty_list":
                response = self.empty_list(request)
            elif fault.kind == "html_login":
                response = HTMLResponse(LOGIN_PAGE)
            else:
                response = JSONResponse({"unexpected": ["answer"]})
            response.headers.setdefault("date", format_datetime(self.clock.now(), usegmt=True))
            return response

    def _act(self, request: SandboxRequest) -> Response:
        try:
            response = self.authenticate(request) or self.limit(request) or self._route(request)
        except Refused as refusal:
            response = refusal.response
        except Exception:
            logger.exception("the %s sandbox failed at %s %s", self.name, request.method, request.path)
            return Response(traceback.format_exc(), 500, media_type="text/plain")
        self.finish(request, response)
        return response

    def _route(self, request: SandboxRequest) -> Response:
        if self._routes is None:
            self._routes = [Route(path, handler, methods=[method]) for method, path, handler in self.routes()]
        scope: Scope = {"type": "http", "method": request.method, "path": request.path, "root_path": ""}
        known_path = False
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                handler: Handler = found["endpoint"]
                return handler(_with_params(request, found["path_params"]))
            known_path = known_path or match is Match.PARTIAL
        return self.method_not_allowed(request) if known_path else self.not_found(request)


def _with_params(request: SandboxRequest, params: dict[str, Any]) -> SandboxRequest:
    return SandboxRequest(**{**vars(request), "path_params": params})


async def _read(scope: Scope, receive: Receive) -> SandboxRequest:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    headers = Headers(scope=scope)
    client = scope.get("client")
    return SandboxRequest(
        method=scope["method"],
        path=scope["path"],
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=bytes(body),
        base_url=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
        client_host=client[0] if client else "",
    )


def _as_told(fault: Fault) -> Response:
    kind = "application/json" if fault.response_body[:1] in (b"{", b"[") else "text/html;charset=UTF-8"
    response = Response(fault.response_body, fault.status, dict(fault.headers))
    response.headers.setdefault("content-type", kind)
    return response


async def _send_half(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    body = bytes(response.body)
    start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    scope["state"]["transport"].close()
    await _until_disconnected(receive)


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

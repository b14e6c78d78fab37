"""The pages of the port: webhooks in at `/webhooks/NAME`, `/healthz`, `/readyz` and `/metrics` out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okrsync.daemon.web.health import Answer
from okrsync.daemon.web.receiving import IN_WORDS, LARGEST, STATUS, Fate

BODY_SECONDS = 10.0
"""Seconds within which a body has to come; GitHub waits ten for the whole answer."""
_AT_ONCE = 16
"""So many bodies are read at once; others wait for their turn."""

Receive = Callable[[str, dict[str, str], bytes], Fate]
"""What becomes of a delivery: the name in its path, its headers by lower-case names, its body."""


def port_app(
    *,
    takes_webhooks: Callable[[str], bool],
    receive: Receive,
    refused: Callable[[str, Fate], None],
    health: Callable[[], Answer],
    readiness: Callable[[], Answer],
    metrics: Callable[[str], tuple[bytes, str]],
) -> Starlette:
    """The application. `refused` is told of deliveries that never come to `receive`."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def webhook(request: Request) -> Response:
        name = request.path_params["name"]
        if not takes_webhooks(name):
            return told(name, Fate.UNKNOWN)
        if _announced(request) > LARGEST:
            return told(name, Fate.TOO_LARGE)
        try:
            async with asyncio.timeout(BODY_SECONDS), turns:
                body = await _body(request)
        except TimeoutError:
            return told(name, Fate.TOO_SLOW)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return told(name, Fate.TOO_LARGE)
        return _said(receive(name, {key.lower(): value for key, value in request.headers.items()}, body))

    def told(name: str, fate: Fate) -> Response:
        refused(name, fate)
        return _said(fate)

    def healthz(_request: Request) -> Response:
        return _checked(health())

    def readyz(_request: Request) -> Response:
        return _checked(readiness())

    def exposition(request: Request) -> Response:
        text, content_type = metrics(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type})

    Handler = Callable[[Request], Awaitable[Response] | Response]  # noqa: N806 - a type
    pages: tuple[tuple[str, Handler, str], ...] = (
        ("/webhooks/{name}", webhook, "POST"),
        ("/healthz", healthz, "GET"),
        ("/readyz", readyz, "GET"),
        ("/metrics", exposition, "GET"),
    )
    return Starlette(routes=[Route(path, page, methods=[method]) for path, page, method in pages])


def _announced(request: Request) -> int:
    try:
        return int(request.headers.get("content-length", "0"))
    except ValueError:
        return 0


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too large, and then the rest is not looked at."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _said(fate: Fate) -> Response:
    return JSONResponse({"outcome": fate.value, "message": IN_WORDS[fate]}, STATUS[fate])


def _checked(answer: Answer) -> Response:
    return JSONResponse({"ok": answer.well, "checks": dict(answer.checks)}, answer.status)

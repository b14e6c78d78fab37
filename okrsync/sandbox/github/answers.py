"""Answers in GitHub's form: JSON with a weak ETag, 304 for what the client has already, and errors with their pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from okrsync.sandbox.github.access import Token
from okrsync.sandbox.github.actions import Invalid
from okrsync.sandbox.request import Refused, SandboxRequest

__all__ = ["Refused", "answer", "checked", "failure", "not_found", "refuse", "with_etag"]

DOCS = "https://docs.github.com/rest"
JSON_TYPE = "application/json; charset=utf-8"


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, dict(headers or {}), media_type=JSON_TYPE)


def failure(
    status: int, message: str, page: str = "", *, errors: Sequence[Any] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """An error in GitHub's form; `page` is the part of the documentation's address behind `/rest/`."""
    body: dict[str, Any] = {"message": message}
    if errors:
        body["errors"] = list(errors)
    body["documentation_url"] = f"{DOCS}/{page}" if page else DOCS
    body["status"] = str(status)
    return answer(body, status, headers)


def refuse(
    status: int, message: str, page: str = "", *, errors: Sequence[Any] = (), headers: Mapping[str, str] | None = None
) -> Refused:
    """An exception that ends the request with `failure(…)`."""
    return Refused(failure(status, message, page, errors=errors, headers=headers))


def not_found(page: str = "") -> Refused:
    """GitHub's 404, also for what the token may not see."""
    return refuse(404, "Not Found", page)


def checked(page: str, handler: Callable[[SandboxRequest], Response]) -> Callable[[SandboxRequest], Response]:
    """The handler with broken rules as 422 and, for reads, with ETags."""

    def handle(request: SandboxRequest) -> Response:
        try:
            response = handler(request)
        except Invalid as broken:
            return failure(422, broken.message, page, errors=broken.errors)
        return with_etag(request, response) if request.method == "GET" else response

    return handle


def with_etag(request: SandboxRequest, response: Response) -> Response:
    """The answer with its ETag, or a 304 without a body where the client has that one already.

    As at GitHub, the same page has another ETag for another token.
    """
    if response.status_code != 200:
        return response
    token: Token | None = request.notes.get("token")
    digest = hashlib.sha256(bytes(response.body))
    for part in (response.headers.get("link", ""), token.secret if token else ""):
        digest.update(b"\n" + part.encode())
    etag = f'W/"{digest.hexdigest()}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag.removeprefix("W/") in known or "*" in known:
        response = Response(status_code=304)
    response.headers["etag"] = etag
    response.headers["cache-control"] = "private, max-age=60, s-maxage=60"
    response.headers["vary"] = "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With"
    return response

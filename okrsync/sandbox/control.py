"""The control endpoints under `/_sandbox/`, for people and for other processes on this machine."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Any, Protocol

from starlette.responses import JSONResponse, Response

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.faults import Fault, FaultInjector
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.request_log import RequestLog

CONTROL = "/_sandbox/"


class Controlled(Protocol):
    """What of a site can be controlled."""

    clock: SandboxClock
    faults: FaultInjector
    requests: RequestLog

    def to_json(self) -> dict[str, Any]:
        """The site's whole state."""
        ...

    def save_if_wanted(self) -> None:
        """Save the state, where saving is on."""
        ...


def answer_control(site: Controlled, request: SandboxRequest) -> Response:
    """Answer a control request; it needs no login, is not logged, and only works from this machine."""
    if not _is_loopback(request.client_host):
        return JSONResponse({"error": "the control endpoints answer this machine only"}, 403)
    try:
        match (request.method, request.path.removeprefix(CONTROL)):
            case ("GET", "requests"):
                return JSONResponse([record.to_json() for record in site.requests.records])
            case ("DELETE", "requests"):
                site.requests.clear()
            case ("POST", "faults"):
                given = request.json()
                for one in given if isinstance(given, list) else [given]:
                    site.faults.add(Fault.from_json(one))
            case ("DELETE", "faults"):
                site.faults.clear()
            case ("POST", "clock"):
                site.clock.advance(timedelta(seconds=float(request.json()["advance_seconds"])))
                site.save_if_wanted()
                return JSONResponse({"now": site.clock.now().isoformat()})
            case ("GET", "state"):
                return JSONResponse(site.to_json())
            case _:
                return JSONResponse({"error": f"no such control: {request.method} {request.path}"}, 404)
    except (ValueError, KeyError, TypeError) as problem:
        return JSONResponse({"error": str(problem)}, 400)
    return Response(status_code=204)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

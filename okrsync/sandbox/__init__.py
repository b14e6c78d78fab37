"""Loopback servers that speak the parts of the Jira and GitHub protocols that okrsync uses.

They serve the demo, rehearsals and tests: stateful, as unforgiving as the real services, and able to fail on
command.  Nothing here knows okrsync's own code (at most `okrsync.domain`), so a mistake in an adapter cannot
be repeated here by sharing it.  Start reading at `site` (what both servers share), then `jira` and `github`.
"""

from __future__ import annotations

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.faults import Fault, FaultInjector
from okrsync.sandbox.request import Refused, SandboxRequest
from okrsync.sandbox.request_log import RequestLog, RequestRecord
from okrsync.sandbox.serving import SandboxServer, serve_forever
from okrsync.sandbox.site import SandboxSite

__all__ = [
    "Fault",
    "FaultInjector",
    "Refused",
    "RequestLog",
    "RequestRecord",
    "SandboxClock",
    "SandboxRequest",
    "SandboxServer",
    "SandboxSite",
    "serve_forever",
]

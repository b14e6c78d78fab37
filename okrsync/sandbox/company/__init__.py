"""The demo company: where it works, what it plans, and the people who work there.

It imports `okrsync.domain` and the rest of `okrsync.sandbox` only.  Start reading at `premises` (the servers, and the
folder that keeps them), then `founding` (what stands in them), `planning` (the workspace) and `staff` (six weeks of
work).
"""

from __future__ import annotations

from okrsync.sandbox.company.premises import InUse, PortTaken, Premises, SiteName

__all__ = ["InUse", "PortTaken", "Premises", "SiteName"]

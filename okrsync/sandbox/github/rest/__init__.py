"""The REST half of the GitHub sandbox: one module a subject, each with its `ROUTES`.

A handler takes a `Call` (one request with what it refers to) and returns a response; `call` reads what clients send.
Nothing here is imported from outside the sandbox.
"""

from __future__ import annotations

from okrsync.sandbox.github.rest import accounts, comments, issue_fields, issues, labels, milestones, search, sub_issues
from okrsync.sandbox.github.rest.call import Call, Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *accounts.ROUTES,
    *milestones.ROUTES,
    *comments.ROUTES,
    *sub_issues.ROUTES,
    *issue_fields.ROUTES,
    *labels.ROUTES,
    *issues.ROUTES,
    *search.ROUTES,
)

__all__ = ["ENDPOINTS", "Call", "Endpoint"]

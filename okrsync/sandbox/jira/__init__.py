"""A Jira in memory, in two flavours: Cloud and Data Center.

It may import the shared ground of `okrsync.sandbox` only.  Start reading at `sandbox`; what Jira stores is in
`model`, what it refuses in `writing`, how it searches in `searching`, and its JSON shapes in `rendering`.
"""

from __future__ import annotations

from okrsync.sandbox.jira.hands import IssueView
from okrsync.sandbox.jira.limits import RateLimits
from okrsync.sandbox.jira.sandbox import JiraSandbox

__all__ = ["IssueView", "JiraSandbox", "RateLimits"]

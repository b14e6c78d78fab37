"""A GitHub on loopback: REST and GraphQL over one state, for the demo, rehearsals and tests.

Start reading at `site`.  `state` is what it remembers; `actions`, `hierarchy` and `boards` are what can be done to it;
`rest` and `graph` are two ways in, and `people` the third: Python methods for what people do in the browser.
"""

from __future__ import annotations

from okrsync.sandbox.github.access import Token
from okrsync.sandbox.github.site import GitHubSandbox

__all__ = ["GitHubSandbox", "Token"]

"""What a browser shows of a sandbox: enough to follow okrsync's links, and to work in it by hand.

Requests that ask for HTML get pages, all others the site's own answers.  Start reading at `page` (what a page is), then
`browsable` (how it is served); `jira` and `github` know what stands on the pages of their sites.
"""

from __future__ import annotations

from okrsync.sandbox.pages.github import GitHubWithPages
from okrsync.sandbox.pages.jira import JiraWithPages

__all__ = ["GitHubWithPages", "JiraWithPages"]

"""The tracker plugin for github.com and GitHub Enterprise Server: objectives as milestones, key results as issues.

It imports `okrsync.domain` and `okrsync.trackers`, nothing else of okrsync; PyGithub is loaded when a tracker is made.
Start with `tracker`; `items` turns GitHub's JSON into okrsync's values, `client` sends the requests.
"""

from __future__ import annotations

from collections.abc import Iterable

from okrsync.trackers.hookspecs import hookimpl
from okrsync.trackers.interface import Tracker, TrackerContext, TrackerType
from okrsync_github.addresses import is_project
from okrsync_github.capabilities import CAPABILITIES
from okrsync_github.webhooks import WEBHOOKS


def _load(context: TrackerContext) -> Tracker:
    from okrsync_github.tracker import GitHubTracker

    return GitHubTracker(context)


@hookimpl
def register_trackers() -> Iterable[TrackerType]:
    """GitHub, in the cloud or in one's own house."""
    return [
        TrackerType(
            name="github",
            summary="GitHub and GitHub Enterprise Server: milestones, issues and Projects boards",
            load=_load,
            capabilities=CAPABILITIES,
            options={
                "write_interval": "Seconds between two writes; 1 on github.com, as GitHub asks for, and 0 elsewhere."
            },
            default_url="https://api.github.com",
            concurrency=1,
            webhooks=WEBHOOKS,
            project_form=("owner/repository, for example acme/web", is_project),
        )
    ]

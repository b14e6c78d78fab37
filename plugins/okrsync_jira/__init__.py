"""The tracker type `jira`: objectives as epics and key results as issues, on Jira Cloud and Jira Data Center.

It may import `okrsync.domain` and `okrsync.trackers`; the `jira` library is imported only when a tracker is made.
Start reading at `tracker`; `client` sends every request, `errors` says what went wrong, `items` turns JSON into values.
"""

from __future__ import annotations

from collections.abc import Iterable

from okrsync.trackers.hookspecs import hookimpl
from okrsync.trackers.interface import Tracker, TrackerContext, TrackerType
from okrsync.trackers.values import Capabilities, Markup
from okrsync_jira.webhooks import WEBHOOKS

CAPABILITIES = Capabilities(
    objective_forms=frozenset({"epic"}),
    key_result_forms=frozenset({"issues", "fields"}),
    markup=Markup.WIKI,
    due_on_key_results=True,
    fields_with_item=True,
    native_links=True,
    pull_requests=False,
    queries=True,
    field_history=True,
    adoption=True,
    reads_by_marker=True,
    settle_after=15.0,  # What remains is a request that a cut connection left running.
    search_lag=660.0,  # Jira Cloud's search index lags writes, at worst by minutes.
)


def load(context: TrackerContext) -> Tracker:
    """Make the tracker; it sends nothing yet."""
    from okrsync_jira.tracker import JiraTracker

    return JiraTracker(context)


@hookimpl
def register_trackers() -> Iterable[TrackerType]:
    """Jira, Cloud and Data Center."""
    return [
        TrackerType(
            name="jira",
            summary="Jira Cloud and Jira Data Center: objectives as epics, key results as issues or fields",
            load=load,
            capabilities=CAPABILITIES,
            webhooks=WEBHOOKS,
        )
    ]

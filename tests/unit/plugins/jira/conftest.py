"""A Jira of each flavour in memory, with the two projects and the fields that the tests use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import memory_context
from okrsync_jira.tracker import JiraTracker

FIELDS = ("KR baseline", "KR target", "KR current")
Connect = Callable[..., JiraTracker]
"""Makes trackers that are closed when the test ends."""


def furnish(site: JiraSandbox) -> JiraSandbox:
    """The site with projects and fields."""
    site.add_project("PLAT", "Platform")
    site.add_project("WEB", "Web")
    for name in (*FIELDS, "OKR progress", "Points"):
        site.add_number_field(name)
    return site


@pytest.fixture(params=["cloud", "data-center"])
def site(request: pytest.FixtureRequest) -> JiraSandbox:
    return furnish(JiraSandbox(flavour=request.param))


@pytest.fixture
def server(site: JiraSandbox) -> Iterator[SandboxServer]:
    with SandboxServer(site) as running:
        yield running


@pytest.fixture
def connect(server: SandboxServer, site: JiraSandbox) -> Iterator[Connect]:
    made: list[JiraTracker] = []

    def connect(*, token: str | None = None) -> JiraTracker:
        user = site.user if site.store.cloud else None
        made.append(JiraTracker(memory_context(url=server.url, user=user, token=token or site.token)))
        return made[-1]

    yield connect
    for tracker in made:
        tracker.close()


@pytest.fixture
def tracker(connect: Connect) -> JiraTracker:
    return connect()

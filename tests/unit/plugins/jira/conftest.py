"""A Jira of each flavour in memory, with the two projects and the fields that the tests use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import memory_context
from okrsync.trackers.values import Scope
from okrsync_jira.tracker import JiraTracker

FIELDS = ("KR baseline", "KR target", "KR current")
SCOPE = Scope("PLAT", "epic", labels=("key-result",), fields=FIELDS, objective_fields=("OKR progress",))
OTHER_SCOPE = Scope("WEB", "epic", fields=FIELDS)


class Connect(Protocol):
    """Makes trackers that are closed when the test ends."""

    def __call__(self, *, token: str | None = None, url: str | None = None) -> JiraTracker: ...


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
def cloud() -> JiraSandbox:
    return furnish(JiraSandbox(flavour="cloud"))


@pytest.fixture
def data_center() -> JiraSandbox:
    return furnish(JiraSandbox(flavour="data-center"))


@pytest.fixture
def server(site: JiraSandbox) -> Iterator[SandboxServer]:
    with SandboxServer(site) as running:
        yield running


@pytest.fixture
def connect(server: SandboxServer, site: JiraSandbox) -> Iterator[Connect]:
    made: list[JiraTracker] = []

    def connect(*, token: str | None = None, url: str | None = None) -> JiraTracker:
        user = site.user if site.store.cloud else None
        made.append(JiraTracker(memory_context(url=url or server.url, user=user, token=token or site.token)))
        return made[-1]

    yield connect
    for tracker in made:
        tracker.close()


@pytest.fixture
def tracker(connect: Connect) -> JiraTracker:
    return connect()

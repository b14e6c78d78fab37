"""A Jira of each flavour, served on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from okrsync.sandbox import SandboxClock, SandboxServer
from okrsync.sandbox.jira import JiraSandbox
from tests.unit.sandbox.jira.jira_site import START, TOKEN, USER, Raw


@pytest.fixture
def make() -> Iterator[Callable[..., Raw]]:
    """Starts a site with the given settings and two projects, PLAT and WEB."""
    servers = []

    def start(flavour: Any = "cloud", **settings: Any) -> Raw:
        clock = SandboxClock(START, frozen=True)
        site = JiraSandbox(flavour=flavour, user=USER, token=TOKEN, clock=clock, **settings)
        site.add_project("PLAT", "Platform")
        site.add_project("WEB", "Web")
        servers.append(SandboxServer(site).start())
        return Raw(site, servers[-1].url)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def cloud(make: Callable[..., Raw]) -> Raw:
    return make()


@pytest.fixture
def data_center(make: Callable[..., Raw]) -> Raw:
    return make("data-center")


@pytest.fixture(params=["cloud", "data-center"])
def either(request: pytest.FixtureRequest, make: Callable[..., Raw]) -> Raw:
    """Both flavours, one after the other."""
    return make(request.param)

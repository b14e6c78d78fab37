"""A GitHub sandbox at a frozen moment, served on loopback, with plain HTTP and PyGithub to talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from github import Auth, Github

from okrsync.sandbox import SandboxClock, SandboxServer
from okrsync.sandbox.github import GitHubSandbox
from tests.unit.sandbox.github.github_sandbox_api import Api

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def site() -> GitHubSandbox:
    site = GitHubSandbox(clock=SandboxClock(START, frozen=True))
    site.add_repository("acme/web", role="admin")
    return site


@pytest.fixture
def server(site: GitHubSandbox) -> Iterator[SandboxServer]:
    with SandboxServer(site) as server:
        yield server


@pytest.fixture
def api(server: SandboxServer) -> Iterator[Api]:
    api = Api(server)
    yield api
    api.session.close()


@pytest.fixture
def client(server: SandboxServer) -> Iterator[Github]:
    with Github(
        auth=Auth.Token("sandbox-token"),
        base_url=server.url,
        retry=None,
        per_page=100,
        lazy=True,
        timeout=15,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ) as client:
        yield client

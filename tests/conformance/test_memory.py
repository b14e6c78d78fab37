"""The tracker in memory keeps the promises of the interface, in both of its styles."""

from __future__ import annotations

import pytest

from okrsync.testing import MemoryPeople, MemoryServer, MemoryTracker, TrackerContract, memory_context
from okrsync.testing.memory.server import WRITES
from okrsync.trackers.errors import Transient
from okrsync.trackers.values import Markup, Scope

READS = (
    *("login", "projects", "fields", "check", "read", "find", "item", "children", "matches", "comments"),
    *("field_changes", "comments_since"),
)


class MemoryFaults:
    """Failures of the server in memory."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    def writes(self) -> int:
        return self._server.writes

    def refuse(self, times: int = 1) -> None:
        self._server.fail(None, Transient("too many requests", retry_after=0.0, acted=False), times=times)

    def drop_read(self, times: int = 1) -> None:
        self._server.fail(READS, Transient("the connection broke off"), times=times)

    def lose_answer(self, times: int = 1) -> None:
        self._server.fail(WRITES, Transient("the connection broke off"), times=times, after_acting=True)


class InMemory(TrackerContract):
    """What both styles share."""

    points_field = "KR current"
    labelled = "label:{label}"
    labelled_and_open = "label:{label} open"
    no_query = "sprint:7"

    @pytest.fixture
    def scope(self) -> Scope:
        return Scope("PLAT", "epic", labels=("key-result",), fields=("KR baseline", "KR current"))

    @pytest.fixture
    def other_scope(self) -> Scope:
        return Scope("WEB", "epic", fields=("KR baseline", "KR current"))

    @pytest.fixture
    def people(self, server: MemoryServer) -> MemoryPeople:
        return server.people

    @pytest.fixture
    def faults(self, server: MemoryServer) -> MemoryFaults:
        return MemoryFaults(server)


class TestFieldsWithItem(InMemory):
    @pytest.fixture
    def scope(self) -> Scope:
        return Scope(
            "PLAT",
            "epic",
            labels=("key-result",),
            fields=("KR baseline", "KR current"),
            objective_fields=("OKR progress",),
        )

    @pytest.fixture
    def server(self) -> MemoryServer:
        return MemoryServer(["PLAT", "WEB"])

    @pytest.fixture
    def tracker(self, server: MemoryServer) -> MemoryTracker:
        return MemoryTracker(memory_context(), server)

    @pytest.fixture
    def stranger(self, server: MemoryServer) -> MemoryTracker:
        return MemoryTracker(memory_context(token="not-the-token"), server)


class TestFieldsApart(InMemory):
    @pytest.fixture
    def server(self) -> MemoryServer:
        return MemoryServer(["PLAT", "WEB"], unique_titles=True, objectives_take_comments=False)

    @pytest.fixture
    def tracker(self, server: MemoryServer) -> MemoryTracker:
        return self.connect(server, "a-token-for-tests")

    @pytest.fixture
    def stranger(self, server: MemoryServer) -> MemoryTracker:
        return self.connect(server, "not-the-token")

    @staticmethod
    def connect(server: MemoryServer, token: str) -> MemoryTracker:
        return MemoryTracker(
            memory_context(token=token),
            server,
            fields_with_item=False,
            native_links=False,
            due_on_key_results=False,
            pull_requests=True,
            field_history=False,
            markup=Markup.MARKDOWN,
            incremental=False,
        )

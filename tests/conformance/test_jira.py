"""Jira's plugin keeps the promises where every list takes several pages and the account lives far from UTC.

The plugin's own tests hold it to the same suite on a roomy server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import TrackerContract, memory_context
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import FieldValue, ItemId, Scope
from okrsync_jira import register_trackers

FIELDS = ("KR baseline", "KR current")


class JiraPeople:
    """People on the boards and in the issues of a Jira site."""

    def __init__(self, site: JiraSandbox) -> None:
        self._site = site

    def edit(self, at: ItemId, *, title: str | None = None, description: str | None = None) -> None:
        if title is not None:
            self._site.edit(at.key, summary=title)
        if description is not None:
            self._site.edit(at.key, description=description)

    def set_field(self, at: ItemId, name: str, value: FieldValue) -> None:
        change: dict[str, Any] = {name: value}
        self._site.edit(at.key, **change)

    def add_label(self, at: ItemId, label: str) -> None:
        self._site.edit(at.key, labels={*self._site.issue(at.key).labels, label})

    def remove_marker(self, at: ItemId, marker: str) -> None:
        self._site.edit(at.key, labels=set(self._site.issue(at.key).labels) - {marker})

    def close(self, at: ItemId) -> None:
        self._site.transition(at.key, "Done")

    def delete(self, at: ItemId) -> None:
        self._site.delete(at.key)

    def clone(self, at: ItemId) -> ItemId:
        original = self._site.issue(at.key)
        fields = {"labels": original.labels, "description": original.description}
        if original.parent:
            fields["parent"] = original.parent
        key = self._site.create_issue(at.project, original.type, f"CLONE - {original.summary}", **fields)
        return ItemId(at.project, str(self._site.issue(key).id), key, "")

    def add_child(
        self,
        parent: ItemId,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> None:
        below_epic = self._site.issue(parent.key).type == "Epic"
        values = dict([points]) if points else {}
        key = self._site.create_issue(
            parent.project, "Story" if below_epic else "Sub-task", title, parent=parent.key, **values
        )
        if done:
            self._site.transition(key, "Done")

    def comment(self, at: ItemId, text: str) -> str:
        return self._site.comment(at.key, text)

    def edit_comment(self, at: ItemId, comment: str, text: str) -> None:
        self._site.edit_comment(at.key, comment, text)

    def delete_comment(self, at: ItemId, comment: str) -> None:
        self._site.delete_comment(at.key, comment)

    def titled(self, project: str, title: str) -> int:
        return [each.summary for each in self._site.issues(project)].count(title)


class JiraFaults:
    """Refusals by the rate limit, and connections that break off."""

    def __init__(self, site: JiraSandbox) -> None:
        self._site = site

    def writes(self) -> int:
        return len(self._site.requests.writes())

    def refuse(self, times: int = 1) -> None:
        self._site.faults.add(Fault("status", status=429, headers={"Retry-After": "0"}, times=times))

    def drop_read(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_before", path=r"/(search|search/jql|issue/bulkfetch)$", times=times))

    def lose_answer(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_after", path=r"/issue(/\w+(/comment)?)?$", body="fields|body", times=times))


@pytest.fixture(
    params=[
        ("cloud", "Pacific/Kiritimati"),
        ("cloud", "America/Los_Angeles"),
        ("data-center", "Pacific/Kiritimati"),
        ("data-center", "Pacific/Pago_Pago"),
    ],
    ids=" in ".join,
)
def site(request: pytest.FixtureRequest) -> JiraSandbox:
    flavour, time_zone = request.param
    site = JiraSandbox(flavour=flavour, time_zone=time_zone, page_size=2, id_page_size=2)
    for key, name in (("PLAT", "Platform"), ("WEB", "Web")):
        site.add_project(key, name)
    for name in (*FIELDS, "OKR progress", "Points"):
        site.add_number_field(name)
    return site


class TestJira(TrackerContract):
    points_field = "Points"
    labelled = "labels = {label}"
    labelled_and_open = "labels = {label} AND statusCategory != Done ORDER BY created"
    no_query = "labels = = q4"

    @pytest.fixture
    def server(self, site: JiraSandbox) -> Iterator[SandboxServer]:
        with SandboxServer(site) as running:
            yield running

    @pytest.fixture
    def tracker(self, server: SandboxServer, site: JiraSandbox) -> Iterator[Tracker]:
        yield from connected(server, site, site.token)

    @pytest.fixture
    def stranger(self, server: SandboxServer, site: JiraSandbox) -> Iterator[Tracker]:
        yield from connected(server, site, "not-the-token")

    @pytest.fixture
    def scope(self) -> Scope:
        return Scope("PLAT", "epic", labels=("key-result",), fields=FIELDS, objective_fields=("OKR progress",))

    @pytest.fixture
    def other_scope(self) -> Scope:
        return Scope("WEB", "epic", fields=FIELDS)

    @pytest.fixture
    def people(self, site: JiraSandbox) -> JiraPeople:
        return JiraPeople(site)

    @pytest.fixture
    def faults(self, site: JiraSandbox) -> JiraFaults:
        return JiraFaults(site)


def connected(server: SandboxServer, site: JiraSandbox, token: str) -> Iterator[Tracker]:
    """A tracker made as okrsync makes it, through the plugin's hook."""
    user = site.user if "cloud" in site.name else None
    (kind,) = register_trackers()
    tracker = kind.load(memory_context(url=server.url, user=user, token=token))
    yield tracker
    tracker.close()

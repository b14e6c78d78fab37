"""The Jira tracker keeps the promises of the interface, on Cloud and on Data Center."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import TrackerContract
from okrsync.trackers.values import FieldValue, ItemId, Scope
from okrsync_jira.tracker import JiraTracker

READS = r"^/rest/api/2/(?!serverInfo)"


class Colleagues:
    """People who use Jira's own pages."""

    def __init__(self, site: JiraSandbox) -> None:
        self._site = site

    def edit(self, at: ItemId, *, title: str | None = None, description: str | None = None) -> None:
        changes = {"summary": title, "description": description}
        self._site.edit(at.key, **{name: text for name, text in changes.items() if text is not None})

    def set_field(self, at: ItemId, name: str, value: FieldValue) -> None:
        self._site.edit(at.key, **{name: value})

    def add_label(self, at: ItemId, label: str) -> None:
        self._site.edit(at.key, labels=[*self._site.issue(at.key).labels, label])

    def remove_marker(self, at: ItemId, marker: str) -> None:
        self._site.edit(at.key, labels=[each for each in self._site.issue(at.key).labels if each != marker])

    def close(self, at: ItemId) -> None:
        self._site.transition(at.key, "Done")

    def delete(self, at: ItemId) -> None:
        self._site.delete(at.key)

    def clone(self, at: ItemId) -> ItemId:
        known = self._site.issue(at.key)
        above = {"parent": known.parent} if known.parent else {}
        key = self._site.create_issue(
            known.project, known.type, f"CLONE - {known.summary}", labels=list(known.labels), **above
        )
        return ItemId(known.project, str(self._site.issue(key).id), key, "")

    def add_child(
        self,
        parent: ItemId,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> None:
        kind = "Task" if self._site.issue(parent.key).type == "Epic" else "Sub-task"
        values = {points[0]: points[1]} if points else {}
        key = self._site.create_issue(parent.project, kind, title, parent=parent.key, **values)
        if done:
            self._site.transition(key, "Done")

    def titled(self, project: str, title: str) -> int:
        return sum(each.summary == title for each in self._site.issues(project))


class BadDays:
    """What goes wrong on the way to Jira."""

    def __init__(self, site: JiraSandbox) -> None:
        self._site = site

    def writes(self) -> int:
        return len(self._site.requests.writes())

    def refuse(self, times: int = 1) -> None:
        self._site.faults.add(Fault("status", status=429, headers={"Retry-After": "0"}, times=times))

    def drop_read(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_before", method="GET", path=READS, times=times))

    def lose_answer(self, times: int = 1) -> None:
        for method in ("POST", "PUT", "DELETE"):
            self._site.faults.add(Fault("drop_after", method=method, times=times))


class TestJira(TrackerContract):
    points_field = "Points"

    @pytest.fixture
    def stranger(self, connect: Callable[..., JiraTracker]) -> JiraTracker:
        return connect(token="not-the-token")

    @pytest.fixture
    def scope(self) -> Scope:
        fields = ("KR baseline", "KR target", "KR current")
        return Scope("PLAT", "epic", labels=("key-result",), fields=fields, objective_fields=("OKR progress",))

    @pytest.fixture
    def other_scope(self) -> Scope:
        return Scope("WEB", "epic", fields=("KR current",))

    @pytest.fixture
    def people(self, site: JiraSandbox) -> Colleagues:
        return Colleagues(site)

    @pytest.fixture
    def faults(self, site: JiraSandbox) -> BadDays:
        return BadDays(site)

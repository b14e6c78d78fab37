"""GitHub's plugin keeps the promises where every list takes several pages, on both flavours of the server.

The plugin's own tests hold it to the same suite on a roomy server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.github import GitHubSandbox
from okrsync.testing import TrackerContract, memory_context
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import FieldValue, ItemId, Scope
from okrsync_github import register_trackers

TOKEN = "a-token-for-tests"
BOARD = "acme/1"
FIELDS = ("KR baseline", "KR current")


class GitHubPeople:
    """People in the browser. An item is known by its key: acme/web#12, acme/web/milestone/3."""

    def __init__(self, site: GitHubSandbox) -> None:
        self._site = site

    def edit(self, at: ItemId, *, title: str | None = None, description: str | None = None) -> None:
        if title is not None:
            self._write(at, title=title)
        if description is not None:
            hidden = [line for line in self._text(at).splitlines() if line.startswith("<!-- okrsync:")]
            self._write_text(at, "\r\n".join([*description.split("\n"), "", *hidden]))

    def set_field(self, at: ItemId, name: str, value: FieldValue) -> None:
        owner, _, number = BOARD.partition("/")
        self._site.set_project_value(owner, int(number), at.project, _number(at), name, value)

    def add_label(self, at: ItemId, label: str) -> None:
        labels = [each["name"] for each in self._site.issue(at.project, _number(at))["labels"]]
        self._site.edit_issue(at.project, _number(at), labels=[*labels, label])

    def remove_marker(self, at: ItemId, marker: str) -> None:
        self._write_text(at, self._text(at).replace(f"<!-- {marker} -->", ""))

    def close(self, at: ItemId) -> None:
        self._write(at, state="closed")

    def delete(self, at: ItemId) -> None:
        delete = self._site.delete_milestone if _is_milestone(at) else self._site.delete_issue
        delete(at.project, _number(at))

    def clone(self, at: ItemId) -> ItemId:
        if _is_milestone(at):
            original = self._site.milestone(at.project, _number(at))
            number = self._site.create_milestone(
                at.project, f"Copy of {original['title']}", description=original["description"]
            )
        else:
            original = self._site.issue(at.project, _number(at))
            number = self._site.create_issue(
                at.project,
                original["title"],
                body=original["body"],
                milestone=original["milestone"]["number"],
                labels=[each["name"] for each in original["labels"]],
            )
        key = at.key.removesuffix(str(_number(at))) + str(number)
        return ItemId(at.project, "", key, "")

    def add_child(
        self,
        parent: ItemId,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> None:
        above: dict[str, Any] = {"milestone" if _is_milestone(parent) else "parent": _number(parent)}
        number = self._site.create_issue(parent.project, title, pull_request=pull_request, **above)
        child = ItemId(parent.project, "", f"{parent.project}#{number}", "")
        if points:
            self.set_field(child, *points)
        if done:
            self.close(child)

    def comment(self, at: ItemId, text: str) -> int:
        self._site.set_role(at.project, "dana", "write")
        return self._site.comment(at.project, _number(at), text, author="dana")

    def edit_comment(self, at: ItemId, comment: int, text: str) -> None:
        self._site.edit_comment(at.project, comment, text)

    def delete_comment(self, at: ItemId, comment: int) -> None:
        self._site.delete_comment(at.project, comment)

    def titled(self, project: str, title: str) -> int:
        everything = [*self._site.milestones(project), *self._site.issues(project)]
        return [each["title"] for each in everything].count(title)

    def _text(self, at: ItemId) -> str:
        if _is_milestone(at):
            return self._site.milestone(at.project, _number(at))["description"] or ""
        return self._site.issue(at.project, _number(at))["body"] or ""

    def _write_text(self, at: ItemId, text: str) -> None:
        self._write(at, **{"description" if _is_milestone(at) else "body": text})

    def _write(self, at: ItemId, **changes: Any) -> None:
        edit = self._site.edit_milestone if _is_milestone(at) else self._site.edit_issue
        edit(at.project, _number(at), **changes)


def _is_milestone(at: ItemId) -> bool:
    return "/milestone/" in at.key


def _number(at: ItemId) -> int:
    return int(at.key.replace("#", "/").rpartition("/")[2])


class GitHubFaults:
    """Refusals by the secondary limit, and connections that break off."""

    def __init__(self, site: GitHubSandbox) -> None:
        self._site = site

    def writes(self) -> int:
        return len(self._site.requests.writes())

    def refuse(self, times: int = 1) -> None:
        said = (
            b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
        )
        self._site.faults.add(
            Fault("status", status=403, headers={"Retry-After": "0"}, response_body=said, times=times)
        )

    def drop_read(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_before", method="GET", times=times))

    def lose_answer(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_after", path=r"/(issues|milestones|comments)(/\d+)?$", body="{", times=times))


@pytest.fixture(params=["github.com", "enterprise"])
def site(request: pytest.FixtureRequest) -> GitHubSandbox:
    """A server whose board belongs to an organisation, or on the Enterprise Server to a person."""
    enterprise = request.param == "enterprise"
    site = GitHubSandbox(token=TOKEN, enterprise=enterprise, enforce_limits=False, page_size=2)
    if enterprise:
        site.add_user("acme")
    for name in ("acme/web", "acme/app"):
        site.add_repository(name)
    board = site.add_project("acme", "OKRs")
    for name in FIELDS:
        site.add_number_field(f"acme/{board}", name)
    return site


class TestGitHub(TrackerContract):
    points_field = "KR current"
    labelled = "label:{label}"
    labelled_and_open = "is:open label:{label}"
    no_query = "label:q4 sprint:7"

    @pytest.fixture
    def server(self, site: GitHubSandbox) -> Iterator[SandboxServer]:
        with SandboxServer(site) as running:
            yield running

    @pytest.fixture
    def tracker(self, server: SandboxServer, site: GitHubSandbox) -> Iterator[Tracker]:
        yield from connected(server, site, TOKEN)

    @pytest.fixture
    def stranger(self, server: SandboxServer, site: GitHubSandbox) -> Iterator[Tracker]:
        yield from connected(server, site, "not-the-token")

    @pytest.fixture
    def scope(self) -> Scope:
        return Scope("acme/web", "milestone", labels=("key-result",), fields=FIELDS, board=BOARD)

    @pytest.fixture
    def other_scope(self) -> Scope:
        return Scope("acme/app", "milestone", labels=("key-result",), fields=FIELDS, board=BOARD)

    @pytest.fixture
    def people(self, site: GitHubSandbox) -> GitHubPeople:
        return GitHubPeople(site)

    @pytest.fixture
    def faults(self, site: GitHubSandbox) -> GitHubFaults:
        return GitHubFaults(site)


def connected(server: SandboxServer, site: GitHubSandbox, token: str) -> Iterator[Tracker]:
    """A tracker made as okrsync makes it, through the plugin's hook."""
    (kind,) = register_trackers()
    tracker = kind.load(memory_context(url=f"{server.url}{site.hub.prefix}", token=token))
    yield tracker
    tracker.close()

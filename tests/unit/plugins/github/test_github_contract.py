"""The plugin keeps the promises of the interface, against both flavours of GitHub and both kinds of board owners."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.github import GitHubSandbox
from okrsync.testing import TrackerContract, memory_context
from okrsync.trackers.values import FieldValue, ItemId, Scope
from okrsync_github.addresses import Place
from okrsync_github.tracker import GitHubTracker

A_TOKEN = "github_pat_for_the_contract"


class SandboxPeople:
    """People in the browser."""

    def __init__(self, site: GitHubSandbox) -> None:
        self._site = site

    def edit(self, at: ItemId, *, title: str | None = None, description: str | None = None) -> None:
        place = Place.parse(at.id)
        text = self._body(place)
        _, _, hidden = text.partition("<!-- okrsync:")
        new = text if description is None else f"{description}\r\n\r\n<!-- okrsync:{hidden}"
        self._write(place, new, title)

    def set_field(self, at: ItemId, name: str, value: FieldValue) -> None:
        place = Place.parse(at.id)
        self._site.set_project_value("acme", 1, place.project, place.number, name, value)

    def add_label(self, at: ItemId, label: str) -> None:
        place = Place.parse(at.id)
        labels = [each["name"] for each in self._site.issue(place.project, place.number)["labels"]]
        self._site.edit_issue(place.project, place.number, labels=[*labels, label])

    def remove_marker(self, at: ItemId, marker: str) -> None:
        place = Place.parse(at.id)
        self._write(place, self._body(place).replace(f"<!-- {marker} -->", ""))

    def close(self, at: ItemId) -> None:
        place = Place.parse(at.id)
        if place.is_issue:
            self._site.close_issue(place.project, place.number)
        else:
            self._site.edit_milestone(place.project, place.number, state="closed")

    def delete(self, at: ItemId) -> None:
        place = Place.parse(at.id)
        if place.is_issue:
            self._site.delete_issue(place.project, place.number)
        else:
            self._site.delete_milestone(place.project, place.number)

    def clone(self, at: ItemId) -> ItemId:
        place = Place.parse(at.id)
        if place.is_issue:
            issue = self._site.issue(place.project, place.number)
            number = self._site.create_issue(
                place.project,
                issue["title"],
                body=issue["body"],
                milestone=issue["milestone"]["number"],
                labels=[each["name"] for each in issue["labels"]],
            )
        else:
            milestone = self._site.milestone(place.project, place.number)
            number = self._site.create_milestone(
                place.project, f"{milestone['title']} (copy)", description=milestone["description"]
            )
        copy = Place(place.project, place.kind, number)
        return ItemId(copy.project, copy.id, copy.key, "")

    def add_child(
        self,
        parent: ItemId,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> None:
        place = Place.parse(parent.id)
        above = {"parent": place.number} if place.is_issue else {"milestone": place.number}
        number = self._site.create_issue(place.project, title, pull_request=pull_request, **above)
        if done:
            self._site.close_issue(place.project, number)
        if points:
            self._site.set_project_value("acme", 1, place.project, number, *points)

    def comment(self, at: ItemId, text: str) -> int:
        place = Place.parse(at.id)
        self._site.set_role(place.project, "dana", "triage")
        return self._site.comment(place.project, place.number, text, author="dana")

    def edit_comment(self, at: ItemId, comment: int, text: str) -> None:
        self._site.edit_comment(at.project, comment, text)

    def delete_comment(self, at: ItemId, comment: int) -> None:
        self._site.delete_comment(at.project, comment)

    def titled(self, project: str, title: str) -> int:
        everything = [*self._site.issues(project), *self._site.milestones(project)]
        return sum(each["title"] == title for each in everything)

    def _body(self, place: Place) -> str:
        if place.is_issue:
            return str(self._site.issue(place.project, place.number)["body"] or "")
        return str(self._site.milestone(place.project, place.number)["description"] or "")

    def _write(self, place: Place, text: str, title: str | None = None) -> None:
        if place.is_issue:
            self._site.edit_issue(place.project, place.number, body=text)
            if title is not None:
                self._site.edit_issue(place.project, place.number, title=title)
        else:
            self._site.edit_milestone(place.project, place.number, description=text)
            if title is not None:
                self._site.edit_milestone(place.project, place.number, title=title)


class SandboxFaults:
    """What goes wrong on the way."""

    def __init__(self, site: GitHubSandbox) -> None:
        self._site = site

    def writes(self) -> int:
        return len(self._site.requests.writes())

    def refuse(self, times: int = 1) -> None:
        refusal = b'{"message": "You have exceeded a secondary rate limit."}'
        self._site.faults.add(
            Fault("status", times=times, status=403, headers={"Retry-After": "0"}, response_body=refusal)
        )

    def drop_read(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_before", method="GET", times=times))

    def lose_answer(self, times: int = 1) -> None:
        self._site.faults.add(Fault("drop_after", body=r"^\{", times=times))


@contextmanager
def serve(flavour: str) -> Iterator[tuple[GitHubSandbox, str]]:
    """A server whose board belongs to an organisation, or on the Enterprise Server to a person."""
    enterprise = flavour == "enterprise"
    site = GitHubSandbox(token=A_TOKEN, enterprise=enterprise, enforce_limits=False)
    if enterprise:
        site.add_user("acme")
    site.add_repository("acme/web")
    site.add_repository("acme/app")
    board = site.add_project("acme", "OKRs")
    site.add_number_field(f"acme/{board}", "KR baseline")
    site.add_number_field(f"acme/{board}", "KR current")
    with SandboxServer(site) as running:
        yield site, f"{running.url}/api/v3" if enterprise else running.url


@pytest.fixture(scope="module", params=["github.com", "enterprise"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[GitHubSandbox, str]]:
    """One server for all tests, each of which works on items of its own."""
    with serve(request.param) as running:
        yield running


class TestGitHub(TrackerContract):
    """The suite of the interface."""

    points_field = "KR current"
    labelled = "label:{label}"
    labelled_and_open = "is:open label:{label}"
    no_query = "label:q4 sprint:7"

    @pytest.fixture
    def tracker(self, server: tuple[GitHubSandbox, str]) -> Iterator[GitHubTracker]:
        tracker = GitHubTracker(memory_context(url=server[1], token=A_TOKEN))
        yield tracker
        tracker.close()

    @pytest.fixture
    def stranger(self, server: tuple[GitHubSandbox, str]) -> Iterator[GitHubTracker]:
        stranger = GitHubTracker(memory_context(url=server[1], token="github_pat_of_nobody"))
        yield stranger
        stranger.close()

    @pytest.fixture
    def scope(self) -> Scope:
        fields = ("KR baseline", "KR current")
        return Scope("acme/web", "milestone", labels=("key-result",), fields=fields, board="acme/1")

    @pytest.fixture
    def other_scope(self) -> Scope:
        return Scope("acme/app", "milestone")

    @pytest.fixture
    def people(self, server: tuple[GitHubSandbox, str]) -> SandboxPeople:
        return SandboxPeople(server[0])

    @pytest.fixture
    def faults(self, server: tuple[GitHubSandbox, str]) -> Iterator[SandboxFaults]:
        yield SandboxFaults(server[0])
        server[0].faults.clear()


def test_the_enterprise_server_is_asked_below_its_prefix() -> None:
    with serve("enterprise") as (site, url):
        tracker = GitHubTracker(memory_context(url=url, token=A_TOKEN))
        assert tracker.login().server.startswith("GitHub Enterprise Server 3.")
        tracker.fields("acme/web", "acme/1")
        tracker.close()
        prefixes = {each.path.rpartition("/")[0] for each in site.requests.records}
        assert prefixes == {urlsplit(url).path, "/api", f"{urlsplit(url).path}/orgs/acme"}

"""Real servers for the system tests: each kind of tracker with a workspace that fits it, and people who work there."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from okrsync.app import Workspace
from okrsync.domain.ref import Marker, Ref
from okrsync.engine.outcome import Outcome
from okrsync.reports.as_json import status_json
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.serving import SandboxServer
from okrsync.sandbox.site import SandboxSite

FIELDS = ("KR baseline", "KR target", "KR current", "OKR progress")
CYCLE = "2026-Q4"
TOKEN_VARIABLE = "OKRSYNC_TEST_TOKEN"


class Ground(ABC):
    """One kind of tracker, served on loopback, with `projects` projects."""

    name: str
    site: SandboxSite

    def __init__(self, projects: int = 1) -> None:
        self.projects = projects
        self.site = self._build()
        self.server = SandboxServer(self.site)

    @abstractmethod
    def _build(self) -> SandboxSite: ...

    @abstractmethod
    def project(self, number: int = 0) -> str:
        """The key of a project."""

    @abstractmethod
    def tracker_toml(self) -> str:
        """The table of the tracker."""

    @abstractmethod
    def mapping_toml(self, number: int = 0) -> str:
        """The mapping of the team that works in project `number`."""

    @abstractmethod
    def texts(self) -> list[str]:
        """For each item in the tracker: the text that holds its markers."""

    @abstractmethod
    def title(self, ref: Ref) -> str: ...

    @abstractmethod
    def set_title(self, ref: Ref, title: str) -> None: ...

    @abstractmethod
    def set_current(self, ref: Ref, value: float) -> None: ...

    @abstractmethod
    def add_child(self, objective: Ref, *, done: bool) -> None:
        """Somebody adds an issue of their own to the epic or milestone."""

    @abstractmethod
    def due(self, ref: Ref) -> str | None: ...

    @abstractmethod
    def closed(self, ref: Ref) -> bool: ...

    @abstractmethod
    def current(self, ref: Ref) -> object: ...

    @abstractmethod
    def comments(self, ref: Ref) -> list[str]:
        """What the comments on an item say, oldest first."""

    @abstractmethod
    def comment(self, ref: Ref, text: str, author: str = "dana") -> str:
        """Somebody inside comments; the comment's id."""

    @abstractmethod
    def edit_comment(self, ref: Ref, comment: str, text: str) -> None: ...

    def count(self, ref: Ref) -> int:
        """How many items carry the marker of `ref`."""
        marker = Marker("acme", ref)
        return sum(marker in Marker.find_all(text) for text in self.texts())

    def settings(self) -> str:
        mappings = "\n".join(self.mapping_toml(number) for number in range(self.projects))
        return f'workspace = "acme"\n\n{self.tracker_toml()}\n{mappings}\n'


class JiraGround(Ground):
    flavour: Any = "cloud"
    login = 'user = "bot@demo.example"'
    site: JiraSandbox

    def _build(self) -> SandboxSite:
        site = JiraSandbox(flavour=self.flavour)
        for number in range(self.projects):
            site.add_project(self.project(number), f"Project {number}")
        for name in FIELDS:
            site.add_number_field(name)
        return site

    def project(self, number: int = 0) -> str:
        return f"PROJ{chr(ord('A') + number)}"

    def tracker_toml(self) -> str:
        return (
            f'[trackers.work]\ntype = "jira"\nurl = "{self.server.url}"\n{self.login}\n'
            f'token = {{ env = "{TOKEN_VARIABLE}" }}\n'
        )

    def mapping_toml(self, number: int = 0) -> str:
        return (
            f'[[mappings]]\nmatch = {{ team = "team-{number}" }}\n'
            f'tracker = "work"\nproject = "{self.project(number)}"\n'
            'objectives = { as = "epic" }\nkey_results = { as = "issues", type = "Task" }\n'
            'fields = { baseline = "KR baseline", target = "KR target", current = "KR current",'
            ' progress = "OKR progress" }\n'
        )

    def _key(self, ref: Ref) -> str:
        marker = str(Marker("acme", ref))
        (found,) = [view.key for view in self.site.issues() if marker in view.labels]
        return found

    def texts(self) -> list[str]:
        return [" ".join(view.labels) for view in self.site.issues()]

    def title(self, ref: Ref) -> str:
        return self.site.issue(self._key(ref)).summary

    def set_title(self, ref: Ref, title: str) -> None:
        self.site.edit(self._key(ref), summary=title)

    def set_current(self, ref: Ref, value: float) -> None:
        self.site.edit(self._key(ref), **{"KR current": value})

    def add_child(self, objective: Ref, *, done: bool) -> None:
        epic = self.site.issue(self._key(objective))
        key = self.site.create_issue(epic.project, "Story", "Some work", parent=epic.key)
        if done:
            self.site.transition(key, "Done")

    def due(self, ref: Ref) -> str | None:
        due = self.site.issue(self._key(ref)).duedate
        return due.isoformat() if due else None

    def closed(self, ref: Ref) -> bool:
        return self.site.issue(self._key(ref)).status_category == "done"

    def current(self, ref: Ref) -> object:
        return self.site.issue(self._key(ref)).fields.get("KR current")

    def comments(self, ref: Ref) -> list[str]:
        return [each.text for each in self.site.issue(self._key(ref)).comments]

    def comment(self, ref: Ref, text: str, author: str = "dana") -> str:
        return self.site.comment(self._key(ref), text, author=author)

    def edit_comment(self, ref: Ref, comment: str, text: str) -> None:
        self.site.edit_comment(self._key(ref), comment, text)


class JiraCloud(JiraGround):
    name = "jira-cloud"


class JiraDataCenter(JiraGround):
    name = "jira-data-center"
    flavour = "data-center"
    login = ""


class GitHub(Ground):
    name = "github"
    site: GitHubSandbox
    enterprise = False

    def _build(self) -> SandboxSite:
        site = GitHubSandbox(enforce_limits=False, enterprise=self.enterprise)
        site.add_organization("acme")
        for number in range(self.projects):
            site.add_repository(self.project(number))
        self.board = site.add_project("acme", "OKRs")
        for name in FIELDS:
            site.add_number_field(f"acme/{self.board}", name)
        return site

    def project(self, number: int = 0) -> str:
        return f"acme/repo-{number}"

    def tracker_toml(self) -> str:
        path = "/api/v3" if self.enterprise else ""
        return (
            f'[trackers.work]\ntype = "github"\nurl = "{self.server.url}{path}"\n'
            f'token = {{ env = "{TOKEN_VARIABLE}" }}\n'
        )

    def mapping_toml(self, number: int = 0) -> str:
        return (
            f'[[mappings]]\nmatch = {{ team = "team-{number}" }}\n'
            f'tracker = "work"\nproject = "{self.project(number)}"\n'
            'objectives = { as = "milestone" }\nkey_results = { as = "issues", labels = ["key-result"] }\n'
            f'fields = {{ project_board = "acme/{self.board}", baseline = "KR baseline", target = "KR target",'
            ' current = "KR current", progress = "OKR progress" }\n'
        )

    def _find(self, ref: Ref) -> tuple[str, dict[str, Any]]:
        marker = Marker("acme", ref)
        found = [
            (repository, item)
            for repository in map(self.project, range(self.projects))
            for item in self._items(repository, ref.is_key_result)
            if marker in Marker.find_all(_text(item))
        ]
        assert len(found) == 1, f"{marker} is on {len(found)} items"
        return found[0]

    def _items(self, repository: str, issues: bool) -> list[dict[str, Any]]:
        return self.site.issues(repository) if issues else self.site.milestones(repository)

    def texts(self) -> list[str]:
        repositories = [self.project(number) for number in range(self.projects)]
        return [_text(item) for each in repositories for issues in (True, False) for item in self._items(each, issues)]

    def title(self, ref: Ref) -> str:
        return str(self._find(ref)[1]["title"])

    def set_title(self, ref: Ref, title: str) -> None:
        repository, item = self._find(ref)
        edit = self.site.edit_issue if ref.is_key_result else self.site.edit_milestone
        edit(repository, item["number"], title=title)

    def set_current(self, ref: Ref, value: float) -> None:
        repository, item = self._find(ref)
        self.site.set_project_number("acme", self.board, repository, item["number"], "KR current", value)

    def add_child(self, objective: Ref, *, done: bool) -> None:
        repository, item = self._find(objective)
        number = self.site.create_issue(repository, "Some work", milestone=item["number"])
        self.site.create_issue(repository, "A pull request", milestone=item["number"], pull_request=True)
        if done:
            self.site.close_issue(repository, number)

    def due(self, ref: Ref) -> str | None:
        due = self._find(ref)[1]["due_on"]
        return str(due)[:10] if due else None

    def closed(self, ref: Ref) -> bool:
        return bool(self._find(ref)[1]["state"] == "closed")

    def current(self, ref: Ref) -> object:
        repository, item = self._find(ref)
        return self.site.project_value("acme", self.board, repository, item["number"], "KR current")

    def comments(self, ref: Ref) -> list[str]:
        repository, item = self._find(ref)
        return [str(each["body"]) for each in self.site.comments(repository, item["number"])]

    def comment(self, ref: Ref, text: str, author: str = "dana") -> str:
        repository, item = self._find(ref)
        self.site.set_role(repository, author, "write")
        return str(self.site.comment(repository, item["number"], text, author=author))

    def edit_comment(self, ref: Ref, comment: str, text: str) -> None:
        self.site.edit_comment(self._find(ref)[0], int(comment), text)


class GitHubEnterprise(GitHub):
    name = "github-enterprise"
    enterprise = True


GROUNDS: tuple[type[Ground], ...] = (JiraCloud, JiraDataCenter, GitHub, GitHubEnterprise)


def _text(item: dict[str, Any]) -> str:
    return str(item.get("body") or item.get("description") or "")


class Desk:
    """A workspace folder on a ground, and the engine's verbs as a command would run them."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        self.folder = folder
        (folder / "okrs").mkdir(parents=True)
        self.write_settings(ground.settings())

    def write_settings(self, text: str) -> None:
        (self.folder / "okrsync.toml").write_text(text, encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.folder / "okrs" / name).write_text(text, encoding="utf-8")

    def write_team(self, number: int = 0, objectives: int = 1, key_results: int = 2, **changes: str) -> None:
        self.write(f"team-{number}.toml", team_document(number, objectives, key_results, **changes))

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.folder / "okrs" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def workspace(self, **options: Any) -> Workspace:
        return Workspace.load(self.folder / "okrsync.toml", **options)

    def run(self, verb: str, **options: Any) -> Outcome:
        with self.workspace().engine() as engine:
            return getattr(engine, verb)(**options)  # type: ignore[no-any-return]

    def status(self) -> dict[str, Any]:
        return json.loads(json.dumps(status_json(self.workspace().status())))  # type: ignore[no-any-return]

    def lose_cache(self) -> None:
        for path in self.folder.glob("okrsync.db*"):
            path.unlink()


def team_document(number: int, objectives: int, key_results: int, **changes: str) -> str:
    """A document with objectives `o<team>-<n>` of the team `team-<number>`, each with key results `kr1`…"""
    lines = [f'cycle = "{CYCLE}"', 'level = "team"', f'team = "team-{number}"', 'owner = "dana"', ""]
    for index in range(objectives):
        lines += [
            "[[objectives]]",
            f'id = "o{number}-{index}"',
            f'title = "Make step {index} of team {number} feel instant"',
            'why = "Half of our visitors leave while they wait."',
            *(f"{key} = {value}" for key, value in changes.items()),
            "",
        ]
        for kr in range(1, key_results + 1):
            lines += [
                "  [[objectives.key_results]]",
                f'  id = "kr{kr}"',
                f'  title = "Cut p95 of part {kr} from 4.0 s to 1.5 s"',
                "  baseline = 4.0",
                "  target = 1.5",
                '  unit = "s"',
                '  measure = { from = "field" }',
                "",
            ]
    return "\n".join(lines)


@contextmanager
def served(ground: Ground) -> Iterator[Ground]:
    before = os.environ.get(TOKEN_VARIABLE)
    os.environ[TOKEN_VARIABLE] = "sandbox-token"
    try:
        with ground.server:
            yield ground
    finally:
        if before is None:
            del os.environ[TOKEN_VARIABLE]
        else:
            os.environ[TOKEN_VARIABLE] = before

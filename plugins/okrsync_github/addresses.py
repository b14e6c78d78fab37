"""Names of things on GitHub: repositories, milestones, issues and boards, and how they are written.

An id is the path below `/repos/`, for example `acme/web/issues/12`: REST finds an issue by nothing else, and GitHub
redirects it after a rename or a transfer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from okrsync.trackers.errors import Misconfigured, NotFound

_NAME = r"[A-Za-z0-9_.-]+"
_PROJECT = re.compile(rf"{_NAME}/{_NAME}")
_PLACE = re.compile(
    rf"(?P<project>{_NAME}/{_NAME})"
    r"(?:#(?P<issue>[1-9]\d*)|/issues/(?P<issues>[1-9]\d*)|/milestones?/(?P<milestone>[1-9]\d*))"
)
_BOARD = re.compile(r"(?P<owner>[A-Za-z0-9_.-]+)/(?P<number>[1-9]\d*)")


@dataclass(frozen=True)
class Place:
    """A milestone or an issue (or pull request) of a repository."""

    project: str
    kind: Literal["milestones", "issues"]
    number: int

    @property
    def id(self) -> str:
        """The path below `/repos/`."""
        return f"{self.project}/{self.kind}/{self.number}"

    @property
    def path(self) -> str:
        """The path below the API's root."""
        return f"/repos/{self.id}"

    @property
    def key(self) -> str:
        """As people write it."""
        return f"{self.project}#{self.number}" if self.is_issue else f"{self.project}/milestone/{self.number}"

    @property
    def is_issue(self) -> bool:
        """Whether it is an issue and not a milestone."""
        return self.kind == "issues"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read an id or a key.

        Raises:
            NotFound: it is neither, so there can be no such item.
        """
        found = _PLACE.fullmatch(text.strip())
        if not found or not is_project(found["project"]):
            raise NotFound(
                f"{text!r} names nothing on GitHub: write owner/repository#12 for an issue"
                " or owner/repository/milestone/3 for a milestone"
            )
        if found["milestone"]:
            return cls(found["project"], "milestones", int(found["milestone"]))
        return cls(found["project"], "issues", int(found["issue"] or found["issues"]))


def milestone_in(project: str, number: int) -> Place:
    """The milestone `number` of a repository."""
    return Place(project, "milestones", number)


def issue_in(project: str, number: int) -> Place:
    """The issue `number` of a repository."""
    return Place(project, "issues", number)


def is_project(text: str) -> bool:
    """Whether it looks like `owner/repository`."""
    return _PROJECT.fullmatch(text) is not None and not {".", ".."} & set(text.split("/"))


def repository_path(project: str) -> str:
    """The path of a repository below the API's root.

    Raises:
        Misconfigured: `project` is not `owner/repository`.
    """
    if not is_project(project):
        raise Misconfigured(f"project {project!r} is not a repository: write owner/repository, for example acme/web")
    return f"/repos/{project}"


def project_of(address: str) -> str | None:
    """The `owner/repository` in an address of the API or of a page for people; None where there is none."""
    parts = urlsplit(address).path.strip("/").split("/")
    if "repos" in parts:
        parts = parts[parts.index("repos") + 1 :]
    name = "/".join(parts[:2])
    return name if is_project(name) else None


@dataclass(frozen=True)
class BoardName:
    """A Projects board: the login of its owner and its number."""

    owner: str
    number: int

    @classmethod
    def parse(cls, text: str) -> BoardName:
        """Read `owner/number`.

        Raises:
            Misconfigured: it is something else.
        """
        found = _BOARD.fullmatch(text.strip())
        if not found:
            raise Misconfigured(
                f"project_board {text!r} is not a board: write its owner and number, for example acme/1"
                " (from https://github.com/orgs/acme/projects/1)"
            )
        return cls(found["owner"], int(found["number"]))

    def __str__(self) -> str:
        return f"{self.owner}/{self.number}"

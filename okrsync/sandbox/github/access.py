"""Tokens, and what each of them may see and do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from okrsync.sandbox.github.state import Account, GitHubState, Repository, Role

RANKS: dict[Role, int] = {"read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}


@dataclass(frozen=True)
class Token:
    """A token and its owner's login.

    A classic token lists its `scopes`; a fine-grained one has None there, and `issues`, `projects` and
    `repositories` (None: all that its owner sees) limit it instead.  The token of an app's installation is fine-grained
    too, and belongs to no person: it cannot ask who it is.
    """

    secret: str = field(repr=False)
    login: str
    scopes: tuple[str, ...] | None = ("project", "read:org", "repo")
    issues: Literal["read", "write"] = "write"
    projects: Literal["none", "read", "write"] = "write"
    repositories: frozenset[str] | None = None
    installation: bool = False

    def __post_init__(self) -> None:
        if self.installation and self.scopes is not None:
            raise ValueError("the token of an app's installation has no scopes: give scopes=None")

    @property
    def refusal(self) -> str:
        """GitHub's words for what the token may not do."""
        return f"Resource not accessible by {'integration' if self.installation else 'personal access token'}"

    @property
    def is_classic(self) -> bool:
        """Whether scopes, not permissions, limit the token."""
        return self.scopes is not None

    def reaches(self, repository: Repository) -> bool:
        """Whether the token's scopes or its list of repositories include this one."""
        if self.scopes is None:
            return self.repositories is None or repository.full_name in self.repositories
        return "repo" in self.scopes or ("public_repo" in self.scopes and not repository.private)

    def may_use_projects(self, *, to_write: bool) -> bool:
        """Whether the token reaches Projects v2 boards."""
        if self.scopes is None:
            return self.projects == "write" or (self.projects == "read" and not to_write)
        return "project" in self.scopes or ("read:project" in self.scopes and not to_write)


def rank(repository: Repository, token: Token | None) -> int:
    """How much the token's owner may do in the repository: 0 nothing, 1 read, 3 write, 5 all."""
    everybody = 0 if repository.private else RANKS["read"]
    if token is None:
        return everybody
    if not token.reaches(repository):
        return everybody
    return max(everybody, _own_rank(repository, token.login))


def _own_rank(repository: Repository, login: str) -> int:
    if repository.owner.casefold() == login.casefold():
        return RANKS["admin"]
    role = repository.roles.get(login)
    return RANKS[role] if role else 0


def permissions(repository: Repository, token: Token | None) -> dict[str, bool]:
    """The `permissions` of a repository as REST shows them."""
    mine = rank(repository, token)
    return {
        "admin": mine >= RANKS["admin"],
        "maintain": mine >= RANKS["maintain"],
        "push": mine >= RANKS["write"],
        "triage": mine >= RANKS["triage"],
        "pull": mine >= RANKS["read"],
    }


def account_of(state: GitHubState, token: Token) -> Account:
    """The account that the token belongs to."""
    return state.accounts[token.login.casefold()]

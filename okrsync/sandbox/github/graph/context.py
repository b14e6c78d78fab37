"""What resolvers work with: who asks, the registry of resolvers, errors with GitHub's types, and the nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from graphql import GraphQLError, GraphQLResolveInfo

from okrsync.sandbox.github.access import RANKS, Token, rank
from okrsync.sandbox.github.actions import Doing
from okrsync.sandbox.github.hub import Hub
from okrsync.sandbox.github.state import (
    Comment,
    FieldValue,
    Issue,
    Label,
    Milestone,
    Project,
    ProjectField,
    ProjectItem,
    Repository,
)

Resolver = Callable[..., Any]
Decorated = TypeVar("Decorated", bound=Resolver)
RESOLVERS: dict[tuple[str, str], Resolver] = {}


def resolves(name: str, *types: str) -> Callable[[Decorated], Decorated]:
    """Register a function as the resolver of the field `name` of these types."""

    def register(function: Decorated) -> Decorated:
        for type_name in types:
            RESOLVERS[type_name, name] = function
        return function

    return register


def failure(kind: str, message: str) -> GraphQLError:
    """An error of a `type` that GitHub has, such as NOT_FOUND."""
    return GraphQLError(message, extensions={"type": kind})


@dataclass(frozen=True)
class IssueNode:
    """An issue or pull request in its repository."""

    repository: Repository
    thing: Issue


@dataclass(frozen=True)
class MilestoneNode:
    """A milestone in its repository."""

    repository: Repository
    thing: Milestone


@dataclass(frozen=True)
class LabelNode:
    """A label of a repository."""

    repository: Repository
    thing: Label


@dataclass(frozen=True)
class CommentNode:
    """A comment below an issue."""

    repository: Repository
    thing: Comment


@dataclass(frozen=True)
class FieldNode:
    """A field of a board."""

    project: Project
    thing: ProjectField


@dataclass(frozen=True)
class ItemNode:
    """An item of a board."""

    project: Project
    thing: ProjectItem


@dataclass(frozen=True)
class ValueNode:
    """What an item holds in a field."""

    item: ItemNode
    field: FieldNode
    thing: FieldValue


@dataclass
class Asking:
    """The context of one GraphQL request; `cost` and `nodes` are what it costs and may return."""

    hub: Hub
    token: Token
    base_url: str
    cost: int = 1
    nodes: int = 0

    @property
    def doing(self) -> Doing:
        """What an action needs."""
        return self.hub.doing(self.token.login)

    def sees(self, repository: Repository) -> bool:
        """Whether the token may read the repository."""
        return rank(repository, self.token) > 0

    def must_write(self, repository: Repository) -> None:
        """Raise FORBIDDEN where the token may not write to the repository."""
        read_only = not self.token.is_classic and self.token.issues == "read"
        if read_only or rank(repository, self.token) < RANKS["triage"]:
            raise failure("FORBIDDEN", self.token.refusal)

    def must_use_projects(self, *, to_write: bool = False) -> None:
        """Raise FORBIDDEN where the token has no business with boards."""
        if not self.token.may_use_projects(to_write=to_write):
            raise failure("FORBIDDEN", self.token.refusal)


if TYPE_CHECKING:
    Info: TypeAlias = GraphQLResolveInfo["Asking"]
else:
    Info = GraphQLResolveInfo
    """What a resolver is told; generic from graphql-core 3.3 on, and not before."""


def asking(info: Info) -> Asking:
    """The request's context."""
    context: Asking = info.context
    return context

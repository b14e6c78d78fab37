"""The schema with its resolvers, built once for the process."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)
from graphql.type import GraphQLInterfaceType

from okrsync.sandbox.github.graph import issues, mutations, projects, repositories, roots
from okrsync.sandbox.github.graph.context import (
    RESOLVERS,
    CommentNode,
    FieldNode,
    Info,
    IssueNode,
    ItemNode,
    LabelNode,
    MilestoneNode,
    ValueNode,
)
from okrsync.sandbox.github.state import Account, Project, Repository, stamp

RESOLVING = (issues, mutations, projects, repositories, roots)
"""The modules whose functions register themselves as resolvers when they are imported."""

VALUE_TYPES = {
    "NUMBER": "ProjectV2ItemFieldNumberValue",
    "TEXT": "ProjectV2ItemFieldTextValue",
    "DATE": "ProjectV2ItemFieldDateValue",
    "SINGLE_SELECT": "ProjectV2ItemFieldSingleSelectValue",
}


@cache
def github_schema() -> GraphQLSchema:
    """GitHub's types, as far as the sandbox has them, with everything that resolves them."""
    text = resources.files("okrsync.sandbox.github").joinpath("schema.graphql").read_text(encoding="utf-8")
    schema = build_schema(text)
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                field.resolve = RESOLVERS.get((kind.name, name), _attribute)
        elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _type_of
    return schema


def _attribute(source: Any, info: Info, **_: Any) -> Any:
    """The value under the field's name: of a mapping, of the node, or of the thing that the node wraps."""
    if isinstance(source, dict):
        value = source.get(info.field_name)
    else:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in info.field_name)
        value = getattr(source, name) if hasattr(source, name) else getattr(source.thing, name)
    return stamp(value) if isinstance(value, datetime) else value


def _type_of(source: Any, _info: Info, _kind: Any) -> str:
    match source:
        case Account():
            return source.kind
        case Repository():
            return "Repository"
        case Project():
            return "ProjectV2"
        case IssueNode():
            return "PullRequest" if source.thing.pull_request else "Issue"
        case MilestoneNode():
            return "Milestone"
        case LabelNode():
            return "Label"
        case CommentNode():
            return "IssueComment"
        case FieldNode():
            return "ProjectV2SingleSelectField" if source.thing.data_type == "SINGLE_SELECT" else "ProjectV2Field"
        case ItemNode():
            return "ProjectV2Item"
        case ValueNode():
            return VALUE_TYPES[source.field.thing.data_type]
        case _:
            raise TypeError(f"the schema has no type for {type(source).__name__}")

"""GitHub's arithmetic of a query: how many nodes it may return, how many points it costs, whether it needs boards.

Source: docs.github.com, 'Rate limits and query limits for the GraphQL API'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

MOST_NODES = 500_000


@dataclass
class Cost:
    """What a query asks for; `project_field` is the first field that leads to a board."""

    nodes: int = 0
    fetches: int = 0
    too_many_at: str | None = None
    project_field: FieldNode | None = None

    @property
    def points(self) -> int:
        """The price in points: a hundredth of the connections to fetch, at least 1."""
        return max(1, round(self.fetches / 100))


def cost_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> Cost:
    """The cost of a valid operation."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    cost = Cost()
    if root is not None:
        _Walk(schema, fragments, variables, cost).through(operation.selection_set, root, 1)
    return cost


@dataclass
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    cost: Cost

    def through(self, selected: SelectionSetNode, parent: GraphQLNamedType, times: int) -> None:
        for field, owner in self._fields(selected, parent):
            found = getattr(owner, "fields", {}).get(field.name.value)
            if found is None:
                continue
            kind = get_named_type(found.type)
            if kind.name.startswith("ProjectV2") and self.cost.project_field is None:
                self.cost.project_field = field
            below = times * self._rows(field, kind, times)
            if field.selection_set:
                self.through(field.selection_set, kind, below)

    def _rows(self, field: FieldNode, kind: GraphQLNamedType, times: int) -> int:
        if field.name.value == "nodes" and any(argument.name.value == "ids" for argument in field.arguments or ()):
            ids = self._argument(field, "ids")
            self.cost.nodes += len(ids) if isinstance(ids, list) else 0
            return max(1, len(ids)) if isinstance(ids, list) else 1
        if not kind.name.endswith("Connection"):
            return 1
        wanted = self._argument(field, "first") or self._argument(field, "last") or 0
        self.cost.fetches += times
        self.cost.nodes += times * wanted
        if self.cost.nodes > MOST_NODES and self.cost.too_many_at is None:
            self.cost.too_many_at = field.name.value
        return max(1, wanted)

    def _fields(
        self, selected: SelectionSetNode, parent: GraphQLNamedType
    ) -> Iterator[tuple[FieldNode, GraphQLNamedType]]:
        for one in selected.selections:
            if isinstance(one, FieldNode):
                yield one, parent
            elif isinstance(one, InlineFragmentNode):
                narrowed = one.type_condition
                kind = self.schema.get_type(narrowed.name.value) if narrowed else parent
                yield from self._fields(one.selection_set, kind or parent)
            elif isinstance(one, FragmentSpreadNode):
                fragment = self.fragments[one.name.value]
                kind = self.schema.get_type(fragment.type_condition.name.value)
                yield from self._fields(fragment.selection_set, kind or parent)

    def _argument(self, field: FieldNode, name: str) -> Any:
        return next((self._value(one.value) for one in field.arguments or () if one.name.value == name), None)

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value)
        if isinstance(node, IntValueNode):
            return int(node.value)
        if isinstance(node, ListValueNode):
            return list(node.values)
        return None

"""Tells whether one GraphQL schema is a subset of another: what is valid in it and comes back fits the other, too."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    print_ast,
)

Inputs = dict[str, GraphQLArgument] | dict[str, GraphQLInputField]


def outside(part: GraphQLSchema, whole: GraphQLSchema) -> list[str]:
    """Everything in `part` that is not, or is otherwise, in `whole`, and what `whole` demands and `part` lacks."""
    return [
        problem
        for kind in part.type_map.values()
        if not (is_introspection_type(kind) or is_specified_scalar_type(kind))
        for problem in _type(kind, whole.type_map.get(kind.name))
    ]


def _type(mine: GraphQLNamedType, theirs: GraphQLNamedType | None) -> Iterator[str]:
    if theirs is None or type(mine) is not type(theirs):
        yield f"{mine.name}: there is no such {type(mine).__name__}"
        return
    if isinstance(mine, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
        yield from _names(mine.name, {one.name for one in mine.interfaces}, {one.name for one in theirs.interfaces})
        for name, field in mine.fields.items():
            other = theirs.fields.get(name)
            where = f"{mine.name}.{name}"
            if other is None or other.deprecation_reason is not None:
                yield f"{where}: there is no such field, or it is deprecated"
                continue
            if str(field.type) != str(other.type):
                yield f"{where}: is {other.type}, not {field.type}"
            yield from _inputs(where, field.args, other.args)
            demanded = [key for key, one in other.args.items() if is_required_argument(one)]
            yield from _demanded(where, field.args, demanded)
    elif isinstance(mine, GraphQLInputObjectType):
        assert isinstance(theirs, GraphQLInputObjectType)
        yield from _inputs(mine.name, mine.fields, theirs.fields)
        demanded = [key for key, one in theirs.fields.items() if is_required_input_field(one)]
        yield from _demanded(mine.name, mine.fields, demanded)
    elif isinstance(mine, GraphQLUnionType):
        assert isinstance(theirs, GraphQLUnionType)
        yield from _names(mine.name, {one.name for one in mine.types}, {one.name for one in theirs.types})
    elif isinstance(mine, GraphQLEnumType):
        assert isinstance(theirs, GraphQLEnumType)
        yield from _names(mine.name, set(mine.values), set(theirs.values))


def _names(where: str, mine: set[str], theirs: set[str]) -> Iterator[str]:
    yield from (f"{where}: has no {name}" for name in sorted(mine - theirs))


def _inputs(
    where: str,
    mine: Inputs,
    theirs: Inputs,
) -> Iterator[str]:
    for name, one in mine.items():
        other = theirs.get(name)
        if other is None or other.deprecation_reason is not None:
            yield f"{where}({name}): there is no such input, or it is deprecated"
        elif (str(one.type), _default(one)) != (str(other.type), _default(other)):
            yield f"{where}({name}): is {other.type} = {_default(other)}, not {one.type} = {_default(one)}"


def _demanded(where: str, mine: Inputs, names: list[str]) -> Iterator[str]:
    yield from (f"{where}({name}): is demanded" for name in names if name not in mine)


def _default(one: GraphQLArgument | GraphQLInputField) -> str | None:
    node = one.ast_node
    return print_ast(node.default_value) if node is not None and node.default_value is not None else None

"""Reads JQL into clauses; says in Jira's words where a query is no JQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken
from lark.exceptions import UnexpectedInput, VisitError

RESERVED_WORDS = """
    abort access add after alias all alter and any as asc audit avg before begin between boolean break by byte
    catch cf char character check checkpoint collate collation column commit connect continue count create
    current date decimal declare decrement default defaults define delete delimiter desc difference distinct
    divide do double drop else empty encoding end equals escape exclusive exec execute exists explain false
    fetch file field first float for from function go goto grant greater group having identified if immediate
    in increment index initial inner inout input insert int integer intersect intersection into is isempty
    isnull join last left less like limit lock long max min minus mode modify modulo more multiply next noaudit
    not notin nowait null number object of on option or order outer output power previous prior privileges
    public raise raw remainder rename resource return returns revoke right row rowid rownum rows select session
    set share size sqrt start strict string subtract sum synonym table then to trans transaction trigger true
    uid union unique update user validate values view when whenever where while with
"""
RESERVED = frozenset(RESERVED_WORDS.split())
OPPOSITES = {
    "=": "!=", "!=": "=", "~": "!~", "!~": "~", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "in": "not in", "not in": "in", "is": "is not", "is not": "is",
}  # fmt: skip
OPERATORS = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"


class JqlError(Exception):
    """A query that Jira refuses; `messages` go into `errorMessages`."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


@dataclass(frozen=True)
class Value:
    """A literal; numbers and words stay text until the field reads them."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Empty:
    """EMPTY or NULL."""


Operand = Value | Call | Empty


@dataclass(frozen=True)
class Clause:
    """A field, an operator in lower case, and what it is compared with."""

    field: str
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class All:
    """Clauses joined by AND."""

    parts: tuple[Where, ...]


@dataclass(frozen=True)
class AnyOf:
    """Clauses joined by OR."""

    parts: tuple[Where, ...]


Where = Clause | All | AnyOf


@dataclass(frozen=True)
class Sort:
    """One field to sort by; `descending` is None where the query does not say."""

    field: str
    descending: bool | None


@dataclass(frozen=True)
class Query:
    """A whole query; `where` is None for one that asks for everything."""

    where: Where | None
    sorts: tuple[Sort, ...]


def parse(jql: str) -> Query:
    """Read a query.

    NOT is pushed down to the operators, as Jira does it: `NOT labels = x` is `labels != x`, and leaves out issues
    without labels.  Raises JqlError with line and character.
    """
    try:
        query: Query = _Builder().transform(_grammar().parse(jql))
    except VisitError as problem:
        if isinstance(problem.orig_exc, JqlError):
            raise problem.orig_exc from None
        raise
    except UnexpectedInput as problem:
        raise JqlError(_complaint(problem, jql)) from None
    return query


@cache
def _grammar() -> Lark:
    return Lark.open("jql.lark", rel_to=__file__, parser="lalr", maybe_placeholders=True)


def _complaint(problem: UnexpectedInput, jql: str) -> str:
    at = f"(line {problem.line}, character {problem.column})"
    if isinstance(problem, UnexpectedCharacters):
        char = problem.char
        if char in "\"'":
            rest = jql.splitlines()[problem.line - 1][problem.column :]
            return f"Error in the JQL Query: The quoted string '{rest}' has not been completed. {at}"
        return (
            f"Error in the JQL Query: The character '{char}' is a reserved JQL character. You must enclose it in "
            f"a string or use the escape '\\u{ord(char):04x}' instead. {at}"
        )
    expected = set(problem.accepts | problem.expected) if isinstance(problem, UnexpectedToken) else set()
    found = str(problem.token) if isinstance(problem, UnexpectedToken) else ""
    wanted = "either a value, list or function"
    if "COMPARISON" in expected:
        wanted = "operator"
    elif "_OR" in expected:
        wanted = "')'" if "RPAR" in expected and not found else "either 'OR' or 'AND'"
    elif "WORD" in expected and "LPAR" in expected and "_NOT" in expected:
        wanted = "a field name"
    if not found:
        return f"Error in the JQL Query: Expecting {wanted} before the end of the query."
    hint = f" The valid operators are {OPERATORS}." if wanted == "operator" else ""
    return f"Error in the JQL Query: Expecting {wanted} but got '{found}'.{hint} {at}"


def _text(token: Token) -> str:
    if token.type == "STRING":
        return re.sub(r"\\(.)", r"\1", str(token)[1:-1])
    if token.type == "WORD" and str(token).lower() in RESERVED:
        raise JqlError(
            f"Error in the JQL Query: '{token}' is a reserved JQL word. You must surround it in quotation marks "
            f"to use it in a query. (line {token.line}, character {token.column})"
        )
    return str(token)


def _negated(where: Where) -> Where:
    if isinstance(where, Clause):
        return replace(where, operator=OPPOSITES[where.operator])
    flipped = tuple(_negated(part) for part in where.parts)
    return AnyOf(flipped) if isinstance(where, All) else All(flipped)


class _Builder(Transformer[Token, Query]):
    """Builds the query bottom-up from lark's tree; each method is named after its rule."""

    def start(self, parts: Sequence[Any]) -> Query:
        where, sorts = parts
        return Query(where, sorts or ())

    def or_clause(self, parts: Sequence[Where]) -> AnyOf:
        return AnyOf(tuple(parts))

    def and_clause(self, parts: Sequence[Where]) -> All:
        return All(tuple(parts))

    def negation(self, parts: Sequence[Where]) -> Where:
        return _negated(parts[0])

    def comparison(self, parts: Sequence[Any]) -> Clause:
        field, operator, operand = parts
        return Clause(field, str(operator), (operand,))

    def member(self, parts: Sequence[Any]) -> Clause:
        return Clause(parts[0], "in", parts[1])

    def no_member(self, parts: Sequence[Any]) -> Clause:
        return Clause(parts[0], "not in", parts[1])

    def is_empty(self, parts: Sequence[Any]) -> Clause:
        return Clause(parts[0], "is", (parts[1],))

    def is_not_empty(self, parts: Sequence[Any]) -> Clause:
        return Clause(parts[0], "is not", (parts[1],))

    def field(self, parts: Sequence[Token]) -> str:
        return _text(parts[0])

    def values(self, parts: Sequence[Operand]) -> tuple[Operand, ...]:
        return tuple(parts)

    def value(self, parts: Sequence[Token]) -> Value:
        return Value(_text(parts[0]))

    def call(self, parts: Sequence[Any]) -> Call:
        return Call(str(parts[0]), tuple(part for part in parts[1:] if part is not None))

    def argument(self, parts: Sequence[Token]) -> str:
        return _text(parts[0])

    def empty(self, _parts: Sequence[Token]) -> Empty:
        return Empty()

    def order(self, parts: Sequence[Sort]) -> tuple[Sort, ...]:
        return tuple(parts)

    def sort(self, parts: Sequence[Any]) -> Sort:
        field, direction = parts
        return Sort(field, None if direction is None else str(direction).lower() == "desc")

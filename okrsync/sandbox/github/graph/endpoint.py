"""Takes GraphQL requests: parse, validate, price, execute, and word errors as GitHub does, with status 200."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    validate,
)
from starlette.responses import Response

from okrsync.sandbox.github.access import Token
from okrsync.sandbox.github.answers import answer
from okrsync.sandbox.github.graph.context import Asking
from okrsync.sandbox.github.graph.cost import MOST_NODES, Cost, cost_of
from okrsync.sandbox.github.graph.schema import github_schema
from okrsync.sandbox.github.hub import Hub
from okrsync.sandbox.request import SandboxRequest
from okrsync.sandbox.request_log import is_write

DOCS = "https://docs.github.com/graphql"
CREATING = frozenset({"addComment", "addSubIssue"})
UNKNOWN_FIELD = re.compile(r"Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'")
UNKNOWN_ARGUMENT = re.compile(r"Unknown argument '(?P<name>\w+)' on field '(?P<type>\w+)\.(?P<field>\w+)'")


class GraphEndpoint:
    """The one address of the GraphQL API."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def handle(self, request: SandboxRequest) -> Response:
        """Answer a POST."""
        token: Token = request.notes["token"]
        try:
            body = request.json()
        except ValueError:
            return answer({"message": "Problems parsing JSON", "documentation_url": DOCS, "status": "400"}, 400)
        query = body.get("query") if isinstance(body, dict) else None
        if not isinstance(query, str):
            message = "A query attribute must be specified and must be a string."
            return answer({"message": message, "documentation_url": DOCS, "status": "400"}, 400)
        variables = body.get("variables") or {}
        ask = Asking(self._hub, token, request.base_url)
        return self._run(ask, query, variables if isinstance(variables, dict) else {}, body.get("operationName"))

    def empty(self, request: SandboxRequest) -> Response:
        """The answer to a query as if every connection were empty; mutations are not carried out."""
        if is_write(request.method, request.path, request.body):
            return answer({"data": {}})
        request.notes.setdefault("token", next(iter(self._hub.tokens.values())))
        return answer(_emptied(json.loads(bytes(self.handle(request).body))))

    def used_up(self, login: str) -> Response:
        """The refusal of a login that has no points left: an error with status 200."""
        account = self._hub.state.account(login)
        message = f"API rate limit exceeded for user ID {account.id if account else 0}."
        return answer({"errors": [{"type": self._hub.rate_limit_error, "message": message}]})

    def _run(self, ask: Asking, query: str, variables: Mapping[str, Any], name: str | None) -> Response:
        schema = github_schema()
        try:
            document = parse(query)
        except GraphQLError as error:
            return answer({"errors": [_located(error, error.message)]})
        problems = validate(schema, document)
        if problems:
            return answer({"errors": [_invalid(problem) for problem in problems]})
        operation = _operation(document, name)
        if operation is None:
            return answer({"errors": [{"message": f"No operation named {json.dumps(name)}"}]})
        cost = cost_of(schema, document, operation, variables)
        refusal = _too_large(cost) or self._without_scope(ask, cost) or self._too_fast(ask, operation)
        if refusal is not None:
            return refusal
        ask.cost, ask.nodes = cost.points, cost.nodes
        self._hub.limits.use(ask.token.login, "graphql", cost.points)
        result = execute_sync(schema, document, context_value=ask, variable_values=dict(variables), operation_name=name)
        return answer(_shown(result))

    def _without_scope(self, ask: Asking, cost: Cost) -> Response | None:
        if cost.project_field is None or not ask.token.is_classic or ask.token.may_use_projects(to_write=False):
            return None
        name = cost.project_field.name.value
        message = (
            "Your token has not been granted the required scopes to execute this query. "
            f"The '{name}' field requires one of the following scopes: ['read:project'], but your token has only "
            f"been granted the: {list(ask.token.scopes or ())} scopes. Please modify your token's scopes at: "
            f"{ask.base_url}/settings/tokens."
        )
        return answer({"errors": [{"type": "INSUFFICIENT_SCOPES", "locations": _places(cost), "message": message}]})

    def _too_fast(self, ask: Asking, operation: OperationDefinitionNode) -> Response | None:
        limits = self._hub.limits
        mutates = operation.operation is OperationType.MUTATION
        wait = limits.burst(ask.token.login, "graphql", 5 if mutates else 1)
        made = [one for one in operation.selection_set.selections if isinstance(one, FieldNode)]
        creations = sum(one.name.value in CREATING for one in made)
        if wait is None and creations:
            wait = limits.creation(ask.token.login, creations)
        if wait is None:
            return None
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        page = "https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"
        return answer({"message": message, "documentation_url": page}, 403, {"Retry-After": str(wait)})


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if name is None:
        return found[0] if len(found) == 1 else None
    return next((one for one in found if one.name and one.name.value == name), None)


def _too_large(cost: Cost) -> Response | None:
    if cost.too_many_at is None:
        return None
    message = (
        f"By the time this query traverses to the {cost.too_many_at} connection, it is requesting up to "
        f"{cost.nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
    )
    return answer({"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}]})


def _places(cost: Cost) -> list[dict[str, int]]:
    start = cost.project_field.loc.start_token if cost.project_field and cost.project_field.loc else None
    return [{"line": start.line, "column": start.column}] if start else []


def _located(error: GraphQLError, message: str, **more: Any) -> dict[str, Any]:
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {**more, "locations": places, "message": message}


def _invalid(error: GraphQLError) -> dict[str, Any]:
    """What is wrong with a query, in the words of GitHub's own library where they are known."""
    field = UNKNOWN_FIELD.search(error.message)
    if field:
        details = {"code": "undefinedField", "typeName": field["type"], "fieldName": field["field"]}
        message = f"Field '{field['field']}' doesn't exist on type '{field['type']}'"
        return _located(error, message, path=["query", field["field"]], extensions=details)
    argument = UNKNOWN_ARGUMENT.search(error.message)
    if argument:
        details = {
            "code": "argumentNotAccepted",
            "name": argument["field"],
            "typeName": "Field",
            "argumentName": argument["name"],
        }
        message = f"Field '{argument['field']}' doesn't accept argument '{argument['name']}'"
        return _located(error, message, path=["query", argument["field"], argument["name"]], extensions=details)
    return _located(error, error.message)


def _shown(result: ExecutionResult) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if result.data is not None or not result.errors:
        shown["data"] = result.data
    elif any(error.path for error in result.errors):
        shown["data"] = None
    if result.errors:
        shown["errors"] = [_failed(error) for error in result.errors]
    return shown


def _emptied(part: Any) -> Any:
    if isinstance(part, list):
        return [_emptied(one) for one in part]
    if not isinstance(part, dict):
        return part
    nothing = {"nodes": [], "edges": [], "totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return {key: nothing[key] if key in nothing else _emptied(value) for key, value in part.items()}


def _failed(error: GraphQLError) -> dict[str, Any]:
    extensions = error.extensions or {}
    more: dict[str, Any] = {"type": extensions["type"]} if "type" in extensions else {}
    if error.path:
        more["path"] = list(error.path)
    return _located(error, error.message, **more)

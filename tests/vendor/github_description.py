"""Checks requests, answers and GraphQL queries against GitHub's own descriptions (excerpts in `tests/vendor/github`).

What is checked of a REST exchange: path, parameters of the path and the query, the request's body, the status, and the
answer's body.  Schemas are read strictly: a property that GitHub does not describe is a mistake, too.  Not checked:
headers, and whether GitHub would agree with what was asked.  What the descriptions leave out, though GitHub does it, is
listed below with the reason.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from jsonschema import Draft202012Validator, FormatChecker

from okrsync.sandbox.request_log import RequestRecord

HERE = Path(__file__).parent / "github"

GRAPHQL_PATHS = ("/graphql", "/api/graphql")

UNDESCRIBED_STATUSES: Mapping[int, str] = {
    304: "every GET of an unchanged page ('Best practices for using the REST API')",
    301: "every GET of a renamed repository ('Best practices', redirects)",
    307: "every write to a renamed repository ('Best practices', redirects)",
    400: "every write whose body is no JSON ('Troubleshooting the REST API')",
    401: "every request with a wrong token ('Authenticating to the REST API')",
    403: "every request beyond a rate limit or a token's permissions ('Rate limits', 'Troubleshooting')",
    404: "everything that a token may not see ('Troubleshooting')",
    410: "everything of a repository with issues switched off ('REST API endpoints for issues')",
    415: "every request that accepts no JSON ('Troubleshooting')",
    422: "every request with an invalid value ('Troubleshooting', validation failed)",
    429: "every request beyond a rate limit ('Rate limits')",
}
"""Statuses that the prose of the documentation announces for all operations, listed at few of them."""

UNDESCRIBED_QUERY: Mapping[tuple[str, str], str] = {
    ("/repos/{owner}/{repo}/issues", "after"): "GitHub's own Link headers page issue lists by cursor",
    ("/repos/{owner}/{repo}/issues", "before"): "GitHub's own Link headers page issue lists by cursor",
}

NULLABLE_IN_REQUESTS: Mapping[tuple[str, str, str], str] = {
    ("patch", "/repos/{owner}/{repo}/milestones/{milestone_number}", "due_on"): "null is what clears a due date",
}

NULLABLE_IN_ANSWERS: Mapping[tuple[str, str], str] = {
    ("issue-search-result-item", "body"): "an issue without text has null; the schema of an issue says so",
}

LISTS_IN_REQUESTS: Mapping[tuple[str, str], str] = {
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/labels"): "'You can also pass an array of labels directly'",
}
"""Bodies that may be the list itself, in place of an object that holds it under its only key: the prose says so."""


@dataclass(frozen=True)
class _Operation:
    path: str
    pattern: re.Pattern[str]
    methods: Mapping[str, Any]


@dataclass
class GitHubRestDescription:
    """GitHub's REST API as its OpenAPI description has it; `load()` gives the one in this tree."""

    document: dict[str, Any]
    _operations: list[_Operation] = field(default_factory=list)
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        described = self.document["components"]["schemas"]
        for name, key in NULLABLE_IN_ANSWERS:
            described[name]["properties"][key]["nullable"] = True
        schemas = {name: _strict(schema, self.document) for name, schema in described.items()}
        self._root = {"components": {"schemas": schemas}}
        for path, methods in self.document["paths"].items():
            parts = re.split(r"\{(\w+)\}", path)
            expression = "".join(f"(?P<{part}>.+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
            self._operations.append(_Operation(path, re.compile(_no_slash_but_in_names(expression)), methods))
        self._operations.sort(key=lambda one: one.path.count("{"))

    @classmethod
    @cache
    def load(cls) -> GitHubRestDescription:
        """The description in this tree, read once."""
        return cls(json.loads((HERE / "rest.json").read_text(encoding="utf-8")))

    def check(self, record: RequestRecord) -> list[str]:
        """What the exchange has that the description does not allow; nothing for GraphQL, which has its own check.

        An answer that a fault gave is not looked at.
        """
        if record.path in GRAPHQL_PATHS:
            return []
        found = self.operation(record.method, record.path)
        where = f"{record.method} {record.path}"
        if found is None:
            return [f"{where}: GitHub describes no such operation"]
        path, params, operation = found
        problems = [*self._parameters(path, params, operation, record), *self._body(path, operation, record)]
        if record.fault is None:
            problems += self._answer(operation, record)
        return [f"{where}: {problem}" for problem in problems]

    def operation(self, method: str, path: str) -> tuple[str, dict[str, str], Any] | None:
        """The described path that `path` is an instance of, its parameters, and the operation.

        The prefix of an Enterprise Server is taken off, and the addresses with numeric ids, to which GitHub's own
        Link headers lead, are read as what they stand for.
        """
        path = path.removeprefix("/api/v3")
        path = re.sub(r"^/repositories/\d+", "/repos/by-id/by-id", path)
        path = re.sub(r"^/organizations/\d+/", "/orgs/by-id/", path)
        for one in self._operations:
            match = one.pattern.fullmatch(path)
            if match and method.lower() in one.methods:
                return one.path, match.groupdict(), one.methods[method.lower()]
        return None

    def _parameters(self, path: str, params: Mapping[str, str], operation: Any, record: RequestRecord) -> Iterator[str]:
        described = [self._resolve(one) for one in operation.get("parameters", ())]
        known = {one["name"]: one for one in described if one["in"] == "query"}
        sent = dict(parse_qsl(record.query, keep_blank_values=True))
        for name, value in sent.items():
            if name in known:
                yield from self._value(f"parameter {name}", known[name]["schema"], value)
            elif (path, name) not in UNDESCRIBED_QUERY:
                yield f"the operation has no parameter {name!r} (it has {', '.join(sorted(known)) or 'none'})"
        for name, one in known.items():
            if one.get("required") and name not in sent:
                yield f"the parameter {name!r} is missing"
        for one in described:
            if one["in"] == "path":
                yield from self._value(f"path parameter {one['name']}", one["schema"], unquote(params[one["name"]]))

    def _value(self, what: str, schema: Any, text: str) -> Iterator[str]:
        value: Any = int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text) else text
        yield from (f"{what}: {problem}" for problem in self._problems(schema, value))

    def _body(self, path: str, operation: Any, record: RequestRecord) -> Iterator[str]:
        described = operation.get("requestBody")
        if described is None or not record.body:
            if record.body.strip() not in (b"", b"{}", b"null"):
                yield "the operation takes no body, but one was sent"
            elif described is not None and described.get("required"):
                yield "the operation needs a body, but none was sent"
            return
        try:
            body = json.loads(record.body)
        except ValueError:
            yield "the request's body is no JSON"
            return
        if isinstance(body, list) and (record.method.lower(), path) in LISTS_IN_REQUESTS:
            body = {path.rpartition("/")[2]: body}
        if isinstance(body, dict):
            dropped = [
                name
                for name, value in body.items()
                if value is None and (record.method.lower(), path, name) in NULLABLE_IN_REQUESTS
            ]
            body = {name: value for name, value in body.items() if name not in dropped}
        schema = described["content"]["application/json"]["schema"]
        yield from (f"request: {problem}" for problem in self._problems(schema, body))

    def _answer(self, operation: Any, record: RequestRecord) -> Iterator[str]:
        described = operation["responses"].get(str(record.status))
        if described is None:
            if record.status not in UNDESCRIBED_STATUSES:
                yield f"status {record.status} is not described (but {', '.join(operation['responses'])})"
                return
            content: Any = {} if record.status == 304 else {"application/json": {"schema": {"$ref": ERROR}}}
        else:
            content = self._resolve(described).get("content", {})
        if not content:
            if record.response_body:
                yield f"status {record.status} has no body, but one came"
            return
        try:
            body = json.loads(record.response_body)
        except ValueError:
            yield "the answer's body is no JSON"
            return
        schema = content["application/json"]["schema"]
        if record.status >= 400:
            body = _without_status(body)
            schema = {"anyOf": [schema, {"$ref": ERROR}, {"$ref": VALIDATION_ERROR}]}
        yield from (f"answer: {problem}" for problem in self._problems(schema, body))

    def _problems(self, schema: Any, value: Any) -> list[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**self._root, **_strict(schema, self.document)}
            self._validators[key] = Draft202012Validator(whole, format_checker=FormatChecker())
        errors = self._validators[key].iter_errors(value)
        return [f"{error.json_path}: {_shortened(error.message)}" for error in errors]

    def _resolve(self, part: Any) -> Any:
        return _resolved(part, self.document)


ERROR = "#/components/schemas/basic-error"
VALIDATION_ERROR = "#/components/schemas/validation-error"


def _without_status(body: Any) -> Any:
    """An error without its `status`, which GitHub puts into all of them but describes for some only."""
    return {name: value for name, value in body.items() if name != "status"} if isinstance(body, dict) else body


def _no_slash_but_in_names(expression: str) -> str:
    return re.sub(r"\(\?P<(?!name>)(\w+)>\.\+\)", r"(?P<\1>[^/]+)", expression)


def _resolved(part: Any, document: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        found = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def _strict(schema: Any, document: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema, with `nullable` spelt out and undescribed properties forbidden."""
    if isinstance(schema, list):
        return [_strict(one, document) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        schema = _merged(schema, document)
    made = {
        key: {name: _strict(one, document) for name, one in value.items()}
        if key == "properties"
        else _strict(value, document)
        for key, value in schema.items()
        if key not in ("nullable", "default", "format") or (key == "format" and value == "date-time")
    }
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


def _merged(schema: dict[str, Any], document: Any) -> dict[str, Any]:
    """One object for an `allOf` of objects, so that their properties can be told from undescribed ones."""
    parts = [_resolved(one, document) for one in schema["allOf"]]
    return {
        "type": "object",
        "properties": {name: one for part in parts for name, one in part["properties"].items()},
        "required": sorted({name for part in parts for name in part.get("required", ())}),
    }


def _shortened(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:140]} … {message[-140:]}"


@dataclass(frozen=True)
class GitHubGraphQLDescription:
    """GitHub's GraphQL schema; `load()` gives the one in this tree."""

    schema: GraphQLSchema

    @classmethod
    @cache
    def load(cls) -> GitHubGraphQLDescription:
        """The schema in this tree, built once."""
        text = gzip.decompress((HERE / "schema.graphql.gz").read_bytes()).decode()
        return cls(build_schema(text, assume_valid=True))

    def check(self, query: str, variables: Mapping[str, Any] | None = None) -> list[str]:
        """What GitHub would not accept in the query and, if given, in its variables."""
        try:
            document = parse(query)
        except GraphQLError as error:
            return [error.message]
        problems = [error.message for error in validate(self.schema, document)]
        if problems or variables is None:
            return problems
        for part in document.definitions:
            if isinstance(part, OperationDefinitionNode):
                values = get_variable_values(self.schema, part.variable_definitions or (), dict(variables))
                problems += [error.message for error in values] if isinstance(values, list) else []
        return problems

    def check_record(self, record: RequestRecord) -> list[str]:
        """What GitHub would not accept in a recorded GraphQL request; nothing for REST."""
        if record.path not in GRAPHQL_PATHS:
            return []
        body = json.loads(record.body)
        return self.check(body["query"], body.get("variables") or {})

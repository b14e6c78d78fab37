"""Checks requests and answers against Atlassian's own description of Jira Cloud's API.

The file is not part of this project (Apache-2.0, version 3 of the platform API).  It is looked for at
`../shared/specs/jira-platform-v3.openapi.json.gz` beside the project, or where `OKRSYNC_JIRA_DESCRIPTION` says.

okrsync speaks version 2, which has the same paths and shapes with one difference: texts (descriptions, comments)
are plain strings there, and documents in Atlassian's format in version 3.  The description leaves the shape of
these texts open, so nothing has to be exempted for it.  What is checked: that the path and method exist; each
query parameter's name and type; that required ones are there; the body of the request; that the answer's status
is listed; the body of the answer.  What is not: what the shapes do not say, such as which fields exist on a site.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jsonschema import Draft4Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4
from rfc3339_validator import validate_rfc3339

from okrsync.sandbox import RequestRecord

VARIABLE = "OKRSYNC_JIRA_DESCRIPTION"
PLACE = Path(__file__).parents[3] / "shared" / "specs" / "jira-platform-v3.openapi.json.gz"
HERE = "urn:jira-platform"


@dataclass(frozen=True)
class Exemption:
    """A complaint that is no mistake: where the description is wrong about Jira, or silent."""

    path: str
    complaint: str
    reason: str


EXEMPTIONS = (
    Exemption(
        r"^/rest/api/3/", r"^answer: status 429 ", "rate limits hold for every path, few of which list the status"
    ),
    Exemption(
        r"^/rest/api/3/search$",
        r"^answer: status 410 ",
        "the old search was removed in 2025 (Atlassian's CHANGE-2046); the description still lists it",
    ),
    Exemption(
        r"^/rest/api/3/issueLink$", r"^answer: no body", "a link is made without an answer's body, as the text says"
    ),
    Exemption(
        r"changelog|^/rest/api/3/(issue/\{issueIdOrKey\}|search/jql)$",
        r"\.items\[\d+\]\.(from|fromString|to|toString): None is not of type 'string'",
        "a change from or to nothing has null here; every history shows it",
    ),
    Exemption(
        r"^/rest/api/3/changelog/bulkfetch$",
        r"\.changeHistories\[\d+\]\.created: \d+ is not of type 'string'",
        "this endpoint alone gives times as numbers, as the description's own example does",
    ),
)


def jira_time(text: object) -> bool:
    """Whether a text is a time as Jira writes it: like RFC 3339, but with an offset without a colon.

    The description calls these `date-time`; its own examples look like `2020-03-31T16:43:50.000+0000`.
    """
    if not isinstance(text, str):
        return True
    colon = re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text)
    return bool(validate_rfc3339(colon))


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=["uuid", "date"])
    checker.checks("date-time")(jira_time)
    checker.checks("uri")(lambda text: not isinstance(text, str) or re.match(r"[a-z]+://", text) is not None)
    return checker


def _type(validator: Any, types: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    """OpenAPI 3.0's `nullable`, on top of JSON Schema's `type`."""
    if instance is None and schema.get("nullable"):
        return
    yield from Draft4Validator.VALIDATORS["type"](validator, types, instance, schema)


SchemaValidator = extend(Draft4Validator, {"type": _type})


@dataclass(frozen=True)
class Operation:
    """One method of one described path."""

    path: str
    method: str
    content: Mapping[str, Any]


class JiraDescription:
    """Atlassian's description, ready to check records; validators are made when first needed."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, Any] = {}

    @classmethod
    def load(cls) -> JiraDescription:
        """Read the description; raises FileNotFoundError with what to do where it is absent."""
        place = Path(os.environ.get(VARIABLE) or PLACE)
        if not place.is_file():
            raise FileNotFoundError(f"Atlassian's description is not at {place}; name its file in {VARIABLE}")
        opener = gzip.open if place.suffix == ".gz" else open
        with opener(place, "rb") as file:
            return cls(json.load(file))

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """All described paths as patterns, the most literal first."""
        paths = sorted(self.document["paths"], key=lambda path: (path.count("{"), path))
        return [(re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path))), path) for path in paths]

    @cached_property
    def _registry(self) -> Registry[Any]:
        return Registry().with_resource(HERE, Resource.from_contents(self.document, DRAFT4))

    def operation(self, record: RequestRecord) -> Operation | None:
        """What the description says about a request's path and method."""
        version_3 = re.sub(r"^/rest/api/(2|latest)/", "/rest/api/3/", record.path)
        for pattern, path in self._paths:
            if pattern.fullmatch(version_3):
                content = self.document["paths"][path].get(record.method.lower())
                return Operation(path, record.method, content) if content else None
        return None

    def check(self, record: RequestRecord) -> list[str]:
        """What is wrong with a request and its answer; the answer counts only where no fault stood in for it."""
        operation = self.operation(record)
        if operation is None:
            return [f"{record.method} {record.path}: not described"]
        complaints = [*self._check_query(operation, record), *self._check_body(operation, record)]
        if record.fault in {None, "delay"}:
            complaints += self._check_answer(operation, record)
        return [
            f"{record.method} {record.path}: {complaint}"
            for complaint in complaints
            if not any(
                re.search(one.path, operation.path) and re.search(one.complaint, complaint) for one in EXEMPTIONS
            )
        ]

    def _check_query(self, operation: Operation, record: RequestRecord) -> Iterator[str]:
        known = {one["name"]: one for one in operation.content.get("parameters", []) if one["in"] == "query"}
        sent = parse_qs(record.query, keep_blank_values=True)
        for name in sent.keys() - known.keys():
            yield f"query: {name} is no parameter; known are {', '.join(sorted(known))}"
        for name, parameter in known.items():
            if name in sent:
                yield from self._check_parameter(name, parameter["schema"], sent[name])
            elif parameter.get("required"):
                yield f"query: {name} is missing"

    def _check_parameter(self, name: str, schema: Mapping[str, Any], values: list[str]) -> Iterator[str]:
        if schema["type"] == "array":
            items = [item for value in values for item in value.split(",")]
            read = [_as_typed(item, schema["items"]) for item in items]
            yield from self._validate(f"query {name}", schema, read)
        elif len(values) > 1:
            yield f"query: {name} is given {len(values)} times"
        else:
            yield from self._validate(f"query {name}", schema, _as_typed(values[0], schema))

    def _check_body(self, operation: Operation, record: RequestRecord) -> Iterator[str]:
        described = operation.content.get("requestBody")
        if described is None:
            if record.body:
                yield "request: a body where none is described"
            return
        kind = record.headers.get("content-type", "").partition(";")[0]
        if kind not in described["content"]:
            yield f"request: content type {kind or 'missing'}; described are {', '.join(described['content'])}"
            return
        try:
            sent = json.loads(record.body)
        except ValueError:
            yield "request: the body is no JSON"
            return
        yield from self._validate("request", described["content"][kind].get("schema", {}), sent)

    def _check_answer(self, operation: Operation, record: RequestRecord) -> Iterator[str]:
        described = operation.content["responses"].get(str(record.status))
        if described is None:
            listed = ", ".join(operation.content["responses"])
            yield f"answer: status {record.status} is not listed; listed are {listed}"
            return
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or record.status == 204:
            return
        if not record.response_body:
            yield "answer: no body where one is described"
            return
        try:
            received = json.loads(record.response_body)
        except ValueError:
            yield "answer: the body is no JSON"
            return
        yield from self._validate("answer", schema, received)

    def _validate(self, what: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            absolute = json.loads(key.replace('"#/components', f'"{HERE}#/components'))
            self._validators[key] = SchemaValidator(absolute, registry=self._registry, format_checker=_formats())
        for error in self._validators[key].iter_errors(value):
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
            yield f"{what}: {where or 'the whole'}: {error.message[:300]}"


def _as_typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as the type that is described; as it is where it cannot be read so."""
    match schema.get("type"):
        case "integer" if re.fullmatch(r"-?\d+", text):
            return int(text)
        case "boolean" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
    return text

"""What each field means in JQL: which operators it takes, which values it knows, what an issue holds in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.sandbox.jira.defaults import CATEGORIES, PRIORITIES, RESOLUTIONS
from okrsync.sandbox.jira.jql_syntax import Call, Clause, Empty, JqlError, Operand
from okrsync.sandbox.jira.jql_times import NoTimeError, call_time, read_time
from okrsync.sandbox.jira.model import EPIC_LINK, Field, Issue
from okrsync.sandbox.jira.store import JiraStore

CHOICE = frozenset({"=", "!=", "in", "not in", "is", "is not"})
ORDERED = CHOICE | {"<", ">", "<=", ">="}
TEXT = frozenset({"~", "!~", "is", "is not"})
BAD_DATE = (
    "Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
    "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
)
NO_FIELD = "Field '{field}' does not exist or you do not have permission to view it."
KEY = re.compile(r"[A-Z][A-Z0-9_]*-\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Searchable:
    """A field in a query: `held` gives what an issue holds (nothing: empty), `read` what an operand stands for."""

    operators: frozenset[str]
    held: Callable[[Issue], list[Any]]
    read: Callable[[Operand], Any]


class SearchFields:
    """Finds the fields that a name in a query means, for one site at one moment."""

    def __init__(self, store: JiraStore, now: datetime, zone: ZoneInfo) -> None:
        self.store = store
        self.now = now
        self.zone = zone
        state = store.state
        statuses = {status.id: status for status in state.statuses.values()}
        users = {user.id: (user.id, user.email, user.display_name) for user in state.users.values()}
        self._system: dict[str, Searchable] = {
            "project": self._choice(
                "project",
                lambda issue: [issue.project_id],
                {p.id: (p.id, p.key, p.name) for p in state.projects.values() if p.visible},
            ),
            "issuetype": self._choice(
                "issuetype", lambda issue: [issue.type_id], {t.id: (t.id, t.name) for t in state.types.values()}
            ),
            "status": self._choice(
                "status", lambda issue: [issue.status_id], {s.id: (s.id, s.name) for s in statuses.values()}
            ),
            "statuscategory": self._choice(
                "statusCategory",
                lambda issue: [statuses[issue.status_id].category],
                {c.key: (str(c.id), c.key, c.name) for c in CATEGORIES.values()},
            ),
            "priority": self._choice(
                "priority", _value("priority"), {one: (one, name) for one, name in PRIORITIES.items()}
            ),
            "resolution": self._choice(
                "resolution",
                lambda issue: [*RESOLUTIONS] if issue.resolved else ["unresolved"],
                {"unresolved": ("Unresolved",)} | {one: (one, name) for one, name in RESOLUTIONS.items()},
                empty="unresolved",
            ),
            "assignee": self._choice("assignee", _value("assignee"), users),
            "reporter": self._choice("reporter", _value("reporter"), users),
            "creator": self._choice("creator", lambda issue: [issue.creator], users),
            "labels": Searchable(CHOICE, _labels, lambda operand: _word(operand).casefold()),
            "parent": Searchable(CHOICE, _value("parent"), lambda operand: self._issue(operand, "parent").id),
            "summary": Searchable(TEXT, _value("summary"), _word),
            "description": Searchable(TEXT, _value("description"), _word),
            "comment": Searchable(TEXT, lambda issue: [one.body for one in issue.comments], _word),
            "text": Searchable(TEXT, _all_text, _word),
            "created": self._time("created", lambda issue: [issue.created]),
            "updated": self._time("updated", lambda issue: [issue.updated]),
            "resolved": self._time("resolved", lambda issue: [issue.resolved] if issue.resolved else []),
            "due": self._time("due", self._due),
        }
        aliases = {
            "issuetype": ("type",),
            "created": ("createddate",),
            "updated": ("updateddate",),
            "resolved": ("resolutiondate",),
            "due": ("duedate",),
        }
        for name in ("key", "issuekey", "id", "issue"):
            self._system[name] = Searchable(ORDERED, _key_order, partial(self._issue_order, field=name))
        for name, others in aliases.items():
            self._system |= dict.fromkeys(others, self._system[name])

    def find(self, name: str) -> list[Searchable]:
        """The fields of this name (in any case) or number; several custom fields may share a name.

        Raises JqlError where there is none.
        """
        lowered = name.lower()
        if lowered in self._system:
            return [self._system[lowered]]
        numbered = re.fullmatch(r"cf\[(\d+)\]", lowered)
        wanted = f"customfield_{numbered[1]}" if numbered else None
        found = [
            self._custom(field)
            for field in self.store.state.fields.values()
            if field.custom and (field.id == wanted or (not wanted and field.name.lower() == lowered))
        ]
        if not found:
            raise JqlError(NO_FIELD.format(field=name))
        return found

    def _custom(self, field: Field) -> Searchable:
        if field.custom == EPIC_LINK:
            return Searchable(CHOICE, _value(field.id), lambda operand: self._issue(operand, field.name).id)
        if field.kind == "number":
            return Searchable(ORDERED, _value(field.id), lambda operand: _number(operand, field.name))
        return Searchable(TEXT, _value(field.id), _word)

    def _choice(
        self,
        name: str,
        held: Callable[[Issue], list[Any]],
        known: Mapping[str, tuple[str, ...]],
        empty: str | None = None,
    ) -> Searchable:
        def read(operand: Operand) -> str:
            if isinstance(operand, Call) and operand.name.lower() == "currentuser" and not operand.arguments:
                return self.store.state.bot
            if isinstance(operand, Empty) and empty is not None:
                return empty
            wanted = _word(operand).casefold()
            for key, names in known.items():
                if wanted in {one.casefold() for one in names}:
                    return key
            raise JqlError(f"The value '{_word(operand)}' does not exist for the field '{name}'.")

        return Searchable(CHOICE, held, read)

    def _time(self, name: str, held: Callable[[Issue], list[Any]]) -> Searchable:
        def read(operand: Operand) -> datetime:
            try:
                if isinstance(operand, Call):
                    return call_time(operand.name, operand.arguments, self.now, self.zone)
                return read_time(_word(operand), self.now, self.zone)
            except NoTimeError:
                if isinstance(operand, Call):
                    raise JqlError(f"Unable to find JQL function '{operand.name}()'.") from None
                raise JqlError(BAD_DATE.format(value=_word(operand), field=name)) from None

        return Searchable(ORDERED, held, read)

    def _due(self, issue: Issue) -> list[datetime]:
        due = issue.values.get("duedate")
        if due is None:
            return []
        return [datetime.fromisoformat(due).replace(tzinfo=self.zone).astimezone(UTC)]

    def _issue(self, operand: Operand, field: str) -> Issue:
        text = _word(operand)
        if not text.isdigit() and not KEY.fullmatch(text):
            raise JqlError(f"The issue key '{text}' for field '{field}' is invalid.")
        issue = self.store.issue(text)
        if issue is None:
            raise JqlError(
                f"A value with ID '{text}' does not exist for the field '{field}'."
                if text.isdigit()
                else f"An issue with key '{text}' does not exist for field '{field}'."
            )
        return issue

    def _issue_order(self, operand: Operand, field: str) -> Any:
        return _key_order(self._issue(operand, field))[0]


def matches(clause: Clause, fields: Iterable[Searchable]) -> Callable[[Issue], bool]:
    """The test for a clause; one field that fits is enough.  Raises JqlError for what a field does not take."""
    tests = [_test(clause, field) for field in fields]
    return lambda issue: any(test(issue) for test in tests)


def _test(clause: Clause, field: Searchable) -> Callable[[Issue], bool]:
    operator, held = clause.operator, field.held
    if operator not in field.operators:
        raise JqlError(f"The operator '{operator}' is not supported by the '{clause.field}' field.")
    if all(isinstance(operand, Empty) for operand in clause.operands) and operator in CHOICE:
        try:
            empty = [field.read(clause.operands[0])]
        except JqlError:
            empty = []
        if operator in {"=", "is", "in"}:
            return lambda issue: held(issue) == empty
        return lambda issue: held(issue) != empty
    wanted = _read_all(clause.operands, field)
    match operator:
        case "=" | "in":
            return lambda issue: any(one in wanted for one in held(issue))
        case "!=" | "not in":
            return lambda issue: bool(held(issue)) and all(one not in wanted for one in held(issue))
        case "~":
            return lambda issue: _contains(held(issue), wanted[0])
        case "!~":
            return lambda issue: bool(held(issue)) and not _contains(held(issue), wanted[0])
        case "<":
            return lambda issue: any(_comparable(one, wanted[0]) and one < wanted[0] for one in held(issue))
        case ">":
            return lambda issue: any(_comparable(one, wanted[0]) and one > wanted[0] for one in held(issue))
        case "<=":
            return lambda issue: any(_comparable(one, wanted[0]) and one <= wanted[0] for one in held(issue))
        case ">=":
            return lambda issue: any(_comparable(one, wanted[0]) and one >= wanted[0] for one in held(issue))
    raise JqlError(f"The operator '{operator}' is not supported by the '{clause.field}' field.")


def _read_all(operands: Iterable[Operand], field: Searchable) -> list[Any]:
    values, problems = [], []
    for operand in operands:
        try:
            values.append(field.read(operand))
        except JqlError as problem:
            problems += problem.messages
    if problems:
        raise JqlError(*problems)
    return values


def _value(name: str) -> Callable[[Issue], list[Any]]:
    return lambda issue: [issue.values[name]] if name in issue.values else []


def _labels(issue: Issue) -> list[str]:
    """Jira indexes labels folded to lower case: a search does not tell `Ab` from `ab`, though they are two labels."""
    return [label.casefold() for label in issue.values.get("labels", [])]


def _all_text(issue: Issue) -> list[str]:
    texts = [issue.values.get("summary"), issue.values.get("description"), *(one.body for one in issue.comments)]
    return [text for text in texts if text]


def _key_order(issue: Issue) -> list[tuple[str, int]]:
    return [(issue.project_id, issue.number)]


def _comparable(held: Any, wanted: Any) -> bool:
    """Keys compare within their project only."""
    return not isinstance(held, tuple) or bool(held[0] == wanted[0])


def _word(operand: Operand) -> str:
    if isinstance(operand, Call):
        raise JqlError(f"Unable to find JQL function '{operand.name}({', '.join(operand.arguments)})'.")
    if isinstance(operand, Empty):
        raise JqlError("The value 'EMPTY' is not valid here.")
    return operand.text


def _number(operand: Operand, field: str) -> float:
    try:
        return float(_word(operand))
    except ValueError:
        raise JqlError(f"The value '{_word(operand)}' for field '{field}' is invalid.") from None


def _contains(texts: Iterable[str], wanted: str) -> bool:
    """Whether every word, or in inner quotes the phrase, is found in one text; `*` ends a word early."""
    phrase = re.fullmatch(r'"(.*)"', wanted)
    patterns = [phrase[1]] if phrase else re.findall(r"[\w*]+", wanted)
    compiled = [
        re.compile(rf"\b{re.escape(pattern.rstrip('*'))}" + ("" if pattern.endswith("*") else r"\b"), re.IGNORECASE)
        for pattern in patterns
    ]
    return any(all(pattern.search(text) for pattern in compiled) for text in texts)

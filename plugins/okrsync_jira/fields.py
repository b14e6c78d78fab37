"""Fields by the names that people know. Ids differ from site to site, so a configured name is resolved on each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EPIC_NAME = "com.pyxis.greenhopper.jira:gh-epic-label"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
EPIC_LINK_CLAUSE = '"Epic Link"'
"""What JQL calls that field even where its name is shown in another language."""
_TYPES = {
    "number": "number",
    "string": "text",
    "date": "date",
    "datetime": "date",
    "option": "option",
    "option-with-child": "option",
}
_SHOWN = 12


@dataclass(frozen=True)
class JiraField:
    """A field as `GET field` lists it."""

    id: str
    name: str
    type: str
    """`number`, `text`, `date`, `option`, or Jira's own word."""
    kind: str = ""
    """Jira's `schema.custom`: which plugin made the type."""
    project: str | None = None
    """The id of the one project it belongs to (Jira Cloud, team-managed projects)."""

    @property
    def is_custom(self) -> bool:
        """Whether an administrator made it."""
        return self.id.startswith("customfield_")

    @property
    def clause(self) -> str:
        """What it is called in JQL, in whatever language the site shows its name."""
        return f"cf[{self.id.removeprefix('customfield_')}]" if self.is_custom else f'"{self.name}"'

    def __str__(self) -> str:
        return f"{self.id} ({self.type}{f', only in project {self.project}' if self.project else ''})"


@dataclass(frozen=True)
class Catalogue:
    """All fields of a site."""

    fields: tuple[JiraField, ...]
    by_id: Mapping[str, JiraField] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {each.id: each for each in self.fields})

    @classmethod
    def of(cls, listed: Iterable[Mapping[str, Any]]) -> Catalogue:
        """The catalogue from Jira's JSON; entries without an id are no fields."""
        return cls(tuple(_field(each) for each in listed if isinstance(each, Mapping) and each.get("id")))

    def named(self, name: str) -> tuple[JiraField, ...]:
        """The fields that `name` may mean: by id, by exact name, else by name in other letter case."""
        wanted = name.strip()
        if wanted in self.by_id:
            return (self.by_id[wanted],)
        exact = tuple(each for each in self.fields if each.name == wanted)
        return exact or tuple(each for each in self.fields if each.name.casefold() == wanted.casefold())

    def of_kind(self, kind: str) -> JiraField | None:
        """The first field of a plugin's type."""
        return next((each for each in self.fields if each.kind == kind), None)

    def numbers(self) -> list[str]:
        """The names of the custom number fields, sorted."""
        return sorted({each.name for each in self.fields if each.type == "number" and each.is_custom})

    def missing(self, name: str) -> str:
        """What to say about a name that no field has."""
        from rapidfuzz import fuzz, process, utils

        found = process.extract(
            name,
            sorted({each.name for each in self.fields}),
            scorer=fuzz.WRatio,
            processor=utils.default_process,
            limit=3,
            score_cutoff=70,
        )
        closest = f"; the closest are {_list(each for each, _, _ in found)}" if found else ""
        numbers = self.numbers()
        exist = f"number fields that exist: {_list(numbers)}" if numbers else "it has no custom number field yet"
        return (
            f"Jira has no field called {name!r}{closest} ({exist}). Correct the name in the settings, or have a Jira"
            " administrator create a number field of this name and put it on the screens"
        )

    def ambiguous(self, name: str, found: Sequence[JiraField], places: Mapping[str, str] | None = None) -> str:
        """What to say about a name that several fields have; `places` tells, by id, where each is shown."""
        shown = ", ".join(f"{each}{f' {places[each.id]}' if places and each.id in places else ''}" for each in found)
        return (
            f"{len(found)} fields of this Jira are called {name!r}: {shown}. Rename all but one, or write the id"
            f" ({found[0].id}) in place of the name in the settings"
        )


def _field(listed: Mapping[str, Any]) -> JiraField:
    schema = listed.get("schema")
    schema = schema if isinstance(schema, Mapping) else {}
    raw = str(schema.get("type") or "other")
    scope = listed.get("scope")
    project = scope.get("project") if isinstance(scope, Mapping) else None
    return JiraField(
        id=str(listed["id"]),
        name=str(listed.get("name") or listed["id"]),
        type="option" if raw == "array" and schema.get("items") == "option" else _TYPES.get(raw, raw),
        kind=str(schema.get("custom") or ""),
        project=str(project["id"]) if isinstance(project, Mapping) and project.get("id") else None,
    )


def _list(names: Iterable[str]) -> str:
    quoted = [repr(each) for each in names]
    rest = len(quoted) - _SHOWN
    return ", ".join(quoted[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")

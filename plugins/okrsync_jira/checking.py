"""What would make writes in a project fail, found out before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from okrsync.trackers.errors import NotFound, Rejected
from okrsync.trackers.values import Scope
from okrsync_jira.client import Client
from okrsync_jira.fields import EPIC_LINK, EPIC_NAME, Catalogue, JiraField
from okrsync_jira.items import KEY_RESULT_TYPE, OBJECTIVE_TYPE
from okrsync_jira.screens import Projects, Screen

_GIVEN = frozenset({"project", "issuetype", "summary", "description", "labels", "duedate", "parent"})
"""What okrsync gives with every item, as far as it knows it."""
_FILLED_IN = frozenset({"reporter", "priority"})
"""What Jira fills in by itself although it calls it required."""
_CATALOGUE = "fields"
"""Under this name the catalogue lasts from run to run."""


def types_of(scope: Scope) -> tuple[str, str]:
    """The names of the issue types for objectives and for key results."""
    return scope.objective_type or OBJECTIVE_TYPE, scope.key_result_type or KEY_RESULT_TYPE


class Resolver:
    """Field names → fields, project by project. The catalogue is read once."""

    def __init__(self, client: Client, projects: Projects) -> None:
        self._client = client
        self._projects = projects
        self._is_fresh = False

    @property
    def catalogue(self) -> Catalogue:
        """All fields of the site; one request, once."""
        if self.known is None:
            listed = self._client.get("field")
            if not isinstance(listed, list):
                raise self._client.unreadable("GET", "field")
            self._client.lasting[_CATALOGUE] = Catalogue.of(listed)
            self._is_fresh = True
        catalogue: Catalogue = self._client.lasting[_CATALOGUE]
        return catalogue

    @property
    def known(self) -> Catalogue | None:
        """The catalogue if it was read before."""
        return self._client.lasting.get(_CATALOGUE)

    def forget(self) -> None:
        """Read the catalogue again when it is needed next; somebody may have changed the fields."""
        self._client.lasting.pop(_CATALOGUE, None)

    def candidates(self, project: str, name: str) -> tuple[JiraField, ...]:
        """The fields that a name may mean in a project: one, unless it is missing or ambiguous."""
        found = self._candidates(project, name)
        if len(found) != 1 and not self._is_fresh:
            # An earlier run read the catalogue, and people mend just such a name.
            self.forget()
            found = self._candidates(project, name)
        return found

    def _candidates(self, project: str, name: str) -> tuple[JiraField, ...]:
        found = self.catalogue.named(name)
        if len(found) > 1 and project and any(each.project for each in found):
            here = self._projects.id_of(project)
            found = tuple(each for each in found if each.project in {None, here})
        return found

    def ids(self, project: str, names: Iterable[str]) -> dict[str, str]:
        """Name → id of the names that mean exactly one field in the project; the others are left out."""
        found = {name: self.candidates(project, name) for name in dict.fromkeys(names)}
        return {name: each[0].id for name, each in found.items() if len(each) == 1}

    def problems(self, project: str, names: Iterable[str], screens: Sequence[Screen] = ()) -> list[str]:
        """Why names mean no field, or several."""
        problems = []
        for name in dict.fromkeys(names):
            found = self.candidates(project, name)
            if not found:
                problems.append(self.catalogue.missing(name))
            elif len(found) > 1:
                places = {each.id: _places(each, project, screens) for each in found} if screens else None
                problems.append(self.catalogue.ambiguous(name, found, places))
        return problems


def problems_of(scope: Scope, client: Client, projects: Projects, resolver: Resolver) -> tuple[str, ...]:
    """Every problem of a scope, each in a sentence or two."""
    types = projects.types(scope.project)
    if not types:
        if absence := projects.absence(scope.project):
            return (absence,)
        known = projects.all_types(scope.project)
        if types is not None and known:
            return (
                f"this account may not create issues in project {scope.project}: give it the permission Create Issues",
            )
        types = known
    objective_type, key_result_type = types_of(scope)
    as_issues = scope.key_result_form == "issues"
    wanted = [objective_type, *([key_result_type] if as_issues else [])]
    names = [each.name for each in types if not each.subtask]
    problems = [_no_type(each, names, scope.project) for each in wanted if names and not _has(each, names)]
    screens = {each: projects.screen(scope.project, each) for each in wanted}
    for type_name, tracked in ((wanted[-1], scope.fields), (objective_type, scope.objective_fields)):
        problems += _fields(scope, tracked, screens[type_name], resolver)
    given = _GIVEN | set(resolver.ids(scope.project, (*scope.fields, *scope.objective_fields)).values())
    if not client.server.cloud:
        agile = [each.id for kind in (EPIC_NAME, EPIC_LINK) if (each := resolver.catalogue.of_kind(kind))]
        given |= set(agile)
        if as_issues and not resolver.catalogue.of_kind(EPIC_LINK):
            problems.append(no_epic_link(client))
    for screen in screens.values():
        if screen is not None:
            problems += _screen(screen, scope.project, given)
    if scope.link_type:
        problems += link_type_problems(client, scope.link_type)
    return tuple(dict.fromkeys(problems))


def link_type_problems(client: Client, name: str) -> list[str]:
    """Why items cannot be linked by a type of this name; empty when they can."""
    try:
        said = client.get("issueLinkType", about="issue links")
    except (NotFound, Rejected) as error:
        return [f"issue links cannot be used: {error}"]
    listed = said.get("issueLinkTypes") if isinstance(said, dict) else said
    if not isinstance(listed, list):
        raise client.unreadable("GET", "issueLinkType")
    names = sorted(str(each.get("name")) for each in listed)
    if _has(name, names):
        return []
    return [
        f"Jira at {client.site.base} has no issue link type {name!r}; it has {', '.join(names) or 'none'}:"
        " write one of these as `link_type`"
    ]


def no_epic_link(client: Client) -> str:
    """What to say about a Data Center without the fields of Jira Software."""
    return (
        f"Jira at {client.site.base} has no Epic Link field, so key results cannot be put below an epic:"
        ' it takes Jira Software, or key_results = { as = "fields" }'
    )


def _fields(scope: Scope, names: Iterable[str], screen: Screen | None, resolver: Resolver) -> list[str]:
    names = list(dict.fromkeys(names))
    problems = resolver.problems(scope.project, names, [screen] if screen else [])
    for name, id_ in resolver.ids(scope.project, names).items():
        found = resolver.catalogue.by_id[id_]
        if found.type != "number":
            numbers = resolver.catalogue.numbers()
            problems.append(
                f"field {name!r} ({found.id}) is of the type {found.type}, but only a number field can be tracked"
                f" (this Jira has {', '.join(map(repr, numbers)) or 'none'}): name one of these, or make a new one"
            )
        elif screen is not None and id_ not in screen:
            there = sorted(each for each in resolver.catalogue.numbers() if _shows(screen, each, resolver.catalogue))
            problems.append(
                f"field {name!r} ({id_}) is not on the {screen.words} of {screen.type_name} in project {scope.project}"
                f" (number fields there: {', '.join(map(repr, there)) or 'none'}): have a project administrator add it"
                " to the screens, or leave it out of `fields`"
            )
    return problems


def _screen(screen: Screen, project: str, given: set[str] | frozenset[str]) -> list[str]:
    where = f"the {screen.words} of {screen.type_name} in project {project}"
    problems = []
    if screen.fields and "duedate" not in screen:
        problems.append(f"Due date is not on {where}: have a project administrator add it")
    if "description" in screen and "labels" not in screen:
        problems.append(f"Labels are not on {where}, and okrsync knows its items by them: add the field")
    problems += [
        f"{where} requires {name!r}, which okrsync does not fill in: make it optional, or give it a default value"
        for id_, name in screen.required().items()
        if id_ not in given and id_ not in _FILLED_IN
    ]
    return problems


def _shows(screen: Screen, name: str, catalogue: Catalogue) -> bool:
    return any(each.id in screen for each in catalogue.named(name))


def _places(found: JiraField, project: str, screens: Sequence[Screen]) -> str:
    on = [each.type_name for each in screens if found.id in each]
    return f"on the screen of {', '.join(on)} in {project}" if on else f"not on the screen in {project}"


def _has(name: str, names: Iterable[str]) -> bool:
    return name.casefold() in {each.casefold() for each in names}


def _no_type(name: str, names: list[str], project: str) -> str:
    from rapidfuzz import process

    found = process.extractOne(name, names, score_cutoff=60)
    hint = f"; did you mean {found[0]!r}?" if found else ""
    return f"project {project} has no issue type {name!r}; it has {', '.join(map(repr, sorted(names)))}{hint}"

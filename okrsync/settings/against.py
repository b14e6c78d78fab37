"""The settings held against the trackers and the measures that the installed plugins offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from okrsync.domain.okr import Source
from okrsync.problems import Problem, did_you_mean, listed
from okrsync.settings.models import Settings
from okrsync.settings.notifiers import NotifySettings
from okrsync.settings.sources import SourceSettings
from okrsync.settings.tables import Table
from okrsync.settings.trackers import TrackerSettings
from okrsync.trackers.sources import SourceTable

if TYPE_CHECKING:
    from okrsync.trackers.interface import TrackerType
    from okrsync.trackers.plugins import Plugins


def check_against(settings: Settings, plugins: Plugins) -> list[Problem]:
    """Everything that no installed plugin can do: tracker types, their keys, and the forms that mappings ask for."""
    problems: list[Problem] = []
    for name, tracker in settings.trackers.items():
        kind = plugins.trackers.get(tracker.type)
        where = f"trackers.{name}"
        if kind is None:
            problems.append(unknown_type(tracker, where, plugins.trackers, plugins))
        else:
            problems += _wrong_keys(tracker, where, kind)
    for index, mapping in enumerate(settings.mappings):
        kind = plugins.trackers.get(settings.trackers[mapping.tracker].type)
        if kind is None:
            continue
        if kind.project_form and not kind.project_form[1](mapping.project):
            found = f"{mapping.project!r} is no project of a {kind.name} tracker"
            problems.append(_problem(mapping.source, f"mappings[{index + 1}].project", found, kind.project_form[0]))
        asked = (
            ("objectives.as", mapping.objectives.form, kind.capabilities.objective_forms),
            ("key_results.as", mapping.key_results.form, kind.capabilities.key_result_forms),
        )
        for key, form, forms in asked:
            if form not in forms:
                found = f"a {kind.name} tracker has no {form!r}"
                problems.append(_problem(mapping.source, f"mappings[{index + 1}].{key}", found, _quoted(forms)))
    return sorted(problems)


def check_sources(settings: Settings, plugins: Plugins) -> list[Problem]:
    """Everything that no installed plugin can do with the sources of numbers: their types, and their keys."""
    return sorted(problem for name in settings.sources for problem in check_source(settings, name, plugins))


def check_source(settings: Settings, name: str, plugins: Plugins) -> list[Problem]:
    """As `check_sources`, of the one called `name`."""
    source = settings.sources[name]
    kind = plugins.measures.get(source.type)
    where = f"sources.{name}"
    if kind is None:
        return [unknown_type(source, where, plugins.measures, plugins)]
    problems = unknown_keys(source, where, kind.settings, f"a source of type {kind.name}")
    return problems + [_problem(source.source, where, each) for each in kind.check_table(source_table(settings, name))]


def source_table(settings: Settings, name: str) -> SourceTable:
    """What the settings say about the source called `name`, as a plugin is told it."""
    source = settings.sources[name]
    return SourceTable(
        name=name,
        url=source.url,
        user=source.user,
        has_token=source.token is not None,
        has_password=source.password is not None,
        ca_file=str(settings.path_of(source.ca_file)) if source.ca_file else None,
        timeout=source.timeout.total_seconds(),
        options=source.options,
    )


def unknown_type(
    table: TrackerSettings | SourceSettings | NotifySettings, where: str, offered: Iterable[str], plugins: Plugins
) -> Problem:
    """That no installed plugin brings the type of a table."""
    do = did_you_mean(table.type, offered)
    broken = [f"{each.name} ({each.reason})" for each in plugins.left_out]
    if not do:
        do = "Install the plugin that brings it."
    if broken:
        do += f" These plugins could not be loaded: {'; '.join(broken)}."
    found = f"type is {table.type!r}, which no installed plugin brings"
    return _problem(table.source, where, found, _quoted(offered), do)


def _wrong_keys(tracker: TrackerSettings, where: str, kind: TrackerType) -> list[Problem]:
    problems = unknown_keys(tracker, where, kind.options, f"a {kind.name} tracker")
    if tracker.url is None and kind.default_url is None:
        problems.append(_problem(tracker.source, where, "has no url", do="Add url: the address of the tracker."))
    if tracker.user is None and kind.needs_user:
        problems.append(_problem(tracker.source, where, "has no user", do="Add user: the account of the token."))
    return problems


def unknown_keys(
    table: TrackerSettings | SourceSettings | NotifySettings, where: str, options: Iterable[str], what: str
) -> list[Problem]:
    """The keys of a table that neither every such table knows nor its type, which has `options`."""
    known = list(dict.fromkeys([*_own_keys(type(table)), *options]))
    unused = [each for each in known if each not in table.model_fields_set]
    return [
        _problem(
            table.source, where, f"{key!r} is not a key of {what}", f"one of {listed(known)}", did_you_mean(key, unused)
        )
        for key in table.options
        if key not in known
    ]


def _own_keys(table: type[Table]) -> list[str]:
    return [field.alias or name for name, field in table.model_fields.items()]


def _quoted(words: Iterable[str]) -> str:
    return listed([repr(word) for word in sorted(words)] or ["nothing: no plugin is installed"])


def _problem(source: Source, where: str, found: str, right: str = "", do: str = "") -> Problem:
    return Problem(source.file, source.line, where, found, right, do)

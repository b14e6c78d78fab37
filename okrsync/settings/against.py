"""The settings held against the trackers that the installed plugins offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from okrsync.domain.okr import Source
from okrsync.problems import Problem, did_you_mean, listed
from okrsync.settings.models import Settings
from okrsync.settings.tables import Table
from okrsync.settings.trackers import TrackerSettings

if TYPE_CHECKING:
    from okrsync.trackers.interface import TrackerType
    from okrsync.trackers.plugins import Plugins


def check_against(settings: Settings, plugins: Plugins) -> list[Problem]:
    """Everything that no installed plugin can do: tracker types, their keys, and the forms that mappings ask for."""
    problems: list[Problem] = []
    for name, tracker in settings.trackers.items():
        kind = plugins.trackers.get(tracker.type)
        where = f"trackers.{name}"
        problems += _unknown_type(tracker, where, plugins) if kind is None else _wrong_keys(tracker, where, kind)
    for index, mapping in enumerate(settings.mappings):
        kind = plugins.trackers.get(settings.trackers[mapping.tracker].type)
        if kind is None:
            continue
        asked = (
            ("objectives.as", mapping.objectives.form, kind.capabilities.objective_forms),
            ("key_results.as", mapping.key_results.form, kind.capabilities.key_result_forms),
        )
        for key, form, forms in asked:
            if form not in forms:
                found = f"a {kind.name} tracker has no {form!r}"
                problems.append(_problem(mapping.source, f"mappings[{index + 1}].{key}", found, _quoted(forms)))
    return sorted(problems)


def _unknown_type(tracker: TrackerSettings, where: str, plugins: Plugins) -> list[Problem]:
    do = did_you_mean(tracker.type, plugins.trackers)
    broken = [f"{each.name} ({each.reason})" for each in plugins.left_out]
    if not do:
        do = "Install the plugin that brings it."
    if broken:
        do += f" These plugins could not be loaded: {'; '.join(broken)}."
    found = f"type is {tracker.type!r}, which no installed plugin brings"
    return [_problem(tracker.source, where, found, _quoted(plugins.trackers), do)]


def _wrong_keys(tracker: TrackerSettings, where: str, kind: TrackerType) -> list[Problem]:
    problems = []
    known = [*_own_keys(type(tracker)), *kind.options]
    for key in tracker.options:
        if key not in kind.options:
            right = f"one of {listed(known)}"
            do = did_you_mean(key, [each for each in known if each not in tracker.model_fields_set])
            problems.append(
                _problem(tracker.source, where, f"{key!r} is not a key of a {kind.name} tracker", right, do)
            )
    if tracker.url is None and kind.default_url is None:
        problems.append(_problem(tracker.source, where, "has no url", do="Add url: the address of the tracker."))
    if tracker.user is None and kind.needs_user:
        problems.append(_problem(tracker.source, where, "has no user", do="Add user: the account of the token."))
    return problems


def _own_keys(table: type[Table]) -> list[str]:
    return [field.alias or name for name, field in table.model_fields.items()]


def _quoted(words: Iterable[str]) -> str:
    return listed([repr(word) for word in sorted(words)] or ["nothing: no plugin is installed"])


def _problem(source: Source, where: str, found: str, right: str = "", do: str = "") -> Problem:
    return Problem(source.file, source.line, where, found, right, do)

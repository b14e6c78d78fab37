"""Values from outside the trackers: each source is opened once in a run, and each key result's failure is its own.

What a document asks of a source is held against plugins and settings by one function, which `okrsync check` uses too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from okrsync.documents.keys import MEASURES
from okrsync.domain.cycle import Cycle
from okrsync.domain.evidence import Evidence, method_of
from okrsync.domain.okr import KeyResult, Kpi, Measure, Okrs
from okrsync.engine.outcome import Cause
from okrsync.problems import Problem, did_you_mean, listed
from okrsync.settings import Settings
from okrsync.settings.against import check_source, source_table
from okrsync.trackers.errors import AuthFailed, TrackerError, Transient
from okrsync.trackers.interface import Secret
from okrsync.trackers.plugins import Plugins
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.sources import Asked, Found, MeasureSource, MeasureType, SourceTable

SOURCE = "source"
"""The key of a measure that names a table under `[sources]`."""
_SHORTEST_SECRET = 4
"""Shorter ones would turn every message into dots, and hide nothing."""


class NoValue(Exception):
    """Why a value could not be found out, for the person who can mend it; it holds no secret."""

    def __init__(self, message: str, cause: Cause = Cause.MEASURE) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class Opened:
    """A source that was opened, and the secrets that nobody may see."""

    source: MeasureSource
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True)
class Value:
    """A value of a source, as it is recorded."""

    value: float
    source: str
    """For people."""
    evidence: Mapping[str, Any]


def check_measures(okrs: Okrs, settings: Settings, plugins: Plugins) -> list[Problem]:
    """What is wrong in the measures of key results and KPIs that a plugin measures, without asking any source.

    A measure that no plugin registers is not named: reading the documents tells that.
    """
    measured: list[KeyResult | Kpi] = [each for objective in okrs.objectives for each in objective.key_results]
    return [
        Problem(each.source.file, each.source.line, str(each.ref), wrong.found, wrong.right, wrong.do)
        for each in [*measured, *okrs.kpis]
        for wrong in (_wrong_in(each.measure, settings, plugins) if each.measure.source in plugins.measures else ())
    ]


class Sources:
    """The sources of one run.

    `open_source` makes the source of a type, with the table of that name or with none. It raises a `TrackerError`
    where that is impossible.
    """

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        cycle: Cycle,
        open_source: Callable[[MeasureType, SourceTable], Opened],
    ) -> None:
        self._settings = settings
        self._plugins = plugins
        self._cycle = cycle
        self._open = open_source
        self._opened: dict[tuple[str, str | None], Opened | TrackerError] = {}
        self._answers: dict[str, Found | NoValue] = {}

    def measure(self, measure: Measure) -> Value:
        """Find out a value. The same question is asked once in a run.

        Raises:
            NoValue: it cannot be found out.
            Interrupted: somebody asked the process to stop.
        """
        question = json.dumps([measure.source, measure.options], sort_keys=True, default=str)
        if question not in self._answers:
            try:
                self._answers[question] = self._ask(measure)
            except NoValue as why:
                self._answers[question] = why
        found = self._answers[question]
        if isinstance(found, NoValue):
            raise found
        evidence = Evidence(method_of(measure), url=found.url, details=found.details)
        return Value(found.value, found.source, evidence.to_json())

    def close(self) -> None:
        """Let go of every connection."""
        for opened in self._opened.values():
            if isinstance(opened, Opened):
                opened.source.close()

    def _ask(self, measure: Measure) -> Found:
        secrets: tuple[Secret, ...] = ()
        try:
            for wrong in _wrong_in(measure, self._settings, self._plugins):
                raise NoValue(wrong.as_clause())
            opened = self._source_of(measure)
            secrets = opened.secrets
            options = {name: value for name, value in measure.options.items() if name != SOURCE}
            return _harmless(opened.source.measure(Asked(options, self._cycle)), secrets)
        except (Interrupted, NoValue):
            raise
        except TrackerError as error:
            raise _no_value(error, secrets) from None
        except Exception as error:  # noqa: BLE001 - a stranger's plugin must not end okrsync
            said = _without(f"{type(error).__name__}: {error}", secrets)
            raise NoValue(f"the plugin that measures {measure.source!r} failed ({said})") from None

    def _source_of(self, measure: Measure) -> Opened:
        name = measure.options.get(SOURCE)
        for problem in () if name is None else check_source(self._settings, name, self._plugins):
            raise NoValue(str(problem).rstrip("."))
        place = measure.source, name
        if place not in self._opened:
            table = SourceTable() if name is None else source_table(self._settings, name)
            try:
                self._opened[place] = self._open(self._plugins.measures[measure.source], table)
            except TrackerError as error:
                self._opened[place] = error
        opened = self._opened[place]
        if isinstance(opened, TrackerError):
            raise opened
        return opened


@dataclass(frozen=True)
class _Wrong:
    """What is wrong in a measure: what was found, what is right, what to do."""

    found: str
    right: str = ""
    do: str = ""

    def as_clause(self) -> str:
        """For a message that goes on."""
        right = f"; expected {self.right}" if self.right else ""
        do = f" ({self.do[0].lower()}{self.do[1:].rstrip('.')})" if self.do else ""
        return f"{self.found}{right}{do}"


def _wrong_in(measure: Measure, settings: Settings, plugins: Plugins) -> Iterator[_Wrong]:
    kind = plugins.measures.get(measure.source)
    if kind is None:
        missing = "; ".join(f"plugin {each.name} is left out: {each.reason}" for each in plugins.left_out)
        do = did_you_mean(measure.source, [*MEASURES, *plugins.measures]) or "Install the plugin that brings it."
        yield _Wrong(f"nothing installed measures {measure.source!r}" + (f"; {missing}" if missing else ""), do=do)
        return
    named = measure.options.get(SOURCE)
    wrong = _wrong_source(named, kind, settings)
    if wrong:
        yield wrong
        return
    options = {name: value for name, value in measure.options.items() if name != SOURCE}
    unknown = [name for name in options if name not in kind.options]
    missing_keys = [name for name in kind.options if name in kind.required and name not in options]
    for name in unknown:
        known = [*kind.options, SOURCE]
        unused = [each for each in known if each not in measure.options]
        yield _Wrong(
            f"measure.{name} is not an option of measure.from = {kind.name!r}",
            listed(known),
            did_you_mean(name, unused),
        )
    for name in missing_keys:
        yield _Wrong(f"measure.from = {kind.name!r} has no {name}", do=f"Add {name}: {kind.options[name]}")
    if unknown or missing_keys:
        return
    table = SourceTable() if named is None else source_table(settings, named)
    yield from (_Wrong(f"measure.{each}") for each in kind.check(options, table))


def _wrong_source(named: object, kind: MeasureType, settings: Settings) -> _Wrong | None:
    fitting = [name for name, table in settings.sources.items() if table.type == kind.name]
    if named is None:
        if not kind.needs_source:
            return None
        right = f"one of {listed(fitting)}" if fitting else ""
        do = "Add source to the measure." if fitting else f"Add a table [sources.NAME] with type = {kind.name!r}."
        return _Wrong(f"measure.from = {kind.name!r} has no {SOURCE}", right, do)
    if not isinstance(named, str):
        return _Wrong(f"measure.{SOURCE} is no text", "the name of a table [sources.NAME] in the settings")
    if named not in settings.sources:
        right = f"one of {listed(settings.sources)}" if settings.sources else ""
        do = did_you_mean(named, settings.sources) or f"Add a table [sources.{named}] to the settings."
        return _Wrong(f"there is no source {named!r}", right, do)
    kept = settings.sources[named]
    if kept.type != kind.name:
        found = f"the source {named!r} is of type {kept.type!r} ({kept.source}), and measure.from is {kind.name!r}"
        return _Wrong(found, f"one of {listed(fitting)}" if fitting else "")
    return None


def _harmless(found: Found, secrets: Iterable[Secret]) -> Found:
    """What was found, with a value that can be recorded, and without secrets."""
    if not math.isfinite(found.value):
        raise NoValue(
            f"{_without(found.source, secrets)} gives {found.value}, which is no number that a value can have"
        )
    url = None if found.url is None else _without(found.url, secrets)
    return Found(float(found.value), _without(found.source, secrets), url, _plain(found.details, secrets))


def _no_value(error: TrackerError, secrets: Iterable[Secret]) -> NoValue:
    cause = Cause.LOGIN if isinstance(error, AuthFailed) else Cause.MEASURE
    if isinstance(error, Transient):
        cause = Cause.UNREACHABLE
    return NoValue(_without(str(error), secrets).rstrip("."), cause)


def _without(text: str, secrets: Iterable[Secret]) -> str:
    for secret in secrets:
        if len(secret.reveal()) >= _SHORTEST_SECRET:
            text = text.replace(secret.reveal(), "…")
    return text


def _plain(value: Any, secrets: Iterable[Secret]) -> Any:
    """A value as JSON has it, without secrets."""
    if isinstance(value, Mapping):
        return {_without(str(name), secrets): _plain(each, secrets) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, secrets) for each in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _without(str(value), secrets)

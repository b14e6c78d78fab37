"""Rows of the status tables as values: one function a table, one parameter a column."""

from __future__ import annotations

from okrsync.domain.okr import Kind, Level, Origin, Stage
from okrsync.domain.progress import Health
from okrsync.domain.ref import Ref
from okrsync.store.columns import maybe_moment, moment_of
from okrsync.store.values import AlignmentEdge, KeyResultStatus, KpiStatus, LinkText, ObjectiveStatus


def link_columns(link: LinkText | None) -> tuple[str | None, str | None, str | None]:
    """The three columns of a link."""
    return (link.tracker, link.key, link.url) if link else (None, None, None)


def _link(tracker: str | None, key: str | None, url: str | None) -> LinkText | None:
    return LinkText(tracker, key or "", url or "") if tracker else None


def objective(
    ref: str,
    as_of: str,
    title: str,
    level: str,
    origin: str,
    stage: str,
    health: str,
    expected: float,
    coverage: float,
    progress: float | None,
    stale: int,
    team: str | None,
    owner: str | None,
    tracker: str | None,
    key: str | None,
    url: str | None,
    audience: str,
) -> ObjectiveStatus:
    """A row as `Status.objectives` selects it."""
    return ObjectiveStatus(
        Ref.parse(ref),
        moment_of(as_of),
        title,
        Level(level),
        Origin(origin),
        Stage(stage),
        Health(health),
        expected,
        coverage,
        progress,
        bool(stale),
        team,
        owner,
        _link(tracker, key, url),
        audience,
    )


def key_result(
    ref: str,
    as_of: str,
    title: str,
    kind: str,
    health: str,
    weight: float,
    unit: str,
    baseline: float | None,
    target: float | None,
    minimum: float | None,
    maximum: float | None,
    current: float | None,
    raw_progress: float | None,
    progress: float | None,
    expected: float | None,
    confidence: float | None,
    stale: int,
    problem: str | None,
    observed_at: str | None,
    source: str | None,
    tracker: str | None,
    key: str | None,
    url: str | None,
    audience: str,
) -> KeyResultStatus:
    """A row as `Status.key_results` selects it."""
    return KeyResultStatus(
        Ref.parse(ref),
        moment_of(as_of),
        title,
        Kind(kind),
        Health(health),
        weight,
        unit,
        baseline,
        target,
        minimum,
        maximum,
        current,
        raw_progress,
        progress,
        expected,
        confidence,
        bool(stale),
        problem,
        maybe_moment(observed_at),
        source,
        _link(tracker, key, url),
        audience,
    )


def kpi(
    ref: str,
    as_of: str,
    title: str,
    level: str,
    unit: str,
    minimum: float | None,
    maximum: float | None,
    current: float | None,
    in_band: int | None,
    stale: int,
    problem: str | None,
    observed_at: str | None,
    source: str | None,
    team: str | None,
    owner: str | None,
    tracker: str | None,
    key: str | None,
    url: str | None,
    audience: str,
) -> KpiStatus:
    """A row as `Status.kpis` selects it."""
    return KpiStatus(
        Ref.parse(ref),
        moment_of(as_of),
        title,
        Level(level),
        unit,
        minimum,
        maximum,
        current,
        None if in_band is None else bool(in_band),
        bool(stale),
        problem,
        maybe_moment(observed_at),
        source,
        team,
        owner,
        _link(tracker, key, url),
        audience,
    )


def edge(child: str, parent: str, contributes: int) -> AlignmentEdge:
    """A row as `Status.alignment` selects it."""
    return AlignmentEdge(Ref.parse(child), Ref.parse(parent), bool(contributes))

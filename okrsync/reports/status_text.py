"""Status as plain text: stable lines for pipes, files and `grep`, without colours and never cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from okrsync.domain.okr import Level
from okrsync.domain.status import KeyResultStatus, KpiStatus, Link, ObjectiveStatus, Status
from okrsync.practice.scoring import Bounds
from okrsync.reports import words
from okrsync.reports.score_words import ScoreWords


def status_text(status: Status, bounds: Bounds | None = None) -> Iterator[str]:
    """The lines of a status, from the widest level to the narrowest, in document order within each.

    `bounds` are those of the bands of scores, where they are not the usual ones.
    """
    scores = ScoreWords(bounds or Bounds(), status.as_of.date())
    yield headline(status)
    if not status.objectives and not status.kpis:
        yield ""
        yield f"no objectives in {status.cycle.name}"
    for level in Level:
        here = [each for each in status.objectives if each.objective.level is level]
        if here:
            yield ""
            yield str(level)
        for each in here:
            yield from _objective(each, status, scores)
    if status.kpis:
        yield ""
        yield "KPIs"
    for kpi in status.kpis:
        yield from _kpi(kpi, status)


def headline(status: Status) -> str:
    """What the status is about, and how far its cycle has come."""
    elapsed = words.percent(status.cycle.elapsed(status.as_of.date()))
    when = words.moment(status.as_of)
    return f"{status.workspace}, {status.cycle.name}, as of {when}: {elapsed} of the cycle has passed"


def _objective(status: ObjectiveStatus, whole: Status, scores: ScoreWords) -> Iterator[str]:
    yield f"{status.objective.ref}  {words.shown(status.objective.title)}"
    yield (
        f"  progress {words.known(status)}{_score(scores.of(status))}, expected {words.percent(status.expected)},"
        f" health {status.health}" + _with("; ", words.stale(status.key_results, whole.as_of))
    )
    aligned = ", ".join(str(ref) for ref in status.objective.aligns_to)
    yield f"  {words.whose(status)}" + _with("; aligns to ", aligned)
    if status.link:
        yield f"  {_link(status.link)}"
    for each in status.key_results:
        yield from _key_result(each, whole, scores)


def _key_result(status: KeyResultStatus, whole: Status, scores: ScoreWords) -> Iterator[str]:
    key_result, confidence = status.key_result, status.observed.confidence
    yield f"  {key_result.ref}  {words.shown(key_result.title)}"
    yield "    " + _joined(
        f"{words.target_text(key_result)}, now {words.current(status)}",
        f"progress {words.percent(status.progress)}{_score(scores.of(status))},"
        f" expected {words.percent(status.expected)}, health {status.health}",
        "" if confidence is None else f"confidence {words.percent(confidence)}",
        words.stale([status], whole.as_of),
        _with("from ", words.shown(status.observed.source)),
        _link(status.link) if status.link else "",
    )
    if status.observed.problem:
        yield f"    not measured: {words.shown(status.observed.problem)}"


def _kpi(status: KpiStatus, whole: Status) -> Iterator[str]:
    yield f"{status.kpi.ref}  {words.shown(status.kpi.title)}"
    yield "  " + _joined(
        f"{words.kpi_band(status.kpi)}, now {words.quantity(status.observed.value, status.kpi.unit)}",
        words.within(status),
        words.stale([status], whole.as_of),
        _with("from ", words.shown(status.observed.source)),
    )
    if status.observed.problem:
        yield f"  not measured: {words.shown(status.observed.problem)}"


def _score(scored: tuple[str, str] | None) -> str:
    return f", score {scored[0]} ({scored[1]})" if scored else ""


def _link(link: Link) -> str:
    return f"{words.shown(link.tracker)} {words.shown(link.key)}" + _with(" ", words.web_address(link))


def _joined(*parts: str) -> str:
    return "; ".join(_present(parts))


def _present(parts: Iterable[str]) -> Iterator[str]:
    return (part for part in parts if part)


def _with(before: str, text: str) -> str:
    return f"{before}{text}" if text else ""

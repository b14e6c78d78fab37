"""The one-pager: how the OKRs of a cycle stand or how they ended, for one audience, as rows that every format shows.

No person is scored or ranked: no owner stands beside a figure, and the figures of somebody's own objectives, those of
the individual level, are left out unless the page is made for the very audience that they are kept to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from okrsync.domain.numbers import number_text
from okrsync.domain.okr import EVERYONE, Level, Objective, Stage
from okrsync.domain.progress import Health
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus, KpiStatus, Link, ObjectiveStatus, Status
from okrsync.practice.calibration import Told
from okrsync.practice.scoring import Band, Bounds, KeyResultScore, ObjectiveScore
from okrsync.reports import words
from okrsync.reports.score_views import answers, reading

_GOOD, _MIDDLING, _BAD, _NEUTRAL = "good", "middling", "bad", "neutral"
_OF_HEALTH = {Health.ON_TRACK: _GOOD, Health.AT_RISK: _MIDDLING, Health.OFF_TRACK: _BAD}
_OF_BAND = {
    Band.RECONSIDER: _BAD,
    Band.SHORT: _MIDDLING,
    Band.GOOD: _GOOD,
    Band.CHALLENGE: _GOOD,
    Band.EXCELLENT: _GOOD,
}


@dataclass(frozen=True)
class Figure:
    """A figure in words, as a share (0.0–1.0) for a bar, and how it looks: good, middling, bad or neutral."""

    text: str
    share: float | None = None
    look: str = _NEUTRAL


@dataclass(frozen=True)
class KeyResultRow:
    """A key result on the page."""

    ref: Ref
    title: str
    goal: str
    now: str
    figure: Figure | None
    key: str
    url: str
    """Its page in the tracker; empty where there is none that a browser may be sent to."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectiveRow:
    """An objective on the page."""

    ref: Ref
    title: str
    why: str
    whose: str
    supports: str
    figure: Figure | None
    key: str
    url: str
    key_results: tuple[KeyResultRow, ...]
    notes: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    """The questions of the review that were answered, and the answers."""


@dataclass(frozen=True)
class KpiRow:
    """A KPI on the page."""

    title: str
    band: str
    now: str
    figure: Figure


@dataclass(frozen=True)
class OnePage:
    """The page."""

    title: str
    about: str
    levels: tuple[tuple[str, tuple[ObjectiveRow, ...]], ...]
    kpis: tuple[KpiRow, ...]
    is_scored: bool
    """Whether anything on it is scored."""
    calibration: Told
    bounds: Bounds


def one_page(
    status: Status, scores: Sequence[ObjectiveScore], bounds: Bounds, calibration: Told, audience: str
) -> OnePage:
    """The page for an audience; `status` and `scores` hold what it may see and nothing else."""
    scored = {each.objective.ref: each for each in scores}
    maker = _Maker(status, scored, bounds, audience)
    levels = tuple(
        (str(level), rows)
        for level in Level
        if (rows := tuple(maker.objective(each) for each in status.objectives if each.objective.level is level))
    )
    elapsed = status.cycle.elapsed(status.as_of.date())
    passed = "over" if elapsed >= 1 else f"{words.percent(elapsed)} of the cycle has passed"
    reader = "" if audience == EVERYONE else f"; for {words.shown(audience)}"
    return OnePage(
        title=f"OKRs {words.shown(status.cycle.name)}, {words.shown(status.workspace)}",
        about=f"as of {words.moment(status.as_of)}; {passed}{reader}",
        levels=levels,
        kpis=tuple(map(_kpi, status.kpis)),
        is_scored=any(maker.is_shown(each.objective) and _recorded(each) for each in scores),
        calibration=calibration,
        bounds=bounds,
    )


def shared(status: Status) -> Status:
    """The status without drafts: nobody has shared them yet."""
    ready = tuple(each for each in status.objectives if each.objective.stage is not Stage.DRAFT)
    return replace(status, objectives=ready)


def is_own(objective: Objective, audience: str) -> bool:
    """Whether figures of an objective are somebody's own, and not for this audience."""
    kept_to = objective.audience != EVERYONE and objective.audience == audience
    return objective.level is Level.INDIVIDUAL and not kept_to


def _recorded(score: ObjectiveScore) -> bool:
    return any(each.recorded is not None for each in score.key_results)


class _Maker:
    def __init__(self, status: Status, scored: dict[Ref, ObjectiveScore], bounds: Bounds, audience: str) -> None:
        self.status = status
        self.scored = scored
        self.bounds = bounds
        self.audience = audience

    def is_shown(self, objective: Objective) -> bool:
        return not is_own(objective, self.audience)

    def objective(self, found: ObjectiveStatus) -> ObjectiveRow:
        objective = found.objective
        score = self.scored.get(objective.ref)
        by_ref = {each.ref: each for each in score.key_results} if score else {}
        shows = self.is_shown(objective)
        is_scored = score is not None and _recorded(score)
        notes = []
        if shows and score is not None and is_scored:
            figure = self._scored(score.value if score.is_recorded else None)
            notes += ["all key results are excellent: not ambitious enough"] * score.too_easy(self.bounds)
        else:
            figure = _progress(found)
        return ObjectiveRow(
            ref=objective.ref,
            title=words.shown(objective.title),
            why=words.shown_lines(objective.why),
            whose=_whose(objective),
            supports=", ".join(str(ref.local) for ref in objective.aligns_to),
            figure=figure if shows else None,
            key=_key(found.link),
            url=words.web_address(found.link),
            key_results=tuple(
                self._key_result(each, by_ref.get(each.key_result.ref), shows) for each in found.key_results
            ),
            notes=tuple(notes),
            answers=tuple((q, words.shown_lines(text)) for q, text in answers(objective.retrospective)),
        )

    def _key_result(self, found: KeyResultStatus, score: KeyResultScore | None, shows: bool) -> KeyResultRow:
        recorded = score.recorded if score else None
        notes: list[str] = []
        if recorded is not None and recorded.adjustment and shows:
            reason = words.shown(recorded.reason)
            notes.append(
                f"{number_text(recorded.computed)} by its numbers, adjusted by {recorded.adjustment:+g}: {reason}"
            )
        changes = found.key_result.target_changes
        notes += [f"target changed on {each.on}: {words.shown(each.reason)}" for each in changes]
        if stale := words.stale([found], self.status.as_of):
            notes.append(stale)
        figure = _progress(found) if recorded is None else self._scored(recorded.value)
        if recorded is not None and recorded.final is not None:
            now = words.current(replace(found, observed=replace(found.observed, value=recorded.final)))
        else:
            now = words.current(found)
        return KeyResultRow(
            ref=found.key_result.ref,
            title=words.shown(found.key_result.title),
            goal=words.target_text(found.key_result),
            now=now,
            figure=figure if shows else None,
            key=_key(found.link),
            url=words.web_address(found.link),
            notes=tuple(notes),
        )

    def _scored(self, value: float | None) -> Figure:
        if value is None:
            return Figure("not scored in full")
        return Figure(reading(value, self.bounds), value, _OF_BAND[self.bounds.band(value)])


def _progress(found: ObjectiveStatus | KeyResultStatus) -> Figure:
    said = words.known(found) if isinstance(found, ObjectiveStatus) else words.percent(found.progress)
    if found.progress is None:
        return Figure(said)
    return Figure(f"{said}, {found.health}", found.progress, _OF_HEALTH.get(found.health, _NEUTRAL))


def _whose(objective: Objective) -> str:
    """The team; only of an individual's objective the person, for there it is theirs alone."""
    own = objective.owner if objective.level is Level.INDIVIDUAL else None
    parts = [f"team {words.shown(objective.team)}" if objective.team else "", words.shown(own) if own else ""]
    parts.append("" if objective.stage == "committed" else str(objective.stage))
    return ", ".join(part for part in parts if part)


def _kpi(found: KpiStatus) -> KpiRow:
    look = {True: _GOOD, False: _BAD, None: _NEUTRAL}[found.in_band]
    return KpiRow(
        words.shown(found.kpi.title),
        words.kpi_band(found.kpi),
        words.quantity(found.observed.value, found.kpi.unit),
        Figure(words.within(found), None, look),
    )


def _key(link: Link | None) -> str:
    return words.shown(link.key) if link else ""

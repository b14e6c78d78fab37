"""Arithmetic and movements in words: the numbers put into the formulas, the same in every view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from okrsync.domain.evidence import Evidence, Formula, share_of, value_of
from okrsync.domain.movement import Cause
from okrsync.domain.numbers import number_text
from okrsync.domain.okr import KeyResult, Kind, Kpi, TargetChange
from okrsync.domain.progress import AT_RISK, ON_TRACK, Health, in_band
from okrsync.domain.status import KeyResultStatus, ObjectiveStatus
from okrsync.domain.terms import Terms
from okrsync.reports import words
from okrsync.reports.explain import RollUpPart


def exact(value: float) -> str:
    """A number with up to ten digits that matter: enough to calculate along."""
    return number_text(float(f"{value:.10g}"))


def value_steps(evidence: Evidence, value: float | None, unit: str) -> Iterator[str]:
    """How a value comes from its parts."""
    if evidence.parts is None or value is None or value_of(evidence) is None:
        return
    if evidence.formula is Formula.SHARE:
        share = share_of(evidence.parts)
        by = evidence.method.get("by")
        what = f"{words.shown(str(by))} of items" if by else "items"
        scaled = "" if evidence.scale == 1 else f" × {exact(evidence.scale)}"
        yield f"current = {what} done / all {what}{scaled}"
        yield f"        = {exact(share.done)} / {exact(share.total)}{scaled} = {words.quantity(value, unit)}"
        return
    total = sum(each.gives for each in evidence.parts)
    number = len(evidence.parts)
    if evidence.formula is Formula.MEAN:
        yield f"current = {exact(total)} / {words.counted(number, 'item')} = {words.quantity(value, unit)}"
    elif evidence.method.get("from") == "count":
        yield f"current = {words.counted(number, 'item')}"
    else:
        yield f"current = what {words.counted(number, 'item')} give together = {words.quantity(value, unit)}"


def progress_steps(status: KeyResultStatus) -> Iterator[str]:
    """How progress comes from the value."""
    key_result, value = status.key_result, status.observed.value
    if value is None or status.raw_progress is None or status.progress is None:
        yield "unknown, because no value is known; unknown is not 0"
        return
    if key_result.kind is Kind.REACH and key_result.baseline is not None and key_result.target is not None:
        yield from _reach(value, key_result.baseline, key_result.target, status.raw_progress, status.progress)
    elif key_result.kind is Kind.MAINTAIN:
        inside = in_band(value, key_result.minimum, key_result.maximum)
        where = "lies in the band" if inside else "lies outside the band"
        yield f"{exact(value)} {where} ({words.goal(key_result)}): progress = {1 if inside else 0}"
    else:
        enough = value >= 1
        yield f"{exact(value)} is {'at least' if enough else 'less than'} 1: progress = {1 if enough else 0}"


def _reach(value: float, baseline: float, target: float, raw: float, shown: float) -> Iterator[str]:
    yield "raw = (current − baseline) / (target − baseline)"
    yield f"    = ({exact(value)} − {_operand(baseline)}) / ({exact(target)} − {_operand(baseline)})"
    yield f"    = {exact(value - baseline)} / {exact(target - baseline)} = {exact(raw)}"
    held = "" if raw == shown else ", which is raw held to 0–1"
    yield f"progress = {exact(shown)}{held}"


def health_steps(status: KeyResultStatus | ObjectiveStatus) -> Iterator[str]:
    """How health comes from progress and from what was due."""
    yield f"expected = {exact(status.expected)}{_why_expected(status)}"
    if status.health is Health.UNKNOWN:
        return
    if status.health is Health.TOO_EARLY:
        yield "health = too-early: less than a tenth of the cycle has passed"
        return
    if status.progress is None:
        return
    if status.expected <= 0:
        yield f"health = {status.health}: nothing is due yet"
        return
    yield (
        f"health = {exact(status.progress)} / {exact(status.expected)} = {exact(status.progress / status.expected)}"
        f" → {status.health} (on-track from {ON_TRACK}, at-risk from {AT_RISK})"
    )


def _why_expected(status: KeyResultStatus | ObjectiveStatus) -> str:
    if isinstance(status, ObjectiveStatus):
        return ", the weighted mean of what is due of its key results" if status.key_results else ""
    if status.key_result.phases:
        return ", on the straight line through its phases"
    return ", the share of the cycle that has passed"


def roll_up_steps(parts: Sequence[RollUpPart], progress: float | None, coverage: float) -> Iterator[str]:
    """How an objective's progress comes from its parts."""
    known = [(each.weight, each.progress) for each in parts if each.progress is not None]
    whole = sum(each.weight for each in parts)
    weight = sum(each for each, _ in known)
    if progress is None or not known:
        yield "unknown, because nothing in it is known; unknown is not 0"
    else:
        yield "progress = (weight × progress of each that is known) / (weight that is known)"
        yield f"         = ({' + '.join(f'{exact(w)} × {exact(p)}' for w, p in known)}) / {_sum(w for w, _ in known)}"
        yield f"         = {exact(sum(w * p for w, p in known))} / {exact(weight)} = {exact(progress)}"
    if parts:
        yield f"coverage = {exact(weight)} / {exact(whole)} = {exact(coverage)}, the share of weight that is known"


def _sum(weights: Iterator[float]) -> str:
    each = [exact(weight) for weight in weights]
    return f"({' + '.join(each)})" if len(each) > 1 else each[0]


def _operand(value: float) -> str:
    return f"({exact(value)})" if value < 0 else exact(value)


def signed(amount: float, unit: str = "") -> str:
    """An amount by which something moved: `+8.3 %`, `−0.5 s`, `0`."""
    figure = words.figure(abs(amount))
    if figure == "0":
        return f"0 {words.shown(unit)}".rstrip()
    return f"{'+' if amount > 0 else '−'}{figure} {words.shown(unit)}".rstrip()


def points(share: float | None) -> str:
    """A movement of a share in percentage points."""
    return "" if share is None else f"{signed(round(100 * share, 2))} points"


def share_points(share: float) -> str:
    """A share in percentage points, to the hundredth."""
    return f"{words.figure(round(100 * share, 2))} points"


def about(value: float) -> str:
    """A number with three digits that matter, for what is an estimate anyway."""
    return words.figure(float(f"{value:.3g}"))


def method_text(method: Mapping[str, Any]) -> str:
    """A measure as documents write it."""
    if not method:
        return "not noted"
    return words.shown("{ " + ", ".join(f"{name} = {_toml(value)}" for name, value in method.items()) + " }")


def detail_text(value: Any) -> str:
    """What a source told beside a value, in one line: `month = "2026-11", rate = 3.2`."""
    if isinstance(value, Mapping):
        return words.shown(", ".join(f"{name} = {_toml(each)}" for name, each in value.items()))
    return words.shown(value if isinstance(value, str) else _toml(value))


def _toml(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return number_text(value) if isinstance(value, int | float) else f'"{value}"'


def terms_text(terms: Terms, asked: KeyResult | Kpi) -> str:
    """What was asked for under these terms: `4 → 1.5 s`."""
    return words.kpi_band(terms.put_to_kpi(asked)) if isinstance(asked, Kpi) else words.goal(terms.put_to(asked))


def target_change_text(change: TargetChange, unit: str) -> str:
    """A change of target as its document tells it: `target 1.5 → 2 s on 2026-11-15 by dana: the vendor's limit`."""
    before, after = words.figure(change.before), words.quantity(change.after, unit)
    by = f" by {words.shown(change.by)}" if change.by else ""
    return f"target {before} → {after} on {change.on}{by}: {words.shown(change.reason)}"


def cause_text(cause: Cause) -> str:
    """A cause for people."""
    return "measured anew" if cause is Cause.MEASURED else str(cause)


def day(moment: datetime) -> str:
    """A day, where the hour says nothing."""
    return f"{moment:%Y-%m-%d}"

"""The reason behind a number for people, as lines: where it comes from, the arithmetic, the movement, the forecast."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from okrsync.domain.evidence import Formula, in_order_of_keys
from okrsync.domain.forecast import Forecast
from okrsync.domain.movement import Cause, Movement, PartChange, PartMove
from okrsync.domain.okr import KeyResult, Kpi, Measure
from okrsync.domain.progress import same_number
from okrsync.domain.status import Link
from okrsync.domain.terms import change_between
from okrsync.reports import explain_words as say
from okrsync.reports import words
from okrsync.reports.edits import hand_made, made_by, target_changes
from okrsync.reports.explain import (
    Explained,
    KeyResultExplained,
    KpiExplained,
    ObjectiveExplained,
    Origin,
    RollUpPart,
    brought,
)
from okrsync.reports.history import History
from okrsync.reports.history_views import forecast_text
from okrsync.reports.plan_views import Line, Tone

SHOWN = 12
"""How many items a list names in a text; JSON has all."""
LONG = 48
"""From how many characters on a cell is a text, for which no column is made wider."""


def explain_lines(found: Explained) -> Iterator[Line]:
    """Everything that is known of the number, for people."""
    if isinstance(found, ObjectiveExplained):
        yield from _objective(found)
    elif isinstance(found, KpiExplained):
        yield from _kpi(found)
    else:
        yield from _key_result(found)


def _key_result(found: KeyResultExplained) -> Iterator[Line]:
    status, key_result = found.status, found.status.key_result
    yield Line(f"{found.ref}  {words.shown(key_result.title)}", Tone.HEADING)
    yield Line(
        f"{words.target_text(key_result)}, now {words.current(status)}; progress {words.percent(status.progress)},"
        f" expected {words.percent(status.expected)}, health {status.health}; as of {words.moment(found.whole.as_of)}"
    )
    yield from _section("where it comes from", _origin(found.origin, key_result.measure, key_result.source.file))
    arithmetic = [
        *say.value_steps(found.origin.evidence, status.observed.value, key_result.unit),
        *say.progress_steps(status),
        *say.health_steps(status),
    ]
    yield from _section("the arithmetic", map(Line, arithmetic))
    yield from _section("what counts", _parts(found.origin))
    yield from _movement_section(found, key_result.unit)
    yield from _section("scope", _scopes(found))
    yield from _section("what was asked for", _asked(found.history, key_result))
    yield from _section("at the end of the cycle", _forecast(found))


def _kpi(found: KpiExplained) -> Iterator[Line]:
    status, kpi = found.status, found.status.kpi
    value = words.quantity(status.observed.value, kpi.unit)
    yield Line(f"{found.ref}  {words.shown(kpi.title)}", Tone.HEADING)
    yield Line(f"{words.kpi_band(kpi)}, now {value}: {words.within(status)}; as of {words.moment(found.whole.as_of)}")
    yield from _section("where it comes from", _origin(found.origin, kpi.measure, kpi.source.file))
    yield from _section(
        "the arithmetic", map(Line, say.value_steps(found.origin.evidence, status.observed.value, kpi.unit))
    )
    yield from _section("what counts", _parts(found.origin))
    yield from _movement_section(found, kpi.unit)
    yield from _section("what was asked for", _asked(found.history, kpi))


def _objective(found: ObjectiveExplained) -> Iterator[Line]:
    status = found.status
    yield Line(f"{found.ref}  {words.shown(status.objective.title)}", Tone.HEADING)
    yield Line(
        f"progress {words.known(status)}, expected {words.percent(status.expected)}, health {status.health};"
        f" as of {words.moment(found.whole.as_of)}"
    )
    yield from _section("its parts", _aligned(_roll_up(found.parts)))
    arithmetic = [*say.roll_up_steps(found.parts, status.progress, status.coverage), *say.health_steps(status)]
    yield from _section("the arithmetic", map(Line, arithmetic))
    if found.since is not None:
        yield from _section(f"the movement since {say.day(found.since)}", _objective_movement(found))


def _section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    """A heading and what stands below it; nothing where nothing does."""
    below = list(lines)
    if below:
        yield Line("")
        yield Line(title, Tone.HEADING)
        for line in below:
            yield Line(f"  {line.text}" if line.text else "", line.tone)


def _origin(origin: Origin, measure: Measure, file: str) -> Iterator[Line]:
    # Without the line, which moves with what stands above it and may not be for this audience.
    observed, evidence = origin.observed, origin.evidence
    if observed.value is None:
        yield Line("no value is known yet")
    else:
        yield Line(f"from {words.shown(observed.source)}{_address(evidence.url)}")
    if evidence.by or evidence.at:
        yield Line(made_by(evidence))
    for name, value in evidence.details.items():
        yield Line(f"{words.shown(name)}: {say.detail_text(value)}")
    documented = {"from": measure.source, **measure.options}
    yield Line(f"measured by {say.method_text(documented)}, {words.shown(file)}")
    if origin.link and not (evidence.url and origin.link.url == evidence.url):
        yield Line(f"its item is {words.shown(origin.link.key)}{_address(words.web_address(origin.link))}")
    if observed.value is not None and observed.seen_at is not None:
        since = f", with this value since {words.moment(origin.since)}" if origin.since else ""
        yield Line(f"last seen {words.moment(observed.seen_at)}{since}")
    if origin.stale_why:
        yield Line(f"stale: {words.shown(origin.stale_why)}", Tone.UPDATE)
    elif observed.problem:
        yield Line(f"not measured: {words.shown(observed.problem)}", Tone.HELD)


def _address(url: str | None) -> str:
    address = words.web_address(Link("", "", url)) if url else ""
    return f", {address}" if address else ""


def _parts(origin: Origin) -> Iterator[Line]:
    evidence = origin.evidence
    if not evidence.parts:
        return
    # Of a total nobody asked what is done.
    is_share = evidence.formula is Formula.SHARE
    for name, done in (("done", True), ("open", False)) if is_share else (("items", False),):
        parts = [each for each in evidence.parts if each.done is done]
        alike = all(each.gives == 1 for each in parts)
        keys = [
            (each.key, "" if alike else f" ({words.figure(each.gives)})")
            for each in sorted(parts, key=lambda part: in_order_of_keys(part.key))
        ]
        if keys:
            yield Line(f"{name} ({len(keys)}): {_listed(f'{words.shown(key)}{gives}' for key, gives in keys)}")
    if evidence.pages and words.web_address(Link("", "", evidence.pages.before)):
        example = evidence.parts[0].key
        yield Line(f"each is at an address like {words.shown(evidence.pages.page(example))}", Tone.WHY)


def _listed(keys: Iterable[str]) -> str:
    every = list(keys)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def _movement_section(found: KeyResultExplained | KpiExplained, unit: str) -> Iterator[Line]:
    since = f"the movement since {say.day(found.since)}" if found.since else "the last movement"
    yield from _section(since, _movement(found.movement, unit, found.history, found))


def _movement(
    movement: Movement | None, unit: str, history: History, found: KeyResultExplained | KpiExplained
) -> Iterator[Line]:
    if movement is None:
        if not history.states:
            return
        yield Line("none: nothing moved" if found.since else "none yet: the value is the first that was seen")
        return
    before, after = movement.before, movement.after
    with_progress = isinstance(found, KeyResultExplained)
    first, last = (f"{words.quantity(each.value, unit)} of {words.moment(each.at)}" for each in (before, after))
    yield Line(f"from {first} to {last}")
    if with_progress:
        yield Line(f"progress {words.percent(before.progress)} → {words.percent(after.progress)}")
    elif before.progress != after.progress:
        inside, outside = "in its band", "out of its band"
        yield Line(f"{inside} → {outside}" if before.progress else f"{outside} → {inside}")
    if isinstance(found, KpiExplained) and before.terms != after.terms:
        bands = [say.terms_text(each.terms, found.status.kpi) for each in (before, after)]
        yield Line("its band was changed: " + " → ".join(bands))
    rows = [("", "value", "progress" if with_progress else "")]
    rows += [_cause(cause, movement, unit, with_progress) for cause in _causes(movement, with_progress)]
    rows.append(
        (
            "together",
            say.signed(float(movement.by_value), unit),
            _points(movement.by_progress) if with_progress else "",
        )
    )
    yield from _aligned(rows)
    by_hand = [each.text(unit) for each in hand_made(movement, history)]
    yield from map(Line, by_hand[-SHOWN:])
    if len(by_hand) > SHOWN:
        yield Line(f"and {len(by_hand) - SHOWN} earlier: see `okrsync history {found.ref}`", Tone.WHY)
    for change in target_changes(movement, history):
        yield Line(say.target_change_text(change, unit))
    if before.evidence.method != after.evidence.method:
        methods = (say.method_text(each.evidence.method) for each in (before, after))
        yield Line("measured before and after by " + " and ".join(methods))
    yield from _changes(movement)


def _changes(movement: Movement) -> Iterator[Line]:
    """The items that entered, left or changed, each with its address."""
    pages = movement.after.evidence.pages or movement.before.evidence.pages
    for move in PartMove:
        moved = [each for each in movement.changes if each.move is move]
        for change in moved[:SHOWN]:
            page = _address(pages.page(change.part.key)) if pages else ""
            yield Line(f"{move}: {words.shown(change.part.key)}{_given(change)}{page}")
        if len(moved) > SHOWN:
            yield Line(f"{move}: {len(moved) - SHOWN} more, which `--json` names", Tone.WHY)


def _given(change: PartChange) -> str:
    """What an item gives where that is not simply 1, and whether it entered or left when it was done."""
    before, after = change.before, change.after
    if change.move is PartMove.CHANGED and before and after:
        return f" ({words.figure(before.gives)} → {words.figure(after.gives)})"
    notes = [] if change.part.gives == 1 else [words.figure(change.part.gives)]
    if change.move in {PartMove.ENTERED, PartMove.LEFT} and change.part.done:
        notes.append("done")
    return f" ({', '.join(notes)})" if notes else ""


def _causes(movement: Movement, with_progress: bool) -> Iterator[Cause]:
    usual = {Cause.WORK, Cause.SCOPE} if movement.after.evidence.parts is not None else set()
    for cause in Cause:
        moved = cause in movement.value or (with_progress and cause in (movement.progress or {}))
        if moved or cause in usual:
            yield cause


def _cause(cause: Cause, movement: Movement, unit: str, with_progress: bool) -> tuple[str, str, str]:
    value = say.signed(float(movement.value.get(cause, 0)), unit)
    share: Mapping[Cause, Fraction] = movement.progress or {}
    return say.cause_text(cause), value, _points(share.get(cause, Fraction())) if with_progress else ""


def _points(share: Fraction | None) -> str:
    return "" if share is None else say.points(float(share))


def _scopes(found: KeyResultExplained) -> Iterator[Line]:
    scopes, unit = found.scopes, found.status.key_result.unit
    if scopes is None:
        return
    start = "the cycle's start" if scopes.since.date() == found.whole.cycle.start else "when it was first seen"
    rows = [
        ("", "done of all", "value", "progress"),
        (
            "today's scope",
            f"{words.figure(scopes.today.done)} of {words.figure(scopes.today.total)}",
            words.quantity(scopes.value_today, unit),
            words.percent(scopes.progress_today),
        ),
        (
            f"the scope of {say.day(scopes.since)}, {start}",
            f"{words.figure(scopes.then.done)} of {words.figure(scopes.then.total)}",
            words.quantity(scopes.value_then, unit),
            words.percent(scopes.progress_then),
        ),
    ]
    yield from _aligned(rows)
    yield Line(f"since then {words.counted(scopes.entered, 'item')} entered and {scopes.left} left", Tone.WHY)


def _asked(history: History, what: KeyResult | Kpi) -> Iterator[Line]:
    """Every change of what is asked for, where there was one, and why targets changed."""
    asked = history.asked
    for since, terms in asked if len(asked) > 1 else ():
        weight = "" if terms.weight == 1 else f", weight {words.figure(terms.weight)}"
        yield Line(f"from {words.moment(since)}: {say.terms_text(terms, what)}{weight}")
    yield from (Line(say.target_change_text(each, what.unit)) for each in history.target_changes)
    for (_, before), (since, after) in itertools.pairwise(asked):
        changed = not (before.target is None or after.target is None or same_number(before.target, after.target))
        if changed and change_between(before, after, history.target_changes) is None:
            yield Line(f"why the target changed on {say.day(since)} is not in the document", Tone.WHY)


def _forecast(found: KeyResultExplained) -> Iterator[Line]:
    ahead = found.forecast
    if isinstance(ahead, Forecast):
        yield from _range(ahead, found.status.key_result.unit)
    else:
        yield Line(f"forecast: {ahead.reason}")
    if found.check_in and found.check_in.confidence is not None:
        who = f" by {words.shown(found.check_in.author)}" if found.check_in.author else ""
        yield Line(
            f"confidence: {words.percent(found.check_in.confidence)}, stated{who} on {words.moment(found.check_in.at)}"
        )


def _range(ahead: Forecast, unit: str) -> Iterator[Line]:
    yield Line(f"forecast: {forecast_text(ahead, unit)}")
    yield Line(
        f"from the trend of {ahead.points} values between {say.day(ahead.since)} and {say.day(ahead.until)}"
        " (Theil–Sen, 90 % interval)",
        Tone.WHY,
    )


def _roll_up(parts: tuple[RollUpPart, ...]) -> Iterator[tuple[str, ...]]:
    if not parts:
        return
    yield "", "weight", "progress", "weight × progress", "brings"
    weight = sum(each.weight for each in parts if each.progress is not None)
    for each in parts:
        what = str(each.ref) if each.ref.is_key_result else f"{each.ref} (contributes)"
        if each.progress is None:
            yield what, say.exact(each.weight), words.UNKNOWN, "", words.shown(each.why_unknown)
        else:
            gives = each.weight * each.progress
            brings = say.share_points(gives / weight)
            yield what, say.exact(each.weight), say.exact(each.progress), say.exact(gives), brings


def _objective_movement(found: ObjectiveExplained) -> Iterator[Line]:
    before, after = found.before, found.status
    if before is None or before.progress is None or after.progress is None:
        yield Line("not known: nothing was known then" if before is None or before.progress is None else "not known")
        return
    yield Line(f"progress {words.percent(before.progress)} → {words.percent(after.progress)}")
    rows = [("", "brought then", "brings now", "moved")]
    for part, (then, now) in zip(found.parts, brought(found.parts), strict=True):
        rows.append((str(part.ref), say.share_points(then), say.share_points(now), say.points(now - then)))
    rows.append(
        (
            "together",
            say.share_points(before.progress),
            say.share_points(after.progress),
            say.points(after.progress - before.progress),
        )
    )
    yield from _aligned(rows)


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[Line]:
    """A small table as lines: names to the left, figures to the right below one another, a long last text as it is."""
    table = list(rows)
    widths = [max(len(cell) for cell in column if len(cell) < LONG) for column in zip(*table, strict=True)]
    for name, *figures in table:
        cells = [cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True)]
        yield Line("  ".join([name.ljust(widths[0]), *cells]).rstrip())

"""Values over a query: a count, a sum, an average, or the share done of what matches in the tracker.

Key results that ask the same question share its requests. Where something matched and nothing does any more, the last
value stays until somebody says that there is nothing: by a check-in of 0, or beforehand by `may_be_empty`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.domain.evidence import Evidence, Pages, Part, method_of, share_of
from okrsync.domain.measures import Share
from okrsync.domain.numbers import number_text
from okrsync.domain.okr import Measure
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Cause
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.store.tables.matches import QueryReadings
from okrsync.store.values import CurrentValue
from okrsync.trackers.errors import Misconfigured, NotFound, Rejected, TrackerError
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Match, Query

SOURCES = ("count", "sum", "average", "done")
"""The measures over a query."""

_AGO = re.compile(r"-(\d{1,4})([dw])")
_OF_SOMETHING = frozenset({"average", "done"})
"""The measures that have no value at all where nothing matches."""


@dataclass(frozen=True)
class Asked:
    """A key result or KPI that is measured over a query."""

    ref: Ref
    measure: Measure
    unit: str
    tracker: str
    project: str
    board: str | None


@dataclass(frozen=True)
class Answer:
    """A value, where it comes from in people's words, and its evidence as JSON."""

    value: float
    source: str
    evidence: dict[str, Any]


class Unanswered(Exception):
    """Why there is no value; `is_failure` is False where that is told elsewhere already."""

    def __init__(self, message: str, cause: Cause = Cause.MEASURE, *, is_failure: bool = True) -> None:
        super().__init__(message)
        self.cause = cause
        self.is_failure = is_failure


@dataclass(frozen=True)
class _Seen:
    """What matches now."""

    matches: tuple[Match, ...]
    matched: int
    """How many matched before, as far as that is known."""
    deserted: bool
    """Whether nothing at all can be seen where the query looks."""


class Inquiry:
    """Asks the trackers of one run.

    Args:
        last: what is known of a reference, None where nothing is.
        checked_in: the value of the newest check-in since that value was last seen, None where there is none.
    """

    def __init__(
        self,
        pool: TrackerPool,
        readings: QueryReadings,
        cycle: Cycle,
        now: datetime,
        last: Callable[[Ref], CurrentValue | None],
        checked_in: Callable[[Ref], float | None] = lambda _ref: None,
    ) -> None:
        self._pool = pool
        self._readings = readings
        self._cycle = cycle
        self._today = now.date()
        self._last = last
        self._checked_in = checked_in

    def answers(self, every: Sequence[Asked]) -> dict[Ref, Answer | Unanswered]:
        """The value of each, or why there is none."""
        found: dict[Ref, Answer | Unanswered] = {}
        groups: dict[tuple[str, Query], list[Asked]] = {}
        for each in every:
            try:
                start, end = self._created(each.measure)
            except Unanswered as why:
                found[each.ref] = why
                continue
            query = Query(str(each.measure.options["query"]), each.project, (), each.board, start, end)
            groups.setdefault((each.tracker, query), []).append(each)
        for (name, query), group in groups.items():
            found |= self._of_group(name, query, group)
        return found

    def _of_group(self, name: str, query: Query, group: Sequence[Asked]) -> dict[Ref, Answer | Unanswered]:
        found: dict[Ref, Answer | Unanswered] = {}
        roughly = [each for each in group if each.measure.options.get("approximate")]
        estimate = self._estimate(name, query) if roughly else None
        for each in roughly:
            if isinstance(estimate, int):
                found[each.ref] = _estimated(each, estimate)
            elif estimate is not None:
                found[each.ref] = estimate
        exactly = [each for each in group if each.ref not in found]
        return found | (self._exactly(name, query, exactly) if exactly else {})

    def _exactly(self, name: str, query: Query, group: Sequence[Asked]) -> dict[Ref, Answer | Unanswered]:
        by_field: dict[str, list[Asked]] = {}
        for each in group:
            by_field.setdefault(each.measure.field or "", []).append(each)
        fields = tuple(sorted(filter(None, by_field)))
        try:
            matches = self._matches(name, replace(query, fields=fields), group)
        except (Rejected, NotFound, Misconfigured) as error:
            if len(by_field) > 1:
                # One wrong field is no reason for the others to go without a value.
                apart = [self._exactly(name, query, some) for some in by_field.values()]
                return {ref: answer for answers in apart for ref, answer in answers.items()}
            why = Unanswered(str(error))
        except TrackerError as error:
            why = Unanswered(str(error), cause_of(error))
        except Unanswered as unanswered:
            why = unanswered
        else:
            return {each.ref: self._answer(each, matches) for each in group}
        return {each.ref: why for each in group}

    def _answer(self, asked: Asked, found: _Seen) -> Answer | Unanswered:
        if self._is_doubtful(asked, found):
            return Unanswered(_unbelieved(asked, found), Cause.DOUBT)
        if asked.measure.source == "sum" and self._has_lost_its_numbers(asked, found.matches):
            several = len(found.matches) > 1
            none = f"none of the {_issues(len(found.matches))} that match has a" if several else "what matches has no"
            return Unanswered(
                f"{none} number in {asked.measure.field} any more: check that the account may still see the field. If"
                f" the sum is 0 indeed, enter 0 in {'one of them' if several else 'it'}",
                Cause.DOUBT,
            )
        return _answer(asked, found.matches)

    def _is_doubtful(self, asked: Asked, found: _Seen) -> bool:
        """Whether nothing matches where something did, and nobody said that there is nothing."""
        if found.matches or self._checked_in(asked.ref) == 0:
            return False
        last = self._last_value(asked)
        had = found.matched > 0 if last is None else last != 0 or asked.measure.source in _OF_SOMETHING
        return had and (found.deserted or not asked.measure.may_be_empty)

    def _has_lost_its_numbers(self, asked: Asked, matches: Sequence[Match]) -> bool:
        field = asked.measure.field or ""
        empty = all(each.values.get(field) is None for each in matches)
        return bool(matches and empty and self._last_value(asked))

    def _last_value(self, asked: Asked) -> float | None:
        """The last known value; None where there is none that was measured in this way."""
        known = self._last(asked.ref)
        if known is None:
            return None
        method = Evidence.from_json(known.evidence).method
        return known.value if not method or method == method_of(asked.measure, project=asked.project) else None

    def _matches(self, name: str, query: Query, group: Sequence[Asked]) -> _Seen:
        tracker = self._tracker(name)
        identity = _identity(tracker, query)
        known = self._readings.reading(name, identity)
        found = tracker.matches(query, known.matches, known.cursor)
        self._pool.answered(name)
        matches = found.after(known.matches)
        if not matches and (known.matches or any(map(self._last_value, group))):
            found = tracker.matches(query, known.matches)
            matches = found.after({})
        seen = _Seen(tuple(matches.values()), len(known.matches), found.deserted)
        if not any(self._is_doubtful(each, seen) for each in group):
            self._readings.keep(name, identity, found)
        return seen

    def _estimate(self, name: str, query: Query) -> int | Unanswered | None:
        """The tracker's quick estimate; None where it has none, or where nothing matches, which is looked into."""
        try:
            number = self._tracker(name).count(query)
            self._pool.answered(name)
        except TrackerError as error:
            return Unanswered(str(error), cause_of(error))
        except Unanswered as why:
            return why
        return number or None

    def _tracker(self, name: str) -> Tracker:
        tracker = self._pool.get(name)
        if tracker is None:
            raise Unanswered(self._pool.why_unread(name), is_failure=False)
        if not tracker.capabilities.queries:
            raise Unanswered(f"tracker {name} answers no queries; measure by field, children or manual instead")
        return tracker

    def _created(self, measure: Measure) -> tuple[date | None, date | None]:
        """The days between which an issue must have been created to count."""
        since = measure.options.get("since")
        if since is None:
            return None, None
        if since == "cycle":
            return self._cycle.start, self._cycle.end
        if isinstance(since, date) and not isinstance(since, datetime):
            return since, None
        if ago := _AGO.fullmatch(str(since)):
            return self._today - int(ago[1]) * timedelta(days=7 if ago[2] == "w" else 1), None
        try:
            return date.fromisoformat(str(since)), None
        except ValueError:
            raise Unanswered(
                f"since is {str(since)!r}: write 'cycle', a day such as 2026-10-01, or a span such as -7d"
            ) from None


def _unbelieved(asked: Asked, found: _Seen) -> str:
    """Why it is not believed that nothing matches, and what to do."""
    query, project = asked.measure.options["query"], asked.project
    if found.deserted:
        seen = f"nothing matches {query!r} any more, and nothing else can be seen in {project} either: check that"
    else:
        before = f"{_issues(found.matched)} matched" if found.matched else "something matched"
        seen = f"{before} {query!r}, and now nothing does: check that it still asks for what is meant, and that"
    seen = f"{seen} the account may still see {project}"
    if asked.measure.source in _OF_SOMETHING:
        return f"{seen}. Of nothing there is no {'average' if asked.measure.source == 'average' else 'share done'}"
    do = f"check in 0 (okrsync checkin {asked.ref} --value 0)"
    do += "" if found.deserted else " or write may_be_empty = true in its measure"
    return f"{seen}. If there is nothing indeed, {do}: then that is believed"


def _estimated(asked: Asked, number: int) -> Answer:
    method = method_of(asked.measure, project=asked.project)
    return Answer(float(number), f"about {_matching(number, asked)}", Evidence(method).to_json())


def _identity(tracker: Tracker, query: Query) -> str:
    """What was asked, and whom: under another address or account the same words are another question."""
    asked = {name: value for name, value in asdict(query).items() if value}
    return json.dumps([tracker.context.url, tracker.context.user, asked], default=str, separators=(",", ":"))


def _answer(asked: Asked, matches: Sequence[Match]) -> Answer | Unanswered:
    try:
        parts = _parts(asked, matches)
        value = _value(asked, parts)
    except Unanswered as why:
        return why
    evidence = Evidence(
        method_of(asked.measure, project=asked.project),
        parts,
        (Share(1, 1).in_unit(asked.unit) or 1.0) if asked.measure.source == "done" else 1.0,
        pages=next(filter(None, (Pages.like(each.key, each.url) for each in matches)), None),
    )
    return Answer(value, _words(asked, parts), evidence.to_json())


def _parts(asked: Asked, matches: Iterable[Match]) -> tuple[Part, ...]:
    """What each issue gives, in the order of ids. For an average, only those that have a number."""
    field = asked.measure.field
    parts = []
    for each in sorted(matches, key=lambda match: match.id):
        number = _number(each, field) if field else 1.0
        if number is not None or asked.measure.source != "average":
            is_done = asked.measure.source == "done" and each.done
            parts.append(Part(each.id, each.key, is_done, 0.0 if number is None else number))
    return tuple(parts)


def _number(match: Match, field: str) -> float | None:
    value = match.values.get(field)
    if isinstance(value, str):
        if not value.strip():
            return None
        raise Unanswered(
            f"field {field} of {match.key} holds the text {value!r} where a number is expected: enter a number"
        )
    if value is not None and not math.isfinite(value):
        raise Unanswered(f"field {field} of {match.key} holds {value}, which is no number that a value can have")
    return value


def _value(asked: Asked, parts: Sequence[Part]) -> float:
    source, field = asked.measure.source, asked.measure.field
    query = str(asked.measure.options["query"])
    try:
        if source == "done":
            share = share_of(parts)
            value = share.in_unit(asked.unit)
            if value is None:
                what = f"what matches has no {field}" if parts else f"nothing matches {query!r}"
                raise Unanswered(f"{what}, and of nothing no share can be done")
            return value
        total = math.fsum(each.gives for each in parts)
    except OverflowError:
        raise Unanswered(f"the values of {field} add up to no number") from None
    if source != "average":
        return total
    if not parts:
        raise Unanswered(f"no issue that matches {query!r} has a number in {field}, and nothing has no average")
    return total / len(parts)


def _words(asked: Asked, parts: Sequence[Part]) -> str:
    field = asked.measure.field
    issues = _matching(len(parts), asked)
    match asked.measure.source:
        case "done":
            share = share_of(parts)
            what = field or "issues"
            return f"{number_text(share.done)} of {number_text(share.total)} {what} of {asked.project} that match done"
        case "sum":
            return f"sum of {field} over {issues}"
        case "average":
            return f"average of {field} over {issues}"
    return issues


def _matching(number: int, asked: Asked) -> str:
    return f"{_issues(number)} of {asked.project} that match{'es' if number == 1 else ''}"


def _issues(number: int) -> str:
    return f"{number} issue{'' if number == 1 else 's'}"

"""Observations: the values of key results and KPIs, now and over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from okrsync.domain.evidence import LONGEST_CHAIN, packed, unpacked
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.domain.status import Observed
from okrsync.store.columns import cycle_range, from_json, maybe_moment, maybe_stamp, moment_of, stamp, to_json
from okrsync.store.session import Session
from okrsync.store.tables.carried import Carried
from okrsync.store.values import CurrentValue, Measured, Observation


class Observations:
    """What is known of each value now, and a row of history for each time that it changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self, cycle: str | None = None) -> dict[Ref, CurrentValue]:
        """The last known values, of one cycle or all."""
        return {
            each.ref: each
            for each in self._session.select(
                _current_value,
                "select ref, value, observed_at, seen_at, source, evidence, problem"
                " from current_values where ref >= ? and ref < ? order by ref",
                cycle_range(cycle),
            )
        }

    def observed(self, cycle: str) -> dict[Ref, Observed]:
        """The last known values of one cycle, as a status takes them: without their evidence."""
        return dict(
            self._session.select(
                _observed,
                "select ref, value, seen_at, source, problem from current_values where ref >= ? and ref < ?",
                cycle_range(cycle),
            )
        )

    def current_of(self, ref: Ref) -> CurrentValue | None:
        """The last known value of one reference; None when nobody ever tried to find it out."""
        return self._session.first(
            _current_value,
            "select ref, value, observed_at, seen_at, source, evidence, problem from current_values where ref = ?",
            (str(ref),),
        )

    def history(self, ref: Ref) -> tuple[Observation, ...]:
        """The values that `ref` took, oldest first; neighbours differ, save where `put_before` put one before it."""
        return _complete(
            self._session.select(
                _observation,
                "select ref, value, observed_at, source, evidence from observation where ref = ? order by id",
                (str(ref),),
            )
        )

    def histories(self, cycle: str | None = None) -> dict[Ref, tuple[Observation, ...]]:
        """`history` of every reference of a cycle, or of all."""
        found: dict[Ref, list[Observation]] = {}
        for each in self._session.select(
            _observation,
            "select ref, value, observed_at, source, evidence from observation"
            " where ref >= ? and ref < ? order by ref, id",
            cycle_range(cycle),
        ):
            found.setdefault(each.ref, []).append(each)
        return {ref: _complete(each) for ref, each in found.items()}

    def as_of(self, moment: datetime, cycle: str) -> dict[Ref, Observation]:
        """The row that held at `moment` for each reference of a cycle; its evidence is as the row holds it."""
        return {
            each.ref: each
            for each in self._session.select(
                _observation,
                "select ref, value, observed_at, source, evidence from observation where id in"
                " (select max(id) from observation where ref >= ? and ref < ? and observed_at <= ? group by ref)",
                (*cycle_range(cycle), stamp(moment)),
            )
        }

    def record(self, measured: Iterable[Measured]) -> int:
        """Store the outcomes of attempts, in one transaction; how many values changed.

        A value that is the same number as before is confirmed and costs no row of history. One that was never known
        and is not known now is no change either. A failed attempt leaves the value and notes the problem.

        Raises:
            ValueError: for a value that is not finite.
        """
        with self._session.transaction():
            known = self.current()
            touched: dict[Ref, CurrentValue] = {}
            changes: list[Measured] = []
            for each in measured:
                if each.value is not None and not math.isfinite(each.value):
                    raise ValueError(f"{each.ref}: {each.value} from {each.source} is no number that a value can have")
                after = _after(known.get(each.ref), each)
                if each.problem is None and _changes(known.get(each.ref), each):
                    changes.append(each)
                known[each.ref] = touched[each.ref] = after
            self._session.write_many(
                "insert into observation (ref, value, observed_at, source, evidence) values (?, ?, ?, ?, ?)",
                [(str(each.ref), each.value, stamp(each.at), each.source, row) for each, row in self._packed(changes)],
            )
            self._session.write_many(
                "insert into current_values (ref, value, observed_at, seen_at, source, evidence, problem)"
                " values (?, ?, ?, ?, ?, ?, ?)"
                " on conflict (ref) do update set value = excluded.value, observed_at = excluded.observed_at,"
                " seen_at = excluded.seen_at, source = excluded.source, evidence = excluded.evidence,"
                " problem = excluded.problem",
                [
                    (
                        str(each.ref),
                        each.value,
                        maybe_stamp(each.observed_at),
                        maybe_stamp(each.seen_at),
                        each.source,
                        _evidence(each.evidence),
                        each.problem,
                    )
                    for each in touched.values()
                ],
            )
        return len(changes)

    def put_before(self, ref: Ref, past: Sequence[Measured]) -> int:
        """Put what `ref` was in the past before all that is known of it; how many rows that made.

        `past` is oldest first. What is not older than the first row is left out, so that doing it twice adds nothing;
        no row and no current value is changed.

        Raises:
            ValueError: for a value that is not finite.
        """
        with self._session.transaction():
            begun = self._session.first(
                str, "select observed_at from observation where ref = ? order by id", (str(ref),)
            )
            older = [each for each in past if begun is None or stamp(each.at) < begun]
            if any(each.value is not None and not math.isfinite(each.value) for each in older):
                raise ValueError(f"{ref}: one of its past values is no number that a value can have")
            self._session.write_many(
                # The rows of a reference are in the order of their ids.
                "insert into observation (id, ref, value, observed_at, source, evidence)"
                " select coalesce(min(id), 1) - 1, ?, ?, ?, ?, ? from observation",
                [
                    (str(ref), each.value, stamp(each.at), each.source, _evidence(each.evidence))
                    for each in reversed(older)
                ],
            )
        return len(older)

    def _packed(self, changes: Iterable[Measured]) -> Iterator[tuple[Measured, str | None]]:
        """Each change with its evidence as its row holds it: as what differs from that of the row before."""
        before: dict[Ref, list[Any]] = {}
        for each in changes:
            if each.ref not in before:
                before[each.ref] = self._evidence_of_last_row(each.ref)
            chain = before[each.ref]
            row = packed(chain[-1], each.evidence) if 0 < len(chain) <= LONGEST_CHAIN else each.evidence
            before[each.ref] = [*chain, each.evidence] if row is not each.evidence else [each.evidence]
            yield each, _evidence(row)

    def _evidence_of_last_row(self, ref: Ref) -> list[Any]:
        """The complete evidence of the rows of `ref` since the last that holds its evidence complete, oldest first."""
        rows = self._session.select(
            lambda text: None if text is None else from_json(text),
            "select evidence from observation where ref = ? and id >= coalesce((select max(id) from observation"
            " where ref = ? and json_type(evidence, '$.changed') is null), 0) order by id",
            (str(ref), str(ref)),
        )
        return list(unpacked(rows))


def _complete(rows: Sequence[Observation]) -> tuple[Observation, ...]:
    """Rows that follow one another, each with all of its evidence."""
    evidence = unpacked(each.evidence for each in rows)
    return tuple(replace(each, evidence=whole) for each, whole in zip(rows, evidence, strict=True))


def _changes(before: CurrentValue | None, measured: Measured) -> bool:
    return not same_number(before.value if before else None, measured.value)


def _after(before: CurrentValue | None, measured: Measured) -> CurrentValue:
    """What is known of a value after one more attempt to find it out."""
    if measured.problem is not None:
        if before is None:
            return CurrentValue(measured.ref, None, None, None, measured.source, problem=measured.problem)
        return replace(before, problem=measured.problem)
    changed = _changes(before, measured)
    return CurrentValue(
        measured.ref,
        measured.value if changed or before is None else before.value,
        measured.at if changed else before.observed_at if before else None,
        measured.at,
        measured.source,
        measured.evidence,
    )


def _evidence(evidence: Any) -> str | None:
    return None if evidence is None else to_json(evidence)


def _current_value(
    ref: str,
    value: float | None,
    observed_at: str | None,
    seen_at: str | None,
    source: str,
    evidence: str | None,
    problem: str | None,
) -> CurrentValue:
    return CurrentValue(
        Ref.parse(ref),
        value,
        maybe_moment(observed_at),
        maybe_moment(seen_at),
        source,
        None if evidence is None else from_json(evidence),
        problem,
    )


def _observed(
    ref: str, value: float | None, seen_at: str | None, source: str, problem: str | None
) -> tuple[Ref, Observed]:
    # That there is no value can be confirmed too, but it is the value that people ask the age of.
    return Ref.parse(ref), Observed(value, None if value is None else maybe_moment(seen_at), source, problem=problem)


def _observation(ref: str, value: float | None, observed_at: str, source: str, evidence: str | None) -> Observation:
    return Observation(
        Ref.parse(ref), value, moment_of(observed_at), source, None if evidence is None else from_json(evidence)
    )


CARRIED = (
    Carried(
        "observations",
        "select rowid, ref, value, observed_at, source, evidence from observation",
        "insert or ignore into observation (ref, value, observed_at, source, evidence) values (?, ?, ?, ?, ?)",
        _observation,
    ),
    Carried(
        "current values",
        "select rowid, ref, value, observed_at, seen_at, source, evidence, problem from current_values",
        "insert or ignore into current_values (ref, value, observed_at, seen_at, source, evidence, problem)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        _current_value,
    ),
)
"""What a rebuild keeps of a damaged cache: everything, for nobody else has the history."""

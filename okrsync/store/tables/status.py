"""Status: how everything is doing, as it was last worked out. The contract's views show these tables to other tools."""

from __future__ import annotations

from collections.abc import Iterable

from okrsync.store.columns import cycle_range, maybe_stamp, stamp
from okrsync.store.session import Session
from okrsync.store.tables import status_rows
from okrsync.store.values import AlignmentEdge, KeyResultStatus, KpiStatus, ObjectiveStatus


class Status:
    """The rows are what was handed in, in that order. Nothing is worked out here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(
        self,
        objectives: Iterable[ObjectiveStatus],
        key_results: Iterable[KeyResultStatus],
        kpis: Iterable[KpiStatus] = (),
        alignment: Iterable[AlignmentEdge] = (),
    ) -> None:
        """Put these rows in place of all that are there, in one transaction.

        Raises:
            sqlite3.IntegrityError: for a key result whose objective is not among `objectives`.
        """
        with self._session.transaction():
            for emptied in (
                "delete from status_key_results",
                "delete from status_objectives",
                "delete from status_kpis",
                "delete from status_alignment",
            ):
                self._session.write(emptied)
            self._session.write_many(
                "insert into status_objectives (ref, cycle, as_of, title, level, team, owner, origin, stage, progress,"
                " coverage, expected, health, stale, tracker, key, url, audience)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(str(each.ref), each.ref.cycle, stamp(each.as_of), each.title, each.level, each.team),
                        *(each.owner, each.origin, each.stage, each.progress, each.coverage, each.expected),
                        *(each.health, each.stale, *status_rows.link_columns(each.link), each.audience),
                    )
                    for each in objectives
                ],
            )
            self._session.write_many(
                "insert into status_key_results (ref, objective_ref, cycle, as_of, title, kind, unit, baseline, target,"
                " minimum, maximum, current, raw_progress, progress, expected, weight, confidence, health, stale,"
                " problem, observed_at, source, tracker, key, url, audience)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(str(each.ref), str(each.ref.parent), each.ref.cycle, stamp(each.as_of), each.title),
                        *(each.kind, each.unit, each.baseline, each.target, each.minimum, each.maximum, each.current),
                        *(each.raw_progress, each.progress, each.expected, each.weight, each.confidence, each.health),
                        *(each.stale, each.problem, maybe_stamp(each.observed_at), each.source),
                        *(*status_rows.link_columns(each.link), each.audience),
                    )
                    for each in key_results
                ],
            )
            self._session.write_many(
                "insert into status_kpis (ref, cycle, as_of, title, level, team, owner, unit, minimum, maximum,"
                " current, in_band, stale, problem, observed_at, source, tracker, key, url, audience)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(str(each.ref), each.ref.cycle, stamp(each.as_of), each.title, each.level, each.team),
                        *(each.owner, each.unit, each.minimum, each.maximum, each.current, each.in_band, each.stale),
                        *(each.problem, maybe_stamp(each.observed_at), each.source),
                        *(*status_rows.link_columns(each.link), each.audience),
                    )
                    for each in kpis
                ],
            )
            self._session.write_many(
                "insert or ignore into status_alignment (child_ref, parent_ref, contributes) values (?, ?, ?)",
                [(str(each.child), str(each.parent), each.contributes) for each in alignment],
            )

    def objectives(self, cycle: str | None = None) -> tuple[ObjectiveStatus, ...]:
        """The objectives of one cycle, or all."""
        return tuple(
            self._session.select(
                status_rows.objective,
                "select ref, as_of, title, level, origin, stage, health, expected, coverage, progress, stale, team,"
                " owner, tracker, key, url, audience"
                " from status_objectives where ref >= ? and ref < ? order by rowid",
                cycle_range(cycle),
            )
        )

    def key_results(self, cycle: str | None = None) -> tuple[KeyResultStatus, ...]:
        """The key results of one cycle, or all."""
        return tuple(
            self._session.select(
                status_rows.key_result,
                "select ref, as_of, title, kind, health, weight, unit, baseline, target, minimum, maximum, current,"
                " raw_progress, progress, expected, confidence, stale, problem, observed_at, source, tracker, key, url,"
                " audience from status_key_results where ref >= ? and ref < ? order by rowid",
                cycle_range(cycle),
            )
        )

    def kpis(self, cycle: str | None = None) -> tuple[KpiStatus, ...]:
        """The KPIs of one cycle, or all."""
        return tuple(
            self._session.select(
                status_rows.kpi,
                "select ref, as_of, title, level, unit, minimum, maximum, current, in_band, stale, problem,"
                " observed_at, source, team, owner, tracker, key, url, audience"
                " from status_kpis where ref >= ? and ref < ? order by rowid",
                cycle_range(cycle),
            )
        )

    def alignment(self, cycle: str | None = None) -> tuple[AlignmentEdge, ...]:
        """What aligns to what, of one cycle or all."""
        return tuple(
            self._session.select(
                status_rows.edge,
                "select child_ref, parent_ref, contributes from status_alignment"
                " where child_ref >= ? and child_ref < ? order by rowid",
                cycle_range(cycle),
            )
        )

    def cycles(self) -> tuple[str, ...]:
        """The names of the cycles that have a status, sorted."""
        return tuple(
            self._session.select(
                str, "select cycle from status_objectives union select cycle from status_kpis order by cycle"
            )
        )

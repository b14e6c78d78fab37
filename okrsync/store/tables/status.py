"""Status: how the OKRs stood when a run last looked at them, for other tools alone.

The contract's views show these tables. Of them okrsync reads only how old they are: it works
a status out whenever it needs one.
"""

from __future__ import annotations

from datetime import datetime

from okrsync.domain import status as domain
from okrsync.store.columns import maybe_stamp, moment_of, stamp
from okrsync.store.session import Session, Value


class Status:
    """One row for each objective, key result and alignment. Nothing is worked out here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def as_of(self) -> datetime | None:
        """When the status that is there was worked out; None where there is none."""
        return self._session.first(moment_of, "select as_of from status_objectives limit 1")

    def record(self, status: domain.Status) -> None:
        """Put `status` in place of the one that is there, of whatever cycle that is."""
        cycle, as_of = status.cycle.name, stamp(status.as_of)
        with self._session.transaction():
            # Key results go with their objectives.
            self._session.write("delete from status_objectives")
            self._session.write("delete from status_alignment")
            self._session.write_many(
                "insert into status_objectives (ref, cycle, as_of, title, level, team, owner, origin, stage, progress,"
                " coverage, expected, health, stale, tracker, key, url, audience)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_objective(each, cycle, as_of) for each in status.objectives],
            )
            self._session.write_many(
                "insert into status_key_results (ref, objective_ref, cycle, as_of, title, kind, unit, baseline, target,"
                " current, raw_progress, progress, weight, confidence, health, stale, observed_at, source, tracker,"
                " key, url, audience)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    _key_result(each, owner.objective.audience, cycle, as_of)
                    for owner in status.objectives
                    for each in owner.key_results
                ],
            )
            self._session.write_many(
                "insert or ignore into status_alignment (child_ref, parent_ref, contributes) values (?, ?, ?)",
                [
                    (str(each.objective.ref), str(parent), each.objective.contributes)
                    for each in status.objectives
                    for parent in each.objective.aligns_to
                ],
            )


def _objective(each: domain.ObjectiveStatus, cycle: str, as_of: str) -> tuple[Value, ...]:
    objective = each.objective
    return (
        *(str(objective.ref), cycle, as_of, objective.title, objective.level, objective.team, objective.owner),
        *(objective.origin, objective.stage, each.progress, each.coverage, each.expected, each.health, each.stale),
        *(*_link(each.link), objective.audience),
    )


def _key_result(each: domain.KeyResultStatus, audience: str, cycle: str, as_of: str) -> tuple[Value, ...]:
    key_result, observed = each.key_result, each.observed
    return (
        *(str(key_result.ref), str(key_result.ref.parent), cycle, as_of, key_result.title, key_result.kind),
        *(key_result.unit, key_result.baseline, key_result.target, observed.value, each.raw_progress, each.progress),
        *(key_result.weight, observed.confidence, each.health, each.stale, maybe_stamp(observed.seen_at)),
        *(observed.source or None, *_link(each.link), audience),
    )


def _link(link: domain.Link | None) -> tuple[str | None, str | None, str | None]:
    return (link.tracker, link.key, link.url) if link else (None, None, None)

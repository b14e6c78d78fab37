"""Check-ins: what people said about their key results, on the command line or in the tracker."""

from __future__ import annotations

from okrsync.domain.ref import Ref
from okrsync.store.columns import cycle_range, exact_stamp, moment_of
from okrsync.store.session import Session
from okrsync.store.tables.carried import Carried
from okrsync.store.values import CheckIn, CheckInOrigin


class CheckIns:
    """Every check-in, whether the tracker has it yet or not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, ref: Ref) -> tuple[CheckIn, ...]:
        """The check-ins of one reference, oldest first."""
        return tuple(
            self._session.select(
                _check_in,
                "select id, ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id"
                " from check_ins where ref = ? order by at, id",
                (str(ref),),
            )
        )

    def newest(self, cycle: str | None = None) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference, of one cycle or all."""
        return {
            each.ref: each
            for each in self._session.select(
                _check_in,
                "select id, ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id"
                " from check_ins where ref >= ? and ref < ? order by ref, at, id",
                cycle_range(cycle),
            )
        }

    def unsent(self) -> tuple[CheckIn, ...]:
        """Those that no tracker has, oldest first."""
        return tuple(
            self._session.select(
                _check_in,
                "select id, ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id"
                " from check_ins where sent = 0 order by at, id",
            )
        )

    def add(self, check_in: CheckIn) -> int:
        """Keep a check-in; its id. A comment that is known already is not kept twice: its id is that of the first.

        Raises:
            ValueError: when the confidence is not in 0.0–1.0.
        """
        if check_in.confidence is not None and not 0 <= check_in.confidence <= 1:
            raise ValueError(f"{check_in.ref}: a confidence of {check_in.confidence} is not between 0 and 1")
        with self._session.transaction():
            known = self._session.first(
                int,
                "select id from check_ins where ref = ? and remote_id = ?",
                (str(check_in.ref), check_in.remote_id),
            )
            if known is not None:
                return known
            added = self._session.write(
                "insert into check_ins"
                " (ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(check_in.ref),
                    exact_stamp(check_in.at),
                    check_in.author,
                    check_in.value,
                    check_in.confidence,
                    check_in.note,
                    check_in.obstacles,
                    check_in.help_needed,
                    check_in.origin,
                    check_in.sent,
                    check_in.remote_id,
                ),
            )
        return int(added.lastrowid or 0)

    def mark_sent(self, check_in_id: int, remote_id: str) -> None:
        """Note that the tracker has it now, as the comment `remote_id`.

        If that comment was read back before this was noted, the two become one.

        Raises:
            LookupError: when there is no such check-in.
        """
        with self._session.transaction():
            self._session.write(
                "delete from check_ins where remote_id = ? and id <> ?"
                " and ref = (select ref from check_ins where id = ?)",
                (remote_id, check_in_id, check_in_id),
            )
            changed = self._session.write(
                "update check_ins set sent = 1, remote_id = ? where id = ?", (remote_id, check_in_id)
            )
            if changed.rowcount != 1:
                raise LookupError(f"there is no check-in {check_in_id}")


def _check_in(
    row_id: int,
    ref: str,
    at: str,
    author: str,
    value: float | None,
    confidence: float | None,
    note: str,
    obstacles: str,
    help_needed: str,
    origin: str,
    sent: int,
    remote_id: str | None,
) -> CheckIn:
    return CheckIn(
        Ref.parse(ref),
        moment_of(at),
        author,
        value,
        confidence,
        note,
        obstacles,
        help_needed,
        CheckInOrigin(origin),
        bool(sent),
        remote_id,
        row_id,
    )


CARRIED = Carried(
    "check-ins",
    "select rowid, id, ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id"
    " from check_ins",
    "insert or ignore into check_ins"
    " (id, ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    _check_in,
)
"""What a rebuild keeps of a damaged cache: every check-in."""

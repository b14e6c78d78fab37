"""Check-ins: what people said about their key results, on the command line or in the tracker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from okrsync.domain.ref import Ref
from okrsync.store.columns import cycle_range, exact_stamp, moment_of
from okrsync.store.session import Session
from okrsync.store.tables.carried import Carried
from okrsync.store.values import CheckIn, CheckInOrigin

_SELECT = (
    "select id, ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id, entered_by"
    " from check_ins"
)


class CheckIns:
    """Every check-in, whether the tracker has it yet or not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, ref: Ref) -> tuple[CheckIn, ...]:
        """The check-ins of one reference, oldest first."""
        return tuple(
            self._session.select(
                _check_in,
                f"{_SELECT} where ref = ? order by at, author, id",
                (str(ref),),
            )
        )

    def newest(self, cycle: str | None = None) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference, of one cycle or all.

        Of two at the same moment the author's name decides, so that every cache comes to the same.
        """
        return {each.ref: each for each in self._rows(cycle)}

    def newest_values(self, cycle: str | None = None) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference that names a value: a mere note takes none back."""
        return newest_of(self._rows(cycle, " and value is not null"))

    def newest_confidences(self, cycle: str | None = None) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference that states a confidence: a mere value takes none back."""
        return {each.ref: each for each in self._rows(cycle, " and confidence is not null")}

    def _rows(self, cycle: str | None, only: str = "") -> list[CheckIn]:
        sql = f"{_SELECT} where ref >= ? and ref < ?{only} order by ref, at, author, id"
        return self._session.select(_check_in, sql, cycle_range(cycle))

    def unsent(self) -> tuple[CheckIn, ...]:
        """Those that no tracker has, oldest first."""
        return tuple(
            self._session.select(
                _check_in,
                f"{_SELECT} where sent = 0 order by at, author, id",
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
                " (ref, at, author, value, confidence, note, obstacles, help, origin, sent, remote_id, entered_by)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    check_in.entered_by,
                ),
            )
        return int(added.lastrowid or 0)

    def find(self, ref: Ref, at: datetime, author: str) -> CheckIn | None:
        """What somebody checked in with on the command line at this exact moment; None: nothing."""
        return self._session.first(
            _check_in,
            f"{_SELECT} where ref = ? and at = ? and author = ? and origin = 'cli' order by sent desc, id",
            (str(ref), exact_stamp(at), author),
        )

    def in_comment(self, remote_id: str, objective: Ref) -> tuple[CheckIn, ...]:
        """The check-ins that a comment on one of an objective's items holds."""
        found = self._session.select(_check_in, f"{_SELECT} where remote_id = ? order by ref, id", (remote_id,))
        return tuple(each for each in found if each.ref.parent == objective)

    def take(self, check_in: CheckIn) -> None:
        """Keep what a comment says now: a new check-in, another wording of a known one, or one of ours that came back.

        Raises:
            ValueError: when the confidence is not in 0.0–1.0.
        """
        with self._session.transaction():
            ours = (
                self.find(check_in.ref, check_in.at, check_in.author) if check_in.origin is CheckInOrigin.CLI else None
            )
            if ours and ours.id is not None and ours.remote_id not in {None, check_in.remote_id}:
                return  # It is in two comments: two caches sent it.
            if ours and ours.id is not None:
                self.remove(ours.id)
            if check_in.remote_id is not None:
                self.withdraw(check_in.ref, check_in.remote_id)
            self.add(check_in)

    def withdraw(self, ref: Ref, remote_id: str) -> None:
        """Forget what a comment said of a reference: it says so no longer."""
        self._session.write("delete from check_ins where ref = ? and remote_id = ?", (str(ref), remote_id))

    def remove(self, check_in_id: int) -> None:
        """Forget a check-in that its author took back."""
        self._session.write("delete from check_ins where id = ?", (check_in_id,))

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


def newest_of(check_ins: Iterable[CheckIn]) -> dict[Ref, CheckIn]:
    """The last of each reference, of check-ins with values, with the value that it replaces."""
    found: dict[Ref, CheckIn] = {}
    for each in check_ins:
        before = found.get(each.ref)
        found[each.ref] = replace(each, replaces=before.value) if before else each
    return found


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
    entered_by: str = "",
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
        entered_by,
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
"""What a rebuild keeps of a damaged cache: every check-in, in the columns that every version of the schema has."""

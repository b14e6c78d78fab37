"""Notices: what people were told of, so that nobody is told twice, and what they are still to be told."""

from __future__ import annotations

from collections.abc import Mapping

from okrsync.store.session import Session
from okrsync.store.values import Notice


class Notices:
    """What was told through each channel. What is told, and in which words it waits, is the daemon's business."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, channel: str) -> dict[str, Notice]:
        """Everything that was told or waits to be told through a channel, by subject."""
        sql = "select subject, told, waiting from notices where channel = ? order by subject"
        return dict(self._session.select(_notice, sql, (channel,)))

    def channels(self) -> tuple[str, ...]:
        """Every channel of which anything is known."""
        return tuple(self._session.select(str, "select distinct channel from notices order by channel"))

    def put(self, channel: str, changes: Mapping[str, Notice | None]) -> None:
        """Note what changed about some subjects, all or nothing; None forgets one."""
        with self._session.transaction():
            self._session.write_many(
                "insert into notices (channel, subject, told, waiting) values (?, ?, ?, ?)"
                " on conflict (channel, subject) do update set told = excluded.told, waiting = excluded.waiting",
                [
                    (channel, subject, notice.told, notice.waiting)
                    for subject, notice in changes.items()
                    if notice is not None
                ],
            )
            self._session.write_many(
                "delete from notices where channel = ? and subject = ?",
                [(channel, subject) for subject, notice in changes.items() if notice is None],
            )

    def forget(self, channel: str) -> None:
        """Forget a channel that there is no more."""
        self._session.write("delete from notices where channel = ?", (channel,))


def _notice(subject: str, told: str | None, waiting: str | None) -> tuple[str, Notice]:
    return subject, Notice(told, waiting)

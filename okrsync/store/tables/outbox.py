"""The outbox: every change of a tracker is written down before it is sent, and settled when its outcome is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from okrsync.domain.ref import Ref
from okrsync.store.columns import exact_stamp, from_json, maybe_moment, moment_of, to_json
from okrsync.store.session import Session
from okrsync.store.tables.carried import Carried
from okrsync.store.tables.links import Links
from okrsync.store.values import Intent, IntentState, Json, Link

KEPT_FOR = timedelta(days=90)
"""How long a settled intent is kept as a record."""


class Outbox:
    """Intents. One that is open after a crash says what may have happened without our knowing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def intend(self, ref: Ref, action: str, payload: Mapping[str, Json], run_id: int | None = None) -> int:
        """Write down a change that is about to be sent; its id. It is on disk when this returns.

        `payload` must be enough to find out later whether it happened, and holds no credential.

        Raises:
            RuntimeError: inside a transaction, which could take it back after the request was sent.
        """
        if self._session.in_transaction:
            raise RuntimeError("an intent has to be on disk before its request: not inside a transaction")
        added = self._session.write(
            "insert into outbox (run_id, ref, action, payload, state, intended_at) values (?, ?, ?, ?, 'intended', ?)",
            (run_id, str(ref), action, to_json(payload), self._now()),
        )
        return int(added.lastrowid or 0)

    def settle(self, intent_id: int, link: Link | None = None) -> None:
        """Note that it happened, together with the link to the item that it made or changed.

        Raises:
            LookupError: when there is no open intent with this id.
        """
        with self._session.transaction():
            self._close(intent_id, IntentState.DONE, item_id=link.at.id if link else None)
            if link is not None:
                Links(self._session).put(link)

    def fail(self, intent_id: int, error: str) -> None:
        """Note that it certainly did not happen, and why. Raises LookupError as `settle` does."""
        self._close(intent_id, IntentState.FAILED, error=error)

    def leave_open(self, intent_id: int, error: str) -> None:
        """Note that nobody knows whether it happened: it stays open. Raises LookupError as `settle` does."""
        self._close(intent_id, IntentState.UNSETTLED, error=error)

    def open_intents(self) -> tuple[Intent, ...]:
        """Those whose outcome is not known, oldest first."""
        return tuple(
            self._session.select(
                _intent,
                "select id, run_id, ref, action, payload, state, intended_at, settled_at, item_id, error"
                " from outbox where state in ('intended', 'unsettled') order by id",
            )
        )

    def get(self, intent_id: int) -> Intent | None:
        """One intent, open or settled."""
        return self._session.first(
            _intent,
            "select id, run_id, ref, action, payload, state, intended_at, settled_at, item_id, error"
            " from outbox where id = ?",
            (intent_id,),
        )

    def count_open(self) -> int:
        """How many are open."""
        return self._session.number("select count(*) from outbox where state in ('intended', 'unsettled')")

    def prune(self) -> int:
        """Drop the settled ones that are older than `KEPT_FOR`; how many there were."""
        return self._session.write(
            "delete from outbox where state in ('done', 'failed') and intended_at < ?",
            (exact_stamp(self._session.clock() - KEPT_FOR),),
        ).rowcount

    def clear_settled(self) -> None:
        """Drop every settled one."""
        self._session.write("delete from outbox where state in ('done', 'failed')")

    def _close(self, intent_id: int, state: IntentState, item_id: str | None = None, error: str | None = None) -> None:
        settled_at = None if state is IntentState.UNSETTLED else self._now()
        changed = self._session.write(
            "update outbox set state = ?, settled_at = ?, item_id = ?, error = ?"
            " where id = ? and state in ('intended', 'unsettled')",
            (state, settled_at, item_id, error, intent_id),
        )
        if changed.rowcount != 1:
            raise LookupError(f"there is no open intent {intent_id}")

    def _now(self) -> str:
        # After how many seconds a creation may be sent again hangs on an intent's age: no second too early.
        return exact_stamp(self._session.clock())


def _intent(
    intent_id: int,
    run_id: int | None,
    ref: str,
    action: str,
    payload: str,
    state: str,
    intended_at: str,
    settled_at: str | None,
    item_id: str | None,
    error: str | None,
) -> Intent:
    return Intent(
        intent_id,
        run_id,
        Ref.parse(ref),
        action,
        from_json(payload),
        IntentState(state),
        moment_of(intended_at),
        maybe_moment(settled_at),
        item_id,
        error,
    )


CARRIED = Carried(
    "open intents",
    # The runs stay behind, so the intents no longer say to which one they belong.
    "select rowid, id, null, ref, action, payload, state, intended_at, settled_at, item_id, error"
    " from outbox where state in ('intended', 'unsettled')",
    "insert or ignore into outbox"
    " (id, run_id, ref, action, payload, state, intended_at, settled_at, item_id, error)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    _intent,
)
"""What a rebuild keeps of a damaged cache: the intents whose outcome is not known."""

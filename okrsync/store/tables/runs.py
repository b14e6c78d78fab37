"""Runs: what each command that talks to trackers did, for people and for dashboards."""

from __future__ import annotations

from collections.abc import Sequence

from okrsync.store.columns import from_json, maybe_moment, moment_of, to_json
from okrsync.store.session import Session
from okrsync.store.values import Run


class Runs:
    """Every run, newest last. The view `sync_runs` shows them to other tools."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, kind: str) -> int:
        """Note that a run of this kind (`sync`, `pull`, …) starts; its id."""
        started = self._session.write("insert into runs (kind, started_at) values (?, ?)", (kind, self._session.now()))
        return int(started.lastrowid or 0)

    def finish(
        self,
        run_id: int,
        *,
        exit_code: int,
        requests: int = 0,
        changes_made: int = 0,
        held: int = 0,
        problems: Sequence[str] = (),
    ) -> None:
        """Note how a run ended.

        Raises:
            LookupError: when there is no such run.
        """
        changed = self._session.write(
            "update runs set finished_at = ?, exit_code = ?, requests = ?, changes_made = ?, held = ?, problems = ?"
            " where id = ?",
            (self._session.now(), exit_code, requests, changes_made, held, to_json(list(problems)), run_id),
        )
        if changed.rowcount != 1:
            raise LookupError(f"there is no run {run_id}")

    def recent(self, count: int = 20) -> tuple[Run, ...]:
        """The newest runs, newest first."""
        return tuple(
            self._session.select(
                _run,
                "select id, kind, started_at, finished_at, exit_code, requests, changes_made, held, problems"
                " from runs order by id desc limit ?",
                (count,),
            )
        )

    def last(self) -> Run | None:
        """The newest run."""
        return next(iter(self.recent(1)), None)


def _run(
    run_id: int,
    kind: str,
    started_at: str,
    finished_at: str | None,
    exit_code: int | None,
    requests: int,
    changes_made: int,
    held: int,
    problems: str,
) -> Run:
    return Run(
        run_id,
        kind,
        moment_of(started_at),
        maybe_moment(finished_at),
        exit_code,
        requests,
        changes_made,
        held,
        tuple(from_json(problems)),
    )

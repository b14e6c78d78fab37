"""The fast way to read the cache: no migrations, no sqlite-utils, no waiting for who writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from okrsync.store import schema
from okrsync.store.columns import moment_of
from okrsync.store.errors import CacheDamaged, CacheOlder, WrongWorkspace
from okrsync.store.session import Clock, Session, connect, utc_now
from okrsync.store.tables.baselines import Baselines
from okrsync.store.tables.check_ins import CheckIns
from okrsync.store.tables.comments import Comments
from okrsync.store.tables.items import Items
from okrsync.store.tables.links import Links
from okrsync.store.tables.matches import QueryReadings
from okrsync.store.tables.notices import Notices
from okrsync.store.tables.observations import Observations
from okrsync.store.tables.outbox import Outbox
from okrsync.store.tables.runs import Runs
from okrsync.store.tables.status import Status
from okrsync.store.tables.terms import DocumentedTerms
from okrsync.store.tables.texts import Texts
from okrsync.store.values import CacheInfo

_COUNTS = (
    "select 'links', count(*) from links union all select 'baselines', count(*) from baselines"
    " union all select 'items', count(*) from items union all select 'cursors', count(*) from cursors"
    " union all select 'queries', count(*) from queries union all select 'matches', count(*) from matches"
    " union all select 'pages', count(*) from pages union all select 'observations', count(*) from observation"
    " union all select 'current_values', count(*) from current_values union all select 'terms', count(*) from terms"
    " union all select 'check_ins', count(*) from check_ins union all select 'outbox', count(*) from outbox"
    " union all select 'comment_cursors', count(*) from comment_cursors"
    " union all select 'comment_answers', count(*) from comment_answers"
    " union all select 'notices', count(*) from notices"
    " union all select 'runs', count(*) from runs union all select 'kept_texts', count(*) from kept_texts"
    " union all select 'objectives', count(*) from status_objectives"
    " union all select 'key_results', count(*) from status_key_results"
)


class Reader:
    """An open cache; whatever would write raises CacheError. Close it, or use it in a `with`.

    Each method sees the cache as it is then: several that must agree go into one `snapshot`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.path = session.path
        self.links = Links(session)
        self.baselines = Baselines(session)
        self.items = Items(session)
        self.queries = QueryReadings(session)
        self.observations = Observations(session)
        self.terms = DocumentedTerms(session)
        self.check_ins = CheckIns(session)
        self.comments = Comments(session)
        self.notices = Notices(session)
        self.outbox = Outbox(session)
        self.runs = Runs(session)
        self.texts = Texts(session)
        self.status = Status(session)

    @classmethod
    def at(cls, path: Path, workspace: str | None, clock: Clock = utc_now) -> Reader:
        """Open the cache of `workspace` for reading; None reads whosever it is.

        Raises:
            CacheMissing: there is none.
            CacheOlder: it has to be brought up to date first, which `Cache.open` does.
            CacheNewer, WrongWorkspace, CacheDamaged, CacheError: as their texts say.
        """
        session = Session(path, connect(path, writable=False), clock)
        try:
            missing = schema.pending(session)
            if missing:
                raise CacheOlder(path, schema.VERSION - len(missing), schema.VERSION)
            check_workspace(session, workspace)
        except BaseException:
            session.close()
            raise
        return Reader(session)

    def close(self) -> None:
        """Let go of the file."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside is of one moment, whatever others write meanwhile."""
        return self._session.snapshot()

    def examine(self, look: Callable[[Session], tuple[str, ...]]) -> tuple[str, ...]:
        """What `look` finds wrong; `okrsync.store.soundness` has what looks, and costs more to import than reading."""
        return look(self._session)

    def info(self) -> CacheInfo:
        """What is in the cache."""
        founded = self._session.first(_founded, "select workspace, created_at from meta")
        if founded is None:
            raise CacheDamaged(self.path, "it does not say whose it is")
        beside = self.path.with_name(f"{self.path.name}-wal")
        return CacheInfo(
            path=self.path,
            workspace=founded[0],
            created_at=founded[1],
            size=self.path.stat().st_size + (beside.stat().st_size if beside.exists() else 0),
            schema=schema.VERSION,
            counts=dict(self._session.select(_count, _COUNTS)),
            last_run=self.runs.last(),
            open_intents=self.outbox.count_open(),
        )


def check_workspace(session: Session, workspace: str | None) -> None:
    """See that the cache is that of `workspace`.

    Raises:
        WrongWorkspace: when it is not.
        CacheDamaged: when it does not say.
    """
    found = session.first(str, "select workspace from meta")
    if found is None:
        raise CacheDamaged(session.path, "it does not say whose it is")
    if workspace is not None and found != workspace:
        raise WrongWorkspace(session.path, found, workspace)


def _founded(workspace: str, created_at: str) -> tuple[str, datetime]:
    return workspace, moment_of(created_at)


def _count(table: str, rows: int) -> tuple[str, int]:
    return table, rows

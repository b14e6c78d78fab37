"""Links: which item of which tracker stands for an objective or key result."""

from __future__ import annotations

from collections.abc import Iterable

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.domain.status import Link as ShownLink
from okrsync.store.columns import cycle_range, moment_of
from okrsync.store.session import Session
from okrsync.store.values import Link, LinkState


class Links:
    """At most one live link for each reference; those of items that are gone are kept as a record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def live(self) -> dict[Ref, Link]:
        """Every live link."""
        return {
            each.ref: each
            for each in self._session.select(
                _link,
                "select ref, kind, tracker, project, item_id, item_key, url, state, created_at"
                " from links where state = 'live' order by id",
            )
        }

    def shown(self, cycle: str) -> dict[Ref, ShownLink]:
        """What people are shown of the live links of one cycle."""
        return dict(
            self._session.select(
                _shown_link,
                "select ref, tracker, item_key, url from links where state = 'live' and ref >= ? and ref < ?",
                cycle_range(cycle),
            )
        )

    def get(self, ref: Ref) -> Link | None:
        """The live link of `ref`."""
        return self._session.first(
            _link,
            "select ref, kind, tracker, project, item_id, item_key, url, state, created_at"
            " from links where ref = ? and state = 'live'",
            (str(ref),),
        )

    def of_item(self, tracker: str, item_id: str) -> tuple[Link, ...]:
        """The live links to an item; key results that are fields share the item of their objective."""
        return tuple(
            self._session.select(
                _link,
                "select ref, kind, tracker, project, item_id, item_key, url, state, created_at"
                " from links where tracker = ? and item_id = ? and state = 'live' order by id",
                (tracker, item_id),
            )
        )

    def gone(self) -> tuple[Link, ...]:
        """The links whose items are gone or were replaced, oldest first."""
        return tuple(
            self._session.select(
                _link,
                "select ref, kind, tracker, project, item_id, item_key, url, state, created_at"
                " from links where state = 'gone' order by id",
            )
        )

    def put(self, link: Link) -> None:
        """Make it the live link of its reference; one to another item becomes gone."""
        self.put_many((link,))

    def put_many(self, links: Iterable[Link]) -> None:
        """`put`, all or none."""
        links = list(links)
        now = self._session.now()
        with self._session.transaction():
            self._session.write_many(
                "update links set state = 'gone' where ref = ? and state = 'live' and (tracker, item_id) <> (?, ?)",
                [(str(each.ref), each.tracker, each.at.id) for each in links],
            )
            self._session.write_many(
                "insert into links (ref, kind, tracker, project, item_id, item_key, url, created_at, state)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, 'live')"
                " on conflict (ref) where state = 'live' do update set kind = excluded.kind,"
                " project = excluded.project, item_key = excluded.item_key, url = excluded.url, missed_at = null",
                [
                    (str(each.ref), each.kind, each.tracker, each.at.project, each.at.id, each.at.key, each.at.url, now)
                    for each in links
                ],
            )

    def missed(self) -> frozenset[Ref]:
        """What the last complete reading did not find, and what no second one has confirmed yet."""
        return frozenset(
            self._session.select(Ref.parse, "select ref from links where state = 'live' and missed_at is not null")
        )

    def miss(self, refs: Iterable[Ref]) -> None:
        """Note that the tracker did not find the items of `refs`, each asked for by its id; the first time stays."""
        now = self._session.now()
        self._session.write_many(
            "update links set missed_at = ? where ref = ? and state = 'live' and missed_at is null",
            [(now, str(ref)) for ref in refs],
        )

    def found_again(self, refs: Iterable[Ref]) -> None:
        """Note that the items of `refs` are there after all."""
        self._session.write_many(
            "update links set missed_at = null where ref = ? and state = 'live'", [(str(ref),) for ref in refs]
        )

    def mark_gone(self, ref: Ref) -> None:
        """Note that the item of `ref` is gone, which only the tracker's own answer about that item can tell."""
        self._session.write("update links set state = 'gone' where ref = ? and state = 'live'", (str(ref),))

    def clear(self) -> None:
        """Forget all of them."""
        self._session.write("delete from links")


def _shown_link(ref: str, tracker: str, key: str, url: str) -> tuple[Ref, ShownLink]:
    return Ref.parse(ref), ShownLink(tracker, key, url)


def _link(
    ref: str, kind: str, tracker: str, project: str, item_id: str, key: str, url: str, state: str, created_at: str
) -> Link:
    return Link(
        Ref.parse(ref),
        ItemKind(kind),
        tracker,
        ItemId(project, item_id, key, url),
        LinkState(state),
        moment_of(created_at),
    )

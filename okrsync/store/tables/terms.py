"""Terms: what each key result was asked to do, and since when, so that a changed target stays visible."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from okrsync.domain.ref import Ref
from okrsync.domain.terms import Terms
from okrsync.store.columns import cycle_range, from_json, moment_of, stamp, to_json
from okrsync.store.session import Session
from okrsync.store.tables.carried import Carried
from okrsync.store.values import Documented


class DocumentedTerms:
    """A row for each time that the terms of a key result changed in its document."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def history(self, ref: Ref) -> tuple[Documented, ...]:
        """The terms that `ref` had, oldest first; neighbours differ."""
        return tuple(
            self._session.select(
                _documented, "select ref, since, terms from terms where ref = ? order by since, id", (str(ref),)
            )
        )

    def histories(self, cycle: str | None = None) -> dict[Ref, tuple[Documented, ...]]:
        """`history` of every key result of a cycle, or of all."""
        found: dict[Ref, list[Documented]] = {}
        for each in self._session.select(
            _documented,
            "select ref, since, terms from terms where ref >= ? and ref < ? order by ref, since, id",
            cycle_range(cycle),
        ):
            found.setdefault(each.ref, []).append(each)
        return {ref: tuple(each) for ref, each in found.items()}

    def record(self, terms: Mapping[Ref, Terms], at: datetime) -> int:
        """Note what is documented now, in one transaction; how many terms are new or changed."""
        with self._session.transaction():
            newest = dict(
                self._session.select(
                    _pair, "select ref, terms from terms where id in (select max(id) from terms group by ref)"
                )
            )
            rows = [(str(ref), stamp(at), to_json(each.to_json())) for ref, each in terms.items()]
            changed = [row for row in rows if newest.get(row[0]) != row[2]]
            self._session.write_many("insert into terms (ref, since, terms) values (?, ?, ?)", changed)
        return len(changed)


def _pair(ref: str, terms: str) -> tuple[str, str]:
    return ref, terms


def _documented(ref: str, since: str, terms: str) -> Documented:
    return Documented(Ref.parse(ref), moment_of(since), Terms.from_json(from_json(terms)))


CARRIED = Carried(
    "terms",
    "select rowid, ref, since, terms from terms",
    "insert or ignore into terms (ref, since, terms) values (?, ?, ?)",
    _documented,
)
"""What a rebuild keeps of a damaged cache: all of them, for documents only tell today's."""

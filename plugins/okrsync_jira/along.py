"""Comments that come along with the items of a search, so that nobody has to ask for them once more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from okrsync_jira.paging import Row

FIELD = "comment"


class Along:
    """Whether the next search for items brings their comments along, and what the last ones brought."""

    def __init__(self) -> None:
        self.wanted = False
        self._rows: dict[str, Row] = {}

    def asked(self, fields: Sequence[str]) -> list[str]:
        """The fields to ask for, with the comments where they are wanted."""
        return [*fields, FIELD] if self.wanted else list(fields)

    def keep(self, rows: Iterable[Row]) -> None:
        """Keep what came with the comments that were asked for."""
        if self.wanted:
            self._rows |= {str(row["id"]): row for row in rows}

    def take(self, ids: Iterable[str]) -> dict[str, Row]:
        """What came of these items; it is given out once, for it grows old."""
        rows, self._rows = self._rows, {}
        return {id_: rows[id_] for id_ in ids if id_ in rows}

"""Comments in the trackers: up to where they were read, and which of them are to be answered."""

from __future__ import annotations

from okrsync.domain.ref import Ref
from okrsync.store.session import Session
from okrsync.store.values import CommentAnswer


class Comments:
    """What is known of the comments that people write; the trackers can tell all of it again."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cursor(self, tracker: str) -> str | None:
        """From where the next reading of a tracker's comments may go on."""
        return self._session.first(str, "select cursor from comment_cursors where tracker = ?", (tracker,))

    def read_up_to(self, tracker: str, cursor: str | None) -> None:
        """Note up to where comments were read; only together with what they say."""
        if cursor is None:
            self._session.write("delete from comment_cursors where tracker = ?", (tracker,))
            return
        self._session.write(
            "insert into comment_cursors (tracker, cursor) values (?, ?)"
            " on conflict (tracker) do update set cursor = excluded.cursor",
            (tracker, cursor),
        )

    def answers(self) -> dict[tuple[str, str], CommentAnswer]:
        """Every answer, given or due, by tracker and comment."""
        sql = "select tracker, comment_id, ref, answer, given from comment_answers order by tracker, comment_id"
        return {(each.tracker, each.comment_id): each for each in self._session.select(_answer, sql)}

    def put(self, answer: CommentAnswer) -> None:
        """Note an answer, given or due. One that was given stays so: nobody is answered twice."""
        self._session.write(
            "insert into comment_answers (tracker, comment_id, ref, answer, given) values (?, ?, ?, ?, ?)"
            " on conflict (tracker, comment_id) do update set answer = excluded.answer,"
            " given = max(given, excluded.given)",
            (answer.tracker, answer.comment_id, str(answer.ref), answer.text, answer.given),
        )

    def settle(self, tracker: str, comment_id: str) -> None:
        """Drop an answer that is not due any more: the comment was mended before it was given."""
        self._session.write(
            "delete from comment_answers where tracker = ? and comment_id = ? and given = 0", (tracker, comment_id)
        )

    def clear(self) -> None:
        """Forget everything; the next reading begins at the first comment."""
        self._session.write("delete from comment_cursors")
        self._session.write("delete from comment_answers")


def _answer(tracker: str, comment_id: str, ref: str, text: str, given: int) -> CommentAnswer:
    return CommentAnswer(tracker, comment_id, Ref.parse(ref), text, bool(given))

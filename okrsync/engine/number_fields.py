"""Whether a project has a number field of some name: asked only where nothing shows a number in it."""

from __future__ import annotations

from dataclasses import dataclass

from okrsync.engine.outcome import Cause
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.problems import did_you_mean
from okrsync.trackers.errors import TrackerError
from okrsync.trackers.values import FieldInfo


@dataclass(frozen=True)
class WrongField:
    """What is wrong with a field that a document names."""

    text: str
    cause: Cause = Cause.MEASURE


class NumberFields:
    """The fields of projects, asked of the trackers of one run once each."""

    def __init__(self, pool: TrackerPool) -> None:
        self._pool = pool
        self._known: dict[tuple[str, str, str | None], tuple[FieldInfo, ...]] = {}

    def problem_with(
        self, tracker_name: str, project: str, board: str | None, name: str, *, is_there: bool = False
    ) -> WrongField | None:
        """Why `name` is no number field of the project; None where it is one, or its tracker cannot be read.

        With `is_there`, items do show such a field, and only its type is in question.
        """
        tracker = self._pool.get(tracker_name)
        if tracker is None:
            return None
        asked = (tracker_name, project, board)
        try:
            if asked not in self._known:
                self._known[asked] = tracker.fields(project, board)
        except TrackerError as error:
            return WrongField(str(error), cause_of(error))
        return _problem(project, name, self._known[asked], is_there=is_there)


def _problem(project: str, name: str, fields: tuple[FieldInfo, ...], *, is_there: bool) -> WrongField | None:
    numbers = sorted({each.name for each in fields if each.type == "number"})
    there = f"its number fields are {', '.join(map(repr, numbers))}" if numbers else "it has no number field"
    found = [each for each in fields if name in {each.name, each.id}]
    if not found and is_there:
        return None  # trackers list what people made; what is built in may hold numbers, too
    if not found:
        meant = did_you_mean(name, numbers)
        hint = f" ({meant[0].lower()}{meant[1:]})" if meant else ""
        return WrongField(f"{project} has no field {name!r}{hint}; {there}")
    if len(found) > 1 and not is_there:
        ids = ", ".join(each.id for each in found)
        return WrongField(
            f"{len(found)} fields of {project} are called {name!r}: rename all but one, or write an id: {ids}"
        )
    if all(each.type in {"text", "date", "option"} for each in found):
        return WrongField(
            f"field {name!r} of {project} is of the type {found[0].type}, and numbers are needed; {there}"
        )
    return None

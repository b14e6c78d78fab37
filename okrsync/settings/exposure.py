"""Where mappings bring objectives that are not for everyone together with those that are.

Who sees an item in a tracker is decided by the tracker's own permissions, and these are a project's.
"""

from __future__ import annotations

from dataclasses import dataclass

from okrsync.domain.okr import EVERYONE, Objective, Okrs, Source, Stage
from okrsync.settings.models import Settings


@dataclass(frozen=True)
class Exposure:
    """A project that holds objectives for different audiences."""

    tracker: str
    project: str
    audiences: tuple[str, ...]
    """The audiences of the objectives there, sorted; more than one."""
    restricted: Objective
    """The first of those that are not for everyone."""
    mapping: Source

    @property
    def found(self) -> str:
        """What is there, as a clause."""
        others = [each for each in self.audiences if each != self.restricted.audience]
        return (
            f"{self.restricted.ref} is for {self.restricted.audience}, and the mapping at {self.mapping} sends it to"
            f" {self.tracker} {self.project}, where objectives for {' and '.join(others)} are too"
        )

    @property
    def remedy(self) -> str:
        """What to do about it, as a whole sentence."""
        return (
            "Put a mapping before that one that sends it to a project of its own, which only those may see who may see"
            " the objective; or let no mapping match it, and it is kept in its document alone."
        )


def exposures(settings: Settings, okrs: Okrs) -> tuple[Exposure, ...]:
    """Every project to which the mappings send objectives for different audiences; drafts do not count."""
    by_project: dict[tuple[str, str], list[tuple[Objective, Source]]] = {}
    for objective in okrs.objectives:
        mapping = settings.mapping_for(objective)
        if mapping is not None and objective.stage is not Stage.DRAFT:
            place = (mapping.tracker, mapping.project)
            by_project.setdefault(place, []).append((objective, mapping.source))
    found = []
    for (tracker, project), group in by_project.items():
        audiences = tuple(sorted({objective.audience for objective, _ in group}))
        if len(audiences) > 1:
            restricted, source = next(each for each in group if each[0].audience != EVERYONE)
            found.append(Exposure(tracker, project, audiences, restricted, source))
    return tuple(found)

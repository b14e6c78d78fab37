"""The alignment tree for people: indented lines for pipes, branches for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from okrsync.domain.status import ObjectiveStatus, Status
from okrsync.reports import words
from okrsync.reports.status_text import headline
from okrsync.reports.tree import Alignment, Branch

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text
    from rich.tree import Tree

_UNALIGNED = "aligned to nothing"


def tree_text(status: Status, tree: Alignment) -> Iterator[str]:
    """The tree as lines, two blanks a level."""
    yield headline(status)
    yield ""
    if not status.objectives:
        yield f"no objectives in {status.cycle.name}"
    yield from map(_line, tree.branches)
    if tree.unaligned:
        if tree.branches:
            yield ""
        yield _UNALIGNED
        yield from map(_line, tree.unaligned)


def _line(branch: Branch) -> str:
    indent = "  " * branch.depth
    again = "  (see above)" if branch.again else ""
    return f"{indent}{branch.ref}  {words.shown(branch.title)}  [{_figures(branch)}]{again}"


def _figures(branch: Branch) -> str:
    status = branch.status
    progress = "" if status.progress is None else words.percent(status.progress)
    parts = [progress, str(status.health), "stale" if status.stale else ""]
    if isinstance(status, ObjectiveStatus):
        parts.append(_who(status))
    return ", ".join(part for part in parts if part)


def _who(status: ObjectiveStatus) -> str:
    objective = status.objective
    name = objective.team or objective.owner
    return f"{objective.level} {words.shown(name)}" if name else str(objective.level)


def tree_picture(status: Status, tree: Alignment) -> RenderableType:
    """The tree for a terminal."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(headline(status), style="bold"), Text()]
    if not status.objectives:
        parts.append(Text(f"No objectives in {status.cycle.name}.", style="dim"))
    parts += _grown(tree.branches)
    if tree.unaligned:
        parts += [Text(), Text(_UNALIGNED.capitalize(), style="yellow"), *_grown(tree.unaligned)]
    return Group(*parts)


def _grown(branches: tuple[Branch, ...]) -> list[Tree]:
    from rich.tree import Tree

    roots: list[Tree] = []
    path: list[Tree] = []
    for branch in branches:
        del path[branch.depth :]
        if path:
            node = path[-1].add(_label(branch))
        else:
            node = Tree(_label(branch), guide_style="dim")
            roots.append(node)
        path.append(node)
    return roots


def _label(branch: Branch) -> Text:
    from rich.text import Text

    from okrsync.reports.colours import MUTED, bar, health_text

    status = branch.status
    is_objective = isinstance(status, ObjectiveStatus)
    label = Text().append(words.shown(branch.title), style="bold" if is_objective else "")
    label.append(f"  {branch.ref.local}", style=MUTED)
    if isinstance(status, ObjectiveStatus):
        label.append(f"  {_who(status)}", style=MUTED)
    if branch.again:
        return label.append("  see above", style=f"{MUTED} italic")
    label.append("\n").append_text(bar(status.progress, status.health)).append("  ")
    label.append_text(health_text(status.health))
    if status.stale:
        label.append("  stale", style="yellow")
    return label

"""The template of a new objective, with comments on how to write a good one, and its place in a document."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

import tomlkit

from okrsync.documents.adopted import FILL_IN
from okrsync.documents.edit import EditRefused, replace_document
from okrsync.domain.okr import Level, Origin, Stage
from okrsync.toml_files import TomlFile, digest_of
from okrsync.toml_lines import lines_of


@dataclass(frozen=True)
class Proposal:
    """An objective that somebody begins."""

    id: str
    title: str
    cycle: str
    stage: Stage = Stage.DRAFT
    origin: Origin = Origin.BOTTOM_UP
    why: str = ""
    aligns_to: tuple[str, ...] = ()
    """As documents write it: `objective` or `objective/key-result`."""
    needs_parent: bool = True
    """Whether something above it could be named, because it is below company level."""
    owner: str | None = None
    """Where the document does not say it."""
    audience: str | None = None
    """Where it is not everyone."""


def objective_text(proposal: Proposal) -> str:
    """The table of the objective: valid as it is, and saying wherever something has to be filled in."""
    return "\n".join([*_objective(proposal), "", *(f"  {line}".rstrip() for line in _KEY_RESULTS), ""])


def document_text(proposal: Proposal, level: Level, team: str | None, owner: str | None) -> str:
    """A new document with the objective in it."""
    lines = [f"cycle = {_value(proposal.cycle)}", f"level = {_value(str(level))}"]
    lines += [f"team  = {_value(team)}"] if team else []
    lines += [f"owner = {_value(owner)}"] if owner else []
    return "\n".join([*lines, "", objective_text(proposal)])


def _objective(proposal: Proposal) -> Iterator[str]:
    yield "[[objectives]]"
    yield f"id        = {_value(proposal.id)}"
    yield f"title     = {_value(proposal.title)}"
    if proposal.why:
        yield f"why       = {_value(proposal.why)}"
    else:
        yield f"# {FILL_IN} why it matters, and to whom; where nobody can say, it may not be worth a cycle"
        yield '# why     = "…"'
    yield f"origin    = {_value(str(proposal.origin))}"
    if proposal.aligns_to:
        yield f"aligns_to = [{', '.join(map(_value, proposal.aligns_to))}]"
    elif proposal.needs_parent:
        yield f"# {FILL_IN} what it supports, an objective or objective/key-result of the same cycle"
        yield '# aligns_to = ["…"]'
    after = f"{proposal.cycle}/{proposal.id} {Stage.PROPOSED if proposal.stage is Stage.DRAFT else Stage.COMMITTED}"
    yield f"stage     = {_value(str(proposal.stage))}  # then: okrsync stage {after}"
    if proposal.audience:
        yield f"audience  = {_value(proposal.audience)}"
    if proposal.owner:
        yield f"owner     = {_value(proposal.owner)}"


_KEY_RESULTS = (
    f"# {FILL_IN} two to five key results. How do we know that we are getting there?",
    '# - A result, not a task: not "launch the new page", but what is better once it is there.',
    "# - In numbers that somebody can look up: from where (baseline) to where (target), by the end of the cycle.",
    "# - Hard enough that reaching 70 % is good, and something that you can move yourselves.",
    "# - Few: what would still be said if only three things could be said?",
    "# Take away the '# ' before these lines, put your own in their place, and repeat them:",
    "#",
    "# [[objectives.key_results]]",
    '# id       = "…"                       # a short name for good: p95, nps',
    '# title    = "Cut … from … to …"       # the result, with its numbers',
    "# baseline = 0                         # where it is now",
    "# target   = 1                         # where it should be; below the baseline where less is better",
    '# unit     = "…"                       # %, s, days',
    '# measure  = { from = "manual" }       # or "field", "children", "count" and more: docs/reference/documents.md',
)


def with_objective(text: str, objective: str, shown: str) -> str:
    """The document `text` with an objective's table behind the last one, before the KPIs where these come later.

    Raises:
        EditRefused: the document is written in a way that takes no further table.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    added = objective.strip("\n").split("\n")
    before = tomllib.loads(text)
    lines = text.split(end)
    for place in _places(text, lines):
        head, tail = lines[:place], lines[place:]
        while head and not head[-1].strip():
            head.pop()
        gap = [""] if head else []
        changed = end.join([*head, *gap, *added, "", *tail])
        if _is_added(changed, before):
            return changed
    raise EditRefused(f"{shown}: is written in a way that takes no further [[objectives]]; put it into another --file")


def _places(text: str, lines: list[str]) -> Iterator[int]:
    """Where the table may go, as positions among the lines, the best first."""
    headers = lines_of(text, keys=False)
    objectives = [line for path, line in headers.items() if path[0] == "objectives"]
    later = [line for path, line in headers.items() if path[0] == "kpis" and line > max(objectives, default=0)]
    if later:
        place = min(later) - 1
        while place and lines[place - 1].startswith("#"):
            place -= 1
        yield place
    yield len(lines)


def _is_added(text: str, before: dict[str, object]) -> bool:
    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    objectives = after.pop("objectives", [])
    known = before.get("objectives", [])
    rest = {name: value for name, value in before.items() if name != "objectives"}
    return bool(objectives) and objectives[:-1] == known and after == rest


def append_objective(file: TomlFile, objective: str) -> None:
    """Put an objective's table into a document as it was read.

    Raises:
        DocumentChanged: the file is another by now, or is gone.
        EditRefused: it takes no further table, or cannot be written.
    """
    changed = with_objective(file.text, objective, file.shown)
    # `text` is without the mark that some editors put at the beginning of a file.
    bom = b"" if digest_of(file.text.encode()) == file.digest else codecs.BOM_UTF8
    replace_document(file.path.resolve(), bom + changed.encode(), file.digest)


def _value(value: str) -> str:
    return tomlkit.item(value).as_string()

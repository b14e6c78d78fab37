"""`okrsync adopt`: documents from epics or milestones that people have, so that a team starts from what it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.working import Ended, engine_at_work
from okrsync.domain.okr import Level
from okrsync.problems import Problem, Problems, did_you_mean, listed

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.documents.adopted import Head
    from okrsync.domain.cycle import Cycle
    from okrsync.engine.adopting import Adopted, Wish
    from okrsync.engine.placements import Place
    from okrsync.plan.adoption import AdoptedObjective
    from okrsync.reports.plan_views import Line
    from okrsync.settings import MappingSettings


@command("adopt")
@click.argument("tracker")
@click.argument("query")
@click.option(
    "--project", metavar="P", help="The project or repository. Default: the one that QUERY names, else the first."
)
@click.option(
    "--level", type=click.Choice([str(each) for each in Level]), help="Default: as the mapping has it, else team."
)
@click.option("--team", metavar="T", help="Default: as the mapping has it.")
@click.option("--owner", metavar="O", help="Default: as the mapping has it.")
@cycle_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The new document, within the documents' folder. Default: CYCLE/TEAM.toml there.",
)
@dry_run_option
@json_option
def adopt(
    call: Call,
    tracker: str,
    query: str,
    project: str | None,
    level: str | None,
    team: str | None,
    owner: str | None,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Make a document from epics or milestones that there are, and mark them, so that the next sync creates none.

    TRACKER is a name of the settings. QUERY is JQL on Jira. On GitHub it is owner/repository for all open milestones,
    owner/repository/milestone/3 or 3 for one, or a title with * for anything. Key results are the children that have
    the mapping's labels, on Jira without such labels those of its type. Beyond its marker nothing of an item is
    changed. What carries a marker already is left alone and named.
    """
    from okrsync.cli.outcomes import name_failures_of
    from okrsync.engine.adopting import CannotAdopt
    from okrsync.engine.adopting import adopt as make

    workspace = call.workspace()
    mapping = _mapping(workspace, tracker, query, project)
    workspace.cycle = cycle = _cycle(call, workspace)
    head = _head(mapping, cycle.name, level, team, owner)
    path = _path(workspace, head, out)
    with engine_at_work(call, workspace) as engine:
        wish = _wish(workspace, engine.inputs.atlas.place_of(mapping), tracker, query, head, cycle, path)
        try:
            found = make(engine.inputs, wish, dry_run=dry_run)
        except CannotAdopt as reason:
            raise Ended(str(reason), BAD_INPUT) from reason
        requests = engine.inputs.requests()
    if as_json or not call.quiet:
        _show(call, wish, found, requests, dry_run=dry_run, as_json=as_json)
    name_failures_of(call, found.failures)
    return int(found.exit_code)


def _mapping(workspace: Workspace, tracker: str, query: str, project: str | None) -> MappingSettings:
    """The mapping that says how such objectives are kept."""
    settings = workspace.settings
    if tracker not in settings.trackers:
        right = listed(settings.trackers) if settings.trackers else "one under [trackers]; there is none"
        hint = did_you_mean(tracker, settings.trackers)
        raise Problems([Problem("TRACKER", 0, "", f"the settings have no tracker {tracker!r}", right, hint)])
    found = [each for each in settings.mappings if each.tracker == tracker]
    if project is not None:
        found = [each for each in found if each.project.casefold() == project.casefold()]
    if not found:
        where = f"project {project} of tracker {tracker}" if project else f"tracker {tracker}"
        do = "Add one to the settings: it says what epics or milestones, key results and fields are called there."
        raise Problems([Problem(settings.path.name, 0, "mappings", f"no mapping is for {where}", do=do)])
    named = [each for each in found if re.search(rf"(?<![\w./-]){re.escape(each.project)}(?![\w.-])", query, re.I)]
    return (named or found)[0]


def _cycle(call: Call, workspace: Workspace) -> Cycle:
    from okrsync.domain.cycle import parse_cycle

    if call.cycle is None:
        return workspace.cycle
    try:
        return parse_cycle(call.cycle, workspace.settings.named_cycles)
    except ValueError as error:
        raise Problems([Problem("--cycle", 0, "", str(error))]) from error


def _head(mapping: MappingSettings, cycle: str, level: str | None, team: str | None, owner: str | None) -> Head:
    """What the document says of all its objectives: as asked for, else as the mapping matches it word for word."""
    from okrsync.documents.adopted import Head

    def literal(pattern: str | None) -> str | None:
        return None if pattern is None or re.search(r"[*?\[]", pattern) else pattern

    match = mapping.match
    return Head(
        cycle,
        Level(level or literal(match.level) or Level.TEAM),
        team or literal(match.team),
        owner or literal(match.owner),
    )


def _path(workspace: Workspace, head: Head, out: Path | None) -> Path:
    """Where the new document goes.

    Raises:
        Problems: nobody would read it there.
    """
    from okrsync.plan.adoption import slug_of
    from okrsync.settings.documents import GitDocuments

    folder = workspace.settings.documents_folder
    if isinstance(workspace.settings.documents, GitDocuments):
        found = "the documents come from a git repository, which okrsync only reads"
        do = "Adopt in a working copy of it, with `--config` and settings whose documents are a folder; then commit."
        raise Problems([Problem(workspace.settings.path.name, 0, "documents", found, do=do)])
    if out is None:
        name = slug_of(head.team or str(head.level), "okrs")
        place = folder / head.cycle
        names = [name, f"{name}-adopted", *(f"{name}-adopted-{number}" for number in range(2, 1000))]
        return next(path for each in names if not (path := place / f"{each}.toml").exists())
    path = out.absolute()
    inside = path.resolve().is_relative_to(folder.resolve())
    hidden = inside and any(part.startswith(".") for part in path.resolve().relative_to(folder.resolve()).parts)
    if not inside or hidden or path.suffix != ".toml":
        right = f"a file below {folder} whose name ends with .toml and begins with no dot"
        raise Problems([Problem("--out", 0, "", f"no document is read from {out}", right)])
    return path


def _wish(workspace: Workspace, place: Place, tracker: str, query: str, head: Head, cycle: Cycle, path: Path) -> Wish:
    from okrsync.documents.reading import Surroundings
    from okrsync.engine.adopting import Wish
    from okrsync.toml_files import shown_path

    settings = workspace.settings
    return Wish(
        tracker=tracker,
        query=query,
        cycle=cycle,
        head=head,
        place=place,
        path=path,
        shown=shown_path(path, workspace.shown_from),
        documents=Surroundings(settings.named_cycles, settings.audiences),
    )


def _show(call: Call, wish: Wish, found: Adopted, requests: int, *, dry_run: bool, as_json: bool) -> None:
    from okrsync.reports.plan_views import lines_picture, lines_text

    call.screen.show(
        as_json=as_json,
        data=lambda: _json(wish, found, requests),
        text=lambda: lines_text(_lines(wish, found, dry_run=dry_run)),
        picture=lambda _width: lines_picture(_lines(wish, found, dry_run=dry_run)),
    )


def _json(wish: Wish, found: Adopted, requests: int) -> dict[str, Any]:
    from okrsync.cli.outcomes import failure_json

    return {
        "tracker": wish.tracker,
        "project": wish.place.placement.project,
        "cycle": wish.cycle.name,
        "file": wish.shown if found.text else None,
        "written": found.written,
        "objectives": [_objective_json(each) for each in found.adoption.objectives],
        "left_out": [
            {"key": each.at.key, "url": each.at.url, "reason": each.reason} for each in found.adoption.left_out
        ],
        "document": found.text or None,
        "failures": [failure_json(each) for each in found.failures],
        "requests": requests,
        "exit_code": int(found.exit_code),
    }


def _objective_json(objective: AdoptedObjective) -> dict[str, Any]:
    return {
        "ref": str(objective.ref),
        "key": objective.item.at.key,
        "url": objective.item.at.url,
        "title": objective.item.title,
        "stage": str(objective.stage),
        "due": objective.due.isoformat() if objective.due else None,
        "to_fill_in": list(objective.to_fill_in),
        "key_results": [
            {
                "ref": str(each.ref),
                "key": each.item.at.key,
                "url": each.item.at.url,
                "title": each.item.title,
                "kind": str(each.kind) if each.kind else None,
                "baseline": each.baseline,
                "target": each.target,
                "to_fill_in": list(each.to_fill_in),
            }
            for each in objective.key_results
        ],
    }


def _lines(wish: Wish, found: Adopted, *, dry_run: bool) -> Iterator[Line]:
    from okrsync.reports.plan_views import Line, Tone
    from okrsync.reports.words import counted, shown

    objectives = found.adoption.objectives
    for objective in objectives:
        yield Line(f"  {objective.ref}  {shown(objective.item.at.key)}  {shown(objective.item.title)}", Tone.ADOPT)
        for missing in objective.to_fill_in:
            yield Line(f"    to fill in: {shown(missing)}", Tone.WHY)
        for each in objective.key_results:
            yield Line(f"    {each.ref}  {shown(each.item.at.key)}  {shown(each.item.title)}", Tone.ADOPT)
            for missing in each.to_fill_in:
                yield Line(f"      to fill in: {shown(missing)}", Tone.WHY)
    if found.adoption.left_out:
        yield Line("left out", Tone.HEADING)
        for out in found.adoption.left_out:
            yield Line(f"  {shown(out.at.key)} {shown(out.reason)}", Tone.HELD)
    count = counted(len(objectives), "objective")
    below = counted(sum(len(each.key_results) for each in objectives), "key result")
    if found.written:
        yield Line(f"{wish.shown}: {count} and {below} adopted; `okrsync plan` shows what a sync adds", Tone.HEADING)
    elif objectives and dry_run:
        yield Line("")
        yield from (Line(line) for line in found.text.splitlines())
        yield Line(f"{wish.shown} would have {count} and {below}; nothing was written", Tone.HEADING)
    elif not found.failures:
        what = "nothing is left to adopt" if found.adoption.left_out else f"{shown(wish.query)!r} finds nothing"
        yield Line(f"{what}; nothing was written", Tone.HEADING)

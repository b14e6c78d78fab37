"""`okrsync propose`: begin an objective from the bottom up, from a template, in the document where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, FAILED
from okrsync.cli.identity import as_option, who_am_i
from okrsync.cli.new_documents import check_writable, document_path
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.working import Ended
from okrsync.domain.okr import EVERYONE, Level, Stage
from okrsync.problems import Problem, Problems, did_you_mean

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.documents.template import Proposal
    from okrsync.toml_files import TomlFile


@dataclass(frozen=True)
class _Head:
    """What the document of the objective says of everything in it; None where it does not matter."""

    cycle: str
    level: Level | None
    team: str | None
    owner: str | None


@command("propose")
@click.argument("title")
@click.option("--team", metavar="T", help="Whose it is. Default: your team, where the settings know one.")
@click.option("--owner", metavar="O", help="Who answers for it. Default: you.")
@click.option("--level", type=click.Choice([str(each) for each in Level]), help="Default: the document's, else team.")
@cycle_option
@click.option("--aligns-to", metavar="REF", multiple=True, help="What it supports: objective or objective/key-result.")
@click.option("--why", metavar="TEXT", default="", help="Why it matters.")
@click.option("--id", "slug", metavar="ID", help="Its name in references. Default: from the title.")
@click.option("--for", "audience", metavar="AUDIENCE", help="Who may see it. Default: everyone.")
@click.option("--stage", type=click.Choice(["draft", "proposed"]), default="draft", help="Default: draft.")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The document, within the documents' folder. Default: the one of that team and cycle, else a new one.",
)
@as_option
@dry_run_option
@json_option
def propose(
    call: Call,
    title: str,
    team: str | None,
    owner: str | None,
    level: str | None,
    aligns_to: tuple[str, ...],
    why: str,
    slug: str | None,
    audience: str | None,
    stage: str,
    file: Path | None,
    name: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Begin an objective called TITLE, from the bottom up, from a template that says what to fill in.

    It is valid as it is, a draft in the document of its team, and no tracker hears of it. `okrsync lint` says what
    could be better, `okrsync stage` moves it on.
    """
    from okrsync.cli.recording import one_line, prose

    workspace = call.workspace()
    check_writable(workspace, "Propose")
    title, why = one_line(title, "TITLE"), prose(why, "--why")
    cycle = _cycle(call, workspace)
    me = who_am_i(workspace, name)
    if team is None and file is None and (teams := _teams(workspace, me)) and len(teams) == 1:
        team = teams[0]
    wanted = _Head(cycle, Level(level) if level else None, team, owner)
    with workspace.turn:
        document = _document(workspace, wanted, file)
        proposal = _proposal(workspace, title, why, slug, audience, Stage(stage), aligns_to, wanted, document, me)
        where, text = _write(workspace, proposal, wanted, document, file, me, dry_run=dry_run)
    if as_json:
        call.screen.json(
            {
                "ref": f"{cycle}/{proposal.id}",
                "stage": stage,
                "file": where,
                "new": document is None,
                "written": not dry_run,
                "text": text,
            }
        )
    elif dry_run:
        call.screen.lines([*text.rstrip("\n").split("\n"), "", f"{where} would have it; nothing was written"])
    elif not call.quiet:
        call.screen.lines(
            [
                f"{cycle}/{proposal.id}: begun in {where}{', a new document' if document is None else ''}",
                "next:",
                f"  edit {where}   look for 'to fill in:'",
                "  okrsync lint",
                f"  okrsync stage {cycle}/{proposal.id} {'proposed' if stage == 'draft' else 'committed'}",
            ]
        )


def _cycle(call: Call, workspace: Workspace) -> str:
    from okrsync.domain.cycle import parse_cycle

    if call.cycle is None:
        return workspace.cycle.name
    try:
        return parse_cycle(call.cycle, workspace.settings.named_cycles).name
    except ValueError as error:
        raise Problems([Problem("--cycle", 0, "", str(error))]) from error


def _teams(workspace: Workspace, me: str) -> tuple[str, ...]:
    person = workspace.people.by_account(me)
    return person.teams if person else ()


def _document(workspace: Workspace, wanted: _Head, named: Path | None) -> TomlFile | None:
    """The document that takes the objective; None where a new one has to be made.

    Raises:
        Problems: several would do, or the one that was named is for another cycle, team or level.
    """
    from okrsync.toml_files import shown_path

    files = workspace.documents.files
    if named is not None:
        path = document_path(workspace, named, "--file")
        shown = shown_path(path, workspace.shown_from)
        found = next((each for each in files.values() if each.path.resolve() == path.resolve()), None)
        if found is not None and (why := _unfit(found, wanted)):
            do = "Name another file, or leave --file out."
            raise Problems([Problem(shown, 0, "", f"{why}, so the objective cannot be in it", do=do)])
        return found
    fitting = [each for each in files.values() if not _unfit(each, wanted)]
    if wanted.team is None and wanted.owner is None and wanted.level is None and len(fitting) != 1:
        raise Problems([Problem("--team", 0, "", "nobody knows whose it is", "--team, --level, --owner or --file")])
    if len(fitting) > 1 and wanted.owner is None:
        # A team's own document comes before those of the people in it.
        fitting = [each for each in fitting if each.data.get("level") != Level.INDIVIDUAL] or fitting
    if len(fitting) > 1:
        names = ", ".join(each.shown for each in fitting)
        raise Problems([Problem("--file", 0, "", f"several documents would do: {names}", "the name of one of them")])
    return fitting[0] if fitting else None


def _unfit(file: TomlFile, wanted: _Head) -> str:
    """Why an objective is not for a document, going on from its name; empty where it is."""
    data = file.data
    if data.get("cycle") != wanted.cycle:
        return f"is for {data.get('cycle')}, not {wanted.cycle}"
    if wanted.level is not None and data.get("level") != wanted.level:
        return f"is of {data.get('level')} level, not {wanted.level}"
    if wanted.team is not None and data.get("team") != wanted.team:
        return f"is of team {data.get('team')}, not {wanted.team}" if data.get("team") else "is of no team"
    if wanted.owner is not None and wanted.team is None and data.get("owner") != wanted.owner:
        return f"belongs to {data.get('owner') or 'nobody'}, not {wanted.owner}"
    return ""


def _proposal(
    workspace: Workspace,
    title: str,
    why: str,
    slug: str | None,
    audience: str | None,
    stage: Stage,
    aligns_to: tuple[str, ...],
    wanted: _Head,
    document: TomlFile | None,
    me: str,
) -> Proposal:
    """The objective.

    Raises:
        Problems: it aligns to nothing that there is, or its id or audience cannot be.
    """
    from okrsync.documents.template import Proposal

    to = audience or EVERYONE
    known = [EVERYONE, *workspace.settings.audiences]
    if to not in known:
        do = did_you_mean(to, known) or "Define it under [audiences]."
        raise Problems([Problem("--for", 0, "", f"there is no audience {to!r}", do=do)])
    answers = wanted.owner or (None if document is not None and document.data.get("owner") else me)
    its_owner = document.data.get("owner") if document is not None else answers
    level = wanted.level or Level(document.data["level"] if document is not None else Level.TEAM)
    return Proposal(
        id=_id(workspace, slug, title, wanted.cycle),
        title=title,
        cycle=wanted.cycle,
        stage=stage,
        why=why,
        aligns_to=tuple(_parent(workspace, each, wanted.cycle, to) for each in aligns_to),
        needs_parent=level is not Level.COMPANY,
        owner=answers if answers and answers != its_owner else None,
        audience=to if to != EVERYONE else None,
    )


def _id(workspace: Workspace, slug: str | None, title: str, cycle: str) -> str:
    """The id that was asked for, else one from the title that nothing in the cycle has.

    Raises:
        Problems: it is none, or something has it.
    """
    from okrsync.documents.forms import SLUG_TEXT, WrongValue
    from okrsync.plan.adoption import slug_of

    taken = {ref.objective for ref in workspace.okrs.in_cycle(cycle).refs}
    if slug is None:
        base = slug_of(title, "objective")
        return next(each for each in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if each not in taken)
    try:
        SLUG_TEXT.read(slug)
    except WrongValue as wrong:
        raise Problems([Problem("--id", 0, "", f"the id {wrong.found}", wrong.right)]) from wrong
    if slug in taken:
        raise Problems([Problem("--id", 0, "", f"{cycle} has something called {slug!r} already", "another id")])
    return slug


def _parent(workspace: Workspace, text: str, cycle: str, audience: str) -> str:
    """What it supports, as documents write it: something that everybody may see who will see the objective."""
    from okrsync.domain.audience import visible
    from okrsync.domain.ref import Ref

    okrs = visible(workspace.okrs, audience, workspace.settings.audiences).in_cycle(cycle)
    known = [ref for each in okrs.objectives for ref in (each.ref, *(below.ref for below in each.key_results))]
    local = text.strip().removeprefix(f"{cycle}/")
    if local in {ref.local for ref in known}:
        return local
    do = did_you_mean(local, (Ref.parse(str(ref)).local for ref in known))
    do = do or f"`okrsync tree --cycle {cycle} --key-results` shows what there is."
    found = f"{text!r} is not in {cycle}" if audience == EVERYONE else f"{text!r} is not in {cycle}, for {audience}"
    raise Problems([Problem("--aligns-to", 0, "", found, "an objective, or objective/key-result", do)])


def _write(
    workspace: Workspace,
    proposal: Proposal,
    wanted: _Head,
    document: TomlFile | None,
    named: Path | None,
    me: str,
    *,
    dry_run: bool,
) -> tuple[str, str]:
    """Write it; the document as people know it, and what was written."""
    from okrsync.documents.creating import CannotCreate, write_new
    from okrsync.documents.edit import EditRefused
    from okrsync.documents.template import append_objective, document_text, objective_text, with_objective
    from okrsync.toml_files import shown_path

    try:
        if document is not None:
            text = objective_text(proposal)
            if dry_run:
                with_objective(document.text, text, document.shown)
            else:
                append_objective(document, text)
            return document.shown, text
        path = document_path(workspace, named, "--file") if named else _new_path(workspace, wanted, me)
        shown = shown_path(path, workspace.shown_from)
        text = document_text(proposal, wanted.level or Level.TEAM, wanted.team, wanted.owner or me)
        if not dry_run:
            write_new({path: text}, {path: shown})
    except EditRefused as refused:
        raise Ended(str(refused), BAD_INPUT) from refused
    except CannotCreate as error:
        raise Ended(str(error), FAILED) from error
    return shown, text


def _new_path(workspace: Workspace, wanted: _Head, me: str) -> Path:
    from okrsync.plan.adoption import slug_of

    level = wanted.level or Level.TEAM
    own = wanted.owner or me if level is Level.INDIVIDUAL else None
    name = slug_of(own or wanted.team or str(level), "okrs")
    folder = workspace.settings.documents_folder / wanted.cycle
    return next(
        path
        for each in (name, *(f"{name}-{n}" for n in range(2, 1000)))
        if not (path := folder / f"{each}.toml").exists()
    )

"""`okrsync review`: what drifts at half time and what to do about it, and a changed target with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.identity import as_option, who_am_i
from okrsync.cli.options import audience_option, command, cycle_option, dry_run_option, json_option
from okrsync.cli.past import asked_for, remembered
from okrsync.cli.recording import Recorder
from okrsync.cli.targets import new_change, tell_target, write_target

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.domain.okr import KeyResult, Objective
    from okrsync.domain.ref import Ref
    from okrsync.domain.status import Status
    from okrsync.practice.review import Review


@command("review")
@click.argument("refs", metavar="[REF]...", nargs=-1)
@cycle_option
@audience_option
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), help="Default: text.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it into a file.")
@click.option("-i", "--interactive", is_flag=True, help="Go through what drifts, and ask what to do about it.")
@click.option("--target", type=float, metavar="N", help="Change the target of REF, a key result.")
@click.option("--reason", metavar="TEXT", help="Why the target is changed. It stays visible, as does the original.")
@as_option
@dry_run_option
@json_option
def review(
    call: Call,
    refs: tuple[str, ...],
    form: str | None,
    out: Path | None,
    interactive: bool,
    target: float | None,
    reason: str | None,
    name: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show what drifts, by which signs, and what could be traded off: what asks most for talk first.

    Behind its pace, a forecast against the stated confidence, no movement, no check-ins, obstacles that stay, help
    asked for. REF is an objective or a key result; without any, everything in the cycle is looked at. Nothing is asked
    of a tracker. With --target the target of one key result is changed in its document; the next sync brings it to the
    tracker.
    """
    if as_json and form:
        raise click.UsageError("--json and --format are forms of the same: choose one")
    workspace = call.workspace()
    asked = [asked_for(workspace, each).ref for each in refs]
    cycles = {each.cycle for each in asked}
    if len(cycles) > 1:
        raise click.UsageError("a review is of one cycle: name objectives and key results of the same one")
    if asked and call.cycle is None:
        workspace = _of_cycle(call, asked[0].cycle)
    if target is not None:
        _adjust(call, workspace, asked, target, reason or "", name, dry_run=dry_run, as_json=as_json)
        return
    for given, option in ((reason, "--reason"), (dry_run, "--dry-run")):
        if given:
            raise click.UsageError(f"{option} goes with --target")
    if name and not interactive:
        raise click.UsageError("--as goes with --target or --interactive")
    found = looked_at(workspace, frozenset(asked))
    if interactive:
        from okrsync.cli.review_walk import walk

        decided = walk(call, workspace, found, who_am_i(workspace, name))
        if out is None:
            return
        workspace.read_again()
        found = looked_at(workspace, frozenset(asked))
    else:
        decided = {}
    _show(call, found, decided, form or ("markdown" if out and out.suffix == ".md" else "text"), out, as_json=as_json)


def _of_cycle(call: Call, cycle: str) -> Workspace:
    call.cycle = cycle
    return call.workspace()


def looked_at(workspace: Workspace, only: frozenset[Ref] = frozenset()) -> Review:
    """The review of the workspace's cycle now; `only` as `okrsync.practice.review.review` has it."""
    from okrsync.practice.review import review as look
    from okrsync.reports.review_facts import pasts

    status = workspace.status()
    with remembered(workspace) as cache:
        past = pasts(cache, status)
    return look(status, past, workspace.settings.check_in_period, only)


def _show(call: Call, found: Review, decided: Mapping[Ref, str], form: str, out: Path | None, *, as_json: bool) -> None:
    import json

    from okrsync.reports.plan_views import lines_picture, lines_text
    from okrsync.reports.review_views import review_json, review_lines, review_markdown

    if out is not None:
        lines = review_markdown(found, decided) if form == "markdown" else lines_text(review_lines(found))
        text = json.dumps(review_json(found), indent=2) + "\n" if as_json else "".join(f"{line}\n" for line in lines)
        out.write_text(text, encoding="utf-8")
        call.voice.note(f"written to {out}")
        return
    if form == "markdown":
        call.screen.lines(review_markdown(found, decided))
        return
    call.screen.show(
        as_json=as_json,
        data=lambda: review_json(found),
        text=lambda: lines_text(review_lines(found)),
        picture=lambda _width: lines_picture(review_lines(found)),
    )


def _adjust(
    call: Call,
    workspace: Workspace,
    asked: list[Ref],
    target: float,
    reason: str,
    name: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    if len(asked) != 1 or not asked[0].is_key_result:
        raise click.UsageError("--target changes one key result: name it as REF, cycle/objective/key-result")
    status = workspace.status()
    objective, key_result = _found(status, asked[0])
    change = new_change(objective, key_result, target, reason, status, who_am_i(workspace, name))
    if not dry_run:
        write_target(Recorder(workspace), key_result, change)
    tell_target(call, key_result, change, dry_run=dry_run, as_json=as_json)


def _found(status: Status, ref: Ref) -> tuple[Objective, KeyResult]:
    for objective in status.objectives:
        for each in objective.objective.key_results:
            if each.ref == ref:
                return objective.objective, each
    raise AssertionError(f"{ref} was found, and is in no objective of {status.cycle.name}")

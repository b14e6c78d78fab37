"""`okrsync score`: what key results scored at the end of a cycle and what was learned, kept in the documents."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, FAILED
from okrsync.cli.identity import as_option
from okrsync.cli.options import audience_option, command, cycle_option, dry_run_option, json_option
from okrsync.cli.past import asked_for
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.cli.scoring_session import Session
    from okrsync.domain.ref import Ref
    from okrsync.engine.telling_scores import Told


@command("score")
@click.argument("refs", metavar="[REF]...", nargs=-1)
@cycle_option
@audience_option
@click.option(
    "--final",
    "finals",
    metavar="REF=N",
    multiple=True,
    help="The final value of a key result, where it is unknown or wrong.",
)
@click.option(
    "--adjust",
    "adjustments",
    metavar="REF=±N",
    multiple=True,
    help="Move a score by judgement, at most as far as the settings allow (0.05); 0 takes it back.",
)
@click.option("--reason", metavar="TEXT", help="Why a score is moved: effort, or market conditions.")
@as_option
@click.option("--learned", metavar="TEXT", help="What did we learn? Of one objective, as are the following.")
@click.option("--went-well", metavar="TEXT", help="What went well?")
@click.option("--better", metavar="TEXT", help="What can be better?")
@click.option("--missed", metavar="TEXT", help="Why were key results missed?")
@click.option("--early", is_flag=True, help="Score before the cycle ends; without it that is a preview.")
@click.option("--again", is_flag=True, help="Score anew, from the values of now, what is scored already.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take every score as it is proposed.")
@click.option("--calibration", is_flag=True, help="Show how the confidence that was stated agrees with the outcome.")
@dry_run_option
@json_option
def score(
    call: Call,
    refs: tuple[str, ...],
    finals: tuple[str, ...],
    adjustments: tuple[str, ...],
    reason: str | None,
    name: str | None,
    early: bool,
    again: bool,
    yes: bool,
    calibration: bool,
    dry_run: bool,
    as_json: bool,
    **answers: str | None,
) -> int:
    """Score key results from their numbers, and keep what the team makes of it.

    Each score is proposed from baseline, target and the newest value. On a terminal you are asked about each: whether
    to move it, and the four questions of the review; every answer is written into its document at once. What is scored
    stays as it is. When all of an objective is scored, a comment tells its tracker, once. REF is an objective or a key
    result; without any, what the options name is scored, or else everything that was committed to in the cycle.
    """
    from okrsync.cli.score_walk import walk
    from okrsync.cli.scoring_session import Orders, Session

    workspace = call.workspace()
    asked = [asked_for(workspace, each) for each in refs]
    if len({each.cycle for each in asked}) > 1:
        raise click.UsageError("scores are of one cycle: name objectives and key results of the same one")
    if asked:
        workspace.cycle = asked[0].cycle
    orders = Orders(
        finals=_numbers(finals, "--final", lambda text: asked_for(workspace, text).ref),
        adjustments=_numbers(adjustments, "--adjust", lambda text: asked_for(workspace, text).ref),
        reason=reason or "",
        name=name,
        answers={each: text for each, text in answers.items() if text is not None},
        again=again,
    )
    only = frozenset(each.ref for each in asked) or frozenset((*orders.finals, *orders.adjustments))
    session = Session(call, workspace, only, orders)
    if calibration:
        _show_calibration(call, session, as_json=as_json)
        return 0
    if not session.is_over and not early and orders.any:
        raise Ended(f"{session.early_note}; nothing was written", BAD_INPUT)
    is_preview = dry_run or (not session.is_over and not early)
    session.take_orders(write=not is_preview)
    if not is_preview and not yes and not as_json and session.can_ask and not orders.any:
        walk(session)
    elif not is_preview:
        session.write_proposals()
    if not is_preview:
        session.read_again()
    told = session.tell(dry_run=dry_run) if dry_run or not is_preview else None
    _show(call, session, told, is_preview=is_preview, as_json=as_json)
    if yes and not session.files and not as_json:
        call.screen.lines(["a preview: no score was written" if is_preview else "no score was written"])
    if is_preview and not dry_run and not as_json:
        call.voice.note(f"{session.early_note}: this is a preview, nothing was written")
    return _ending(call, session, told, is_preview=is_preview)


def _numbers(texts: tuple[str, ...], option: str, ref_of: Any) -> dict[Ref, float]:
    found: dict[Ref, float] = {}
    for text in texts:
        named, sign, number = text.rpartition("=")
        try:
            value = float(number.replace("−", "-")) if sign and named else None
        except ValueError:
            value = None
        if value is None or not isfinite(value):
            raise click.BadParameter(
                f"{text!r} is no REF=NUMBER: write it as instant-signup/p95=1.9", param_hint=option
            )
        ref = ref_of(named)
        if not ref.is_key_result:
            raise click.BadParameter(
                f"{ref} is no key result, and only key results have a score of their own", param_hint=option
            )
        found[ref] = value
    return found


def _show(call: Call, session: Session, told: Told | None, *, is_preview: bool, as_json: bool) -> None:
    from okrsync.reports.plan_views import Line, Tone, lines_picture, lines_text
    from okrsync.reports.score_views import score_lines, scores_json
    from okrsync.reports.words import counted, shown

    def lines() -> Any:
        yield from score_lines(session.scores, session.bounds, session.cycle)
        for change in told.comments if told else ():
            key = shown(change.key or change.project)
            yield Line(f"{key}: {'would be told' if is_preview else 'told'} of {change.ref}", Tone.WHY)
        if session.written:
            yield Line(
                f"{counted(session.written, 'score')} written into {counted(len(session.files), 'document')}",
                Tone.HEADING,
            )

    def data() -> dict[str, Any]:
        return {
            "workspace": session.workspace.settings.workspace,
            "cycle": session.cycle.name,
            "ends": session.cycle.end.isoformat(),
            "preview": is_preview,
            "bounds": session.bounds_json,
            "objectives": scores_json(session.scores, session.bounds),
            "written": session.written,
            "comments": [change.to_json() for change in told.comments] if told else [],
            "left_out": [{"ref": str(each.ref), "why": each.why} for each in told.left_out] if told else [],
            "requests": told.requests if told else 0,
        }

    call.screen.show(
        as_json=as_json, data=data, text=lambda: lines_text(lines()), picture=lambda _width: lines_picture(lines())
    )


def _show_calibration(call: Call, session: Session, *, as_json: bool) -> None:
    from okrsync.reports.plan_views import lines_picture, lines_text
    from okrsync.reports.score_views import calibration_json, calibration_lines

    found = session.calibration()
    call.screen.show(
        as_json=as_json,
        data=lambda: {"cycle": session.cycle.name, "calibration": calibration_json(found)},
        text=lambda: lines_text(calibration_lines(found)),
        picture=lambda _width: lines_picture(calibration_lines(found)),
    )


def _ending(call: Call, session: Session, told: Told | None, *, is_preview: bool) -> int:
    """Say what could not be scored or told; the exit code."""
    from okrsync.cli.outcomes import name_failures_of

    code = 0
    if told is not None:
        for silence in told.left_out:
            call.voice.note(f"{silence.ref} is not told in full: {silence.why}", ref=str(silence.ref))
        name_failures_of(call, told.failures)
        code = int(told.exit_code)
    for why in () if is_preview else session.unscored:
        call.voice.fail(f"not scored: {why}")
        code = code or FAILED
    return code

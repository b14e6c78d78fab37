"""`okrsync checkin`: say how key results stand, one after the other or in one line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import DONE, FAILED, HELD
from okrsync.cli.identity import as_option, who_am_i
from okrsync.cli.options import command, cycle_option, dry_run_option, json_option
from okrsync.cli.past import asked_for

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.cli.checkin_desk import CheckInDesk
    from okrsync.domain.okr import KeyResult
    from okrsync.engine.checking_in import Sent
    from okrsync.practice.check_in_rules import Due
    from okrsync.store.values import CheckIn


@command("checkin")
@click.argument("ref", required=False)
@click.option("--value", help="The value now, as 3.1; with or without its unit. Of a yes-or-no key result: yes or no.")
@click.option("--confidence", metavar="0–1", help="How sure you are that the target is reached: 0.6, or 60%.")
@click.option("--note", metavar="TEXT", help="What there is to say about it.")
@click.option("--obstacles", metavar="TEXT", help="What is in the way.")
@click.option("--help-needed", metavar="TEXT", help="What help you need, and from whom.")
@as_option
@click.option("--on-behalf-of", metavar="NAME", help="Who says so, where you enter it for somebody else.")
@click.option("--at", metavar="TIME", help="When it was so, as 2026-11-15 or 2026-11-15T09:30. Default: now.")
@cycle_option
@dry_run_option
@json_option
def checkin(
    call: Call,
    ref: str | None,
    name: str | None,
    on_behalf_of: str | None,
    at: str | None,
    dry_run: bool,
    as_json: bool,
    **said: str | None,
) -> int:
    """Say how your key results stand: their values, how sure you are, obstacles, and help that you need.

    Without REF it walks through the key results that are due for you. With REF and what you have to say it checks in on
    that one. Each check-in is kept on this machine at once and goes to the tracker as soon as that can be reached: its
    value into the tracked field, and all of it as a comment on the item.
    """
    from okrsync.cli.checkin_desk import CheckInDesk

    workspace = call.workspace()
    if ref is None and (any(each is not None for each in said.values()) or at or on_behalf_of):
        raise click.UsageError("name the key result that you check in on: okrsync checkin REF --value …")
    asked = asked_for(workspace, ref) if ref is not None else None
    if asked is not None:
        workspace.cycle = asked.cycle
    desk = CheckInDesk(workspace, who_am_i(workspace, name))
    if asked is not None and any(each is not None for each in said.values()):
        objective, key_result = desk.key_result(asked.ref)
        check_in = desk.check_in(objective, key_result, said, on_behalf_of, _moment(at, workspace))
        return _one(call, desk, check_in, key_result, dry_run=dry_run, as_json=as_json)
    due = desk.due() if asked is None else (desk.due_now(asked.ref),)
    if as_json or dry_run or not (sys.stdin.isatty() and sys.stdout.isatty()):
        if asked is not None:
            raise click.UsageError(f"say something of {asked.ref}: --value, --confidence, --note, …")
        return _list_due(call, desk, due, as_json=as_json)
    from okrsync.cli.checkin_walk import walk

    before = desk.unsent()
    walk(call, desk, due, on_behalf_of)
    return _send(call, desk, as_json=False, before=before)


def _moment(text: str | None, workspace: Workspace) -> datetime | None:
    """The moment that somebody names, in UTC; one without a zone is a time of this machine's."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"--at: {text!r} is no time: write it as 2026-11-15T09:30") from None
    moment = moment.astimezone(UTC)
    if moment > workspace.now():
        raise click.BadParameter(f"--at: {text} has not come yet: name now or a time before")
    return moment


def _one(
    call: Call, desk: CheckInDesk, check_in: CheckIn, key_result: KeyResult, *, dry_run: bool, as_json: bool
) -> int:
    if dry_run:
        _show(call, check_in, desk.preview(check_in, key_result), as_json=as_json)
        return DONE
    newest, before = desk.newest(check_in.ref), desk.unsent()
    kept = desk.keep(check_in)
    if newest and (newest.at, newest.author) > (kept.at, kept.author):
        call.voice.note(
            f"{kept.ref}: {newest.author} checked in later, at {newest.at.isoformat()}; this one is kept in the history"
            " and does not change the current value"
        )
    return _send(call, desk, as_json=as_json, before=before, about=kept)


def _send(
    call: Call, desk: CheckInDesk, *, as_json: bool, before: tuple[CheckIn, ...], about: CheckIn | None = None
) -> int:
    """Send what no tracker has yet, and say what became of it; the exit code.

    `before` are those that waited before this call kept any.
    """
    from okrsync.cli.outcomes import failure_json, name_failures_of
    from okrsync.cli.working import engine_at_work
    from okrsync.engine.checking_in import send
    from okrsync.store.lock import CacheTaken

    if about is None and not desk.unsent():
        return DONE
    sent: Sent | None = None
    try:
        with engine_at_work(call, desk.workspace) as engine:
            sent = send(engine.inputs)
    except CacheTaken as taken:
        call.voice.note(f"kept on this machine, and sent by the next run: {taken}")
    code = _code(sent)
    if sent is not None:
        if sent.refusals:
            name_failures_of(call, sent.outcome.failures)
        for each in sent.outcome.held:
            call.voice.warn(f"held: {each.ref}, {each.field}: {each.why}; or decide with `okrsync resolve {each.ref}`")
    left = desk.unsent()
    details = {
        "sent": about is not None and all(each.id != about.id for each in left),
        "changes": [each.to_json() for each in sent.outcome.done] if sent else [],
        "held": [each.to_json() for each in sent.outcome.held] if sent else [],
        "failures": [failure_json(each) for each in sent.outcome.failures] if sent else [],
        "unsent": len(left),
        "exit_code": code,
    }
    if about is not None:
        _show(call, about, details, as_json=as_json)
    elif not call.quiet:
        done = sum(each.action == "comment" for each in sent.outcome.done) if sent else 0
        call.screen.lines([f"{_counted(done)} sent"] if done else [])
    _say_what_waits(call, desk, left, before, sent)
    return code


def _code(sent: Sent | None) -> int:
    """What is kept to be sent later is as good as done; what a tracker refused is not."""
    if sent is not None and sent.refusals:
        return FAILED
    return HELD if sent is not None and sent.outcome.held else DONE


def _say_what_waits(
    call: Call, desk: CheckInDesk, left: tuple[CheckIn, ...], before: tuple[CheckIn, ...], sent: Sent | None
) -> None:
    waiting = [each for each in left if desk.takes_comments(each.ref)]
    # What stays here for good was told when it was kept, and waits for nothing.
    known = {each.id for each in (*waiting, *before)}
    if here := sum(each.id not in known for each in left):
        call.voice.note(f"{_counted(here)} kept on this machine alone: nothing in a tracker takes comments about it")
    if waiting and sent is not None:
        why = "; ".join(dict.fromkeys(str(each) for each in sent.outcome.failures)) or "not in the tracker yet"
        call.voice.note(
            f"{_counted(len(waiting))} kept on this machine, and sent by the next `okrsync checkin` or `okrsync sync`:"
            f" {why}"
        )


def _counted(number: int) -> str:
    return f"{number} check-in{'' if number == 1 else 's'}"


def _show(call: Call, check_in: CheckIn, details: dict[str, Any], *, as_json: bool) -> None:
    from okrsync.reports.check_in_views import check_in_json, check_in_lines

    if call.quiet and not as_json:
        return
    call.screen.show(
        as_json=as_json,
        data=lambda: {**check_in_json(check_in), **details},
        text=lambda: check_in_lines(check_in, details),
        picture=lambda _width: "\n".join(check_in_lines(check_in, details)),
    )


def _list_due(call: Call, desk: CheckInDesk, due: tuple[Due, ...], *, as_json: bool) -> int:
    """What is due, for a script or a pipe, where nobody can be asked."""
    from okrsync.reports.check_in_views import due_json, due_lines

    call.screen.show(
        as_json=as_json,
        data=lambda: {"person": desk.me, "due": due_json(due), "unsent": len(desk.unsent())},
        text=lambda: due_lines(desk.me, due),
        picture=lambda _width: "\n".join(due_lines(desk.me, due)),
    )
    return DONE

"""What came of a run, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from okrsync.cli.call import Call
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Failure, Outcome
from okrsync.reports.check_in_views import check_in_json, heard_lines, heard_text
from okrsync.reports.plan_views import Line, Tone, done_lines, held_lines, lines_picture, lines_text, plan_lines, tally
from okrsync.reports.words import counted
from okrsync.store.values import CheckIn


def failure_json(failure: Failure) -> dict[str, Any]:
    """A failure for `--json`; what it does not concern is null."""
    return {
        "cause": str(failure.cause),
        "message": failure.message,
        "tracker": failure.tracker,
        "project": failure.project,
        "ref": None if failure.ref is None else str(failure.ref),
    }


def sync_json(outcome: Outcome, heard: Sequence[CheckIn] = ()) -> dict[str, Any]:
    """The outcome of a sync for `--json`: what was done, what was heard in comments, what is held, what failed."""
    return {
        "digest": outcome.plan.digest,
        "changes": [change.to_json() for change in outcome.done],
        "check_ins": [check_in_json(each) for each in heard],
        "held": [change.to_json() for change in outcome.held],
        "failures": [failure_json(each) for each in outcome.failures],
        "requests": outcome.requests,
        "exit_code": int(outcome.exit_code),
    }


def show_plan(call: Call, outcome: Outcome, *, as_json: bool, as_markdown: bool = False) -> int:
    """Show a plan, and say what failed while it was made; the exit code."""
    plan, complete, blind = outcome.plan, not outcome.failures, outcome.is_blind
    if as_markdown:
        from okrsync.reports.plan_markdown import plan_markdown

        call.screen.lines(plan_markdown(plan, complete=complete, blind=blind, effort=outcome.effort))
        return name_failures(call, outcome)
    call.screen.show(
        as_json=as_json,
        data=lambda: {**plan.to_json(), "effort": outcome.effort.to_json()},
        text=lambda: lines_text(plan_lines(plan, complete=complete, blind=blind, effort=outcome.effort)),
        picture=lambda _width: lines_picture(plan_lines(plan, complete=complete, blind=blind, effort=outcome.effort)),
    )
    return name_failures(call, outcome)


def show_sync(
    call: Call, outcome: Outcome, keys: Mapping[Ref, str], heard: Sequence[CheckIn] = (), *, as_json: bool
) -> int:
    """Show what a sync did, and say what failed; the exit code.

    `keys` names the items as people know them; `heard` is what was said in comments.
    """
    if as_json or not call.quiet:
        call.screen.show(
            as_json=as_json,
            data=lambda: sync_json(outcome, heard),
            text=lambda: lines_text(_sync_lines(outcome, keys, heard)),
            picture=lambda _width: lines_picture(_sync_lines(outcome, keys, heard)),
        )
    return name_failures(call, outcome)


def _sync_lines(outcome: Outcome, keys: Mapping[Ref, str], heard: Sequence[CheckIn]) -> Iterator[Line]:
    yield from done_lines(outcome.done, keys)
    for line in heard_lines(heard):
        yield Line(line)
    if outcome.held:
        yield Line("held: these wait for a person", Tone.HEADING)
        for change in outcome.held:
            yield from held_lines(change)
    parts = [tally(outcome.done, done=True) or "nothing to do"]
    if outcome.failures and not outcome.done:
        parts = ["nothing done"]
    parts += [heard_text(heard)] if heard else []
    parts += [f"{len(outcome.held)} held"] if outcome.held else []
    parts += [f"{len(outcome.failures)} failed"] if outcome.failures else []
    yield Line(f"{'; '.join(parts)} ({counted(outcome.requests, 'request')})", Tone.HEADING)


def name_failures(call: Call, outcome: Outcome) -> int:
    """Say what failed, each failure by its name and place, and what waits for a person; the exit code."""
    for note in outcome.notes:
        call.voice.note(note)
    name_failures_of(call, outcome.failures)
    if outcome.held:
        count = len(outcome.held)
        call.voice.warn(f"{count} {'change waits' if count == 1 else 'changes wait'} for a person", held=count)
    call.voice.log(
        "done",
        exit_code=int(outcome.exit_code),
        requests=outcome.requests,
        changes=len(outcome.done),
        failures=len(outcome.failures),
    )
    return int(outcome.exit_code)


def name_failures_of(call: Call, failures: Iterable[Failure]) -> None:
    """Say what failed, each failure by its name and place."""
    for failure in failures:
        facts = {name: fact for name, fact in failure_json(failure).items() if fact and name != "message"}
        if failure.cause == "doubt":
            call.voice.warn(f"held: {failure}", **facts)
        else:
            call.voice.fail(f"failed: {failure}", **facts)

"""Another target for a key result: seen to be in order, written into its document with its reason, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT
from okrsync.cli.recording import Recorder, one_line
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.domain.okr import KeyResult, Objective, TargetChange
    from okrsync.domain.status import Status


def new_change(
    objective: Objective, key_result: KeyResult, target: float, reason: str, status: Status, by: str
) -> TargetChange:
    """A change of target that is in order, made by somebody.

    Raises:
        Ended: it is not.
    """
    from okrsync.practice.targets import NoNewTarget, new_target

    try:
        change = new_target(objective, key_result, target, one_line(reason, "--reason"), status)
    except NoNewTarget as refused:
        raise Ended(str(refused), BAD_INPUT) from refused
    return replace(change, by=one_line(by, "--as"))


def write_target(recorder: Recorder, key_result: KeyResult, change: TargetChange) -> None:
    """Write a change of target into the document, below those that there were."""
    changes = [
        {"on": each.on, "from": each.before, "to": each.after, "reason": each.reason}
        | ({"by": each.by} if each.by else {})
        for each in (*key_result.target_changes, change)
    ]
    recorder.write(key_result.ref, key_result.source, {"target": change.after, "target_changes": changes})


def tell_target(
    call: Call,
    key_result: KeyResult,
    change: TargetChange,
    *,
    dry_run: bool = False,
    as_json: bool = False,
    told: bool = True,
) -> None:
    """Say what was written, or would be; unless `told` is False, also what is next."""
    from okrsync.domain.numbers import number_text, quantity_text
    from okrsync.practice.targets import still_named

    unit, first = key_result.unit, key_result.original_target
    said = f"{key_result.ref}: target {number_text(change.before)} → {quantity_text(change.after, unit)}"
    if key_result.target_changes and first is not None:
        said += f" (began with {quantity_text(first, unit)})"
    where = f"{key_result.source.file}"
    said += f"; {where} would say so; nothing was written" if dry_run else f", in {where}"

    def data() -> dict[str, Any]:
        return {
            "ref": str(key_result.ref),
            "on": change.on.isoformat(),
            "from": change.before,
            "to": change.after,
            "original": first,
            "reason": change.reason,
            "by": change.by,
            "file": key_result.source.file,
            "written": not dry_run,
        }

    if as_json:
        call.screen.json(data())
    else:
        call.screen.lines([said])
    if old := still_named(key_result, change):
        call.voice.note(f"its title still says {old}: {key_result.title}")
    if told and not dry_run:
        call.voice.note("`okrsync sync` brings it to the tracker")

"""What people should know about a plan beside its changes: what waits for a review, and what more people will see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okrsync.cli.call import Call

if TYPE_CHECKING:
    from okrsync.app import Workspace

_MOST = 5
"""How many references are named."""


def tell_waiting(call: Call, workspace: Workspace) -> None:
    """Name the objectives of which no tracker hears because nobody reviewed them."""
    from okrsync.practice.stages import waiting_for_review
    from okrsync.problems import listed
    from okrsync.reports.words import counted

    review, settings = workspace.review, workspace.settings
    objectives = workspace.okrs.in_cycle(workspace.cycle.name).objectives
    waiting = [each for each in waiting_for_review(objectives, review) if settings.mapping_for(each)]
    if not waiting:
        return
    refs = ", ".join(str(each.ref) for each in waiting[:_MOST]) + (" …" if len(waiting) > _MOST else "")
    what = f"{counted(len(waiting), 'objective')} {'waits' if len(waiting) == 1 else 'wait'} for a review"
    who = listed(review.reviewers) if review.reviewers else "somebody else than the owner"
    call.voice.note(
        f"{what}, and trackers hear nothing of it ({refs}): {who} commits it, with `okrsync stage REF committed`",
        waiting=[str(each.ref) for each in waiting],
    )


def tell_exposed(call: Call, workspace: Workspace) -> None:
    """Warn where a mapping sends what few may see into a project that more people see."""
    from okrsync.settings.exposure import exposures

    for each in exposures(workspace.settings, workspace.okrs.in_cycle(workspace.cycle.name)):
        call.voice.warn(f"{each.found}. {each.remedy}", tracker=each.tracker, project=each.project)

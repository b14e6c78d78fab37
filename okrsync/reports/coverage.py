"""Coverage as JSON and for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import Objective
from okrsync.practice.coverage import BOTTOM_UP_LEAST, BOTTOM_UP_MOST, BottomUp, Coverage, Work
from okrsync.reports.plan_views import Line, Tone
from okrsync.reports.words import counted, percent, shown


def coverage_json(coverage: Coverage, workspace: str, cycle: Cycle) -> dict[str, Any]:
    """For `okrsync coverage --json`. What only trackers can tell is null where none was asked."""
    work = coverage.work
    return {
        "workspace": workspace,
        "cycle": cycle.name,
        "unsupported": [{"ref": str(each.ref), "title": each.title} for each in coverage.unsupported],
        "unaligned": [_objective(each) for each in coverage.unaligned],
        "without_key_results": [_objective(each) for each in coverage.empty],
        "bottom_up": {
            "count": coverage.bottom_up.count,
            "among": coverage.bottom_up.among,
            "share": coverage.bottom_up.share,
            "goal": [BOTTOM_UP_LEAST, BOTTOM_UP_MOST],
        },
        "without_work": None
        if work is None
        else [
            {
                "ref": str(each.ref),
                "title": each.title,
                "tracker": each.tracker,
                "key": each.key,
                "url": each.url,
                "beside": each.beside,
            }
            for each in work.idle
        ],
        "unplanned": None
        if work is None
        else [
            {"tracker": each.tracker, "project": each.project, "key": each.key, "url": each.url, "title": each.title}
            for each in work.unplanned
        ],
    }


def _objective(objective: Objective) -> dict[str, Any]:
    return {
        "ref": str(objective.ref),
        "title": objective.title,
        "level": str(objective.level),
        "team": objective.team,
        "owner": objective.owner,
    }


def coverage_lines(coverage: Coverage, cycle: Cycle) -> Iterator[Line]:
    """For people: each gap under its own heading, and what is well in a line."""
    yield Line(f"coverage of {cycle.name}", Tone.HEADING)
    yield from _part(
        "company key results that nobody supports",
        [f"{each.ref}  {shown(each.title)}" for each in coverage.unsupported],
    )
    yield from _part(
        "objectives that align to nothing",
        [f"{each.ref}  {shown(each.title)}  ({each.level})" for each in coverage.unaligned],
    )
    yield from _part("objectives without a key result", [f"{each.ref}  {shown(each.title)}" for each in coverage.empty])
    if coverage.work is None:
        yield Line("work in the trackers: not asked", Tone.WHY)
    else:
        yield from _work(coverage.work)
    yield Line(_bottom_up(coverage.bottom_up))


def _work(work: Work) -> Iterator[Line]:
    idle = []
    for each in work.idle:
        beside = f"; {counted(each.beside, 'other item')} below its objective" if each.beside else ""
        where = (
            f"{shown(each.tracker)} {shown(each.key)}" if each.key else f"no item of its own in {shown(each.tracker)}"
        )
        idle.append(f"{each.ref}  {shown(each.title)}  ({where}{beside})")
    yield from _part("key results with no work in the tracker", idle)
    yield from _part(
        "epics and milestones with no key result behind them",
        [f"{shown(each.tracker)} {shown(each.key)}  {shown(each.title)}" for each in work.unplanned],
    )


def _part(heading: str, found: list[str]) -> Iterator[Line]:
    if not found:
        yield Line(f"{heading}: none", Tone.WHY)
        return
    yield Line(f"{heading}: {len(found)}", Tone.HEADING)
    for text in found:
        yield Line(f"  {text}", Tone.UPDATE)


def _bottom_up(found: BottomUp) -> str:
    goal = f"{round(100 * BOTTOM_UP_LEAST)}–{round(100 * BOTTOM_UP_MOST)} %"
    if found.share is None:
        return f"from the bottom up: there is no objective below company level; about {goal} is usual"
    return (
        f"from the bottom up: {percent(found.share)} ({found.count} of {counted(found.among, 'objective')} below"
        f" company level); about {goal} is usual"
    )

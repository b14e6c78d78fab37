"""`okrsync doctor`: look at everything, and say of each thing that is wrong how to mend it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, DONE, FAILED, NO_TRACKER
from okrsync.cli.options import command, json_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from okrsync.app import Workspace
    from okrsync.domain.okr import Okrs
    from okrsync.problems import Problem
    from okrsync.settings import Settings
    from okrsync.trackers.diagnosis import Finding
    from okrsync.trackers.interface import Tracker
    from okrsync.trackers.values import Scope


@dataclass(frozen=True)
class _Part:
    """What was found in one part of the workspace."""

    name: str
    findings: tuple[Finding, ...]


@command("doctor")
@json_option
def doctor(call: Call, as_json: bool) -> int:
    """Look at settings, documents, credentials, plugins, cache and trackers, and say how to mend what is wrong.

    Nothing is changed. The exit code is 0 where all is well, 2 where settings or documents are wrong, 4 where no
    tracker lets us in, and 1 for any other finding.
    """
    from okrsync import settings as settings_files
    from okrsync.app import Workspace

    path = settings_files.find(Path.cwd(), call.config, os.environ)
    settings, problems = settings_files.check(path, Path.cwd())
    if settings is None:
        parts, code = [_files(path, None), _Part("settings", _to_mend("settings", problems))], BAD_INPUT
    else:
        parts, code = _examine(call, Workspace(settings, doing="doctor"))
    if code == DONE and any(not each.well for part in parts for each in part.findings):
        code = FAILED
    _show(call, parts, code, as_json=as_json)
    return code


def _examine(call: Call, workspace: Workspace) -> tuple[list[_Part], int]:
    """Every part of a workspace whose settings can be read, and the exit code as far as it is decided."""
    from okrsync.documents import check as check_documents
    from okrsync.engine.diagnosing import of_cache, of_secrets
    from okrsync.settings.against import check_against
    from okrsync.trackers.diagnosis import Finding

    settings = workspace.settings
    workspace.fetch_documents(again=False)
    left_out = [
        Finding("left out", f"{each.name}: {each.reason}", "Mend or remove it; name those you want in plugins.allow.")
        for each in workspace.plugins.broken
    ]
    kinds = ", ".join(sorted(workspace.plugins.trackers)) or "none"
    unfit = check_against(settings, workspace.plugins)
    okrs, wrong = check_documents(
        settings.documents_folder,
        Path.cwd(),
        settings.named_cycles,
        settings.audiences,
        largest_adjustment=settings.scoring.adjustment,
    )
    count = f"{len(okrs.objectives)} objectives, {len(okrs.kpis)} KPIs"
    # Looking into the cache makes files beside it, with its mode.
    cache = tuple(of_cache(settings.cache_file, settings.workspace, workspace.now()))
    parts = [
        _files(settings.path, settings),
        _Part("settings", _to_mend("settings", unfit) or (Finding("settings", str(settings.path)),)),
        _Part("documents", _to_mend("documents", wrong) or (Finding("documents", count),)),
        _Part("plugins", (Finding("tracker types", kinds), *left_out)),
        *_exposed(settings, okrs),
        _Part("credentials", tuple(of_secrets(settings, os.environ))),
        _Part("cache", cache),
    ]
    code = BAD_INPUT if unfit or wrong else DONE
    if not unfit:
        trackers, let_in = _trackers(call, workspace, complete=not wrong)
        parts += trackers
        if code == DONE and trackers and not let_in:
            code = NO_TRACKER
    return parts, code


def _exposed(settings: Settings, okrs: Okrs) -> list[_Part]:
    """Objectives that more people may see in a tracker than in a report; nothing where none is restricted."""
    from okrsync.domain.okr import EVERYONE
    from okrsync.settings.exposure import exposures
    from okrsync.trackers.diagnosis import Finding

    if all(each.audience == EVERYONE for each in okrs.objectives):
        return []
    found = tuple(Finding(each.project, each.found, each.remedy) for each in exposures(settings, okrs))
    return [_Part("audiences", found or (Finding("projects", "no project mixes what is for different audiences"),))]


def _files(path: Path, settings: Settings | None) -> _Part:
    from okrsync.engine.diagnosing import of_files
    from okrsync.trackers.diagnosis import Finding

    documents, cache = (settings.documents_folder, settings.cache_file) if settings else (None, None)
    return _Part("files", tuple(of_files(path, documents, cache)) or (Finding("modes", "as they should be"),))


def _to_mend(about: str, problems: Iterable[Problem]) -> tuple[Finding, ...]:
    from okrsync.trackers.diagnosis import Finding

    def finding(problem: Problem) -> Finding:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        where = f"{problem.where}: " if problem.where else ""
        expected = f"Expected is {problem.right}." if problem.right else ""
        remedy = " ".join(each for each in (expected, problem.do) if each) or f"Mend it in {problem.file}."
        return Finding(about, f"{place}: {where}{problem.found}", remedy)

    return tuple(finding(each) for each in sorted(set(problems)))


def _trackers(call: Call, workspace: Workspace, *, complete: bool) -> tuple[list[_Part], int]:
    """What each tracker tells, and how many let us in. Without `complete` documents nothing is asked about projects."""
    from okrsync.cli.working import working
    from okrsync.engine.diagnosing import of_tracker

    scopes = _scopes(workspace) if complete else {}
    parts, let_in = [], 0
    with working(call, workspace) as work:
        for name in workspace.settings.trackers:
            work.phase(f"asking {name}")
            found, well = of_tracker(_opening(workspace, name), scopes.get(name, ()))
            parts.append(_Part(f"tracker {name}", tuple(found)))
            let_in += well
    return parts, let_in


def _opening(workspace: Workspace, name: str) -> Callable[[], AbstractContextManager[Tracker]]:
    return lambda: workspace.tracker(name, forgetful=True)


def _scopes(workspace: Workspace) -> Mapping[str, Sequence[Scope]]:
    from okrsync.engine.placements import Atlas

    settings, okrs = workspace.settings, workspace.okrs
    kinds = {name: workspace.plugins.trackers[each.type] for name, each in settings.trackers.items()}
    return Atlas(settings, kinds, okrs).scopes(okrs.in_cycle(workspace.cycle.name))


def _show(call: Call, parts: Sequence[_Part], code: int, *, as_json: bool) -> None:
    from okrsync.reports.words import counted

    bad = sum(not each.well for part in parts for each in part.findings)
    verdict = "all well" if not bad else f"{counted(bad, 'finding')} to mend"

    def data() -> dict[str, Any]:
        return {
            "findings": [
                {
                    "part": part.name,
                    "about": each.about,
                    "found": each.found,
                    "well": each.well,
                    "remedy": each.remedy or None,
                }
                for part in parts
                for each in part.findings
            ],
            "exit_code": code,
        }

    def lines() -> Iterator[tuple[str, str]]:
        for part in parts:
            yield part.name, "bold"
            for each in part.findings:
                mark, style = ("ok", "") if each.well else ("!!", "yellow")
                yield f"  {mark}  {each.about}: {each.found}", style
                if each.remedy:
                    yield f"      {each.remedy}", ""
        yield verdict, "bold"

    def text() -> Iterator[str]:
        from okrsync.reports.words import shown

        return (shown(line) for line, _ in lines())

    def picture(_width: int) -> RenderableType:
        from rich.text import Text

        from okrsync.reports.words import shown

        return Text("\n").join(Text(shown(line), style=style) for line, style in lines())

    call.screen.show(as_json=as_json, data=data, text=text, picture=picture)

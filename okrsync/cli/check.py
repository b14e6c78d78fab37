"""`okrsync check`: everything that is wrong in settings and documents, and on request in what the trackers hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, DONE
from okrsync.cli.options import command, json_option

if TYPE_CHECKING:
    from okrsync.domain.okr import Okrs
    from okrsync.problems import Problem
    from okrsync.settings import Settings


@command("check")
@click.option("--online", is_flag=True, help="Ask the trackers too: tokens, projects, fields, permissions.")
@json_option
def check(call: Call, online: bool, as_json: bool) -> int:
    """Find everything that is wrong in settings and documents, all at once.

    Nothing is asked of a tracker, unless with --online, and nothing is written.
    """
    settings, okrs, problems = _offline(call)
    code = BAD_INPUT if problems else DONE
    if online and settings is not None and not problems:
        from okrsync.cli.asking import ask_trackers

        workspace = call.workspace()
        problems, code = ask_trackers(call, workspace)
    elif online:
        call.voice.warn("the trackers were not asked: mend these first")
    if as_json:
        call.screen.json({"problems": [_problem_json(each) for each in problems], "exit_code": code})
    if problems:
        call.voice.problems(problems)
    elif not as_json and not call.quiet and code == DONE:
        call.screen.lines([_praise(settings, okrs)])
    return code


def _offline(call: Call) -> tuple[Settings | None, Okrs, list[Problem]]:
    from okrsync import settings as settings_files
    from okrsync.app import Workspace
    from okrsync.documents import check as check_documents

    path = settings_files.find(Path.cwd(), call.config, os.environ)
    settings, problems = settings_files.check(path, Path.cwd())
    folder, cycles, audiences = _surroundings(settings, path)
    workspace = Workspace(settings, warn=call.voice.warn) if settings is not None else None
    plugins = workspace.plugins if workspace is not None else None
    if workspace is not None:
        workspace.fetch_documents()
    okrs, wrong = check_documents(
        folder, Path.cwd(), cycles, audiences, measures=plugins.measures if plugins is not None else None
    )
    problems += wrong
    if settings is not None and plugins is not None:
        from okrsync.engine.sources import check_measures
        from okrsync.settings.against import check_against, check_sources
        from okrsync.settings.against_notifiers import check_notifiers

        problems += check_against(settings, plugins)
        problems += check_sources(settings, plugins)
        problems += check_notifiers(settings, plugins)
        # An objective with an unknown measure in it was not read; its other measures are looked at all the same.
        every = check_documents(folder, Path.cwd(), cycles, audiences)[0] if wrong else okrs
        problems += check_measures(every, settings, plugins)
    return settings, okrs, sorted(set(problems))


def _surroundings(settings: Settings | None, path: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Folder of the documents, cycles and audiences: of the settings, or what can be told from broken ones."""
    if settings is not None:
        return settings.documents_folder, dict(settings.named_cycles), dict(settings.audiences)
    from okrsync.problems import Problems
    from okrsync.toml_files import read_toml

    try:
        data = read_toml(path, path.name).data
    except Problems:
        data = {}
    folder, cycles, audiences = (data.get(key) for key in ("documents", "cycles", "audiences"))
    named = {
        name: (table["start"], table["end"])
        for name, table in (cycles.items() if isinstance(cycles, dict) else ())
        if isinstance(table, dict) and _is_day(table.get("start")) and _is_day(table.get("end"))
    }
    return (
        path.parent / Path(folder if isinstance(folder, str) else "okrs").expanduser(),
        named,
        {name: each for name, each in audiences.items() if _is_names(each)} if isinstance(audiences, dict) else {},
    )


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_day(value: object) -> bool:
    from datetime import date, datetime

    return isinstance(value, date) and not isinstance(value, datetime)


def _praise(settings: Settings | None, okrs: Okrs) -> str:
    from okrsync.reports.words import counted

    key_results = sum(len(each.key_results) for each in okrs.objectives)
    trackers = len(settings.trackers) if settings else 0
    return (
        f"all well: {counted(len(okrs.objectives), 'objective')}, {counted(key_results, 'key result')},"
        f" {counted(len(okrs.kpis), 'KPI')}, {counted(trackers, 'tracker')}"
    )


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "where": problem.where,
        "found": problem.found,
        "expected": problem.right or None,
        "do": problem.do or None,
    }

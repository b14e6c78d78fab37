"""`okrsync trackers`: which kinds of tracker and of measure there are, what each can do, and those of the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import DONE, FAILED, NO_TRACKER
from okrsync.cli.options import command, json_option
from okrsync.problems import Problems

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.reports.tables import Table
    from okrsync.trackers.interface import TrackerType
    from okrsync.trackers.plugins import Plugins


@dataclass(frozen=True)
class _Met:
    """A tracker of the settings: who we are there, or why nobody knows."""

    name: str
    kind: str
    url: str
    account: str | None = None
    server: str | None = None
    problem: str | None = None


@command("trackers")
@click.option("--online", is_flag=True, help="Ask each tracker of the settings who we are there.")
@json_option
def trackers(call: Call, online: bool, as_json: bool) -> int:
    """Show the kinds of tracker that are installed, what each can do, and the trackers of the settings.

    Beside them, the measures that plugins bring, and the sources of the settings.
    """
    from okrsync.reports.tables import tables_picture, tables_text
    from okrsync.trackers.plugins import load_plugins

    workspace = _workspace(call, needed=online)
    plugins = workspace.plugins if workspace else load_plugins()
    kinds = list(plugins.trackers.values())
    met, code = _meet(call, workspace, online=online) if workspace else ([], DONE)
    tables = [_matrix(kinds), *_options(kinds), *_measures(plugins), *_configured(met), *_sources(workspace)]

    call.screen.show(
        as_json=as_json,
        data=lambda: _data(plugins, met, workspace),
        text=lambda: tables_text(tables),
        picture=lambda _width: tables_picture(tables),
    )
    for each in plugins.left_out:
        call.voice.warn(f"plugin {each.name} is left out: {each.reason}", plugin=each.name)
    for tracker in met:
        if tracker.problem:
            call.voice.fail(f"failed: {tracker.name}: {tracker.problem}", tracker=tracker.name)
    return code


def _workspace(call: Call, *, needed: bool) -> Workspace | None:
    """The workspace, where there is one; without settings, the kinds of tracker can be shown all the same."""
    import os
    from pathlib import Path

    from okrsync import settings as settings_files

    try:
        settings_files.find(Path.cwd(), call.config, os.environ)
    except Problems:
        if needed or call.config is not None:
            raise
        return None
    return call.workspace()


def _meet(call: Call, workspace: Workspace, *, online: bool) -> tuple[list[_Met], int]:
    kinds = workspace.plugins.trackers
    met = []
    for name, settings in workspace.settings.trackers.items():
        kind = kinds.get(settings.type)
        met.append(_Met(name, settings.type, settings.url or (kind.default_url if kind else None) or ""))
    if not online:
        return met, DONE
    from okrsync.cli.working import working
    from okrsync.trackers.errors import TrackerError

    asked = []
    with working(call, workspace) as work:
        for each in met:
            work.phase(f"asking {each.name}")
            try:
                with workspace.tracker(each.name) as tracker:
                    login = tracker.login()
                asked.append(_Met(each.name, each.kind, each.url, login.account, login.server))
            except TrackerError as error:
                asked.append(_Met(each.name, each.kind, each.url, problem=str(error)))
    failed = sum(each.problem is not None for each in asked)
    return asked, DONE if not failed else NO_TRACKER if failed == len(asked) else FAILED


def _matrix(kinds: list[TrackerType]) -> Table:
    """What each kind can do: a row a feature, a column a kind."""
    from okrsync.reports.tables import Table

    rows = [
        ["objectives as", *(", ".join(sorted(each.capabilities.objective_forms)) for each in kinds)],
        ["key results as", *(", ".join(sorted(each.capabilities.key_result_forms)) for each in kinds)],
        ["due dates of key results", *(_yes(each.capabilities.due_on_key_results) for each in kinds)],
        ["links of its own", *(_yes(each.capabilities.native_links) for each in kinds)],
        ["children may be pull requests", *(_yes(each.capabilities.pull_requests) for each in kinds)],
        ["comments on", *(_of(each.capabilities.comments_on) for each in kinds)],
        ["tells who changed a field", *(_yes(each.capabilities.field_history) for each in kinds)],
        ["fields written with the item", *(_yes(each.capabilities.fields_with_item) for each in kinds)],
        ["descriptions in", *(str(each.capabilities.markup) for each in kinds)],
        ["address unless set", *(each.default_url or "none: set url" for each in kinds)],
        ["needs user", *(_yes(each.needs_user) for each in kinds)],
    ]
    return Table(["kind", *(each.name for each in kinds)], rows)


def _yes(can: bool) -> str:
    return "yes" if can else "no"


def _options(kinds: list[TrackerType]) -> list[Table]:
    from okrsync.reports.tables import Table

    rows = [(each.name, option, meaning) for each in kinds for option, meaning in each.options.items()]
    return [Table(("kind", "further key", "what it does"), rows)] if rows else []


def _configured(met: list[_Met]) -> list[Table]:
    from okrsync.reports.tables import Table

    if not met:
        return []
    asked = any(each.account or each.problem for each in met)
    headings = ("tracker", "type", "address", *(("we are", "there answers") if asked else ()))
    rows = [
        (each.name, each.kind, each.url, *((each.account or "unknown", each.server or "nothing") if asked else ()))
        for each in met
    ]
    return [Table(headings, rows)]


def _measures(plugins: Plugins) -> list[Table]:
    """What plugins measure; the keys of each in documents, and in the tables of sources."""
    from okrsync.reports.tables import Table

    kinds = list(plugins.measures.values())
    if not kinds:
        return []
    tables = [Table(("measure", "what it gives"), [(each.name, each.summary) for each in kinds])]
    rows = [(each.name, key, meaning) for each in kinds for key, meaning in each.options.items()]
    tables.append(Table(("measure", "key in documents", "what it does"), rows))
    rows = [(each.name, key, meaning) for each in kinds for key, meaning in each.settings.items()]
    return [*tables, Table(("measure", "key of [sources.NAME]", "what it does"), rows)] if rows else tables


def _sources(workspace: Workspace | None) -> list[Table]:
    from okrsync.reports.tables import Table

    if workspace is None or not workspace.settings.sources:
        return []
    rows = [(name, each.type, each.url or "") for name, each in workspace.settings.sources.items()]
    return [Table(("source", "type", "address"), rows)]


def _of(kinds: Iterable[str]) -> str:
    return ", ".join(f"{kind.replace('_', ' ')}s" for kind in sorted(kinds, reverse=True)) or "nothing"


def _data(plugins: Plugins, met: list[_Met], workspace: Workspace | None) -> dict[str, Any]:
    return {
        "types": [
            {
                "name": each.name,
                "summary": each.summary,
                "default_url": each.default_url,
                "needs_user": each.needs_user,
                "options": dict(each.options),
                "capabilities": {
                    "objective_forms": sorted(each.capabilities.objective_forms),
                    "key_result_forms": sorted(each.capabilities.key_result_forms),
                    "due_on_key_results": each.capabilities.due_on_key_results,
                    "native_links": each.capabilities.native_links,
                    "pull_requests": each.capabilities.pull_requests,
                    "comments_on": sorted(each.capabilities.comments_on),
                    "field_history": each.capabilities.field_history,
                    "fields_with_item": each.capabilities.fields_with_item,
                    "markup": str(each.capabilities.markup),
                },
            }
            for each in plugins.trackers.values()
        ],
        "left_out": [{"name": each.name, "reason": each.reason} for each in plugins.left_out],
        "trackers": [
            {
                "name": each.name,
                "type": each.kind,
                "url": each.url,
                "account": each.account,
                "server": each.server,
                "problem": each.problem,
            }
            for each in met
        ],
        "measures": [
            {
                "name": each.name,
                "summary": each.summary,
                "options": dict(each.options),
                "settings": dict(each.settings),
                "needs_source": each.needs_source,
            }
            for each in plugins.measures.values()
        ],
        "sources": [
            {"name": name, "type": each.type, "url": each.url}
            for name, each in (workspace.settings.sources.items() if workspace else ())
        ],
    }

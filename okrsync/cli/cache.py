"""`okrsync cache`: look into the cache, see whether it is well, make it anew from the trackers, copy it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.backfill import backfill
from okrsync.cli.call import Call
from okrsync.cli.endings import DONE, FAILED
from okrsync.cli.options import command, cycle_option, global_options, json_option
from okrsync.cli.working import engine_at_work, tell_repaired

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.reports.tables import Table
    from okrsync.store.recovery import Rebuilt
    from okrsync.store.values import CacheInfo


@click.group("cache", params=global_options())
def cache() -> None:
    """Look after the cache: the file with links, values over time, and what is under way."""


@command("info")
@json_option
def info(call: Call, as_json: bool) -> None:
    """Show what is in the cache, and when it was last brought up to date."""
    from okrsync.reports.tables import table_picture, table_text
    from okrsync.store.reading import Reader

    settings = call.workspace().settings
    with Reader.at(settings.cache_file, settings.workspace) as reader:
        found = reader.info()
    call.screen.show(
        as_json=as_json,
        data=lambda: _info_json(found),
        text=lambda: table_text(_info_table(found)),
        picture=lambda _width: table_picture(_info_table(found)),
    )


def _info_json(found: CacheInfo) -> dict[str, Any]:
    run = found.last_run
    return {
        "path": str(found.path),
        "workspace": found.workspace,
        "created_at": found.created_at.isoformat(),
        "size": found.size,
        "schema": found.schema,
        "counts": dict(found.counts),
        "open_intents": found.open_intents,
        "last_run": None
        if run is None
        else {
            "kind": run.kind,
            "started_at": run.started_at.isoformat(),
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
            "exit_code": run.exit_code,
            "requests": run.requests,
            "changes_made": run.changes_made,
            "held": run.held,
            "problems": list(run.problems),
        },
    }


def _info_table(found: CacheInfo) -> Table:
    from okrsync.reports.tables import Table
    from okrsync.reports.words import moment

    run = found.last_run
    if run is None:
        last = "none yet"
    elif run.finished_at is None:
        last = f"{run.kind}, begun {moment(run.started_at)}, under way or killed"
    else:
        last = f"{run.kind}, {moment(run.finished_at)}, exit code {run.exit_code}, {run.changes_made} changes"
    return Table(
        ("What", "Value"),
        [
            ("file", str(found.path)),
            ("workspace", found.workspace),
            ("made", moment(found.created_at)),
            ("size", f"{found.size:,} bytes"),
            ("schema", str(found.schema)),
            ("last run", last),
            ("under way", f"{found.open_intents} changes"),
            *((name.replace("_", " "), f"{count:,}") for name, count in found.counts.items()),
        ],
    )


@command("rebuild")
@cycle_option
@json_option
def rebuild(call: Call, as_json: bool) -> int:
    """Make the cache anew from documents and trackers.

    Check-ins, values over time and what is under way are kept; a damaged file is put aside first.
    """
    from okrsync.store.recovery import rebuild as rebuild_file

    workspace = call.workspace()
    workspace.check_trackers()
    settings = workspace.settings
    with workspace.turn:
        _ = workspace.cycle
        done = rebuild_file(settings.cache_file, settings.workspace, workspace.now)
        if done.aside is not None:
            tell_repaired(call, done)
        return _read_back(call, workspace, done, as_json=as_json)


def _read_back(call: Call, workspace: Workspace, done: Rebuilt, *, as_json: bool) -> int:
    """Fill a cache that was just begun from the trackers, and show what came of it; the exit code."""
    from okrsync.cli.outcomes import failure_json, name_failures
    from okrsync.reports.words import counted

    with engine_at_work(call, workspace) as engine:
        outcome = engine.pull()
    with workspace.open_cache() as found:
        links = len(found.links.live())
    if as_json:
        call.screen.json(
            {
                "found": list(done.found),
                "aside": None if done.aside is None else str(done.aside),
                "carried": dict(done.carried),
                "incomplete": list(done.incomplete),
                "links": links,
                "failures": [failure_json(each) for each in outcome.failures],
                "requests": outcome.requests,
                "exit_code": int(outcome.exit_code),
            }
        )
    elif not call.quiet:
        cycle = workspace.cycle.name
        call.screen.lines([f"{cycle}: {counted(links, 'link')} found again ({counted(outcome.requests, 'request')})"])
    return name_failures(call, outcome)


@command("check")
@json_option
def check(call: Call, as_json: bool) -> int:
    """Read the cache from end to end, and say whether it is well. Nothing is changed."""
    from okrsync.store.errors import CacheDamaged
    from okrsync.store.reading import Reader
    from okrsync.store.soundness import damage

    settings = call.workspace().settings
    try:
        with Reader.at(settings.cache_file, settings.workspace) as reader:
            found = reader.examine(damage)
    except CacheDamaged as error:
        found = (error.found,)
    if as_json:
        call.screen.json({"path": str(settings.cache_file), "sound": not found, "found": list(found)})
    elif not found and not call.quiet:
        call.screen.lines([f"all well: {settings.cache_file}"])
    for each in found:
        call.voice.fail(f"{settings.cache_file}: {each}")
    if found:
        call.voice.fail("the cache is damaged: `okrsync cache repair` puts it aside and makes a new one")
    return FAILED if found else DONE


@command("repair")
@cycle_option
@json_option
def repair(call: Call, as_json: bool) -> int:
    """Put a damaged cache aside and make a new one from documents and trackers; leave a sound one alone.

    What can still be read of check-ins, values over time and what is under way is carried over; what is lost is named.
    """
    workspace = call.workspace()
    workspace.check_trackers()
    with workspace.turn:
        _ = workspace.cycle
        done = workspace.repair_cache()
        if done is not None:
            tell_repaired(call, done)
            return _read_back(call, workspace, done, as_json=as_json)
    if as_json:
        call.screen.json({"found": [], "aside": None, "carried": {}, "incomplete": [], "exit_code": DONE})
    elif not call.quiet:
        call.screen.lines(["nothing to repair"])
    return DONE


@command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def backup(call: Call, target: Path) -> None:
    """Copy the cache, complete and of one moment, to the new file TARGET."""
    workspace = call.workspace()
    from okrsync.store.cache import Cache

    settings = workspace.settings
    with Cache.open(settings.cache_file, settings.workspace, create=False) as found:
        found.backup(target)
    if not call.quiet:
        call.screen.lines([f"copied to {target}"])


for _each in (info, check, repair, rebuild, backup, backfill):
    cache.add_command(_each)

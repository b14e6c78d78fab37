"""How it stands with the daemon, in words and as JSON; and what happens in it, as lines for a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from okrsync.cli.call import Call
from okrsync.daemon import events
from okrsync.reports.words import age, counted, moment, shown, span

if TYPE_CHECKING:
    from datetime import datetime

    from okrsync.daemon.standing import MappingStanding, Standing
    from okrsync.store.values import Run


def standing_json(found: Standing) -> dict[str, Any]:
    """For `--json`."""
    lag = {each.mapping: each.lag(found.as_of) for each in found.mappings}
    return {
        "workspace": found.workspace,
        "as_of": _iso(found.as_of),
        "running": None
        if found.running is None
        else {"process": found.running.process, "since": _iso(found.running.since)},
        "mappings": [
            {
                "mapping": each.mapping,
                "last_success": _iso(each.last_success),
                "lag_seconds": None if (known := lag[each.mapping]) is None else int(known.total_seconds()),
                "failing_since": _iso(each.failing_since),
                "why": each.why or None,
            }
            for each in found.mappings
        ],
        "last_run": None if found.last_run is None else _run_json(found.last_run),
        "last_day": {"runs": found.runs_of_a_day, "requests": found.requests_of_a_day},
        "held": found.held,
        "outbox": found.outbox,
        "stale": found.stale,
        "paused": {name: {"until": _iso(each.until), "why": each.why} for name, each in found.paused.items()},
        "next": {name: _iso(at) for name, at in found.next.items()},
        "refused": list(found.refused),
        "documents": found.documents or None,
        "wrong": list(found.wrong),
    }


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "kind": run.kind,
        "started_at": _iso(run.started_at),
        "finished_at": _iso(run.finished_at),
        "exit_code": run.exit_code,
        "requests": run.requests,
        "changes": run.changes_made,
        "held": run.held,
        "problems": list(run.problems),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def standing_lines(found: Standing) -> Iterator[str]:
    """For people."""
    if found.running is None:
        yield f"{found.workspace}: no daemon runs"
    else:
        since = moment(found.running.since)
        on = ", on the last good settings" if found.wrong else ""
        yield f"{found.workspace}: the daemon runs (process {found.running.process}, since {since}){on}"
    for name, pause in found.paused.items():
        yield f"  paused: {name} until {moment(pause.until)}: {shown(pause.why)}"
    for problem in found.refused:
        yield f"  not in use: changed settings or documents: {shown(problem)}"
    if found.documents:
        yield f"  documents are those that were fetched before: {shown(found.documents)}"
    yield "mappings"
    for each in found.mappings:
        yield f"  {_mapping_words(each, found.as_of)}"
    yield (
        f"last day: {counted(found.runs_of_a_day, 'run')}, {counted(found.requests_of_a_day, 'request')};"
        f" {counted(found.held, 'change')} held; {counted(found.outbox, 'change')} in the outbox"
        + ("" if found.stale is None else f"; {counted(found.stale, 'stale key result')}")
    )
    if found.last_run is not None and found.last_run.finished_at is not None:
        run = found.last_run
        ended = f"{age(run.started_at, found.as_of)} ago: exit code {run.exit_code}, {counted(run.requests, 'request')}"
        yield f"last run: {run.kind}, {ended}"
        for problem in run.problems:
            yield f"  {shown(problem)}"
    if found.next:
        yield "next: " + ", ".join(
            f"{name} {moment(at)}" for name, at in sorted(found.next.items(), key=lambda e: e[1])
        )


def _mapping_words(each: MappingStanding, now: datetime) -> str:
    last = "never read" if each.last_success is None else f"read {age(each.last_success, now)} ago"
    if each.failing_since is None:
        return f"{each.mapping}: {last}"
    return f"{each.mapping}: failing for {age(each.failing_since, now)} ({last}): {shown(each.why)}"


class Log:
    """Says what happens, on standard error: lines with the time for people, or every fact for machines. All that is
    said during a run, by libraries too, has the same `run`."""

    def __init__(self, call: Call) -> None:
        from okrsync.cli.logs import bind

        self._bind = bind
        self._voice = call.voice
        self._for_people = call.log_format == "text"

    def __call__(self, event: events.Event) -> None:
        """Something happened."""
        if isinstance(event, events.RunBegan):
            self._bind(run=uuid4().hex[:12])
        level, text = words(event)
        if text:
            self._say(event, level, text)
        if isinstance(event, events.RunEnded):
            self._bind(run=None)

    def _say(self, event: events.Event, level: str, text: str) -> None:
        facts = {name: fact for name, fact in events.facts(event).items() if name != "text"}
        what = re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower()
        line = f"{event.at.astimezone():%H:%M:%S} {text}" if self._for_people else text
        voice = self._voice
        if level == "debug":
            voice.debug(line, what=what, **facts)
        elif level == "info":
            voice.note(line, what=what, **facts)
        elif level == "warning":
            voice.warn(line, what=what, **facts)
        else:
            voice.fail(line, what=what, **facts)


def words(event: events.Event) -> tuple[str, str]:
    """The level of an event, and what to say of it; nothing where nobody needs to hear of it."""
    match event:
        case events.Started():
            return "info", f"up: {counted(len(event.mappings), 'mapping')}"
        case events.RunBegan():
            return "debug", f"{event.kind} begins: {event.why}"
        case events.RunEnded():
            return _run_words(event)
        case events.Postponed():
            return "info", f"{event.kind} waits: {event.why}"
        case events.MappingFailed():
            last = "" if event.last_success is None else f", last read {moment(event.last_success)}"
            return "error", f"{event.mapping} fails{last}: {event.why}"
        case events.MappingRecovered():
            return "info", f"{event.mapping} works again, after {age(event.failing_since, event.at)}"
        case events.Paused():
            return "warning", f"{event.tracker} paused until {moment(event.until)}: {event.why}"
        case events.Resumed():
            return "info", f"{event.tracker} is asked again"
        case events.Reloaded():
            return "info", f"{'settings and documents' if event.settings else 'documents'} were read again"
        case events.ReloadRefused():
            problems = "; ".join(str(each) for each in event.problems)
            return "error", f"settings or documents changed, and the last good ones stay in use: {problems}"
        case events.DocumentsNotFetched():
            return "warning", event.why
        case events.CheckInsDue():
            return "info", f"check-ins are due: {', '.join(map(str, event.refs))}"
        case events.Noted():
            return "warning", event.text
        case events.Stopping():
            return "info", f"down: {event.why}"
    return "debug", ""


def _run_words(event: events.RunEnded) -> tuple[str, str]:
    parts = [f"{counted(len(event.moved), 'value')} moved"] if event.moved else []
    parts += [f"{counted(event.changes, 'change')} made"] if event.changes else []
    parts += [f"{counted(event.held, 'change')} held"] if event.held else []
    parts += [f"failed: {each}" for each in event.problems]
    cost = f"{counted(event.requests, 'request')}, {span(event.seconds) if event.seconds >= 1 else 'at once'}"
    text = f"{event.kind}: {'; '.join(parts) or 'nothing new'} ({cost})"
    return ("warning" if event.problems else "info"), text

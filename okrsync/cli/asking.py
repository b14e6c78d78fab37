"""Asking the trackers whether the settings fit them, without writing anything."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.app import Workspace
from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, DONE, FAILED, NO_TRACKER
from okrsync.cli.working import engine_at_work
from okrsync.domain.okr import Source
from okrsync.engine.engine import Engine
from okrsync.problems import Problem, Problems
from okrsync.trackers.errors import AuthFailed, Misconfigured, TrackerError, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Login, Scope


def ask_trackers(call: Call, workspace: Workspace) -> tuple[list[Problem], int]:
    """Log in to every tracker of the settings, and have each check what the mappings ask of it.

    Returns the problems with the exit code that follows. What is no fault of the settings is said at once.
    """
    problems: list[Problem] = []
    unreached = failed = 0
    with engine_at_work(call, workspace, alone=False) as engine:
        scopes = _scopes(engine)
        for name, settings in workspace.settings.trackers.items():
            engine.inputs.told.phase(f"asking {name}")
            try:
                with workspace.tracker(name) as tracker:
                    login = tracker.login()
                    call.voice.note(f"{name}: {said(login)}", tracker=name)
                    for scope, source in scopes.get(name, {}).items():
                        problems += _check(tracker, scope, source, name)
            except Misconfigured as error:
                # A token that cannot be read has its place already.
                cause = error.__cause__
                problems += (
                    cause.problems
                    if isinstance(cause, Problems)
                    else [
                        Problem(settings.source.file, settings.source.line, f"trackers.{name}", each)
                        for each in error.problems
                    ]
                )
            except TrackerError as error:
                unreached += isinstance(error, AuthFailed | Transient)
                failed += 1
                call.voice.fail(f"failed: {name}: {error}", tracker=name)
    if problems:
        return sorted(set(problems)), BAD_INPUT
    if unreached and unreached == len(workspace.settings.trackers):
        return [], NO_TRACKER
    return [], FAILED if failed else DONE


def said(login: Login) -> str:
    """Who we are at a tracker, in one line."""
    return f"{login.account} at {login.server}"


def _scopes(engine: Engine) -> dict[str, dict[Scope, Source]]:
    """Tracker → what the documents ask of it, and the mapping that says so."""
    found: dict[str, dict[Scope, Source]] = {}
    for objective in engine.okrs.objectives:
        place = engine.inputs.atlas.place(objective)
        if place is not None:
            found.setdefault(place.placement.tracker, {}).setdefault(place.scope, place.placement.source)
    return found


def _check(tracker: Tracker, scope: Scope, source: Source, name: str) -> Iterator[Problem]:
    try:
        wrong = tracker.check(scope)
    except Misconfigured as error:
        wrong = error.problems
    for each in wrong:
        yield Problem(source.file, source.line, f"{name} {scope.project}", each.rstrip("."))

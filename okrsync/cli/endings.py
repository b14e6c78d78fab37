"""How a call ends that did not go well: what is said, and the exit code."""

from __future__ import annotations

import signal

import click

from okrsync.cli.call import Call
from okrsync.cli.screen import PipeClosed, leave_quietly
from okrsync.cli.working import Ended
from okrsync.problems import Problems

DONE, FAILED, BAD_INPUT, HELD, NO_TRACKER = range(5)
"""The exit codes of the contract; `okrsync.engine.outcome.ExitCode` has the same, and costs more to import."""


def ending(error: BaseException, call: Call) -> int:
    """Say what went wrong, in words for the person who can mend it; the exit code."""
    if isinstance(error, PipeClosed):
        leave_quietly()
        return 128 + signal.SIGPIPE
    if isinstance(error, KeyboardInterrupt | click.Abort):
        call.voice.fail("stopped; nothing more was done")
        return 128 + signal.SIGINT
    if isinstance(error, Ended):
        call.voice.fail(str(error))
        return error.exit_code
    if isinstance(error, Problems):
        call.voice.problems(error.problems)
        return BAD_INPUT
    if isinstance(error, click.ClickException):
        return _usage(error, call)
    if not isinstance(error, Exception):
        raise error
    call.voice.trace(error)
    if _is_skipped(error, call):
        call.voice.note(str(error))
        return DONE
    known = _known(error)
    if known is not None:
        call.voice.fail(str(error))
        return known
    if isinstance(error, OSError):
        call.voice.fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        return FAILED
    hint = "" if call.verbose else "; `--verbose` shows where"
    where = f"the plugin {call.plugin}" if call.plugin else "okrsync itself"
    call.voice.fail(f"an error in {where}, {type(error).__name__}: {error}{hint}")
    return FAILED


def _usage(error: click.ClickException, call: Call) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    call.voice.fail(error.format_message())
    if context is not None and call.log_format == "text":
        call.voice.fail(f"`{context.command_path} --help` shows how it is used")
    return error.exit_code if error.exit_code > 1 else BAD_INPUT


def _is_skipped(error: Exception, call: Call) -> bool:
    from okrsync.store.lock import CacheTaken

    return call.if_running == "skip" and isinstance(error, CacheTaken)


def _known(error: Exception) -> int | None:
    """The exit code of an error whose text is written for people; None for any other."""
    from okrsync.store.errors import CacheError, WrongWorkspace
    from okrsync.trackers.errors import AuthFailed, Misconfigured, TrackerError, Transient

    if isinstance(error, WrongWorkspace):
        return HELD
    if isinstance(error, Misconfigured):
        return BAD_INPUT
    if isinstance(error, AuthFailed | Transient):
        return NO_TRACKER
    return FAILED if isinstance(error, TrackerError | CacheError) else None

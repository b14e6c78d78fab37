"""`okrsync daemon`: keep trackers, documents and cache up to date until somebody stops it; and how it stands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, DONE
from okrsync.cli.options import command, global_options, if_running_option, json_option
from okrsync.cli.version import version
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.daemon.events import Observer
    from okrsync.daemon.inbox import Inbox
    from okrsync.daemon.notify import ServiceManager
    from okrsync.daemon.tasks import Ground, Hands


@click.group("daemon", params=global_options(), invoke_without_command=True)
@click.option("--once", is_flag=True, help="Do what is due now, and end: for cron and timers.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Take webhooks, and tell those who watch: /webhooks/NAME, /healthz, /readyz, /metrics. Default: no port.",
)
@if_running_option
@click.pass_context
def daemon(context: click.Context, once: bool, listen: str | None) -> int | None:
    """Keep trackers, documents and cache up to date, on the schedule of the settings, until it is stopped.

    SIGTERM and SIGINT end it, SIGHUP reads settings and documents again (it sees changes by itself, too), SIGUSR1 syncs
    at once. Off a terminal its log is JSON, and under systemd entries of the journal.
    """
    if context.invoked_subcommand is not None:
        return None
    call = context.find_object(Call)
    assert call is not None
    if once and listen:
        raise click.UsageError("--once ends when it is done, and --listen is for who stays: leave one out")
    return _serve(call, once=once, listen=listen)


@command("status")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    envvar="OKRSYNC_CACHE",
    metavar="FILE",
    help="The cache, for when the settings cannot be read at all. Default: OKRSYNC_CACHE.",
)
@json_option
def status(call: Call, cache: Path | None, as_json: bool) -> int:
    """Show how it stands: what is read and what fails, what is paused, what is due next.

    While the settings are wrong a daemon goes on with the last good ones; then this shows what the cache tells, and
    what is wrong (exit code 2).
    """
    from okrsync.cli.daemon_status import find_out
    from okrsync.cli.daemon_views import standing_json, standing_lines

    found, problems = find_out(call, cache)
    if as_json:
        call.screen.json(standing_json(found))
    else:
        call.screen.lines(standing_lines(found))
    if problems:
        call.voice.problems(problems)
    return BAD_INPUT if problems else DONE


daemon.add_command(status)


def _serve(call: Call, *, once: bool, listen: str | None) -> int:
    import os

    from okrsync.cli.daemon_views import Log
    from okrsync.cli.journal import is_journal
    from okrsync.cli.logs import hear_libraries
    from okrsync.cli.stopping import Stopped, stoppable
    from okrsync.daemon.inbox import Inbox, Stop
    from okrsync.daemon.loop import Daemon
    from okrsync.daemon.notify import ServiceManager
    from okrsync.daemon.notifying import Notifying

    if not sys.stderr.isatty() and not _was_chosen("log_format"):
        call.choose_log_format("journal" if is_journal(2, os.environ) else "json")
    hear_libraries(call.log_format, call.verbose)
    manager = ServiceManager(os.environ)
    inbox = Inbox(Stop(manager.progress))
    loaded = _loader(call, inbox)
    notifying = Notifying(lambda: living.ground.workspace, lambda: living.state, warn=call.voice.warn)
    port = _port(call, listen, inbox, manager, lambda: living.ground) if listen else nullcontext(())
    with port as watching, stoppable(inbox.stop) as stopping, _asked_by_signals(inbox):
        try:
            hands = _hands(call, once=once)
            living = Daemon(loaded, inbox, hands, [Log(call), notifying, *watching], manager=manager)
            code = living.run(once=once)
        except Stopped:
            # What was cut off is in the outbox; the next run finds out what became of it.
            code = 0
        finally:
            inbox.close()
    if once and stopping.signal is not None:
        raise Ended(f"stopped by {stopping.signal.name}", stopping.exit_code)
    return code


def _hands(call: Call, *, once: bool) -> Hands:
    """Who stays has each run done by a process that ends with it; who ends anyway does it all alone."""
    if once:
        from okrsync.daemon.working import OwnHands

        return OwnHands()
    from okrsync.daemon.apart import Apart

    return Apart(worker_command(call.log_format, verbose=call.verbose))


def worker_command(log_format: str, *, verbose: bool) -> list[str]:
    """What starts the process of a run, but for its last argument: `okrsync.cli.daemon_worker`, which is not imported
    here for all that it needs. Whatever the working folder holds is not taken for a module."""
    about_us = (version(), log_format, "verbose" if verbose else "")
    return [sys.executable, "-P", "-m", "okrsync.cli.daemon_worker", *about_us]


@contextmanager
def _port(
    call: Call, listen: str, inbox: Inbox, manager: ServiceManager, ground: Callable[[], Ground]
) -> Iterator[tuple[Observer, ...]]:
    """The port of the daemon while inside, and what observes the daemon for it."""
    from okrsync.daemon.web.port import Port
    from okrsync.daemon.web.serving import Address

    try:
        address = Address.parse(listen)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--listen") from None
    try:
        port = Port(address, inbox, ground=ground, last_progress=lambda: manager.last_progress, warn=call.voice.warn)
    except OSError as error:
        if _another_runs(call):
            # It has the address, and will be told of in its own words.
            yield ()
            return
        found = f"cannot listen at {address}: {error.strerror or error}; name an address that is free"
        raise click.BadParameter(found, param_hint="--listen") from None
    try:
        call.voice.note(f"listening at http://{port.address}", what="listening", address=str(port.address))
        if not address.is_private:
            call.voice.warn(
                f"{port.address} is beyond this machine: let others reach /webhooks/ only, by https through a proxy"
            )
        yield (port,)
    finally:
        port.close()


def _another_runs(call: Call) -> bool:
    from okrsync.store.lock import Post

    workspace = call.workspace()
    return Post(workspace.settings.cache_file, workspace.doing, workspace.now).is_taken()


def _loader(call: Call, inbox: Inbox) -> Callable[[], Workspace]:
    """Reads the settings as any command does."""

    def load() -> Workspace:
        workspace = call.workspace()
        workspace.stop = inbox.stop
        workspace.doing = "daemon"
        for each in workspace.plugins.broken:
            call.voice.warn(f"plugin {each.name} is left out: {each.reason}", plugin=each.name)
        return workspace

    return load


@contextmanager
def _asked_by_signals(inbox: Inbox) -> Iterator[None]:
    """While inside, SIGHUP asks to read settings again, and SIGUSR1 to sync now."""
    asked = {signal.SIGHUP: inbox.ask_to_reload, signal.SIGUSR1: inbox.ask_to_sync}
    before = {number: signal.signal(number, lambda *_, ask=ask: ask()) for number, ask in asked.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _was_chosen(name: str) -> bool:
    """Whether somebody gave a global option, before or after the name of the command."""
    from click.core import ParameterSource

    context: click.Context | None = click.get_current_context()
    while context is not None:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            return True
        context = context.parent
    return False

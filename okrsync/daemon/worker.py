"""The other side of `okrsync.daemon.apart`: a process that carries one run out, tells what goes on in it, and ends."""

from __future__ import annotations

import os
import pickle
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from okrsync.app import Workspace, utc_now
from okrsync.daemon.apart import STOP, Order, Said
from okrsync.daemon.inbox import Stop
from okrsync.daemon.jobs import Jobs
from okrsync.daemon.tasks import Ground, Report
from okrsync.daemon.working import carry_out, connect
from okrsync.engine.connections import Kept
from okrsync.engine.outcome import ExitCode


def serve(teller: Teller) -> None:
    """Carry out the one run that the daemon orders.

    Raises:
        Interrupted: the teller's `stop` was set, by the daemon or because it is no more.
        EOFError: the daemon ended before it said what to do.
    """
    order = teller.ordered()
    threading.Thread(target=teller.watch, daemon=True).start()
    ground = _ground(order, teller)
    connections = connect(ground.workspace, teller, _known(order))
    try:
        done = carry_out(order.task, ground, connections, teller)
        teller.say(Said.KEPT, _kept(connections.kept, teller))
        try:
            teller.say(Said.DONE, done)
        except Exception as error:  # noqa: BLE001 - whatever a plugin put there
            said = f"an error in okrsync itself: what came of this run cannot be told ({type(error).__name__}: {error})"
            teller.say(Said.DONE, Report(problems=(said,), exit_code=ExitCode.PARTLY_FAILED))
    finally:
        connections.close()


def _known(order: Order) -> Kept:
    """What connections of earlier runs knew; nothing where that cannot be read, as by another version of a plugin."""
    with suppress(Exception):
        kept: Kept = pickle.loads(order.kept)  # noqa: S301 - the daemon had it from one of us
        return kept
    return Kept()


def _kept(kept: Kept, teller: Teller) -> bytes:
    for tracker, lasting in list(kept.lasting.items()):
        try:
            pickle.loads(pickle.dumps(lasting))  # noqa: S301 - our own
        except Exception as error:  # noqa: BLE001 - whatever a plugin keeps there
            del kept.lasting[tracker]
            teller.warned(
                f"{tracker}: what the plugin of this tracker wants to keep from run to run cannot be kept"
                f" ({type(error).__name__}: {error}), so it finds it out again in each run: the plugin is to put plain"
                " values into TrackerContext.lasting"
            )
    return pickle.dumps(kept)


def _ground(order: Order, teller: Teller) -> Ground:
    workspace = Workspace(order.settings, now=lambda: utc_now() + order.ahead, shown_from=order.shown_from)
    workspace.stop, workspace.warn = teller.stop, teller.warned
    workspace.doing, workspace.signature = "daemon", order.signature
    workspace.assume(order.documents, order.parsed)
    return Ground(workspace, Jobs.of(order.settings))


class Teller:
    """Tells the daemon at the other end of a line what goes on, as `okrsync.daemon.tasks.Ears`. Where that is no more,
    nobody is left to work for."""

    def __init__(self, line: Connection[Any, Any]) -> None:
        self._line = line
        self._one_at_a_time = threading.Lock()
        self.stop = Stop(self.progress)
        """Set when the run shall end."""

    def ordered(self) -> Order:
        """What the daemon says first."""
        try:
            order: Order = self._line.recv()
        except OSError as error:
            raise EOFError from error
        return order

    def watch(self) -> None:
        """Wait until the daemon is no more, which says nothing after its order; then ask this process to stop."""
        with suppress(EOFError, OSError):
            self._line.recv()
        os.kill(os.getpid(), STOP)

    def say(self, *what: object) -> None:
        try:
            with self._one_at_a_time:
                self._line.send(what)
        except OSError:
            self.stop.set()

    def began(self) -> None:
        self.say(Said.BEGAN)

    def progress(self) -> None:
        self.say(Said.PROGRESS)

    def paused(self, tracker: str, seconds: float, why: str) -> None:
        self.say(Said.PAUSED, tracker, seconds, why)

    def noted(self, text: str) -> None:
        self.say(Said.NOTED, text)

    def warned(self, text: str) -> None:
        self.say(Said.WARNED, text)

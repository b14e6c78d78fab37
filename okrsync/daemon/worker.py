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
from okrsync.daemon.tasks import Ground
from okrsync.daemon.working import carry_out, connect
from okrsync.engine.connections import Kept


def serve(teller: Teller) -> None:
    """Carry out the one run that the daemon orders.

    Raises:
        Interrupted: the teller's `stop` was set, by the daemon or because it is no more.
        EOFError: the daemon ended before it said what to do.
    """
    order = teller.ordered()
    threading.Thread(target=teller.watch, daemon=True).start()
    ground = _ground(order, teller)
    kept: Kept = pickle.loads(order.kept) if order.kept else Kept()  # noqa: S301 - the daemon had it from one of us
    connections = connect(ground.workspace, teller, kept)
    try:
        done = carry_out(order.task, ground, connections, teller)
        teller.say(Said.KEPT, pickle.dumps(connections.kept))
        teller.say(Said.DONE, done)
    finally:
        connections.close()


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
        order: Order = self._line.recv()
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

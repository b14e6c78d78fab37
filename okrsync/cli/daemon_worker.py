"""What the daemon starts for each of its runs, as `python -m okrsync.cli.daemon_worker FORMAT VERBOSE DESCRIPTOR`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from okrsync.cli.logs import hear_libraries
from okrsync.cli.stopping import Stopped, stoppable
from okrsync.daemon.apart import STOP
from okrsync.daemon.worker import Teller, serve
from okrsync.trackers.retry import Interrupted


def main(arguments: Sequence[str]) -> None:
    """Carry one run out. `arguments`: the log format, whether libraries tell more, and the number of the line."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    log_format, verbose, descriptor = arguments
    hear_libraries(log_format, bool(verbose))
    line: Connection[Any, Any] = Connection(int(descriptor))
    teller = Teller(line)
    # What is cut off is in the outbox; the next run finds out what became of it.
    with stoppable(teller.stop, (STOP,)), suppress(Stopped, Interrupted, EOFError):
        serve(teller)


if __name__ == "__main__":
    main(sys.argv[1:])

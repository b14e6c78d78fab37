"""What the daemon starts for each of its runs: `python -m okrsync.cli.daemon_worker VERSION FORMAT VERBOSE LINE`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from okrsync.cli.logs import hear_libraries
from okrsync.cli.stopping import Stopped, stoppable
from okrsync.cli.version import version
from okrsync.daemon.apart import NOT_FOR_RUNS, OTHER_VERSION, STOP
from okrsync.daemon.worker import Teller, serve
from okrsync.trackers.retry import Interrupted


def main(arguments: Sequence[str]) -> None:
    """Carry one run out. `arguments`: the daemon's version, its log format, whether libraries tell more, and the file
    descriptor of the line to it.

    Raises:
        SystemExit: the daemon is of another version, with which there is no talking.
    """
    daemons_version, log_format, verbose, line = arguments
    if daemons_version != version():
        raise SystemExit(OTHER_VERSION)
    for number in NOT_FOR_RUNS:
        # What is started in the run, such as a command that measures, hears them as always.
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, NOT_FOR_RUNS)
    # It is in the background of a terminal, where a warning would have it wait if the terminal says so (`stty tostop`).
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    hear_libraries(log_format, bool(verbose))
    teller = Teller(Connection(int(line)))
    # What is cut off is in the outbox; the next run finds out what became of it.
    with stoppable(teller.stop, (STOP,)), suppress(Stopped, Interrupted, EOFError):
        serve(teller)


if __name__ == "__main__":
    main(sys.argv[1:])

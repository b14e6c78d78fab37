"""The one retry policy. Client libraries are told not to retry; every request of every tracker goes through here.

Reads and writes of absolute values are repeatable. A create is not: when its answer is lost it is settled by looking
its marker up, never by sending it again. A server that certainly did nothing (a rate limit) may be asked again always.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random, wait_random_exponential

from okrsync.trackers.allowance import Allowance
from okrsync.trackers.errors import Transient

Answer = TypeVar("Answer")


class Interrupted(Exception):
    """Somebody asked the process to stop while a request waited for its turn."""


@dataclass
class RetryPolicy:
    """How often and how long a request is tried again.

    `Retry-After` is honoured in full; a wait longer than `longest_wait` seconds is not begun, and the error goes
    up with the time to come back. Without a `Retry-After` the wait grows exponentially with full jitter
    (Exponential Backoff And Jitter, AWS Architecture Blog, 2015), so that many clients do not come back as a herd.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 120.0
    stop: threading.Event = field(default_factory=threading.Event)
    """Set it to end every wait at once."""
    on_wait: Callable[[float, str], None] | None = None
    """Told before each wait: seconds, and why."""
    on_answer: Callable[[], None] = lambda: None
    """Told when a request has come to its end, whichever."""
    requests: int = 0
    """Requests sent so far, tries included."""
    retries: int = 0
    allowance: Allowance = field(default_factory=Allowance)
    """The share of the server's rate limit that may be used; the tracker tells it what the answers say."""
    gate: AbstractContextManager[object] = field(default_factory=nullcontext)
    """What lets so many requests at once through to the server."""

    def call(self, send: Callable[[], Answer], *, repeatable: bool) -> Answer:
        """Send one request, and again where that is safe.

        Raises:
            Transient: after the last try, or at once where trying again could do harm or would take too long.
            Interrupted: `stop` was set.
        """
        backoff = wait_random_exponential(multiplier=self.first_wait, max=30.0)

        def worth_another_try(error: BaseException) -> bool:
            if not isinstance(error, Transient) or (error.retry_after or 0.0) > self.longest_wait:
                return False
            return repeatable or error.acted is False

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, Transient) else None
            if asked is None:
                return backoff(state)
            # Never less than the server asked for; a little more, so that clients told the same time spread out.
            return asked + wait_random(0.0, min(5.0, 0.1 * asked))(state)

        def sleep(seconds: float) -> None:
            self.retries += 1
            if self.stop.wait(seconds):
                raise Interrupted

        def announce(state: RetryCallState) -> None:
            if self.on_wait and state.outcome and state.next_action:
                self.on_wait(state.next_action.sleep, str(state.outcome.exception()))

        def counted() -> Answer:
            if self.stop.is_set():
                raise Interrupted
            if (left := self.allowance.wait()) > 0:
                share = f"{self.allowance.share:.0%}"
                raise Transient(
                    f"okrsync has used the {share} of the rate limit that it may (share_of_limit)",
                    retry_after=left,
                    acted=False,
                )
            with self.gate:
                self.requests += 1
                try:
                    return send()
                finally:
                    self.on_answer()

        retrying = Retrying(
            retry=retry_if_exception(worth_another_try),
            stop=stop_after_attempt(self.attempts),
            wait=wait,
            sleep=sleep,
            before_sleep=announce,
            reraise=True,
        )
        return retrying(counted)

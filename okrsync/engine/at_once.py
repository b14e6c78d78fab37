"""Several pieces of work at the same time, a thread for each, none of which outlives an end that somebody asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")
_GLANCE = 0.1
"""Seconds after which who waits looks up, so that signals are heard."""


def at_once(works: Sequence[Callable[[], Result]]) -> list[Result]:
    """What comes of each, in their order. A single one is done here, without a thread.

    Raises:
        BaseException: what the first of them raised that raised anything, when all have ended; and what a signal
            raises meanwhile, at once: then nobody waits for those that are under way.
    """
    if len(works) < 2:
        return [work() for work in works]
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}

    def carry_out(number: int, work: Callable[[], Result]) -> None:
        try:
            results[number] = work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody waits
            errors[number] = error

    threads = [
        threading.Thread(target=carry_out, args=each, name=f"okrsync {each[0]}", daemon=True)
        for each in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(_GLANCE)
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(works))]

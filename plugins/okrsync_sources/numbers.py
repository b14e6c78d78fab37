"""What counts as a number. Text never does, whatever stands in it: it is the source that has to be mended then."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from okrsync.trackers.errors import Rejected
from okrsync_sources.words import Words


def number_of(value: Any, what: str, words: Words, *, remedy: str = "") -> float:
    """The number in `value`; true is 1 and false 0, for key results that are done or not.

    Args:
        what: whose value it is, to begin a sentence with.
        remedy: what to do about a text, as a clause.

    Raises:
        Rejected: it is none.
    """
    if isinstance(value, int | float | Decimal):
        try:
            number = float(value)
        except (OverflowError, ValueError):
            number = math.inf
        if math.isfinite(number):
            return number
        raise Rejected(f"{what} is {words.clean(str(value), 40)}, which is no number that a value can have")
    if isinstance(value, str):
        raise Rejected(f"{what} is the text {words.quoted(value)} where a number is expected{remedy and '; '}{remedy}")
    raise Rejected(f"{what} is of type {type(value).__name__} where a number is expected")

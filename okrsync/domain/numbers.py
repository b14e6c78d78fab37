"""Numbers as people read them."""

from __future__ import annotations

import math
from decimal import Decimal


def number_text(value: float) -> str:
    """A finite number with all its digits, no trailing `.0` and no exponent: 4.0 → `4`, 1e6 → `1000000`."""
    text = format(Decimal(repr(float(value))), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def figure_text(value: float) -> str:
    """A measured number with at most five digits that matter, and never fewer than its whole part has: `33.333`."""
    if not value or not math.isfinite(value):
        return number_text(0.0) if not value else str(value)
    return number_text(round(value, max(0, 4 - math.floor(math.log10(abs(value))))))


def quantity_text(value: float, unit: str) -> str:
    """A number with its unit: `1.5 s`, `40 %`, `12`."""
    return f"{number_text(value)} {unit}".rstrip()

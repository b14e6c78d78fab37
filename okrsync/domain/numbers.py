"""Numbers as people read them."""

from __future__ import annotations


def number_text(value: float) -> str:
    """A number without a trailing `.0` and without an exponent: 4.0 → `4`, 0.1 → `0.1`, 1e6 → `1000000`."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value) if "e" not in repr(value) else f"{value:.10f}".rstrip("0").rstrip(".")


def quantity_text(value: float, unit: str) -> str:
    """A number with its unit: `1.5 s`, `40 %`, `12`."""
    return f"{number_text(value)} {unit}".rstrip()

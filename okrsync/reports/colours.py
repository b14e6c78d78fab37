"""The look of figures on a terminal: a style for each health, progress as a bar. Words always stand beside colours."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from okrsync.domain.progress import Health
from okrsync.domain.status import Link
from okrsync.reports import words

BAR = 10
"""How many cells a bar of progress has."""

_LOOKS = {
    Health.ON_TRACK: ("●", "green"),
    Health.AT_RISK: ("▲", "yellow"),
    Health.OFF_TRACK: ("■", "red"),
    Health.TOO_EARLY: ("○", "cyan"),
    Health.UNKNOWN: ("?", "dim"),
}
MUTED = "dim"


def health_text(health: Health) -> Text:
    """A health as its mark and its word; the marks differ in shape, not only in colour."""
    mark, colour = _LOOKS[health]
    return Text(f"{mark} {health}", style=colour, no_wrap=True)


def bar(progress: float | None, health: Health) -> Text:
    """Progress (0.0–1.0) as a bar and a percentage."""
    _, colour = _LOOKS[health]
    filled = 0 if progress is None else min(BAR, int(progress * BAR + 1e-9))
    text = Text(no_wrap=True)
    text.append("█" * filled, style=colour)
    text.append("░" * (BAR - filled), style=MUTED)
    text.append(f" {words.percent(progress) if progress is not None else '–':>5}")
    return text


def link_text(link: Link) -> Text:
    """The key of an item, which leads there on terminals that can."""
    address = words.web_address(link)
    return Text(words.shown(link.key), style=Style(link=address, color="blue") if address else "blue")

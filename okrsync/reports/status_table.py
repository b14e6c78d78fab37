"""Status as tables for a terminal."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from okrsync.domain.okr import Level
from okrsync.domain.status import KeyResultStatus, KpiStatus, ObjectiveStatus, Status
from okrsync.practice.scoring import Bounds
from okrsync.reports import words
from okrsync.reports.colours import MUTED, bar, health_text, link_text
from okrsync.reports.score_words import ScoreWords
from okrsync.reports.status_text import headline

WIDE = 140
"""The width of a terminal from which on goals and values have columns of their own."""


def status_table(status: Status, width: int, bounds: Bounds | None = None) -> RenderableType:
    """One table a level, from the widest to the narrowest, and one for the KPIs.

    `width` is the terminal's, and `bounds` are those of the bands of scores, where they are not the usual ones.
    """
    parts: list[RenderableType] = [Text(headline(status), style="bold")]
    if not status.objectives and not status.kpis:
        parts.append(Text(f"\nNo objectives in {status.cycle.name}.", style=MUTED))
    view = _View(status.as_of, width >= WIDE, ScoreWords(bounds or Bounds(), status.as_of.date()))
    tables: list[Table] = []
    for level in Level:
        here = [each for each in status.objectives if each.objective.level is level]
        if here:
            tables.append(view.objectives(str(level), here))
    if status.kpis:
        tables.append(view.kpis(status.kpis))
    _align(tables)
    for table in tables:
        parts += [Text(), table]
    return Group(*parts)


class _View:
    def __init__(self, now: datetime, wide: bool, scores: ScoreWords) -> None:
        self.now = now
        self.wide = wide
        self.scores = scores

    def objectives(self, level: str, statuses: list[ObjectiveStatus]) -> Table:
        table = self._table(level, "Goal", "Now", "Progress", "Expected", "Health")
        for number, status in enumerate(statuses):
            if number:
                table.add_row()
            due = Text(words.percent(status.expected), style=MUTED, no_wrap=True)
            self._row(table, self._objective(status), "", "", self._progress(status), due, health_text(status.health))
            for each in status.key_results:
                self._row(
                    table,
                    Padding(self._key_result(each), (0, 0, 0, 2)),
                    Text(words.target_text(each.key_result)),
                    Text(words.current(each)),
                    self._progress(each),
                    Text(words.percent(each.expected), style=MUTED, no_wrap=True),
                    health_text(each.health),
                )
        return table

    def kpis(self, statuses: tuple[KpiStatus, ...]) -> Table:
        table = self._table("KPIs", "Band", "Now", "", "", "Standing")
        for status in statuses:
            self._row(
                table,
                self._kpi(status),
                Text(words.kpi_band(status.kpi)),
                Text(words.quantity(status.observed.value, status.kpi.unit)),
                "",
                "",
                Text(words.within(status), style={True: "green", False: "red", None: MUTED}[status.in_band]),
            )
        return table

    def _table(self, *columns: str) -> Table:
        table = Table(box=None, expand=True, padding=(0, 2, 0, 0), header_style=MUTED)
        first, goal, now, progress, due, health = columns
        table.add_column(first.upper(), ratio=1, overflow="fold")
        for name in (goal, now) if self.wide else ():
            table.add_column(name, max_width=24, overflow="fold")
        table.add_column(progress, no_wrap=True)
        for name in (due,) if self.wide else ():
            table.add_column(name, no_wrap=True)
        table.add_column(health, no_wrap=True)
        return table

    def _row(self, table: Table, *cells: RenderableType) -> None:
        title, goal, now, progress, due, health = cells
        table.add_row(*([title, goal, now, progress, due, health] if self.wide else [title, progress, health]))

    def _objective(self, status: ObjectiveStatus) -> Text:
        text = Text().append(words.shown(status.objective.title), style="bold")
        text.append(f"\n{status.objective.ref}", style=MUTED)
        if status.link:
            text.append("  ").append_text(link_text(status.link))
        details = [words.whose(status)]
        if not self.wide:
            details.append(f"{words.percent(status.expected)} expected")
        if status.progress is not None and status.coverage < 1 - 1e-9:
            details.append(f"known for {words.percent(status.coverage)} of the weight")
        text.append("\n" + ", ".join(details), style=MUTED)
        return self._aged(text, words.stale(status.key_results, self.now))

    def _key_result(self, status: KeyResultStatus) -> Text:
        observed = status.observed
        text = Text(words.shown(status.key_result.title))
        details = [str(status.key_result.ref.key_result)]
        if not self.wide:
            details.append(f"{words.target_text(status.key_result)}, now {words.current(status)}")
        if observed.confidence is not None:
            details.append(f"confidence {words.percent(observed.confidence)}")
        if observed.source:
            details.append(f"from {words.shown(observed.source)}")
        text.append("\n" + ", ".join(details), style=MUTED)
        if status.link and status.link.key not in observed.source:
            text.append("  ").append_text(link_text(status.link))
        return self._aged(text, words.stale([status], self.now), observed.problem)

    def _kpi(self, status: KpiStatus) -> Text:
        text = Text().append(words.shown(status.kpi.title), style="bold")
        details = [str(status.kpi.ref)]
        if not self.wide:
            value = words.quantity(status.observed.value, status.kpi.unit)
            details.append(f"{words.kpi_band(status.kpi)}, now {value}")
        if status.observed.source:
            details.append(f"from {words.shown(status.observed.source)}")
        text.append("\n" + ", ".join(details), style=MUTED)
        return self._aged(text, words.stale([status], self.now), status.observed.problem)

    def _progress(self, status: ObjectiveStatus | KeyResultStatus) -> Text:
        text = bar(status.progress, status.health)
        if scored := self.scores.of(status):
            score, band = scored
            text.append(f"\nscore {score}", style="bold").append(f"\n{band}", style=MUTED)
        return text

    def _aged(self, text: Text, stale: str, problem: str | None = None) -> Text:
        if stale:
            text.append(f"\n{stale}", style="yellow")
        if problem:
            text.append(f"\nnot measured: {words.shown(problem)}", style="red")
        return text


def _align(tables: list[Table]) -> None:
    """Give each column but the first the same width in all tables, so that the eye finds it from section to section."""
    for columns in list(zip(*(table.columns for table in tables), strict=True))[1:]:
        cells = [Text(str(each)) for column in columns for each in (column.header, *column.cells)]
        widest = max(each.cell_len for each in cells)
        for column in columns:
            column.min_width = min(widest, column.max_width or widest)

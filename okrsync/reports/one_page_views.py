"""The one-pager as text, Markdown, HTML and JSON."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from okrsync.domain.status import Status
from okrsync.practice.scoring import Bounds, ObjectiveScore
from okrsync.reports.as_json import status_json
from okrsync.reports.markdown import plain, table
from okrsync.reports.one_page import Figure, KeyResultRow, ObjectiveRow, OnePage, is_own
from okrsync.reports.plan_views import Line, Tone
from okrsync.reports.score_views import band_lines, calibration_json, calibration_lines, scores_json

_TONES = {"good": Tone.CREATE, "middling": Tone.UPDATE, "bad": Tone.HELD, "neutral": Tone.WHY}
_TEMPLATES = Path(__file__).with_name("templates")
BAR = 120
"""The width of a bar in the page's own measure."""
_KEPT = "figures of somebody's own objectives are shown to the audience that they are kept to, and to nobody else"
_INSIDE_FIGURES = re.compile(r"(?<=[0-9]) (?!\()|(?<=→) ")


def page_lines(page: OnePage) -> Iterator[Line]:
    """The page as lines."""
    yield Line(page.title, Tone.HEADING)
    yield Line(page.about, Tone.WHY)
    if not page.levels and not page.kpis:
        yield Line("")
        yield Line("there are no objectives")
    for level, objectives in page.levels:
        yield Line("")
        yield Line(level.upper(), Tone.HEADING)
        if _keeps_figures(objectives):
            yield Line(f"  {_KEPT}", Tone.WHY)
        for objective in objectives:
            yield from _objective_lines(objective)
    if page.kpis:
        yield Line("")
        yield Line("KPIS", Tone.HEADING)
        for kpi in page.kpis:
            yield Line(f"  {kpi.title}: {kpi.band}, now {kpi.now}; {kpi.figure.text}", _TONES[kpi.figure.look])
    if _has_calibration(page):
        yield Line("")
        yield from calibration_lines(page.calibration)
    if page.is_scored:
        yield Line("")
        yield Line("how scores read", Tone.HEADING)
        for text in band_lines(page.bounds):
            yield Line(f"  {text}", Tone.WHY)


def _objective_lines(objective: ObjectiveRow) -> Iterator[Line]:
    yield Line(f"{objective.title}{_colon(objective.figure)}", Tone.HEADING)
    details = [str(objective.ref), objective.whose, f"supports {objective.supports}" if objective.supports else ""]
    yield Line(f"  {'; '.join(each for each in [*details, objective.key] if each)}", Tone.WHY)
    for each in objective.key_results:
        look = each.figure.look if each.figure else "neutral"
        yield Line(f"  - {each.title}{_colon(each.figure)}; {each.goal}, now {each.now}", _TONES[look])
        for note in each.notes:
            yield Line(f"    {note}", Tone.WHY)
    for note in objective.notes:
        yield Line(f"  {note}", Tone.UPDATE)
    for question, answer in objective.answers:
        yield Line(f"  {question} {' '.join(answer.split())}")


def _colon(figure: Figure | None) -> str:
    return f": {figure.text}" if figure else ""


def page_markdown(page: OnePage) -> Iterator[str]:
    """The page as Markdown."""
    yield f"# {plain(page.title)}"
    yield ""
    yield f"{plain(page.about)}."
    yield ""
    for level, objectives in page.levels:
        yield f"## {level.capitalize()}"
        yield ""
        if _keeps_figures(objectives):
            yield f"{_KEPT.capitalize()}."
            yield ""
        for objective in objectives:
            yield from _objective_markdown(objective)
    if page.kpis:
        yield "## KPIs"
        yield ""
        rows = [(plain(each.title), plain(each.band), plain(each.now), each.figure.text) for each in page.kpis]
        yield from table(("KPI", "band", "now", "standing"), rows)
        yield ""
    if _has_calibration(page):
        yield "## Calibration"
        yield ""
        for line in calibration_lines(page.calibration):
            yield f"- {plain(line.text.strip())}"
        yield ""
    if page.is_scored:
        yield "## How scores read"
        yield ""
        for text in band_lines(page.bounds):
            yield f"- {text}"
        yield ""


def _objective_markdown(objective: ObjectiveRow) -> Iterator[str]:
    yield f"### {plain(objective.title)}"
    yield ""
    figure = f"**{plain(objective.figure.text)}**" if objective.figure else ""
    details = [figure, plain(objective.whose), _linked(objective)]
    details.append(f"supports {plain(objective.supports)}" if objective.supports else "")
    yield "; ".join(each for each in details if each)
    yield ""
    if objective.why:
        yield plain(objective.why)
        yield ""
    if objective.key_results:
        rows = [
            (
                plain(each.title) + "".join(f"; {plain(note)}" for note in each.notes),
                plain(each.goal),
                plain(each.now),
                plain(each.figure.text) if each.figure else "",
                _linked(each),
            )
            for each in objective.key_results
        ]
        yield from table(("key result", "goal", "now", "", "item"), rows)
        yield ""
    for note in objective.notes:
        yield f"- {plain(note)}"
    for question, answer in objective.answers:
        yield f"- **{question}** {plain(answer)}"
    if objective.notes or objective.answers:
        yield ""


def _linked(row: ObjectiveRow | KeyResultRow) -> str:
    address = (
        row.url.replace("(", "%28").replace(")", "%29").replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
    )
    return f"[{plain(row.key)}]({address})" if row.url else plain(row.key)


def page_html(page: OnePage) -> str:
    """The page as HTML in one piece: it loads nothing, runs nothing, and only links to http and https."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    style = (_TEMPLATES / "one_page.css").read_text(encoding="utf-8")
    surroundings = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    surroundings.filters["unbroken"] = _unbroken
    return surroundings.get_template("one_page.html").render(
        page=page,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        width=BAR,
        kept=_KEPT,
        calibration=[line.text for line in calibration_lines(page.calibration)] if _has_calibration(page) else [],
        bands=list(band_lines(page.bounds)) if page.is_scored else [],
    )


def _unbroken(text: str) -> str:
    """A figure that no line ends in: what follows a number, and what an arrow leads to, stays beside it."""
    return _INSIDE_FIGURES.sub("\N{NO-BREAK SPACE}", text)


def _keeps_figures(objectives: Sequence[ObjectiveRow]) -> bool:
    return any(each.figure is None for each in objectives)


def _has_calibration(page: OnePage) -> bool:
    return page.calibration.all is not None or bool(page.calibration.levels)


def page_json(
    page: OnePage, status: Status, scores: Sequence[ObjectiveScore], bounds: Bounds, audience: str
) -> dict[str, Any]:
    """The page for `--json`: status, scores, calibration. What is unknown or not for this audience is null."""
    found = status_json(status)
    own = {str(each.objective.ref) for each in status.objectives if is_own(each.objective, audience)}
    for objective in found["objectives"]:
        if objective["level"] != "individual":
            objective["owner"] = None
        if objective["ref"] in own:
            objective |= {"progress": None, "expected": None, "health": None}
            for each in objective["key_results"]:
                each |= {"progress": None, "raw_progress": None, "health": None, "confidence": None}
    for kpi in found["kpis"]:
        kpi["owner"] = None
    scored = [each for each in scores_json(scores, bounds) if each["ref"] not in own]
    for each in (one for objective in scored for one in objective["key_results"] if one["recorded"]):
        each["recorded"]["by"] = None
    return {
        **found,
        "audience": audience,
        "scores": scored,
        "calibration": calibration_json(page.calibration),
    }

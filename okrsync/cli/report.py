"""`okrsync report`: a page for people, for one audience, from documents and cache alone."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli.call import Call
from okrsync.cli.options import audience_option, command, cycle_option, json_option
from okrsync.cli.past import remembered

_BY_SUFFIX = {".html": "html", ".htm": "html", ".md": "markdown"}


@command("report")
@cycle_option
@audience_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html"]),
    help="Default: as the name of FILE ends, else text.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it into a file.")
@json_option
def report(call: Call, form: str | None, out: Path | None, as_json: bool) -> None:
    """Make a page of the OKRs of a cycle: how they stand, or what they scored and what was learned.

    It holds what its audience may see and nothing else, and no score or order of people. Nothing is asked of a tracker.
    """
    from okrsync.domain.okr import EVERYONE
    from okrsync.practice.calibration import calibrate
    from okrsync.practice.scoring import Bounds, scores
    from okrsync.reports.one_page import one_page, shared
    from okrsync.reports.one_page_views import page_html, page_json, page_lines, page_markdown
    from okrsync.reports.plan_views import lines_picture, lines_text
    from okrsync.reports.review_facts import confidences

    if as_json and form:
        raise click.UsageError("--json and --format are forms of the same: choose one")
    workspace = call.workspace()
    audience = workspace.audience or EVERYONE
    status = shared(workspace.status())
    every = [each.objective for each in status.objectives]
    with remembered(workspace) as cache:
        stated = list(confidences(cache, every, status.cycle))
    bounds = Bounds(**workspace.settings.scoring.model_dump())
    current = {
        each.key_result.ref: each.observed.value for objective in status.objectives for each in objective.key_results
    }
    scored = scores(every, current)
    page = one_page(status, scored, bounds, calibrate(stated, status.cycle.start), audience)
    form = form or (_BY_SUFFIX.get(out.suffix.lower(), "text") if out else "text")

    def text() -> str:
        import json

        if as_json:
            return json.dumps(page_json(page, status, scored, bounds, audience), indent=2) + "\n"
        if form == "html":
            return page_html(page) + "\n"
        lines = page_markdown(page) if form == "markdown" else lines_text(page_lines(page))
        return "".join(f"{line}\n" for line in lines)

    if out is not None:
        out.write_text(text(), encoding="utf-8")
        call.voice.note(f"written to {out}")
    elif form == "text" or as_json:
        call.screen.show(
            as_json=as_json,
            data=lambda: page_json(page, status, scored, bounds, audience),
            text=lambda: lines_text(page_lines(page)),
            picture=lambda _width: lines_picture(page_lines(page)),
        )
    else:
        call.screen.lines(text().splitlines())

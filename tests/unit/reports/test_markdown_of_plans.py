"""Plans and findings as Markdown: complete, and nothing in them but what people wrote."""

from __future__ import annotations

from okrsync.domain.linting import Finding, Severity
from okrsync.domain.ref import Ref
from okrsync.plan.effort import Effort
from okrsync.plan.values import Action, Change, Plan, Step
from okrsync.reports.lint_markdown import MOST_ROWS, lint_markdown
from okrsync.reports.plan_markdown import LONGEST, plan_markdown

REF = Ref("2026-Q4", "fast", "p95")


def change(before: object, after: object, project: str = "PLAT", field: str = "title") -> Change:
    return Change(Action.UPDATE, REF, "work", project, "PLAT-1", field, before, after, "the document changed")


def plan(*changes: Change, held: tuple[Change, ...] = ()) -> Plan:
    return Plan((Step(None, None, changes),), held)  # type: ignore[arg-type]


def test_nothing_to_do_is_one_line() -> None:
    assert list(plan_markdown(Plan())) == ["### okrsync: nothing to do: documents and trackers agree"]


def test_what_people_wrote_is_shown_and_does_nothing() -> None:
    text = "\n".join(plan_markdown(plan(change("a | b", "@all <img> [x](y)")), effort=Effort(3, 1, 0.0)))
    assert "“a \\| b” → “@\u200ball \\<img\\> \\[x\\](y)”" in text
    assert "| update | `2026-Q4/fast/p95` PLAT-1 |" in text


def test_long_texts_are_told_by_their_lines_in_a_block_that_nothing_leaves() -> None:
    lines = list(plan_markdown(plan(change("same\nold", "same\n```\n</details> new", field="description"))))
    start, end = (number for number, line in enumerate(lines[-1].splitlines()) if line.startswith("````"))
    block = lines[-1].splitlines()[start : end + 1]
    assert block == ["````diff", "- old", "+ ```", "+ </details> new", "````"]


def test_what_waits_for_a_person_comes_first() -> None:
    lines = "\n".join(plan_markdown(plan(change(1, 2), held=(change(3, 4),))))
    assert lines.index("Waits for a person") < lines.index("work PLAT: 1 to update")


def test_a_plan_that_could_not_be_made_whole_says_so() -> None:
    assert "**Not everything could be read**" in "\n".join(plan_markdown(Plan(), complete=False))


def test_it_fits_into_a_comment() -> None:
    many = plan(*(change("a" * 100, "b" * 100, project=f"P{number}") for number in range(1000)))
    text = "\n".join(plan_markdown(many))
    assert len(text) < LONGEST + 500
    assert text.endswith("`okrsync plan` shows them.")


def test_findings_are_rows() -> None:
    found = Finding("OKR202", Severity.WARNING, "reads | as an activity", "Say what changes", "okrs/a.toml", 3, REF)
    lines = list(lint_markdown([found]))
    assert lines[0] == "### okrsync lint: 1 warning"
    assert lines[-1] == (
        "| OKR202 | warning | okrs/a.toml:3 | 2026-Q4/fast/p95: reads \\| as an activity | Say what changes |"
    )
    many = list(lint_markdown([found] * (MOST_ROWS + 7)))
    assert many[-1] == "… and 7 more: `okrsync lint` shows them."


def test_without_findings_there_is_no_table() -> None:
    assert list(lint_markdown([])) == ["### okrsync lint: all well: nothing found"]

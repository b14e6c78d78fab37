"""Plans for people."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

from rich.console import Console

from okrsync.plan.values import Action, Change, Plan, Step
from okrsync.reports.plan_views import (
    Line,
    done_lines,
    lines_picture,
    lines_text,
    plan_lines,
    summary,
    tally,
)
from tests.unit.reports.sample import ref


def change(action: Action, name: str = "o", field: str | None = None, **more: Any) -> Change:
    values = {"tracker": "work", "project": "PLAT", "key": None, "before": None, "after": None, "why": "because"}
    return Change(action, ref(name), field=field, **{**values, **more})


def plan(*changes: Change, held: tuple[Change, ...] = ()) -> Plan:
    return Plan((Step(None, None, changes),), held)  # type: ignore[arg-type]


def text(due: Plan) -> list[str]:
    return list(lines_text(plan_lines(due)))


CREATE = change(
    Action.CREATE,
    after={"title": "Be \x1b[1mfast", "description": "…", "due": date(2026, 12, 31), "fields": {"KR target": 1.5}},
)
RENAME = change(Action.UPDATE, "p", "title", key="PLAT-2", before="Old", after="New")


def test_a_plan_is_grouped_by_tracker_and_project_with_counts_and_its_digest() -> None:
    other = replace(RENAME, tracker="code", project="acme/web", key="acme/web#3")
    due = plan(CREATE, other, RENAME)
    assert text(due) == [
        "work PLAT: 1 to create, 1 to update",
        "  create  2026-Q4/o  Be [1mfast",
        "          due 2026-12-31, KR target 1.5",
        "          because",
        "  update  2026-Q4/p  PLAT-2  title: “Old” → “New”",
        "          because",
        "",
        "code acme/web: 1 to update",
        "  update  2026-Q4/p  acme/web#3  title: “Old” → “New”",
        "          because",
        "",
        f"plan {due.digest}: 1 to create, 2 to update",
    ]


def test_of_long_texts_only_the_lines_that_differ_are_shown() -> None:
    due = plan(change(Action.UPDATE, field="description", key="PLAT-1", before="a\nb\x07\nc", after="a\nB\nc"))
    assert text(due)[1:4] == ["  update  2026-Q4/o  PLAT-1  description", "          - b", "          + B"]


def test_values_read_as_people_write_them() -> None:
    due = plan(
        change(Action.UPDATE, field="OKR progress", key="K", before=None, after=0.44),
        change(Action.ADOPT, field="due", key="K", before="2026-12-31", after=None),
        change(Action.CLOSE, key="K", before="open", after="closed"),
        change(Action.COMMENT, key="K"),
    )
    assert [line for line in text(due) if "2026-Q4/o" in line] == [
        "  update  2026-Q4/o  K  OKR progress: nothing → 0.44",
        "  adopt   2026-Q4/o  K  due: “2026-12-31” → nothing",
        "  close   2026-Q4/o  K  “open” → “closed”",
        "  comment 2026-Q4/o  K",
    ]


def test_what_is_held_says_why() -> None:
    lines = text(plan(held=(replace(RENAME, why="both changed"),)))
    assert lines[:3] == [
        "held: these wait for a person",
        "  held    2026-Q4/p  PLAT-2  title: “Old” → “New”",
        "          both changed",
    ]
    assert lines[-1] == "nothing to do; 1 held"


def test_nothing_to_do_is_not_said_of_what_could_not_be_read() -> None:
    assert summary(Plan()) == "nothing to do: documents and trackers agree"
    assert summary(Plan(), complete=False) == "nothing to do in what could be read"
    assert summary(Plan(), complete=False, blind=True) == "nothing could be read"


def test_what_was_done_is_in_the_past_and_names_new_items() -> None:
    assert tally([CREATE, RENAME], done=True) == "1 created, 1 updated"
    assert list(lines_text(done_lines([CREATE, RENAME], {ref("o"): "PLAT-9"}))) == [
        "work PLAT: 1 created, 1 updated",
        "  created   2026-Q4/o  PLAT-9  Be [1mfast",
        "  updated   2026-Q4/p  PLAT-2  title: “Old” → “New”",
    ]


def test_on_a_terminal_long_lines_go_on_below_their_beginning() -> None:
    console = Console(file=io.StringIO(), width=40, color_system=None)
    console.print(lines_picture(plan_lines(plan(replace(RENAME, after="A much longer title, but not too long")))))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert all(len(line) <= 40 for line in lines)
    assert lines[1].startswith("  update") and lines[2].startswith("  ")


def test_an_empty_line_stays_one_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=40)
    console.print(lines_picture([Line("above"), Line(""), Line("  below")]))
    assert [each.rstrip() for each in console.file.getvalue().splitlines()] == ["above", "", "  below"]  # type: ignore[attr-defined]

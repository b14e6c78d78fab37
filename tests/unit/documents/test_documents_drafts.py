"""Documents read as far as they can be told, and the places of their keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.documents import check, read_drafts
from okrsync.documents.places import Places
from okrsync.domain.okr import Level
from okrsync.domain.ref import Ref

BROKEN = """\
cycle = "2026-Q4"
level = "team"

[[objectives]]
id = "grow"
title = "Grow"
stage = "begun"
aligns_to = ["2026-Q4/wide", "2025-Q1/far", "Nobody"]

  [[objectives.key_results]]
  id = "half"
  title = "Half of it"
  target = 5
  due = 2030-01-01

  [[objectives.key_results]]
  title = "Without an id"
  baseline = 1
  target = 1

[[kpis]]
id = "uptime"
title = "Uptime"
measure = { from = "children" }
"""


def test_what_is_wrong_hides_nothing_that_has_an_id_and_a_title(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(BROKEN, "utf-8")
    drafts = read_drafts(tmp_path, tmp_path)
    (objective,) = drafts.documents.okrs.objectives
    (key_result,) = objective.key_results
    assert (key_result.baseline, key_result.target) == (None, 5.0)
    assert objective.aligns_to == (Ref("2026-Q4", "wide"),)
    assert [each.title for each in drafts.documents.okrs.kpis] == ["Uptime"]
    strict, problems = check(tmp_path, tmp_path)
    assert set(drafts.problems) > set(problems)
    assert not strict.objectives
    assert not drafts.unplaced


def test_problems_that_lint_tells_too_carry_its_code(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(BROKEN, "utf-8")
    codes = [(each.line, each.code) for each in read_drafts(tmp_path, tmp_path).problems if each.code]
    # The first name has its cycle before it, and without it leads nowhere; the third is no name.
    assert sorted(codes) == [
        (8, "OKR402"),
        (8, "OKR402"),
        (8, "OKR402"),
        (8, "OKR403"),
        (10, "OKR201"),
        (14, "OKR206"),
        (19, "OKR201"),
    ]


@pytest.mark.parametrize(
    ("head", "name"),
    [('level = "team"', "?"), ('cycle = "2026-Q4"', "2026-Q4"), ('cycle = "Q9"\nlevel = "team"', "?")],
)
def test_without_a_cycle_or_a_level_nobody_knows_where_an_objective_belongs(
    head: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / "a.toml").write_text(f'{head}\n[[objectives]]\nid = "grow"\ntitle = "Grow"\n', "utf-8")
    drafts = read_drafts(tmp_path, tmp_path)
    (objective,) = drafts.documents.okrs.objectives
    assert (objective.ref, objective.level) == (Ref(name, "grow"), Level.TEAM)
    assert drafts.unplaced == {objective.ref}
    assert [each.code for each in drafts.problems] == ["OKR102"]


def test_the_line_of_a_key(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(BROKEN, "utf-8")
    places = Places(read_drafts(tmp_path, tmp_path).documents.files)
    grow = Ref("2026-Q4", "grow")
    asked = [(grow, "title"), (grow.child("half"), "due"), (Ref("2026-Q4", "uptime"), "measure"), (grow, "why")]
    assert [places.line_of("a.toml", ref, key) for ref, key in asked] == [6, 14, 24, 0]
    assert places.line_of("b.toml", grow, "title") == 0
    assert places.line_of("a.toml", Ref("2026-Q4", "other"), "title") == 0

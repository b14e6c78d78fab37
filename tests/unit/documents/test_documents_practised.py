"""What the practice leaves in documents: changed targets, scores, answers; read, checked, and written back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okrsync.documents.edit import EditRefused, set_values
from okrsync.documents.loading import check, load
from okrsync.domain.okr import KeyResult, Retrospective, Score, TargetChange

HEAD = 'cycle = "2026-Q4"\nlevel = "team"\nowner = "dana"\n\n[[objectives]]\nid = "fast"\ntitle = "Feel instant"\n'
KEY_RESULT = (
    '  [[objectives.key_results]]\n  id = "p95"\n  title = "Cut p95"\n  baseline = 4.0\n  target = 2.0  # was 1.5\n'
)


def written(folder: Path, more: str = "", of_objective: str = "") -> Path:
    path = folder / "okrs" / "a.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + of_objective + KEY_RESULT + more)
    return path


def key_result(folder: Path) -> KeyResult:
    return load(folder / "okrs", folder).okrs.objectives[0].key_results[0]


def problems(folder: Path, more: str, of_objective: str = "") -> list[str]:
    written(folder, more, of_objective)
    return [str(each) for each in check(folder / "okrs", folder)[1]]


def test_changed_targets_scores_and_answers_are_read(tmp_path: Path) -> None:
    written(
        tmp_path,
        '  target_changes = [{ on = 2026-11-15, from = 1.5, to = 2.0, reason = "The vendor is late" }]\n'
        "  score = { final = 2.1, computed = 0.95, adjustment = 0.05,"
        ' reason = "Outage", by = "dana", on = 2026-12-31 }\n',
        'reviewed_by = ["erin"]\nretrospective = { learned = "Caches", missed = "Nothing" }\n',
    )
    objective = load(tmp_path / "okrs", tmp_path).okrs.objectives[0]
    found = objective.key_results[0]
    assert found.target_changes == (TargetChange(date(2026, 11, 15), 1.5, 2.0, "The vendor is late"),)
    assert (found.target, found.original_target) == (2.0, 1.5)
    assert found.score == Score(0.95, 2.1, 0.05, "Outage", "dana", date(2026, 12, 31))
    assert found.score.value == 1.0
    assert objective.reviewed_by == ("erin",)
    assert objective.retrospective == Retrospective(learned="Caches", missed="Nothing")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("  target_changes = [{ on = 2026-11-15, from = 1.5, to = 2.0 }]\n", "has no reason"),
        ('  target_changes = [{ on = 2026-11-15, from = 1.5, to = 1.8, reason = "x" }]\n', "leads to 1.8"),
        ('  target_changes = [{ on = 2027-01-01, from = 1.5, to = 2.0, reason = "x" }]\n', "on is 2027-01-01"),
        ('  target_changes = [{ on = 2026-11-15, from = 2.0, to = 2.0, reason = "x" }]\n', "from and to are both 2"),
        (
            '  target_changes = [{ on = 2026-11-15, from = 1.5, to = 1.8, reason = "x" },'
            ' { on = 2026-11-20, from = 1.9, to = 2.0, reason = "y" }]\n',
            "a change from 1.9 follows one to 1.8",
        ),
        (
            '  target_changes = [{ on = 2026-11-15, from = 1.5, to = 1.8, reason = "x" },'
            ' { on = 2026-11-10, from = 1.8, to = 2.0, reason = "y" }]\n',
            "a change on 2026-11-10 follows one on 2026-11-15",
        ),
        ('  score = { computed = 0.5, adjustment = 0.06, reason = "x", by = "dana" }\n', "score.adjustment is 0.06"),
        ('  score = { computed = 0.5, adjustment = -0.06, reason = "x", by = "dana" }\n', "score.adjustment is -0.06"),
        ('  score = { computed = 0.5, adjustment = 0.05, by = "dana" }\n', "has no reason or no name"),
        ("  score = { computed = 1.4 }\n", "a number from 0 to 1"),
        ("  score = { final = 1.4 }\n", "has no computed"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, more: str, message: str) -> None:
    (problem,) = problems(tmp_path, more)
    assert message in problem and problem.startswith("okrs/a.toml:1")


def test_a_target_cannot_change_where_there_is_none(tmp_path: Path) -> None:
    path = written(tmp_path)
    change = '  target_changes = [{ on = 2026-11-15, from = 1, to = 2, reason = "x" }]\n'
    band = KEY_RESULT.replace("baseline = 4.0", "min = 1").replace("target = 2.0  # was 1.5", "max = 2")
    path.write_text(HEAD + band + change)
    (problem,) = check(tmp_path / "okrs", tmp_path)[1]
    assert "target changes beside kind 'maintain'" in str(problem)


def test_an_adjustment_of_just_the_limit_is_right_and_the_limit_is_a_setting(tmp_path: Path) -> None:
    written(tmp_path, '  score = { computed = 0.5, adjustment = 0.1, reason = "x", by = "dana" }\n')
    assert len(check(tmp_path / "okrs", tmp_path)[1]) == 1
    assert check(tmp_path / "okrs", tmp_path, largest_adjustment=0.1)[1] == []


def test_they_are_written_with_everything_else_left_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path)
    digest = load(tmp_path / "okrs", tmp_path).files["okrs/a.toml"].digest
    digest = set_values(
        path,
        "fast/p95",
        {
            "target": 2.5,
            "target_changes": [
                {"on": date(2026, 11, 15), "from": 1.5, "to": 2.0, "reason": 'It is "late"'},
                {"on": date(2026, 11, 20), "from": 2.0, "to": 2.5, "reason": "Again"},
            ],
            "score": {"computed": 0.8125, "final": None, "adjustment": -0.05, "reason": "Luck", "by": "dana"},
        },
        digest,
    )
    set_values(path, "fast", {"reviewed_by": ["erin", "frank"], "retrospective": {"learned": "Two\nlines"}}, digest)
    found = key_result(tmp_path)
    assert [each.after for each in found.target_changes] == [2.0, 2.5]
    assert found.score == Score(0.8125, None, -0.05, "Luck", "dana")
    objective = load(tmp_path / "okrs", tmp_path).okrs.objectives[0]
    assert objective.reviewed_by == ("erin", "frank")
    assert objective.retrospective == Retrospective(learned="Two\nlines")
    assert "target = 2.5  # was 1.5\n" in path.read_text()


def test_tables_in_a_line_have_a_space_at_either_end_also_behind_a_date(tmp_path: Path) -> None:
    mine = "  phases = [{ target = 0.5, by = 2026-11-15 }, { target = 1.0, by = 2026-12-31 }]  # mine\n"
    path = written(tmp_path, mine)
    before = path.read_text()
    digest = load(tmp_path / "okrs", tmp_path).files["okrs/a.toml"].digest
    digest = set_values(path, "fast/p95", {"title": "Cut it"}, digest)
    assert mine in path.read_text()
    assert len(set(before.splitlines()) - set(path.read_text().splitlines())) == 1
    score = {"computed": 0.5, "on": date(2026, 12, 31)}
    digest = set_values(path, "fast/p95", {"score": score}, digest)
    assert "score  = { computed = 0.5, on = 2026-12-31 }\n" in path.read_text()
    set_values(path, "fast/p95", {"score": {**score, "computed": 0.6}}, digest)
    assert "score  = { computed = 0.6, on = 2026-12-31 }\n" in path.read_text()
    assert mine in path.read_text()


def test_a_score_is_replaced_and_taken_away(tmp_path: Path) -> None:
    path = written(tmp_path, "  score = { computed = 0.5 }  # first\n")
    digest = load(tmp_path / "okrs", tmp_path).files["okrs/a.toml"].digest
    digest = set_values(path, "fast/p95", {"score": {"computed": 0.6}}, digest)
    assert key_result(tmp_path).score == Score(0.6)
    set_values(path, "fast/p95", {"score": None}, digest)
    assert key_result(tmp_path).score is None


def test_what_is_wrong_is_not_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    digest = load(tmp_path / "okrs", tmp_path).files["okrs/a.toml"].digest
    with pytest.raises(EditRefused, match="target is 'soon'"):
        set_values(path, "fast/p95", {"target": "soon"}, digest)
    assert path.read_text() == HEAD + KEY_RESULT


PARENT = '[[objectives]]\nid = "win"\ntitle = "Win"\naudience = "{}"\n'
CHILD = '[[objectives]]\nid = "help"\ntitle = "Help"\naligns_to = ["win"]\ncontributes = true\naudience = "{}"\n'
AUDIENCES = {"board": ("dana", "erin"), "leads": ("dana", "erin", "frank")}


@pytest.mark.parametrize(
    ("parent", "child", "is_right"),
    [
        ("everyone", "everyone", True),
        ("everyone", "board", False),
        ("board", "everyone", True),
        ("board", "board", True),
        ("board", "leads", True),
        ("leads", "board", False),
    ],
)
def test_nothing_counts_where_it_may_not_be_seen(tmp_path: Path, parent: str, child: str, is_right: bool) -> None:
    path = tmp_path / "okrs" / "a.toml"
    path.parent.mkdir()
    path.write_text('cycle = "2026-Q4"\nlevel = "team"\n' + PARENT.format(parent) + CHILD.format(child))
    found = check(tmp_path / "okrs", tmp_path, audiences=AUDIENCES)[1]
    assert [each for each in found if "contributes to 'win'" in str(each)] == found
    assert (found == []) is is_right

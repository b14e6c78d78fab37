"""What documents give, and which files are documents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okrsync.documents import check, load
from okrsync.domain.okr import Kind, Level, Measure, Origin, Phase, Source, Stage
from okrsync.domain.ref import Ref
from okrsync.problems import Problems

Write = Callable[[str, str], Path]

PLATFORM = """\
cycle = "2026-Q4"            # YYYY-Qn
level = "team"
team  = "platform"
owner = "dana"

[[objectives]]
id        = "instant-signup"
title     = "Make signing up feel instant"
why       = "Half of our visitors leave while they wait."
origin    = "bottom-up"
aligns_to = ["win-newcomers"]
contributes = false
stage     = "committed"
audience  = "everyone"
due       = 2026-12-15

  [[objectives.key_results]]
  id       = "p95"
  title    = "Cut p95 sign-up time from 4.0 s to 1.5 s"
  kind     = "reach"
  baseline = 4.0
  target   = 1.5
  unit     = "s"
  weight   = 2
  phases   = [{ by = 2026-10-31, target = 3 }, { by = 2026-11-30, target = 2.0 }]
  measure  = { from = "field", field = "p95" }
  owner    = "robin"
  due      = 2026-12-01

[[kpis]]
id = "uptime"
title = "API availability"
min = 99.9
unit = "%"
measure = { from = "field", item = "PLAT-7", field = "Hidden metric" }
"""

COMPANY = """\
cycle = "2026-Q4"
level = "company"

[[objectives]]
id = "win-newcomers"
title = "Win newcomers"
"""


def test_a_document_gives_everything_it_says(write: Write, root: Path) -> None:
    write("platform.toml", PLATFORM)
    write("company.toml", COMPANY)

    documents = load(root, root.parent)

    company, platform = documents.okrs.objectives
    assert company.ref == Ref("2026-Q4", "win-newcomers")
    assert platform.ref == Ref("2026-Q4", "instant-signup")
    assert (platform.title, platform.why) == (
        "Make signing up feel instant",
        "Half of our visitors leave while they wait.",
    )
    assert (platform.level, platform.team, platform.owner) == (Level.TEAM, "platform", "dana")
    assert (platform.origin, platform.stage, platform.contributes) == (Origin.BOTTOM_UP, Stage.COMMITTED, False)
    assert platform.aligns_to == (company.ref,)
    assert platform.due == date(2026, 12, 15)
    assert platform.source == Source("okrs/platform.toml", 6)
    (p95,) = platform.key_results
    assert p95.ref == Ref("2026-Q4", "instant-signup", "p95")
    assert (p95.kind, p95.baseline, p95.target, p95.unit, p95.weight) == (Kind.REACH, 4.0, 1.5, "s", 2.0)
    assert p95.phases == (Phase(date(2026, 10, 31), 3.0), Phase(date(2026, 11, 30), 2.0))
    assert p95.measure == Measure("field", {"field": "p95"})
    assert (p95.owner, p95.due, p95.source) == ("robin", date(2026, 12, 1), Source("okrs/platform.toml", 17))
    (uptime,) = documents.okrs.kpis
    assert (uptime.ref, uptime.minimum, uptime.maximum, uptime.unit) == (Ref("2026-Q4", "uptime"), 99.9, None, "%")
    assert (uptime.measure.item, uptime.team, uptime.source.line) == ("PLAT-7", "platform", 30)
    assert set(documents.files) == {"okrs/platform.toml", "okrs/company.toml"}


def test_what_is_left_out_has_its_default(write: Write, root: Path) -> None:
    write("company.toml", COMPANY + '[[objectives.key_results]]\nid = "k"\ntitle = "K"\nbaseline = 0\ntarget = 1\n')

    (objective,) = load(root, root.parent).okrs.objectives

    assert (objective.origin, objective.stage, objective.audience) == (Origin.TOP_DOWN, Stage.COMMITTED, "everyone")
    assert (objective.due, objective.why, objective.aligns_to) == (date(2026, 12, 31), "", ())
    assert (objective.team, objective.owner, objective.contributes) == (None, None, False)
    (key_result,) = objective.key_results
    assert (key_result.kind, key_result.weight, key_result.measure) == (Kind.REACH, 1.0, Measure("manual"))
    assert (key_result.unit, key_result.phases, key_result.due, key_result.owner) == ("", (), None, None)


@pytest.mark.parametrize(
    ("numbers", "kind", "baseline", "target", "minimum", "maximum"),
    [
        ("min = 2", Kind.MAINTAIN, None, None, 2.0, None),
        ("max = 3", Kind.MAINTAIN, None, None, None, 3.0),
        ('kind = "maintain"\nmin = 2\nmax = 2', Kind.MAINTAIN, None, None, 2.0, 2.0),
        ('kind = "maintain"\nmin = 5\nbaseline = 3', Kind.MAINTAIN, 3.0, None, 5.0, None),
        ('kind = "done"', Kind.DONE, 0.0, 1.0, None, None),
        ('kind = "done"\nbaseline = 0\ntarget = 1', Kind.DONE, 0.0, 1.0, None, None),
        ("baseline = 45\ntarget = 30", Kind.REACH, 45.0, 30.0, None, None),
    ],
)
def test_kind_is_said_or_told_by_the_numbers(
    write: Write,
    root: Path,
    numbers: str,
    kind: Kind,
    baseline: float | None,
    target: float | None,
    minimum: float | None,
    maximum: float | None,
) -> None:
    write("a.toml", COMPANY + '[[objectives.key_results]]\nid = "k"\ntitle = "K"\n' + numbers)
    (key_result,) = load(root, root.parent).okrs.objectives[0].key_results
    assert key_result.kind is kind
    assert (key_result.baseline, key_result.target) == (baseline, target)
    assert (key_result.minimum, key_result.maximum) == (minimum, maximum)


def test_an_objective_may_name_its_own_owner(write: Write, root: Path) -> None:
    write("a.toml", PLATFORM.replace('["win-newcomers"]', "[]").replace("due       = 2026-12-15", 'owner = "sam"'))
    okrs = load(root, root.parent).okrs
    assert (okrs.objectives[0].owner, okrs.kpis[0].owner) == ("sam", "dana")


def test_a_cycle_may_have_a_name_of_its_own(write: Write, root: Path) -> None:
    write("a.toml", COMPANY.replace("2026-Q4", "spring"))
    okrs = load(root, root.parent, {"spring": (date(2026, 2, 1), date(2026, 4, 30))}).okrs
    assert okrs.objectives[0].due == date(2026, 4, 30)
    assert [each.ref for each in okrs.in_cycle("spring").objectives] == [Ref("spring", "win-newcomers")]


def test_the_same_id_may_be_used_in_another_cycle(write: Write, root: Path) -> None:
    write("q3.toml", COMPANY.replace("Q4", "Q3"))
    write("q4.toml", COMPANY)
    assert len(load(root, root.parent).okrs.objectives) == 2


def test_titles_and_reasons_lose_the_blanks_around_them(write: Write, root: Path) -> None:
    write("a.toml", COMPANY.replace('"Win newcomers"', '"  Win newcomers "\nwhy = """\nBecause.\n\n  So.\n"""'))
    (objective,) = load(root, root.parent).okrs.objectives
    assert (objective.title, objective.why) == ("Win newcomers", "Because.\n\n  So.")


def test_documents_lie_at_any_depth_and_hidden_ones_do_not_count(write: Write, root: Path) -> None:
    write("teams/web/a.toml", COMPANY)
    for hidden in (".b.toml", ".git/c.toml", "d.toml.swp", "e.md"):
        write(hidden, "not = [toml")
    assert list(load(root, root.parent).files) == ["okrs/teams/web/a.toml"]


def test_files_elsewhere_keep_their_whole_path(write: Write, root: Path) -> None:
    path = write("a.toml", COMPANY)
    assert list(load(root, root / "elsewhere").files) == [str(path)]


def test_an_empty_folder_has_no_okrs(root: Path) -> None:
    assert load(root, root.parent).okrs.objectives == ()


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problems, match=r"^okrs: the documents folder does not exist\. Create it"):
        load(tmp_path / "okrs", tmp_path)
    (tmp_path / "okrs").touch()
    with pytest.raises(Problems, match="the documents folder is not a folder"):
        load(tmp_path / "okrs", tmp_path)


def test_links_within_the_folder_are_read_once(write: Write, root: Path) -> None:
    path = write("a.toml", COMPANY)
    (root / "b.toml").symlink_to(path)
    assert list(load(root, root.parent).files) == ["okrs/a.toml"]


def test_a_mounted_folder_of_links_is_read(write: Write, root: Path) -> None:
    write(".data/a.toml", COMPANY)
    (root / "a.toml").symlink_to(".data/a.toml")
    assert list(load(root, root.parent).files) == ["okrs/a.toml"]


def test_links_out_of_the_folder_are_not_followed(write: Write, root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "a.toml").write_text(COMPANY)
    (root / "a.toml").symlink_to(outside / "a.toml")
    (root / "folder").symlink_to(outside)
    okrs, problems = check(root, root.parent)
    assert okrs.objectives == ()
    assert [str(problem) for problem in problems] == [
        "okrs/a.toml: is a link that leads out of the documents folder. Put the file itself there."
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'cycle = "2026-Q4"\nlevel = "te\xffam"\n', "okrs/a.toml:2: is not UTF-8 text"),
        (b'cycle = "2026-Q4"\nlevel = team\n', "okrs/a.toml:2: is not valid TOML: Invalid value (column 9)"),
        (b'cycle = "2026-Q4"\ncycle = "2026-Q3"\n', "okrs/a.toml:2: is not valid TOML: Cannot overwrite a value"),
        (b'cycle = "2026', "okrs/a.toml:1: is not valid TOML: Unterminated string"),
        (b"x = " + b"[" * 5000, "okrs/a.toml: is nested too deep"),
        (b"x = " + b"[" * 40 + b"]" * 40, "okrs/a.toml: is nested too deep; expected at most 16"),
        (b"\n" + b"a." * 100_000 + b"a = 1", "okrs/a.toml:2: a key has too many parts"),
        (b"x = { " + b'"a".' * 100_000 + b"a = 1 }", "okrs/a.toml:1: a key has too many parts"),
        (b"#" * (5 * 1024 * 1024), "okrs/a.toml: has 5,242,880 bytes; expected at most 1,048,576. Split it"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_line(root: Path, content: bytes, said: str) -> None:
    (root / "a.toml").write_bytes(content)
    okrs, problems = check(root, root.parent)
    assert okrs.objectives == ()
    assert len(problems) == 1
    assert str(problems[0]).startswith(said)


def test_dots_in_a_text_are_no_key(write: Write, root: Path) -> None:
    write("a.toml", COMPANY + f'why = "{"and so on. " * 200}{"." * 200}"\n')
    assert load(root, root.parent).okrs.objectives[0].why.endswith(". .." + "." * 198)


def test_a_pipe_does_not_block(root: Path) -> None:
    os.mkfifo(root / "a.toml")
    assert [str(each) for each in check(root, root.parent)[1]] == ["okrs/a.toml: is not a regular file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is readable to root")
def test_an_unreadable_file_is_named(write: Write, root: Path) -> None:
    write("a.toml", COMPANY).chmod(0)
    assert [str(each) for each in check(root, root.parent)[1]] == ["okrs/a.toml: cannot be read: Permission denied"]


def test_a_byte_order_mark_is_no_part_of_the_text(root: Path) -> None:
    (root / "a.toml").write_bytes(b"\xef\xbb\xbf" + COMPANY.replace("\n", "\r\n").encode())
    assert load(root, root.parent).okrs.objectives[0].source.line == 4


def test_a_name_cannot_play_tricks_on_a_terminal(write: Write, root: Path) -> None:
    write("a\x1b[2J.toml", "x = 1")
    _, problems = check(root, root.parent)
    assert {problem.file for problem in problems} == {"okrs/a?[2J.toml"}


def test_parsed_files_are_kept_and_read_again(write: Write, root: Path) -> None:
    write("platform.toml", PLATFORM)
    write("company.toml", COMPANY)
    cache: dict[str, str] = {}
    first = load(root, root.parent, cache=cache)
    kept = dict(cache)
    assert load(root, root.parent, cache=cache) == first
    assert cache == kept
    assert len(kept) == 2

    write("company.toml", COMPANY.replace("Win newcomers", "Win them"))
    changed = load(root, root.parent, cache=cache)
    assert changed == load(root, root.parent)
    assert changed.okrs.objectives[0].title == "Win them"
    assert len(cache) == 2 and len(cache.keys() & kept.keys()) == 1


@pytest.mark.parametrize("held", ["", "[]", "{", "null", '{"x": ', "[" * 5000, '{"$date": "soon"}'])
def test_a_damaged_cache_does_no_harm(write: Write, root: Path, held: str) -> None:
    write("company.toml", COMPANY)
    cache: dict[str, str] = {}
    documents = load(root, root.parent, cache=cache)
    (digest,) = cache
    good = cache[digest]
    cache[digest] = held
    assert load(root, root.parent, cache=cache) == documents
    assert cache == {digest: good}


def test_what_json_does_not_give_back_is_not_kept(write: Write, root: Path) -> None:
    measure = '{ from = "plugin", since = { "$date" = "2026-10-01" } }'
    key_result = f'[[objectives.key_results]]\nid = "k"\ntitle = "t"\nbaseline = 0\ntarget = 1\nmeasure = {measure}\n'
    write("company.toml", COMPANY + key_result)
    cache: dict[str, str] = {}
    assert load(root, root.parent, cache=cache) == load(root, root.parent, cache=cache)
    assert cache == {}


def test_importing_documents_stays_light() -> None:
    heavy = "pydantic, tomlkit, rapidfuzz, sqlite3, click, rich, okrsync.settings, okrsync.trackers"
    code = f"import sys, okrsync.documents; print([m for m in '{heavy}'.split(', ') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"

"""`okrsync check`, offline: everything at once, each problem with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import DOCUMENT, SETTINGS, Okrsync


def test_a_good_workspace_is_praised_with_numbers(workspace: Path, okrsync: Okrsync) -> None:
    said = okrsync("check")
    assert (said.code, said.err) == (0, "")
    assert said.out == "all well: 1 objective, 1 key result, 0 KPIs, 1 tracker\n"
    assert okrsync("check", "--quiet").out == ""
    assert okrsync("check", "--json").json == {"problems": [], "exit_code": 0}


def test_problems_of_settings_and_documents_come_together_in_order(workspace: Path, okrsync: Okrsync) -> None:
    (workspace / "okrsync.toml").write_text(SETTINGS.replace("workspace =", "worksapce =") + 'extra = "x"\n', "utf-8")
    (workspace / "okrs" / "platform.toml").write_text(DOCUMENT.replace("title = ", "titel = "), "utf-8")
    (workspace / "okrs" / "broken.toml").write_text("cycle = \n", "utf-8")
    said = okrsync("check")
    assert said.code == 2 and said.out == ""
    *problems, count = said.err.splitlines()
    assert count == f"{len(problems)} problems" and len(problems) >= 5
    places = [problem.split(" ")[0] for problem in problems]
    assert places == sorted(places, key=lambda each: (each.split(":")[0], int(each.split(":")[1])))
    assert {place.split(":")[0] for place in places} == {"okrsync.toml", "okrs/broken.toml", "okrs/platform.toml"}
    assert any("'title'" in problem and "titel" in problem for problem in problems)


def test_trackers_that_let_nobody_in_are_not_called_read(workspace: Path, okrsync: Okrsync) -> None:
    for command in ("plan", "pull"):
        said = okrsync(command)
        assert said.code != 0 and said.out.startswith("nothing could be read"), said


@pytest.mark.parametrize("command", ["status", "pull", "plan"])
def test_a_folder_in_place_of_the_cache_is_called_one(command: str, workspace: Path, okrsync: Okrsync) -> None:
    (workspace / "okrsync.toml").write_text(f'cache = "okrs"\n{SETTINGS}', "utf-8")
    said = okrsync(command)
    assert said.code == 1 and "okrs: is a folder, and the cache is a file" in said.err, said


def test_a_project_that_no_tracker_of_its_type_has_is_found_offline(workspace: Path, okrsync: Okrsync) -> None:
    github = SETTINGS.replace("jira", "github").replace("epic", "milestone").replace('user = "bot@demo.example"\n', "")
    (workspace / "okrsync.toml").write_text(github.replace("PLAT", "mobile"), "utf-8")
    said = okrsync("check")
    assert said.code == 2 and "'mobile' is no project of a github tracker; expected owner/repository" in said.err, said
    (workspace / "okrsync.toml").write_text(github.replace("PLAT", "acme/mobile"), "utf-8")
    assert okrsync("check").code == 0


def test_problems_as_json_have_file_and_line(workspace: Path, okrsync: Okrsync) -> None:
    (workspace / "okrs" / "platform.toml").write_text(DOCUMENT.replace("target = 1.5", "target = 4.0"), "utf-8")
    said = okrsync("check", "--json")
    assert said.code == said.json["exit_code"] == 2
    (problem,) = said.json["problems"]
    assert problem["file"] == "okrs/platform.toml" and problem["line"] > 0 and "2026-Q4/fast/p95" in problem["where"]


def test_documents_are_judged_by_the_cycles_and_audiences_of_broken_settings_too(
    workspace: Path, okrsync: Okrsync
) -> None:
    settings = SETTINGS + (
        '[audiences]\nboard = ["erin"]\n[cycles.sprint]\nstart = 2026-10-01\nend = 2026-10-14\n'
        '[cycles.wrong]\nstart = 2026-10-14\nend = 2026-10-01\n[cycles.odd]\nstart = "x"\n'
    )
    (workspace / "okrsync.toml").write_text(settings.replace('"acme"', "7"), "utf-8")
    document = DOCUMENT.replace("2026-Q4", "sprint").replace(
        'title = "Be fast"', 'title = "Be fast"\naudience = "board"'
    )
    (workspace / "okrs" / "platform.toml").write_text(document, "utf-8")
    said = okrsync("check")
    assert said.code == 2 and "workspace" in said.err
    assert "okrs/platform.toml" not in said.err


def test_settings_that_are_no_toml_hide_no_problem_of_the_documents(workspace: Path, okrsync: Okrsync) -> None:
    (workspace / "okrsync.toml").write_text("workspace = ", "utf-8")
    (workspace / "okrs" / "platform.toml").write_text(DOCUMENT.replace("baseline = 4.0\n", ""), "utf-8")
    said = okrsync("check")
    assert said.code == 2 and "okrsync.toml" in said.err and "okrs/platform.toml" in said.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('type = "jira"', 'type = "jirra"', "'jira'"),
        ('as = "epic"', 'as = "milestone"', "'epic'"),
        ('{ env = "OKRSYNC_TEST_TOKEN" }', '"ghp_16C7e42F292c6912E7710c838347Ae178B4a"', "credential"),
        ('url = "http://127.0.0.1:1"', 'url = "http://acme.example"', "https"),
    ],
)
def test_settings_that_no_tracker_fits_are_found_offline(
    old: str, new: str, words: str, workspace: Path, okrsync: Okrsync
) -> None:
    (workspace / "okrsync.toml").write_text(SETTINGS.replace(old, new), "utf-8")
    said = okrsync("check")
    assert said.code == 2 and words in said.err and "okrsync.toml:" in said.err
    assert "ghp_" not in said.err


def test_online_waits_for_what_is_wrong_offline(workspace: Path, okrsync: Okrsync) -> None:
    (workspace / "okrs" / "platform.toml").write_text("x = 1", "utf-8")
    said = okrsync("check", "--online")
    assert said.code == 2 and "were not asked" in said.err


def test_checking_writes_nothing(workspace: Path, okrsync: Okrsync) -> None:
    okrsync("check")
    okrsync("status")
    okrsync("tree")
    assert sorted(each.name for each in workspace.iterdir()) == ["okrs", "okrsync.toml"]


def test_a_large_document_and_a_strange_one_are_refused_in_words(workspace: Path, okrsync: Okrsync) -> None:
    (workspace / "okrs" / "large.toml").write_bytes(b"# " + b"x" * 5_000_000)
    (workspace / "okrs" / "binary.toml").write_bytes(b"\xff\xfe\x00")
    said = okrsync("check")
    assert said.code == 2 and "okrs/large.toml" in said.err and "okrs/binary.toml" in said.err
    assert "Traceback" not in said.err

"""`okrsync init` without a tracker at hand: what it writes is right, and it overwrites nothing."""

from __future__ import annotations

import io
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.cli.first_workspace import Answers, document_text, settings_text, slug
from okrsync.documents import check as check_documents
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import Kind
from okrsync.settings import load
from tests.unit.cli.conftest import Okrsync

JIRA = ("--tracker-type", "jira", "--url", "https://acme.atlassian.net", "--user", "bot@acme.example")
GITHUB = ("--tracker-type", "github", "--project", "acme/web")


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.parametrize(
    "flags", [(*JIRA, "--project", "PLAT"), GITHUB, (*GITHUB, "--board", "acme/1"), ("--tracker-type", "none")]
)
def test_what_it_writes_passes_check(
    flags: tuple[str, ...], folder: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKRSYNC_USER", "dana")
    said = okrsync("init", "--yes", "--team", "Platform & Co", *flags)
    assert said.code == 0, said.err
    assert (folder / "okrsync.toml").exists() and (folder / ".gitignore").read_text("utf-8").endswith("okrsync.db*\n")
    assert [each.name for each in folder.glob("okrs/*/*.toml")] == ["platform-co.toml"]
    checked = okrsync("check")
    assert (checked.code, checked.err) == (0, "")
    assert "okrsync check" in said.out and "okrs/" in said.out
    status = okrsync("status", "--json").json
    assert status["objectives"][0]["team"] == "Platform & Co"
    assert status["objectives"][0]["owner"] == "dana"


def test_lint_finds_little_to_say_of_the_example(folder: Path, okrsync: Okrsync) -> None:
    okrsync("init", "--yes", "--team", "platform", "--owner", "erin", *JIRA, "--project", "PLAT")
    said = okrsync("lint", "--json")
    assert said.code == 0, said
    assert {each["code"] for each in said.json["findings"]} <= {"OKR303", "OKR401", "OKR601"}, said.json
    assert okrsync("status", "--json").json["objectives"][0]["owner"] == "erin"


def test_the_settings_are_those_that_were_asked_for(folder: Path, okrsync: Okrsync) -> None:
    okrsync("init", "--yes", "--workspace", "acme", "--token-env", "MY_TOKEN", "--project", "PLAT", *JIRA)
    settings = load(folder / "okrsync.toml")
    assert settings.workspace == "acme"
    assert settings.trackers["work"].token.env == "MY_TOKEN"
    assert settings.trackers["work"].user == "bot@acme.example"
    assert settings.mappings[0].project == "PLAT" and settings.mappings[0].match.team == "platform"


def test_another_folder_is_made_and_named_in_the_next_steps(folder: Path, okrsync: Okrsync) -> None:
    said = okrsync("init", "--yes", "--directory", "new/place", *GITHUB)
    assert said.code == 0 and "  cd new/place\n" in said.out
    assert load(folder / "new" / "place" / "okrsync.toml").workspace == "place"


def test_questions_fill_what_no_flag_says(folder: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "acme", "jirra", "jira", "https://acme.atlassian.net", "bot@acme.example", "", "PLAT", "web")
    said = okrsync("init")
    assert said.code == 0, said.err
    assert "Did you mean 'jira'?" in said.err and "OKRSYNC_JIRA_TOKEN is not set" in said.err
    settings = load(folder / "okrsync.toml")
    assert (settings.workspace, settings.mappings[0].project) == ("acme", "PLAT")
    assert settings.mappings[0].match.team == "web"


def test_a_bad_answer_is_asked_for_again_at_once(
    folder: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ("127.0.0.1:8470", "http://127.0.0.1:8470")
    answer(monkeypatch, "acme", "jira", *address, "bot@acme.example", "s3cret-token", "MY_TOKEN", "PLAT", "web")
    said = okrsync("init")
    assert said.code == 0, said.err
    assert "write an address such as https://" in said.err and "is no name of an environment variable" in said.err
    assert "okrsync.toml" not in said.err and "s3cret" not in said.err
    settings = load(folder / "okrsync.toml")
    assert settings.trackers["work"].url == "http://127.0.0.1:8470"
    assert settings.trackers["work"].token.env == "MY_TOKEN" and settings.mappings[0].project == "PLAT"


def test_a_token_that_cannot_be_read_has_one_place_or_none(
    folder: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKRSYNC_JIRA_TOKEN", "…")
    said = okrsync("init", "--yes", *JIRA, "--project", "PLAT")
    assert said.code == 0 and ":1:" not in said.err, said.err
    assert "could not be asked: the token has" in said.err and "Put the token there alone, in one line." in said.err
    assert "export" not in said.out and "  okrsync lint\n" in said.out
    checked = okrsync("check", "--online")
    assert checked.code == 2 and checked.err.count("okrsync.toml:") == 1, checked.err
    monkeypatch.delenv("OKRSYNC_JIRA_TOKEN")
    assert "export OKRSYNC_JIRA_TOKEN=…" in okrsync("init", "--yes", "--directory", "new", *JIRA, "--project", "P").out


def test_nobody_there_to_answer_is_said(folder: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch)
    said = okrsync("init")
    assert said.code == 2 and "--yes" in said.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--tracker-type", "jira", "--project", "PLAT"), "--url"),
        (("--tracker-type", "github"), "--project"),
        (("--tracker-type", "gitlab"), "'gitlab'"),
        ((*JIRA, "--project", "PLAT", "--workspace", "Not A Slug"), "workspace"),
        (("--tracker-type", "jira", "--url", "http://acme.example", "--project", "P", "--user", "x"), "https"),
        ((*JIRA, "--project", "PLAT", "--token-env", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"), "credential"),
        ((*JIRA, "--project", "A\nB"), "okrsync.toml"),
    ],
)
def test_a_bad_answer_writes_nothing(flags: tuple[str, ...], words: str, folder: Path, okrsync: Okrsync) -> None:
    said = okrsync("init", "--yes", *flags)
    assert said.code == 2 and words in said.err
    assert "ghp_16" not in said.err and list(folder.iterdir()) == []


def test_nothing_is_overwritten(workspace: Path, okrsync: Okrsync) -> None:
    before = (workspace / "okrsync.toml").read_bytes()
    said = okrsync("init", "--yes", *GITHUB)
    assert said.code == 2 and "nothing is overwritten" in said.err
    assert (workspace / "okrsync.toml").read_bytes() == before


def test_a_document_that_is_there_is_not_overwritten_either(folder: Path, okrsync: Okrsync) -> None:
    okrsync("init", "--yes", *GITHUB)
    (folder / "okrsync.toml").unlink()
    said = okrsync("init", "--yes", *GITHUB)
    assert said.code == 2 and "platform.toml" in said.err and not (folder / "okrsync.toml").exists()


def test_an_ignore_file_keeps_its_lines(folder: Path, okrsync: Okrsync) -> None:
    (folder / ".gitignore").write_text("build/", "utf-8")
    okrsync("init", "--yes", *GITHUB)
    assert (folder / ".gitignore").read_text("utf-8").splitlines()[0] == "build/"
    assert (folder / ".gitignore").read_text("utf-8").splitlines()[-2:] == ["okrsync.db*", ".okrsync.db*"]


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).map(str.strip)


@given(WORDS.filter(bool), WORDS.filter(bool), st.sampled_from(["jira", "github", "other", ""]))
def test_any_name_is_written_so_that_it_is_read_back(team: str, project: str, kind: str) -> None:
    fields = {"current": project} if kind == "jira" else {}
    answers = Answers("acme", team, kind, project, "https://a.example", "u", "TOKEN", "", "epic", fields)
    settings = tomllib.loads(settings_text(answers))
    document = tomllib.loads(document_text(replace(answers, owner=project), parse_cycle("2026-Q4")))
    assert (document["team"], document["owner"]) == (team, project)
    if kind:
        assert settings["mappings"][0]["match"] == {"team": team} and settings["mappings"][0]["project"] == project
        assert settings["mappings"][0].get("fields", {}) == fields


@given(st.text(max_size=60))
def test_slugs_are_fit_for_workspaces_and_files(text: str) -> None:
    made = slug(text, "okrs")
    assert 0 < len(made) <= 40 and made[0].isalnum() and slug(made, "x") == made


def test_the_first_document_says_which_kinds_of_key_result_there_are(tmp_path: Path) -> None:
    answers = Answers("acme", "web", "jira", "PLAT", fields={"current": "KR current"})
    (tmp_path / "a.toml").write_text(document_text(answers, parse_cycle("2026-Q4")), "utf-8")
    okrs, problems = check_documents(tmp_path, tmp_path)
    assert problems == []
    assert all(str(kind) in document_text(answers, parse_cycle("2026-Q4")) for kind in Kind)
    assert {each.measure.source for each in okrs.objectives[0].key_results} == {"field"}

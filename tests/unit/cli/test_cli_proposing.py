"""`okrsync propose`, `stage` and `cycle` without a tracker: where proposals go, and who may do what."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import click
import pytest

from tests.unit.cli.conftest import Okrsync

SETTINGS = """\
workspace = "acme"
reviewers = ["erin"]
[audiences]
leads = ["erin"]
[people.dana]
teams = ["platform"]
"""
COMPANY = """\
cycle = "2026-Q4"
level = "company"
owner = "robin"

[[objectives]]
id = "newcomers"
title = "Win newcomers"

  [[objectives.key_results]]
  id = "count"
  title = "Win 40 customers instead of 10"
  baseline = 10
  target = 40
  score = { final = 20, computed = 0.3333 }

[[objectives]]
id = "secret"
title = "Buy them"
audience = "leads"
"""
TEAM = """\
cycle = "2026-Q4"
level = "team"
team = "platform"
owner = "dana"   # who answers

[[objectives]]
id = "fast"
title = "Be fast"
aligns_to = ["newcomers/count"]

  [[objectives.key_results]]
  id = "p95"
  title = "Cut p95 from 4.0 s to 1.5 s"
  baseline = 4.0
  target = 1.5
  unit = "s"
  score = { final = 2.0, computed = 0.8 }

[[kpis]]
id = "uptime"
title = "Availability"
min = 99.9
"""


@pytest.fixture
def okrs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OKRSYNC_USER", "dana")
    (folder / "okrsync.toml").write_text(SETTINGS)
    okrs = folder / "okrs"
    okrs.mkdir()
    (okrs / "company-2026-Q4.toml").write_text(COMPANY)
    (okrs / "platform.toml").write_text(TEAM)
    return okrs


def test_a_proposal_goes_into_the_document_of_my_team(okrs: Path, okrsync: Okrsync) -> None:
    said = okrsync(
        "propose", "Make it a joy!", "--cycle", "2026-Q4", "--why", "They wait", "--aligns-to", "newcomers", "--json"
    )
    assert said.code == 0, said.err
    assert said.json["ref"] == "2026-Q4/make-it-a-joy"
    assert (said.json["file"], said.json["new"]) == ("okrs/platform.toml", False)
    text = (okrs / "platform.toml").read_text()
    assert text.startswith(TEAM[: TEAM.index("[[kpis]]")].rstrip("\n"))
    made = tomllib.loads(text)["objectives"][1]
    assert made == {
        "id": "make-it-a-joy",
        "title": "Make it a joy!",
        "why": "They wait",
        "origin": "bottom-up",
        "aligns_to": ["newcomers"],
        "stage": "draft",
    }
    assert okrsync("check").code == 0
    again = okrsync("propose", "Make it a joy!", "--cycle", "2026-Q4", "--json")
    assert again.json["ref"] == "2026-Q4/make-it-a-joy-2"


def test_another_team_gets_a_document_of_its_own(okrs: Path, okrsync: Okrsync) -> None:
    said = okrsync("propose", "Win the web", "--team", "web", "--cycle", "2027-Q1", "--json")
    assert said.code == 0, said.err
    assert (said.json["file"], said.json["new"]) == ("okrs/2027-Q1/web.toml", True)
    assert tomllib.loads((okrs / "2027-Q1" / "web.toml").read_text())["owner"] == "dana"
    own = okrsync("propose", "Learn", "--level", "individual", "--owner", "dana", "--team", "x", "--cycle", "2027-Q1")
    assert own.code == 0
    assert (okrs / "2027-Q1" / "dana.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--aligns-to", "newcomer"], "Did you mean 'newcomers'?"),
        (["--id", "fast"], "has something called 'fast' already"),
        (["--id", "Fast!"], "lower-case letters"),
        (["--for", "lead"], "Did you mean 'leads'?"),
        (["--file", "../elsewhere.toml"], "no document is read from"),
        (["--file", "okrs/platform.toml", "--team", "web"], "is of team platform, not web"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    okrs: Path, okrsync: Okrsync, arguments: list[str], said: str
) -> None:
    before = {each: each.read_text() for each in okrs.rglob("*")}
    found = okrsync("propose", "Make it a joy", "--cycle", "2026-Q4", *arguments)
    assert found.code == 2
    assert said in found.err
    assert {each: each.read_text() for each in okrs.rglob("*")} == before


def test_an_objective_for_everyone_names_no_hidden_parent_and_is_told_nothing_of_it(
    okrs: Path, okrsync: Okrsync
) -> None:
    hidden, unknown = (
        okrsync("propose", "Open", "--cycle", "2026-Q4", "--aligns-to", name).err.replace(name, "…")
        for name in ("secret", "sekret")
    )
    assert hidden == unknown
    assert okrsync("propose", "Ours", "--cycle", "2026-Q4", "--for", "leads", "--aligns-to", "secret").code == 0


def test_a_stage_moves_on_with_comments_kept_and_back_when_asked(okrs: Path, okrsync: Okrsync) -> None:
    assert "is committed already" in okrsync("stage", "2026-Q4/fast", "committed").out
    assert okrsync("stage", "2026-Q4/fast", "proposed").code == 2
    assert okrsync("stage", "2026-Q4/fast", "proposed", "--back").code == 0
    assert okrsync("stage", "2026-Q4/fast", "committed", "--as", "erin").code == 0
    text = (okrs / "platform.toml").read_text()
    (objective,) = tomllib.loads(text)["objectives"]
    assert (objective["stage"], objective["reviewed_by"]) == ("committed", ["erin"])
    assert "# who answers" in text
    assert "objectives have stages" in okrsync("stage", "2026-Q4/fast/p95", "closed").err
    assert "objectives have stages" in okrsync("stage", "2026-Q4/uptime", "closed").err


def test_who_commits_to_an_objective_without_key_results_is_warned(okrs: Path, okrsync: Okrsync) -> None:
    assert okrsync("stage", "secret", "draft", "--as", "erin", "--back").err == ""
    said = okrsync("stage", "secret", "committed", "--as", "erin")
    assert said.code == 0 and "2026-Q4/secret has no key results: nobody can tell" in said.err
    assert okrsync("stage", "fast", "draft", "--as", "dana", "--back").code == 0
    assert okrsync("stage", "fast", "committed", "--as", "dana").err == ""


def test_a_new_cycle_asks_about_each_key_result(okrs: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    confirmed: list[tuple[str, bool]] = []
    prompts = iter(["x", "50"])

    def confirm(question: str, default: bool, err: bool) -> bool:
        confirmed.append((question.strip(), default))
        return True

    monkeypatch.setattr(click, "confirm", confirm)
    monkeypatch.setattr(click, "prompt", lambda *_args, default, **_named: next(prompts, default))
    said = okrsync("cycle", "new", "2027-Q1")
    assert said.code == 0, said.err
    assert [default for _, default in confirmed] == [False, True], "low ones are dropped where somebody only hits Enter"
    assert "'x' is no number" in said.err
    company = tomllib.loads((okrs / "company-2027-Q1.toml").read_text())
    (objective,) = company["objectives"][:1]
    (key_result,) = objective["key_results"]
    assert (key_result["baseline"], key_result["target"], objective["stage"]) == (20, 50, "proposed")
    assert key_result["title"] == "Win 50 customers instead of 20"
    team = tomllib.loads((okrs / "2027-Q1" / "platform.toml").read_text())
    (key_result,) = team["objectives"][0]["key_results"]
    assert (key_result["baseline"], key_result["target"]) == (2, 1.5)
    assert team["objectives"][0]["aligns_to"] == ["newcomers/count"]
    assert [each["id"] for each in team["kpis"]] == ["uptime"]
    assert okrsync("check").code == 0


def test_stopping_at_a_question_writes_nothing(okrs: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)

    def stop(*_arguments: object, **_named: object) -> bool:
        raise click.Abort

    monkeypatch.setattr(click, "confirm", stop)
    assert okrsync("cycle", "new", "2027-Q1").code == 130
    assert sorted(each.name for each in okrs.iterdir()) == ["company-2026-Q4.toml", "platform.toml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2026-Q4"], "nothing comes before 2026-Q4"),
        (["2027-Q1", "--from", "2026-Q3"], "no document has the cycle '2026-Q3'"),
        (["2027-Q9"], "is not a cycle"),
        (["2027-Q1", "--continue", "fast", "--drop", "fast"], "cannot both go on and be left out"),
        (["2027-Q1", "--target", "fast/p95=low"], "write it as REF=NUMBER"),
        (["2027-Q1", "--continue", "slow"], "nothing in the documents is called 'slow'"),
    ],
)
def test_a_cycle_that_cannot_be_is_refused(okrs: Path, okrsync: Okrsync, arguments: list[str], said: str) -> None:
    found = okrsync("cycle", "new", *arguments)
    assert found.code == 2
    assert said in found.err


def test_a_scored_cycle_closes_without_a_tracker(okrs: Path, okrsync: Okrsync) -> None:
    said = okrsync("cycle", "close", "2026-Q4", "--json")
    assert said.code == 0, said.err
    assert said.json["closed"] == ["2026-Q4/newcomers", "2026-Q4/secret", "2026-Q4/fast"]
    assert [each["stage"] for each in tomllib.loads((okrs / "platform.toml").read_text())["objectives"]] == ["closed"]

"""`okrsync lint` as people and pipelines call it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest
import time_machine

from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn
from okrsync.trackers import plugins
from tests.system.calling import Okrsync
from tests.system.pages import ROOT
from tests.unit.practice.lint.lint_desk import document, objective
from tests.vendor.sarif import LOG

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
COMPANY = document(objective("win-newcomers"))
TEAM = """\
# The platform team.
cycle = "2026-Q4"
level = "team"
owner = "erin"

[[objectives]]
id        = "loved-app"             # for good
title     = "Grow retention by 15 %"
why       = "They leave."
origin    = "bottom-up"
aligns_to = ["2026-Q4/win-newcomers"]

  [[objectives.key_results]]
  id       = "retention"
  title    = "Second-week retention 20 % → 35 %"
  baseline = 20                     # measured in September
  target   = 35

  [[objectives.key_results]]
  id       = "page"
  title    = "Launch the page"
  baseline = 0
  target   = 100
  unit     = "%"
"""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A workspace of a company and a team, in the middle of its cycle, with no plugin loaded."""
    monkeypatch.setattr(plugins, "entry_points", lambda group: [])
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    (tmp_path / "okrs" / "company.toml").write_text(COMPANY, "utf-8")
    (tmp_path / "okrs" / "team.toml").write_text(TEAM, "utf-8")
    with time_machine.travel(NOW, tick=False):
        yield tmp_path


def settings(folder: Path, text: str) -> None:
    (folder / "okrsync.toml").write_text(f'workspace = "acme"\n{text}', "utf-8")


def codes(out: str) -> list[str]:
    """The codes of findings written as text."""
    return re.findall(r"^\S+:\d+: (\w+) ", out, re.MULTILINE)


def test_findings_are_told_with_their_lines_all_at_once(okrsync: Okrsync) -> None:
    said = okrsync("lint")
    assert said.code == 1
    team, kr = "okrs/team.toml", "2026-Q4/loved-app"
    assert said.out.splitlines() == [
        f"{team}:8: OKR101 warning: {kr}: the objective carries '15 %'. Say in words where to go; the number belongs"
        " into a key result.",
        f"{team}:11: OKR402 error: {kr}: aligns_to has '2026-Q4/win-newcomers'; expected objective or"
        " objective/key-result of the same cycle. Leave the cycle out: 'win-newcomers'.",
        f'{team}:15: OKR203 warning: {kr}/retention: the unit of the title is %, the fields have none. Add unit = "%".',
        f"{team}:21: OKR202 warning: {kr}/page: the key result reads as an activity ('Launch'), with no measured"
        " effect. Ask what changes when it is done, and measure that: from what to what.",
        "1 error, 3 warnings; `--fix` mends 2",
    ]
    assert "OKR601 and OKR602 were not looked for" in said.err and "there is no cache yet" in said.err


def test_fixes_keep_every_comment_and_change_nothing_else(okrsync: Okrsync, tmp_path: Path) -> None:
    said = okrsync("lint", "--fix")
    assert said.code == 0
    assert codes(said.out) == ["OKR101", "OKR202"]
    mended = (tmp_path / "okrs" / "team.toml").read_text("utf-8")
    assert mended == TEAM.replace('"2026-Q4/win-newcomers"', '"win-newcomers"').replace(
        "  target   = 35\n", '  target   = 35\n  unit     = "%"\n'
    )
    assert (tmp_path / "okrs" / "company.toml").read_text("utf-8") == COMPANY
    assert codes(okrsync("lint", "--fix").out) == ["OKR101", "OKR202"]


@pytest.mark.parametrize(
    ("arguments", "code", "found"),
    [
        (["--select", "OKR101"], 0, ["OKR101"]),
        (["--select", "OKR101", "--strict"], 1, ["OKR101"]),
        (["--select", "OKR103", "--strict"], 0, []),
        (["--select", "okr2,OKR402"], 1, ["OKR402", "OKR203", "OKR202"]),
        (["--ignore", "OKR4", "--ignore", "OKR2"], 0, ["OKR101"]),
        (["okrs/company.toml"], 0, []),
        (["okrs/team.toml", "--select", "OKR101"], 0, ["OKR101"]),
        (["okrs", "--select", "OKR101"], 0, ["OKR101"]),
        (["--cycle", "2026-Q3"], 0, []),
    ],
)
def test_what_is_asked_for(arguments: list[str], code: int, found: list[str], okrsync: Okrsync) -> None:
    said = okrsync("lint", *arguments)
    assert (said.code, codes(said.out)) == (code, found), said.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--select", "OKR999"], "OKR999"),
        (["--explain", "OKR20"], "Did you mean"),
        (["--format", "xml"], "xml"),
        (["--format", "sarif", "--json"], "--json"),
        (["okrs/nothing.toml"], "nothing.toml"),
        (["okrsync.toml"], "holds no document"),
    ],
)
def test_bad_usage(arguments: list[str], named: str, okrsync: Okrsync) -> None:
    said = okrsync("lint", *arguments)
    assert said.code == 2
    assert named in said.err and "Traceback" not in said.err


def test_the_settings_say_what_is_looked_for(okrsync: Okrsync, tmp_path: Path) -> None:
    settings(
        tmp_path,
        '[lint]\nignore = ["OKR2"]\n[lint.per-file-ignores]\n"okrs/t*.toml" = ["OKR101", "OKR402"]\n'
        "[lint.thresholds]\nkey_results_most = 1\n",
    )
    assert codes(okrsync("lint").out) == ["OKR301", "OKR301"]
    assert codes(okrsync("lint", "--select", "OKR202").out) == ["OKR202"]
    settings(tmp_path, '[lint]\nselect = ["ACME"]\n')
    assert "but no code begins with that" in okrsync("lint").err


def test_words_of_another_language(okrsync: Okrsync, tmp_path: Path) -> None:
    settings(tmp_path, '[lint]\nlanguage = "de"\n')
    assert "there are no words for the language 'de'" in okrsync("lint").err
    settings(tmp_path, '[lint]\nselect = ["OKR202"]\nlanguage = "de"\nwords = ["words/de.toml"]\n')
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "de.toml").write_text('activities = ["starten"]\n', "utf-8")
    team = tmp_path / "okrs" / "team.toml"
    team.write_text(team.read_text("utf-8").replace("Launch the page", "Starten wir die Seite"), "utf-8")
    assert codes(okrsync("lint").out) == ["OKR202"]
    (tmp_path / "words" / "de.toml").write_text("verben = []\n", "utf-8")
    said = okrsync("lint")
    assert said.code == 2 and "words/de.toml: 'verben' is no list of words" in said.err


def test_a_document_that_is_refused_ends_with_2_and_hides_nothing_else(okrsync: Okrsync, tmp_path: Path) -> None:
    (tmp_path / "okrs" / "broken.toml").write_text("cycle = \n", "utf-8")
    said = okrsync("lint")
    assert said.code == 2
    assert codes(said.out)[0] == "OKR001" and "OKR202" in codes(said.out)


def test_json(okrsync: Okrsync) -> None:
    said = okrsync("lint", "--json")
    assert said.json == okrsync("lint", "--format", "json").json
    assert said.json["counts"] == {"error": 1, "warning": 3, "info": 0}
    assert said.json["exit_code"] == said.code == 1
    assert said.json["notes"]
    assert said.json["findings"][2] == {
        "code": "OKR203",
        "severity": "warning",
        "file": "okrs/team.toml",
        "line": 15,
        "ref": "2026-Q4/loved-app/retention",
        "message": "the unit of the title is %, the fields have none",
        "remedy": 'Add unit = "%".',
        "fix": "sets unit to '%'",
    }


def test_github_annotations_are_escaped(okrsync: Okrsync, tmp_path: Path) -> None:
    (tmp_path / "okrs" / "team.toml").rename(tmp_path / "okrs" / "a, b: c.toml")
    lines = okrsync("lint", "--format", "github", "--select", "OKR101").out.splitlines()
    assert lines == [
        "::warning file=okrs/a%2C b%3A c.toml,line=8,title=OKR101::2026-Q4/loved-app: the objective carries '15 %25'."
        " Say in words where to go; the number belongs into a key result."
    ]


def test_sarif_is_what_the_standard_asks_for(okrsync: Okrsync, tmp_path: Path) -> None:
    (tmp_path / "okrs" / "team.toml").rename(tmp_path / "okrs" / "the team.toml")
    log = okrsync("lint", "--format", "sarif", "--ignore", "OKR4").json
    jsonschema.validate(log, LOG)
    (run,) = log["runs"]
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert "OKR101" in rules and "OKR402" not in rules
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("OKR101", "warning")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "okrs/the%20team.toml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 8},
    }


def test_a_finding_is_the_same_in_sarif_when_lines_come_above_it(okrsync: Okrsync, tmp_path: Path) -> None:
    def prints() -> set[str]:
        (run,) = okrsync("lint", "--format", "sarif").json["runs"]
        return {each["partialFingerprints"]["okrsyncFinding/v1"] for each in run["results"]}

    before = prints()
    (tmp_path / "okrs" / "team.toml").write_text("# A line more.\n" + TEAM, "utf-8")
    assert prints() == before and len(before) == 4


def test_pages_are_shown_anywhere(okrsync: Okrsync, tmp_path: Path) -> None:
    page = ROOT / "okrsync" / "practice" / "lint" / "pages" / "OKR202.md"
    assert okrsync("lint", "--explain", "okr202").out == page.read_text("utf-8")
    (tmp_path / "okrsync.toml").unlink()
    assert okrsync("lint", "--explain", "OKR202").out == page.read_text("utf-8")


def test_what_the_cache_remembers_counts(okrsync: Okrsync, tmp_path: Path) -> None:
    ref = Ref("2026-Q4", "loved-app", "retention")
    with Cache.open(tmp_path / "okrsync.db", "acme") as cache:
        for weeks in (3, 2, 1):
            cache.check_ins.add(CheckIn(ref, NOW - timedelta(weeks=weeks, hours=-1), "erin", 22.0, 0.9))
    said = okrsync("lint", "--select", "OKR6")
    assert (
        "2026-Q4/loved-app/retention: confidence is 0.9, but the value has been 22 at 3 check-ins in a row" in said.out
    )
    assert "2026-Q4/loved-app/page: no check-in yet, 45 days into the cycle" in said.out
    assert codes(said.out).count("OKR601") == 3
    assert not said.err


def test_a_rule_of_a_plugin_runs_beside_them(okrsync: Okrsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "plugins" / "example")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [EntryPoint("example", "okrsync_example", group)])
    said = okrsync("lint", "--select", "SHELF")
    assert (said.code, codes(said.out)) == (0, ["SHELF001"])
    assert "okrs/team.toml:6:" in said.out
    assert okrsync("lint", "--explain", "SHELF001").out.startswith("# SHELF001: a team without a name")
    settings(tmp_path, '[plugins]\nallow = ["jira"]\n')
    assert "no code begins with 'SHELF'" in okrsync("lint", "--select", "SHELF").err


def test_nothing_found_is_said_in_a_line(okrsync: Okrsync, tmp_path: Path) -> None:
    (tmp_path / "okrs" / "team.toml").unlink()
    said = okrsync("lint", "--strict", "--ignore", "OKR6")
    assert (said.code, said.out) == (0, "all well: nothing found\n")
    assert okrsync("lint", "--quiet").out == ""

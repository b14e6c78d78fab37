"""Weeks of work in real trackers, and the reason behind the numbers that came of it, through the command line."""

from __future__ import annotations

import csv
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode
from okrsync.sandbox.jira import JiraSandbox
from tests.system import cli_desk
from tests.system.grounds import CYCLE, Desk, GitHub, Ground, JiraCloud, JiraDataCenter, served, team_document
from tests.system.pages import DOCS, blocks
from tests.system.test_demo import free_ports

PAGES = ("explain-a-number", "measure-by-field", "measure-by-children", "watch-kpis")
"""Those that show the demo."""
O1 = Ref(CYCLE, "o0-0")
KR1, KR2 = O1.child("kr1"), O1.child("kr2")
START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


class People:
    """They add issues of their own below an objective, finish them, and take them away again."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.site: Any = ground.site

    def add(self, done: bool = False) -> str:
        before = set(self._all())
        self.ground.add_child(O1, done=done)
        return next(each for each in self._all() if each not in before)

    def finish(self, *keys: str) -> None:
        for key in keys:
            if isinstance(self.site, JiraSandbox):
                self.site.transition(key, "Done")
            else:
                self.site.close_issue(*_split(key))

    def take_away(self, key: str) -> None:
        if isinstance(self.site, JiraSandbox):
            self.site.edit(key, parent=None)
        else:
            repository, number = _split(key)
            self.site.edit_issue(repository, number, milestone=None)

    def _all(self) -> list[str]:
        """Their issues, pull requests left out, by key."""
        if isinstance(self.site, JiraSandbox):
            return [each.key for each in self.site.issues()]
        repository = self.ground.project()
        issues = self.site.issues(repository)
        return [f"{repository}#{each['number']}" for each in issues if not each.get("pull_request")]


def _split(key: str) -> tuple[str, int]:
    repository, _, number = key.partition("#")
    return repository, int(number)


@pytest.fixture(params=(JiraCloud, JiraDataCenter, GitHub), ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with served(request.param()) as ground:
        desk = Desk(ground, tmp_path)
        monkeypatch.chdir(tmp_path)
        desk.write_team(key_results=2)
        shown = {"baseline = 4.0": "baseline = 0.0", "target = 1.5": "target = 100.0", 'unit = "s"': 'unit = "%"'}
        for old, new in {**shown, '{ from = "field" }': '{ from = "children", of = "objective" }'}.items():
            path = desk.folder / "okrs" / "team-0.toml"
            path.write_text(path.read_text().replace(old, new, 1))
        yield desk


@contextmanager
def work_until(desk: Desk, number: int, verb: str = "pull") -> Iterator[People]:
    """What people do on the morning of a day, and then a look at it."""
    with time_machine.travel(START + timedelta(days=number), tick=True):
        yield People(desk.ground)
        assert desk.run(verb).exit_code is ExitCode.DONE


def on_day(desk: Desk, number: int, verb: str = "pull") -> None:
    with work_until(desk, number, verb):
        pass


def asked(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(arguments) == 0
    return capsys.readouterr().out


def test_four_weeks_of_work_and_scope_add_up_to_what_moved(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*arguments: str) -> Any:
        with time_machine.travel(START + timedelta(days=30), tick=True):
            return json.loads(asked(*arguments, "--json", capsys=capsys))

    on_day(desk, 0, "sync")
    with work_until(desk, 1) as people:  # 0 of 4
        one, two, three, four = (people.add() for _ in range(4))
    with work_until(desk, 7):  # 1 of 4: work +25
        people.finish(one)
    with work_until(desk, 14):  # 2 of 4 by work, +25; 3 of 6 by two that enter, one of them done: 50 % as well
        people.finish(two)
        people.add()
        six = people.add(done=True)
    with work_until(desk, 21):  # 4 of 6 by work, +16.67; 4 of 5 by one that leaves, +13.33
        people.finish(three)
        people.take_away(four)

    found = told("explain", str(KR1))
    assert found["current"] == pytest.approx(80.0) and found["progress"] == pytest.approx(0.8)
    value, progress = found["movement"]["value"], found["movement"]["progress"]
    assert (value["work_done"], value["scope_change"]) == (pytest.approx(100 / 6), pytest.approx(80 - 400 / 6))
    assert value["moved"] == pytest.approx(30) and progress["moved"] == pytest.approx(0.3)
    moves = {each["key"]: each["move"] for each in found["movement"]["items"]}
    assert moves == {four: "left", three: "done"}
    assert all(each["url"].startswith(desk.ground.server.url) for each in found["movement"]["items"])
    assert [each["key"] for each in found["parts"] if each["done"]].count(six) == 1

    whole = told("explain", "o0-0/kr1", "--since", "2026-10-02")["movement"]
    assert whole["steps"] == 3 and whole["value"]["moved"] == pytest.approx(80)
    assert whole["value"]["work_done"] == pytest.approx(25 + 25 + 100 / 6)
    assert whole["value"]["scope_change"] == pytest.approx(80 - 400 / 6)
    assert sum(each for name, each in whole["value"].items() if name != "moved") == pytest.approx(80)

    # Of the four at the start three are done, and the one that left was open.
    assert found["scopes"]["then"] == {"done": 3.0, "total": 4.0, "value": 75.0, "progress": 0.75}
    assert (found["scopes"]["entered"], found["scopes"]["left"]) == (2, 1)

    rows = told("history", str(KR1))["rows"]
    assert [each["value"] for each in rows] == pytest.approx([0, 25, 50, 80])
    assert told("status", "--as-of", "2026-10-09")["objectives"][0]["key_results"][0]["current"] == 25.0
    objective = told("explain", "o0-0", "--since", "2026-10-09")
    assert objective["progress"] == pytest.approx(0.8) and objective["coverage"] == 0.5
    assert objective["movement"]["moved"] == pytest.approx(0.55)
    lines = asked("history", str(KR1), "--csv", capsys=capsys).splitlines()
    assert [float(each["progress"]) for each in csv.DictReader(lines)] == pytest.approx([0, 0.25, 0.5, 0.8])
    text = asked("explain", str(KR1), capsys=capsys)
    assert f"done: {three}, http" in text and f"left: {four}, http" in text


def test_unchanged_values_cost_no_row_and_what_changed_silently_is_told(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    on_day(desk, 0, "sync")
    with work_until(desk, 1) as people:  # 1 of 2
        one, two = people.add(), people.add()
        people.finish(one)
    on_day(desk, 2)
    with work_until(desk, 3):  # 2 of 4: 50 % as before
        people.finish(two)
        people.add()
        people.add()

    with desk.workspace().open_cache() as cache:
        assert [each.value for each in cache.observations.history(KR1)] == [50.0]
    with time_machine.travel(START + timedelta(days=4), tick=True):
        movement = json.loads(asked("explain", str(KR1), "--json", capsys=capsys))["movement"]
    assert (movement["value"]["work_done"], movement["value"]["scope_change"]) == (50.0, -50.0)
    assert movement["value"]["moved"] == 0.0 and len(movement["items"]) == 3


def test_a_field_and_a_new_target_are_told_apart(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    on_day(desk, 0, "sync")
    with work_until(desk, 7):
        desk.ground.set_current(KR2, 3.5)
    with work_until(desk, 14, "sync"):
        desk.replace("team-0.toml", "target = 1.5", "target = 2.0")
        desk.ground.set_current(KR2, 3.0)
    with time_machine.travel(START + timedelta(days=15), tick=True):
        found = json.loads(asked("explain", str(KR2), "--since", "2026-10-09", "--json", capsys=capsys))
    # 3.5 → 3.0 of 4.0 → 1.5: 0.2 → 0.4; of 4.0 → 2.0 it is 0.5.
    progress = found["movement"]["progress"]
    assert (progress["manual_edit"], progress["target_change"]) == (pytest.approx(0.2), pytest.approx(0.1))
    assert found["movement"]["value"]["manual_edit"] == -0.5
    assert [each["target"] for each in found["terms"]] == [1.5, 2.0]
    assert found["origin"]["field"] == "KR current" and found["origin"]["url"].startswith("http")


def test_a_target_that_changed_since_the_last_look_counts_at_once(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    on_day(desk, 0, "sync")
    with work_until(desk, 7):
        desk.ground.set_current(KR2, 3.0)
    desk.replace("team-0.toml", "target = 1.5", "target = 2.0")
    with time_machine.travel(START + timedelta(days=8), tick=True):
        found = json.loads(asked("explain", str(KR2), "--json", capsys=capsys))
    assert found["progress"] == 0.5
    assert found["movement"]["progress"]["target_change"] == pytest.approx(0.1)


def test_nothing_is_asked_of_a_tracker_and_no_client_is_loaded(desk: Desk) -> None:
    on_day(desk, 0, "sync")
    with work_until(desk, 1) as people:
        people.add(done=True)
    desk.ground.site.requests.clear()
    probe = (
        "import sys; from okrsync.cli.program import run\n"
        f"for ask in (['explain', '{KR1}'], ['explain', '{O1}', '--since', '2026-10-01'], ['history', '{KR1}'],"
        " ['status', '--as-of', '2026-10-02']):\n"
        "    assert run(ask) == 0, ask\n"
        "heavy = {'jira', 'github', 'sqlite_utils', 'okrsync_jira', 'okrsync_github'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=desk.folder,
        env=cli_desk.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert desk.ground.site.requests.count() == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "2026-Q4/o0-0/kr3"], "Did you mean '2026-Q4/o0-0/kr"),
        (["history", "o0-1"], "Did you mean '2026-Q4/o0-0'"),
        (["explain", "o0-0", "--since", "soon"], "'soon' is no day: write it as 2026-11-15"),
        (["status", "--as-of", "2999-01-01"], "2999-01-01 has not come yet"),
        (["history", "o0-0", "--json", "--csv"], "choose one"),
        (["explain"], "REF"),
    ],
)
def test_a_wrong_question_is_answered_with_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n')
    (tmp_path / "okrs" / "team.toml").write_text(team_document(0, 1, 2))
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err and said.out == ""


def test_the_how_to_pages_show_what_the_demo_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a page has `…`, lines are left out."""
    monkeypatch.chdir(tmp_path)
    with time_machine.travel("2026-11-22T12:00:00Z", tick=True):
        assert run(["demo", "--port-base", str(free_ports())]) == 0
        monkeypatch.chdir(tmp_path / "okrsync-demo")
        shown = [blocks(DOCS / "how-to" / f"{name}.md", "console") for name in PAGES]
        assert [len(each) for each in shown] == [4, 1, 1, 2]
        for block in itertools.chain.from_iterable(shown):
            command, _, text = block.text.partition("\n")
            said = _alike(asked(*command.split()[2:], capsys=capsys))
            rest = said
            for piece in filter(None, _alike(text).split("…\n")):
                assert piece in rest, f"{block}: `{command}` says\n{said}"
                rest = rest.partition(piece)[2]


def _alike(text: str) -> str:
    """A text without what is another one on each machine."""
    return re.sub(r"127\.0\.0\.1:\d+|(?<=-\d\d )\d\d:\d\d(?= UTC)", "-", text)

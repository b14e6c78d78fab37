"""Everything that can be wrong with a measure, in one workspace: each is named with its line, and the others go on."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from tests.system.grounds import CYCLE, Desk, GitHub, Ground, JiraCloud, JiraDataCenter, served
from tests.unit.plugins.sources.house import House, Reply

OBJECTIVE = Ref(CYCLE, "calm-nights")
SOURCES = """
[sources.warehouse]
type = "sql"
url = "sqlite:///metrics.db"

[sources.stats]
type = "http"
url = "{url}"
timeout = "1s"
"""
JIRA = {"all": "labels = toil", "none": "labels = idle", "wrong": "labels = = toil"}
GITHUB = {"all": "label:toil", "none": "label:idle", "wrong": "label:toil sprint:7"}


@pytest.fixture(params=(JiraCloud, JiraDataCenter, GitHub), ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    house = House()
    house.answers["/large"] = Reply(b'{"value": "' + b"x" * 10_000_000 + b'"}')
    gate = threading.Event()
    house.answers["/slow"] = Reply(b'{"value": 7}', stall=gate)
    house.answers["/right"] = Reply.json({"value": 7})
    monkeypatch.chdir(tmp_path)
    with closing(house), served(request.param()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_settings(ground.settings() + SOURCES.format(url=house.url))
        with closing(sqlite3.connect(tmp_path / "metrics.db")) as database:
            database.executescript("create table signup (day text); insert into signup values ('a'), ('b')")
        yield desk
        gate.set()


def write(desk: Desk, **measures: str) -> dict[str, int]:
    """A document with a key result for each measure; the line in which each begins."""
    lines = [f'cycle = "{CYCLE}"', 'level = "team"', 'team = "team-0"', "[[objectives]]", 'id = "calm-nights"']
    lines += ['title = "Nobody is woken up at night"']
    begun = {}
    for name, measure in measures.items():
        begun[name] = len(lines) + 1
        lines += ["[[objectives.key_results]]", f'id = "{name}"', f'title = "Make {name} right"']
        lines += ["baseline = 0", "target = 10", f"measure = {{ {measure} }}"]
    desk.write("team-0.toml", "\n".join([*lines, ""]))
    return begun


def work(ground: Ground, note: str | None) -> str:
    """Somebody adds an issue with a note; how the tracker calls it."""
    site, project = ground.site, ground.project()
    if isinstance(site, JiraSandbox):
        return site.create_issue(project, "Story", "Some toil", labels={"toil"}, Notes=note)
    assert isinstance(site, GitHubSandbox)
    number = site.create_issue(project, "Some toil", labels=["toil"])
    site.set_project_value("acme", 1, project, number, "Notes", note)
    return f"{project}#{number}"


def test_each_names_its_line_and_the_others_go_on(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    ground = desk.ground
    query = JIRA if isinstance(ground.site, JiraSandbox) else GITHUB
    if isinstance(ground.site, JiraSandbox):
        ground.site.add_text_field("Notes")
    elif isinstance(ground.site, GitHubSandbox):
        ground.site.add_field("acme/1", "Notes", "TEXT")
    other, bare = work(ground, "three"), work(ground, None)
    lines = write(
        desk,
        own='from = "field", field = "KR curent"',
        item=f'from = "field", item = "{other}", field = "KR curent"',
        gone=f'from = "field", item = "{other}99", field = "KR current"',
        points='from = "children", of = "objective", by = "Storypoints"',
        syntax=f'from = "count", query = "{query["wrong"]}"',
        unknown=f'from = "sum", query = "{query["all"]}", field = "KR curent"',
        nothing=f'from = "average", query = "{query["none"]}", field = "KR current"',
        text=f'from = "field", item = "{other}", field = "Notes"',
        share=f'from = "done", query = "{query["none"]}"',
        rows='from = "sql", source = "warehouse", query = "select count(*) from signup group by day"',
        slow='from = "http", source = "stats", path = "slow", value = "value"',
        large='from = "http", source = "stats", path = "large", value = "value"',
        right=f'from = "count", query = "{query["all"]}"',
        also='from = "http", source = "stats", path = "right", value = "value"',
        empty=f'from = "field", item = "{bare}", field = "KR current"',
    )
    assert run(["sync"]) == 1
    ground.add_child(OBJECTIVE, done=True)
    capsys.readouterr()
    assert run(["pull"]) == 1

    said = dict(re.findall(rf"^failed: {OBJECTIVE}/(\w+)(?:, work)?: (.*)$", capsys.readouterr().err, re.MULTILINE))
    assert {name: int(each.split(":")[1]) for name, each in said.items()} == {
        name: line for name, line in lines.items() if name not in {"right", "also", "empty"}
    }
    assert all(
        each.startswith("okrs/team-0.toml:") and each.endswith("; the last known value stays") for each in said.values()
    )
    for name, words in {
        "own": "no field 'KR curent' (did you mean 'KR current'?); its number fields are 'KR baseline'",
        "item": "no field 'KR curent' (did you mean 'KR current'?)",
        "gone": "does not exist in work, or may not be seen",
        "points": "no field 'Storypoints'",
        "syntax": "'='" if query is JIRA else "'sprint:7' in the query",
        "unknown": "'KR curent'",
        "nothing": "nothing has no average",
        "text": f"field Notes of {other} holds the text 'three' where a number is expected: enter a number",
        "share": "of nothing no share can be done",
        "rows": "the query gave 2 rows; expected exactly one with one number",
        "slow": "1 s",
        "large": "answers with more than 1 MiB",
    }.items():
        assert words in said[name], said[name]
    assert not any("Traceback" in each for each in said.values())

    shown = {each["ref"].rpartition("/")[2]: each for each in desk.status()["objectives"][0]["key_results"]}
    assert {name: each["current"] for name, each in shown.items() if each["current"] is not None} == {
        "right": 2,
        "also": 7,
    }
    assert all(shown[name]["problem"] for name in said)
    assert shown["empty"]["problem"] == f"field KR current of {bare} is empty", (
        "that is no failure: nobody entered it yet"
    )

"""A tracker that fails, does not answer, or suddenly shows nothing never turns a value into 0, whatever measures it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode, Outcome
from okrsync.reports.as_json import status_json
from okrsync.reports.status_text import status_text
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from tests.system.grounds import CYCLE, Desk, GitHub, Ground, JiraCloud, JiraDataCenter, served
from tests.system.test_faults import Hurried

OBJECTIVE = Ref(CYCLE, "calm-nights")
QUERIES = {"jira": "labels = toil", "github": "label:toil"}
MEASURES = {
    "count": 'from = "count", query = "{query}"',
    "sum": 'from = "sum", query = "{query}", field = "KR current"',
    "average": 'from = "average", query = "{query}", field = "KR current"',
    "done": 'from = "done", query = "{query}"',
    "children": 'from = "children", of = "objective"',
    "field": 'from = "field", item = "{item}", field = "KR current"',
    "own": 'from = "field"',
}
VALUES = {"count": 2, "sum": 8.0, "average": 4.0, "done": 0.5, "children": 1.0, "field": 6.0, "own": 3.5}
LATER = timedelta(days=3)
FAULTS: dict[str, dict[str, Any]] = {
    "an empty list for everything": {"kind": "empty_list"},
    "an error for everything": {"kind": "status", "status": 500},
    "a refusal of everything": {"kind": "status", "status": 403},
    "a token that is gone": {"kind": "status", "status": 401},
    "no answer": {"kind": "drop_before"},
    "half an answer": {"kind": "truncate"},
    "a page to log in": {"kind": "html_login"},
    "another program's answer": {"kind": "wrong_json"},
}


@pytest.fixture(scope="module", params=(JiraCloud, JiraDataCenter, GitHub), ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with served(request.param()) as ground:
        desk = Desk(ground, tmp_path_factory.mktemp("stay"))
        prepare(desk)
        yield desk


def prepare(desk: Desk) -> None:
    ground = desk.ground
    work(ground, 2.0, done=False)
    item = work(ground, 6.0, done=True)
    query = QUERIES["jira" if isinstance(ground.site, JiraSandbox) else "github"]
    lines = [f'cycle = "{CYCLE}"', 'level = "team"', 'team = "team-0"', "[[objectives]]", 'id = "calm-nights"']
    lines += ['title = "Nobody is woken up at night"']
    for name, measure in MEASURES.items():
        lines += ["[[objectives.key_results]]", f'id = "{name}"', f'title = "Make {name} right"', "baseline = 0"]
        lines += ["target = 10", f"measure = {{ {measure.format(query=query, item=item)} }}"]
    desk.write("team-0.toml", "\n".join([*lines, ""]))
    assert run(desk, "sync").exit_code is ExitCode.DONE
    ground.set_current(OBJECTIVE.child("own"), 3.5)
    ground.add_child(OBJECTIVE, done=True)
    assert run(desk, "pull").exit_code is ExitCode.DONE
    assert values(desk) == VALUES


def work(ground: Ground, points: float, *, done: bool) -> str:
    site, project = ground.site, ground.project()
    if isinstance(site, JiraSandbox):
        key = site.create_issue(project, "Story", "Some toil", labels={"toil"}, **{"KR current": points})
        if done:
            site.transition(key, "Done")
        return key
    assert isinstance(site, GitHubSandbox)
    number = site.create_issue(project, "Some toil", labels=["toil"])
    site.set_project_number("acme", 1, project, number, "KR current", points)
    if done:
        site.close_issue(project, number)
    return f"{project}#{number}"


def run(desk: Desk, verb: str, *, later: timedelta = timedelta()) -> Outcome:
    workspace = desk.workspace(now=lambda: datetime.now(UTC) + later)
    workspace.stop = Hurried()
    with workspace.engine() as engine:
        found: Outcome = getattr(engine, verb)()
        return found


def key_results(desk: Desk, *, later: timedelta = timedelta()) -> dict[str, dict[str, Any]]:
    told = status_json(desk.workspace(now=lambda: datetime.now(UTC) + later).status())
    return {each["ref"].rpartition("/")[2]: each for each in told["objectives"][0]["key_results"]}


def values(desk: Desk) -> dict[str, Any]:
    return {name: each["current"] for name, each in key_results(desk).items()}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_last_value_stays_with_its_age_and_the_reason(desk: Desk, fault: str) -> None:
    desk.ground.site.faults.add(Fault(times=None, **FAULTS[fault]))
    outcome = run(desk, "pull", later=LATER)
    desk.ground.site.faults.clear()

    assert outcome.exit_code is not ExitCode.DONE
    shown = key_results(desk, later=LATER)
    assert {name: each["current"] for name, each in shown.items()} == VALUES
    assert {name for name, each in shown.items() if not each["stale"]} == set()
    assert {name for name, each in shown.items() if not each["problem"]} == set()
    status = desk.workspace(now=lambda: datetime.now(UTC) + LATER).status()
    lines = "\n".join(status_text(status))
    assert lines.count("stale: 3 days old") == 1 + len(VALUES)
    assert lines.count("not measured: ") == len(VALUES)

    assert run(desk, "pull").exit_code is ExitCode.DONE
    assert not any(each["stale"] or each["problem"] for each in key_results(desk).values())
    with desk.workspace().open_cache() as cache:
        assert [each.value for each in cache.observations.history(OBJECTIVE.child("count"))] == [2]

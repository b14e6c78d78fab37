"""Key results measured over queries, on every kind of tracker, with nothing but okrsync.toml and documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from okrsync.store.values import CheckIn
from tests.system.grounds import CYCLE, GROUNDS, Desk, Ground, served

OBJECTIVE = Ref(CYCLE, "calm-nights")
QUERY = {"jira": "labels = toil", "github": "label:toil"}
OPEN = {"jira": "labels = toil AND statusCategory != Done", "github": "label:toil is:open"}
WRONG = {"jira": "labels = = toil", "github": "label:toil sprint:7"}


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with served(request.param()) as ground:
        yield Desk(ground, tmp_path)


def kind(ground: Ground) -> str:
    return ground.name.partition("-")[0]


def work(ground: Ground, *, done: bool = False, points: float | None = None, label: str = "toil") -> str:
    """Somebody adds an issue of their own; how the tracker calls it."""
    site, project = ground.site, ground.project()
    if isinstance(site, JiraSandbox):
        key = site.create_issue(project, "Story", "Some toil", labels={label}, **{"KR current": points})
        if done:
            site.transition(key, "Done")
        return key
    assert isinstance(site, GitHubSandbox)
    number = site.create_issue(project, "Some toil", labels=[label])
    site.set_project_number("acme", 1, project, number, "KR current", points)
    if done:
        site.close_issue(project, number)
    return f"{project}#{number}"


def forget(ground: Ground, key: str) -> None:
    """Somebody deletes an issue."""
    if isinstance(ground.site, JiraSandbox):
        ground.site.delete(key)
    elif isinstance(ground.site, GitHubSandbox):
        ground.site.delete_issue(ground.project(), int(key.partition("#")[2]))


def write(desk: Desk, **measures: str) -> None:
    lines = [f'cycle = "{CYCLE}"', 'level = "team"', 'team = "team-0"', "[[objectives]]", 'id = "calm-nights"']
    lines += ['title = "Nobody is woken up at night"']
    for name, measure in measures.items():
        lines += ["[[objectives.key_results]]", f'id = "{name}"', f'title = "Make {name} right"']
        lines += ["baseline = 0", "target = 10", f"measure = {{ {measure} }}"]
    desk.write("team-0.toml", "\n".join([*lines, ""]))


def values(desk: Desk) -> dict[str, float | None]:
    return {each["ref"].rpartition("/")[2]: each["current"] for each in desk.status()["objectives"][0]["key_results"]}


def test_each_measure_gives_what_is_worked_out_by_hand(desk: Desk) -> None:
    query, open_ones = QUERY[kind(desk.ground)], OPEN[kind(desk.ground)]
    write(
        desk,
        count=f'from = "count", query = "{open_ones}"',
        all=f'from = "count", query = "{query}", since = "2020-01-01"',
        sum=f'from = "sum", query = "{query}", field = "KR current"',
        average=f'from = "average", query = "{query}", field = "KR current"',
        done=f'from = "done", query = "{query}"',
        weighed=f'from = "done", query = "{query}", field = "KR current"',
    )
    work(desk.ground, points=2.0)
    work(desk.ground, points=6.5, done=True)
    bare = work(desk.ground, done=True)
    work(desk.ground, label="other", points=100.0)

    assert desk.run("sync").exit_code is ExitCode.DONE
    assert values(desk) == {
        "count": 1, "all": 3, "sum": 8.5, "average": 4.25, "done": pytest.approx(2 / 3), "weighed": 6.5 / 8.5,
    }  # fmt: skip
    assert desk.run("sync").plan.changes == ()

    forget(desk.ground, bare)
    work(desk.ground, points=1.5)
    assert desk.run("pull").exit_code is ExitCode.DONE
    assert values(desk) == {"count": 2, "all": 3, "sum": 10, "average": 10 / 3, "done": 1 / 3, "weighed": 0.65}
    with desk.workspace().engine() as engine:
        evidence = engine.inputs.cache.observations.history(OBJECTIVE.child("sum"))[-1].evidence
    assert sorted(part[3] for part in evidence["parts"]) == [1.5, 2.0, 6.5]
    assert bare not in {part[1] for part in evidence["parts"]}


def test_what_cannot_be_told_names_the_line_and_the_others_go_on(desk: Desk) -> None:
    query, wrong = QUERY[kind(desk.ground)], WRONG[kind(desk.ground)]
    write(
        desk,
        wrong=f'from = "count", query = "{wrong}"',
        field=f'from = "sum", query = "{query}", field = "KR curent"',
        nothing=f'from = "average", query = "{query.replace("toil", "idle")}", field = "KR current"',
        right=f'from = "count", query = "{query}"',
    )
    work(desk.ground)

    outcome = desk.run("sync")

    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    said = {each.ref.key_result: each.message for each in outcome.failures if each.ref}
    assert said.keys() == {"wrong", "field", "nothing"}
    lines = [message.partition(": ")[0].partition("okrs/")[2] for message in said.values()]
    assert lines == ["team-0.toml:7", "team-0.toml:13", "team-0.toml:19"]
    assert "KR curent" in said["field"] and "KR current" in said["field"]
    assert "nothing has no average" in said["nothing"]
    assert values(desk) == {"wrong": None, "field": None, "nothing": None, "right": 1}


def test_silence_is_never_a_zero(desk: Desk) -> None:
    write(desk, count=f'from = "count", query = "{QUERY[kind(desk.ground)]}"')
    work(desk.ground)
    assert desk.run("sync").exit_code is ExitCode.DONE

    desk.ground.site.faults.add(Fault("empty_list", path=r"/(search|search/jql|issues)$", times=None))
    outcome = desk.run("pull")
    assert outcome.exit_code is ExitCode.HELD
    assert any("nothing else can be seen" in each.message for each in outcome.failures)
    (key_result,) = desk.status()["objectives"][0]["key_results"]
    assert (key_result["current"], key_result["stale"]) == (1, True)

    desk.ground.site.faults.clear()
    work(desk.ground)
    assert desk.run("pull").exit_code is ExitCode.DONE
    assert values(desk) == {"count": 2}


def test_the_last_one_that_goes_makes_it_zero_where_the_measure_says_so(desk: Desk) -> None:
    measure = f'from = "count", query = "{QUERY[kind(desk.ground)]}"'
    write(desk, count=f"{measure}, may_be_empty = true")
    last = work(desk.ground)
    work(desk.ground, label="other")
    desk.run("sync")

    forget(desk.ground, last)
    assert desk.run("pull").exit_code is ExitCode.DONE
    assert values(desk) == {"count": 0}


def test_a_query_that_falls_to_nothing_is_held_until_somebody_says_so(desk: Desk) -> None:
    write(desk, count=f'from = "count", query = "{QUERY[kind(desk.ground)]}"')
    every = [work(desk.ground) for _ in range(2)]
    work(desk.ground, label="other")
    assert desk.run("sync").exit_code is ExitCode.DONE
    for each in every:
        forget(desk.ground, each)
    for verb in ("pull", "sync"):
        outcome = desk.run(verb)
        assert outcome.exit_code is ExitCode.HELD and outcome.done == ()
        assert "2 issues matched" in outcome.failures[-1].message
        assert values(desk) == {"count": 2}
    with desk.workspace().open_cache() as cache:
        cache.check_ins.add(CheckIn(OBJECTIVE.child("count"), datetime.now(UTC), "dana", 0.0))
    assert desk.run("pull").exit_code is ExitCode.DONE
    assert values(desk) == {"count": 0}


def test_a_kpi_is_measured_by_query_too(desk: Desk) -> None:
    document = (
        f'cycle = "{CYCLE}"\nlevel = "team"\nteam = "team-0"\n[[kpis]]\nid = "toil"\ntitle = "Open toil"\nmax = 5\n'
        f'measure = {{ from = "count", query = "{OPEN[kind(desk.ground)]}" }}\n'
    )
    desk.write("team-0.toml", document)
    toil = work(desk.ground)
    work(desk.ground, label="other")

    assert desk.run("pull").exit_code is ExitCode.DONE
    assert [each["current"] for each in desk.status()["kpis"]] == [1]

    forget(desk.ground, toil)
    outcome = desk.run("pull")
    assert outcome.exit_code is ExitCode.HELD
    assert f"(okrsync checkin {CYCLE}/toil --value 0) or write may_be_empty = true in" in outcome.failures[-1].message
    (kpi,) = desk.status()["kpis"]
    assert (kpi["current"], kpi["stale"]) == (1, True)
    desk.write("team-0.toml", document.replace('" }', '", may_be_empty = true }'))
    assert desk.run("pull").exit_code is ExitCode.DONE
    (kpi,) = desk.status()["kpis"]
    assert (kpi["current"], kpi["stale"], kpi["problem"]) == (0, False, None)

    toil = work(desk.ground)
    desk.write("team-0.toml", document)
    desk.run("pull")
    forget(desk.ground, toil)
    assert desk.run("pull").exit_code is ExitCode.HELD
    with desk.workspace().open_cache() as cache:
        cache.check_ins.add(CheckIn(Ref(CYCLE, "toil"), datetime.now(UTC), "dana", 0.0))
    assert desk.run("pull").exit_code is ExitCode.DONE
    assert [each["current"] for each in desk.status()["kpis"]] == [0]

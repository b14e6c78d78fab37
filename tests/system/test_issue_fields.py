"""Key results measured by the issue fields of a GitHub organisation, from the document to the status."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.cli.program import run
from okrsync.engine.outcome import ExitCode
from okrsync.sandbox.github import GitHubSandbox
from tests.system.grounds import CYCLE, Desk, GitHub, GitHubEnterprise, Ground, served

MEASURES = {
    "own": 'from = "field", field = "Impact"',
    "other": 'from = "field", item = "acme/repo-0#2", field = "Impact"',
    "sum": 'from = "sum", query = "label:toil", field = "Impact"',
    "average": 'from = "average", query = "label:toil", field = "Impact"',
    "weighed": 'from = "done", query = "label:toil", field = "Impact"',
    "children": 'from = "children", of = "objective", by = "Impact"',
}


def document(**measures: str) -> str:
    lines = [f'cycle = "{CYCLE}"', 'level = "team"', 'team = "team-0"', "[[objectives]]", 'id = "calm-nights"']
    lines += ['title = "Nobody is woken up at night"']
    for name, measure in measures.items():
        lines += ["[[objectives.key_results]]", f'id = "{name}"', f'title = "Make {name} right"']
        lines += ["baseline = 0", "target = 10", f"measure = {{ {measure} }}"]
    return "\n".join([*lines, ""])


def without_board(ground: Ground) -> str:
    return "\n".join(line for line in ground.settings().splitlines() if not line.startswith("fields ="))


@pytest.mark.parametrize("kind", [GitHub, GitHubEnterprise])
@pytest.mark.parametrize("board", [True, False])
def test_each_measure_reads_them(kind: type[Ground], board: bool, tmp_path: Path) -> None:
    with served(kind()) as ground:
        site, repository = ground.site, ground.project()
        assert isinstance(site, GitHubSandbox)
        site.add_issue_field("acme", "Impact")
        for impact, done in ((2.0, False), (6.0, True), (None, True)):
            number = site.create_issue(repository, "Some toil", labels=["toil"])
            site.set_issue_field(repository, number, "Impact", impact)
            if done:
                site.close_issue(repository, number)
        desk = Desk(ground, tmp_path)
        if not board:
            desk.write_settings(without_board(ground))
        desk.write("team-0.toml", document(**MEASURES))
        desk.run("sync")
        (own,) = [each["number"] for each in site.issues(repository) if "calm-nights/own -->" in str(each["body"])]
        site.set_issue_field(repository, own, "Impact", 3.5)
        (milestone,) = site.milestones(repository)
        for number in (1, 2, 3):
            site.edit_issue(repository, number, milestone=milestone["number"])

        outcome = desk.run("pull")

        assert outcome.exit_code is ExitCode.DONE, outcome.failures
        shown = desk.status()["objectives"][0]["key_results"]
        assert {each["ref"].rpartition("/")[2]: each["current"] for each in shown} == {
            "own": 3.5, "other": 6, "sum": 8, "average": 4, "weighed": 0.75, "children": 0.75,
        }  # fmt: skip
        assert {each["source"] for each in shown} >= {
            f"field Impact of {repository}#{own}",
            f"sum of Impact over 3 issues of {repository} that match",
        }


def test_they_are_listed_with_those_of_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(GitHub()) as ground:
        assert isinstance(ground.site, GitHubSandbox)
        ground.site.add_issue_field("acme", "Impact")
        Desk(ground, tmp_path)
        monkeypatch.chdir(tmp_path)
        assert run(["fields", "work", "acme/repo-0", "--board", "acme/1"]) == 0
        lines = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
        assert {"Impact", "KR current"} <= set(lines)

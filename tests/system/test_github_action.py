"""The composite action and the example workflow: right by GitHub's schemas, and run step by step."""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from okrsync.store.cache import Cache
from tests.system.actions_runner import Ran, Runner, read
from tests.system.grounds import TOKEN_VARIABLE, Desk, JiraCloud, served
from tests.system.pages import ROOT

ACTION = ROOT / "config" / "github-action"
INSTALL = "Install okrsync"


@pytest.mark.parametrize(
    ("name", "schema"),
    [("action.yml", "github-actions"), ("okrs.yml", "github-workflows"), ("lint.yml", "github-workflows")],
)
def test_the_files_are_what_github_takes(name: str, schema: str) -> None:
    kept = files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{schema}.json"
    validator = jsonschema.Draft7Validator(json.loads(kept.read_text(encoding="utf-8")))
    data = read(ACTION / name)
    validator.validate(data)
    data["jobs" if "jobs" in data else "runs"] = {"steps": "wrong"}
    assert not validator.is_valid(data)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action in a checkout of okrsync of its own, after its first step installed it, without a network."""
    folder = tmp_path_factory.mktemp("action")
    source = folder / "okrsync"
    for name in ("okrsync", "plugins", "config"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    (folder / "temp").mkdir()
    runner = Runner(folder, folder / "temp", folder, without_network(), {"action_path": ""})
    action = source / "config" / "github-action"
    steps = [each for each in read(action / "action.yml")["runs"]["steps"] if each.get("name") == INSTALL]
    ran = runner.steps(steps, {"inputs": {"version": ""}, "github": {"action_path": str(action)}}, {})
    assert not ran.failed, ran.log
    assert ran.log.startswith("okrsync ")
    return folder


def without_network() -> dict[str, str]:
    """What lets pip install okrsync from its folder: what it needs is where the tests run."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        # For pip, this says that there is to be none.
        "PIP_NO_BUILD_ISOLATION": "0",
    }


class Site:
    """A repository of OKRs on GitHub, with runs of the action and the workflow in it."""

    def __init__(self, desk: Desk, installed: Path, folder: Path) -> None:
        self.desk = desk
        self.folder = folder
        self.action_path = installed / "okrsync" / "config" / "github-action"
        self.runs = 0
        self.installed = installed
        (folder / "bin").mkdir(parents=True)
        gh = folder / "bin" / "gh"
        gh.write_text(
            f'#!/bin/sh\necho "$@" >> {folder}/gh\nfor each; do [ -f "$each" ] && cp "$each" {folder}/comment; done\n'
            'case "$*" in *--edit-last*) exit "$NONE_YET" ;; esac\nexit 0\n'
        )
        gh.chmod(0o755)

    def runner(self, event: str = "schedule", **variables: str) -> Runner:
        """The machine of the next run: a new one, but for what GitHub keeps."""
        self.runs += 1
        temp = self.folder / f"run-{self.runs}"
        temp.mkdir()
        (temp / "okrsync").symlink_to(self.installed / "temp" / "okrsync")
        for path in self.desk.folder.glob("okrsync.db*"):
            path.unlink()
        environment = without_network() | variables
        environment["PATH"] = f"{self.folder / 'bin'}:{environment['PATH']}"
        github = {
            "run_id": str(self.runs),
            "run_attempt": "1",
            "event_name": event,
            "ref": "refs/heads/main",
            "token": "t",
        }
        github |= {"event": {"pull_request": {"number": "7"}}}  # type: ignore[dict-item]
        return Runner(
            self.desk.folder,
            temp,
            self.folder / "kept",
            environment,
            github,
            actions={"acme/okrsync/config/github-action": self.action_path},
            secrets={"OKRSYNC_JIRA_TOKEN": "sandbox-token", "OKRSYNC_JIRA_READ_TOKEN": "sandbox-token"},
            skip=frozenset({INSTALL}),
        )

    def act(self, command: str, **inputs: str) -> Ran:
        runner = self.runner(**{TOKEN_VARIABLE: os.environ[TOKEN_VARIABLE]})
        return runner.action(self.action_path, {"command": command, **inputs})


@pytest.fixture
def site(tmp_path: Path, installed: Path) -> Iterator[Site]:
    with served(JiraCloud()) as ground:
        desk = Desk(ground, tmp_path / "okrs")
        desk.write_team()
        yield Site(desk, installed, tmp_path / "github")


def runs_kept(site: Site) -> int:
    with Cache.open(site.desk.folder / "okrsync.db", "acme", create=False) as cache:
        return len(cache.runs.recent(100))


def test_a_sync_makes_what_is_missing_and_keeps_its_cache(site: Site) -> None:
    first = site.act("sync")
    assert not first.failed, first.log
    assert first.outputs[""]["exit-code"] == "0"
    assert "3 created" in Path(first.outputs[""]["markdown"]).read_text()
    assert len(site.desk.ground.texts()) == 3
    second = site.act("sync")
    assert "nothing to do" in second.log
    assert runs_kept(site) == 2, "the cache of the first run was there"


def test_without_its_cache_nothing_is_made_twice(site: Site) -> None:
    site.act("sync")
    again = site.act("sync", **{"keep-cache": "false"})
    assert "nothing to do" in again.log
    assert runs_kept(site) == 1
    assert len(site.desk.ground.texts()) == 3


def test_a_plan_is_markdown_and_writes_nothing(site: Site) -> None:
    ran = site.act("plan")
    assert not ran.failed, ran.log
    text = Path(ran.outputs[""]["markdown"]).read_text()
    assert "3 to create" in text.splitlines()[0]
    assert "| create | `2026-Q4/o0-0` |" in text
    assert site.desk.ground.texts() == []
    assert "Keep the cache" not in ran.done


def test_lint_annotates_and_fails_for_errors_alone(site: Site) -> None:
    ran = site.act("lint")
    assert not ran.failed, ran.log
    assert "::warning file=okrs/team-0.toml,line=" in ran.log
    assert "### okrsync lint: " in Path(ran.outputs[""]["markdown"]).read_text()
    site.desk.write("broken.toml", "cycle = \n")
    ran = site.act("lint")
    assert ran.failed
    assert ran.outputs[""]["exit-code"] == "2"


def test_what_fails_fails_the_job_and_what_is_held_warns(site: Site) -> None:
    failed = site.runner(**{TOKEN_VARIABLE: "wrong"}).action(site.action_path, {"command": "sync"})
    assert failed.failed
    assert failed.outputs[""]["exit-code"] == "4"
    assert "Keep the cache" in failed.done
    site.desk.write_settings(site.desk.ground.settings() + 'authority = "both"\n')
    site.act("sync")
    ref = next(iter(site.desk.workspace().okrs.by_ref))
    site.desk.ground.set_title(ref, "Theirs")
    site.desk.replace("team-0.toml", "Make step 0", "Ours: make step 0")
    held = site.act("sync")
    assert not held.failed, held.log
    assert held.outputs[""]["exit-code"] == "3"
    assert "::warning::something waits for a person" in held.log


def test_an_unknown_command_is_refused(site: Site) -> None:
    ran = site.act("status; rm -rf okrs")
    assert ran.failed
    assert "::error::command is status; rm -rf okrs, and not" in ran.log
    assert (site.desk.folder / "okrs").is_dir()


@pytest.mark.parametrize("first_comment", [True, False])
def test_a_pull_request_gets_one_comment(site: Site, first_comment: bool) -> None:
    runner = site.runner("pull_request", NONE_YET="1" if first_comment else "0")
    site.desk.write_settings(site.desk.ground.settings().replace(TOKEN_VARIABLE, "OKRSYNC_JIRA_TOKEN"))
    jobs = read(ACTION / "okrs.yml")["jobs"]
    ran = runner.job(jobs["review"])
    assert ran is not None
    assert not ran.failed, ran.log
    assert runner.job(jobs["sync"]) is None
    comment = (site.folder / "comment").read_text()
    assert comment.index("### okrsync lint: ") < comment.index("### okrsync: plan ")
    asked = (site.folder / "gh").read_text().splitlines()
    assert len(asked) == (2 if first_comment else 1)
    assert asked[0].startswith("pr comment 7 --repo acme/okrs --body-file ")


def test_a_pull_request_from_a_fork_is_linted_alone(site: Site) -> None:
    runner = site.runner("pull_request")
    runner.secrets = {}
    ran = runner.job(read(ACTION / "okrs.yml")["jobs"]["review"])
    assert ran is not None
    assert not ran.failed, ran.log
    assert ran.outputs["lint"]["exit-code"] == "0"
    assert "plan" not in ran.outputs
    assert not (site.folder / "gh").exists()


def test_the_main_branch_is_synced(site: Site) -> None:
    site.desk.write_settings(site.desk.ground.settings().replace(TOKEN_VARIABLE, "OKRSYNC_JIRA_TOKEN"))
    runner = site.runner("push")
    jobs = read(ACTION / "okrs.yml")["jobs"]
    assert runner.job(jobs["review"]) is None
    ran = runner.job(jobs["sync"])
    assert ran is not None
    assert not ran.failed, ran.log
    assert len(site.desk.ground.texts()) == 3

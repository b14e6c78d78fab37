"""The demo and the sandbox as processes of their own: what a newcomer meets first, and goes on with."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from okrsync.cli.program import run
from okrsync.sandbox.company import Premises, SiteName, founding
from okrsync.sandbox.company.planning import settings_for
from okrsync.sandbox.company.premises import kept
from okrsync.sandbox.company.staff import NEW_EPIC_TITLE, NEW_MILESTONE_TITLE, NOTES
from tests.system.cli_desk import Said, begin, okrsync
from tests.system.grounds import team_document

SECONDS = 20
"""What the demo may take of a processor at most."""

DEMO = "okrsync-demo"
HTML = {"Accept": "text/html"}


def free_ports() -> int:
    """The first of three ports that nobody has, below those that systems give away by themselves.

    Processes that test at the same time begin to look at places of their own, or one would take what another found.
    """
    for base in range(20_000 + os.getpid() % 400 * 30, 32_000, 3):
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            try:
                for number, each in enumerate((one, two, three)):
                    each.bind(("127.0.0.1", base + number))
            except OSError:
                continue
            return base
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said, float]:
    """A demo that was run: the folder that it was run in, what it said, and how many seconds of a processor it took."""
    folder = tmp_path_factory.mktemp("newcomer")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    said = okrsync(folder, "demo", "--port-base", str(free_ports()))
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    worked = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    # What the machine does for others meanwhile is not the demo's; that it waits for nothing long is.
    assert ended - began < 10 * SECONDS
    return folder, said, worked


@pytest.fixture(scope="module")
def demo(played: tuple[Path, Said, float]) -> Path:
    """The folder that the demo wrote."""
    folder, said, _ = played
    assert said.code == 0, said.err
    return folder / DEMO


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """`okrsync sandbox --json` in a process of its own, from its line to SIGTERM."""
    process = begin(folder, "sandbox", *arguments, "--json")
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
    assert process.returncode == 0


def test_the_demo_runs_through_in_its_time_and_speaks_plainly_to_a_pipe(played: tuple[Path, Said, float]) -> None:
    _, said, seconds = played
    assert (said.code, said.err) == (0, "")
    assert seconds < SECONDS
    assert "\x1b" not in said.out and "/pytest-" not in said.out
    typed = [line for line in said.out.splitlines() if line.startswith("$ ")]
    commands = [line.split()[2] for line in typed if line.startswith("$ okrsync")]
    assert commands == ["check", "plan", "sync", "sync", *["pull"] * 6, "sync", "status", "tree", "sync"]
    assert said.out.count("nothing to do") == 2, "the second and the last sync"
    assert f"cd {DEMO}" in said.out.rpartition("Yours to play with")[2]


def test_its_company_stands_as_a_company_in_the_middle_of_a_cycle_does(demo: Path) -> None:
    status = okrsync(demo, "status", "--json").json
    objectives = {each["ref"].partition("/")[2]: each for each in status["objectives"]}
    assert {each["level"] for each in objectives.values()} == {"company", "department", "team", "individual"}
    assert {each["health"] for each in objectives.values()} == {"on-track", "at-risk", "unknown"}
    key_results = [each for objective in objectives.values() for each in objective["key_results"]]
    assert {each["health"] for each in key_results} == {"on-track", "at-risk", "off-track", "unknown"}
    assert {each["kind"] for each in key_results} == {"reach", "maintain", "done"}
    assert not any(each["stale"] or each["problem"] for each in key_results)
    trackers = {name: each["link"]["tracker"] if each["link"] else None for name, each in objectives.items()}
    assert set(trackers.values()) == {"work", "house", "code", None}
    assert {name for name, tracker in trackers.items() if tracker is None} == {"new-customers", "teach-speed"}
    bottom_up = [each for each in objectives.values() if each["level"] != "company" and each["origin"] == "bottom-up"]
    assert len(bottom_up) / (len(objectives) - 2) >= 0.5
    assert [each["in_band"] for each in status["kpis"]] == [True, True, True]


def test_six_weeks_of_values_are_in_its_history(demo: Path) -> None:
    with closing(sqlite3.connect(demo / "okrsync.db")) as cache:
        rows = cache.execute(
            "select value, observed_at from observations where ref = 'demo/instant-signup/p95' order by observed_at"
        ).fetchall()
    values = [(value, datetime.fromisoformat(at)) for value, at in rows if value is not None]
    assert [value for value, _ in values] == [3.9, 3.6, 3.1, 2.8, 2.5, 2.3]
    assert {round((later - sooner).total_seconds() / 86400) for (_, sooner), (_, later) in pairwise(values)} == {7}


def test_what_people_changed_in_the_trackers_was_put_right_adopted_or_left_alone(demo: Path) -> None:
    document = (demo / "okrs" / "web.toml").read_text("utf-8")
    assert f'title     = "{NEW_MILESTONE_TITLE}"' in document
    assert "# an objective in Jira: the milestone's description leads there" in document
    with Premises() as premises:
        premises.take_over(demo)
        epics = {issue.key: issue for site in (premises.jira_cloud, premises.jira_dc) for issue in site.issues()}
        milestone = premises.github.milestone("acme/web", 1)
    assert not any(each.summary == NEW_EPIC_TITLE for each in epics.values())
    assert epics["PPL-2"].description.endswith(NOTES)
    assert milestone["title"] == NEW_MILESTONE_TITLE
    assert epics["ACME-2"].fields["OKR progress"] == pytest.approx(0.45)


def test_it_goes_on_in_other_processes_and_keeps_what_happens_there(demo: Path) -> None:
    with serving(demo.parent) as ready:
        cloud, code = ready["sites"]["jira-cloud"], ready["sites"]["github"]
        assert okrsync(demo, "sync", "--json").json["changes"] == []
        for url in ready["sites"].values():
            log = requests.get(f"{url}/_sandbox/requests", timeout=30).json()
            assert log and not [each for each in log if each["method"] in {"PUT", "PATCH", "DELETE"}]
        page = f"{code}/acme/web/issues/2"
        answer = requests.post(page, {"KR current": "2.5"}, headers=HTML, timeout=30)
        assert answer.status_code == 200 and 'value="2.5"' in answer.text
        moved = okrsync(demo, "pull", "--json").json["values"]
        assert [(each["ref"], each["after"]) for each in moved] == [("demo/first-visit/paint", 2.5)]
        document = demo / "okrs" / "platform.toml"
        document.write_text(document.read_text("utf-8").replace("feel instant", "feel like magic"), "utf-8")
        changes = okrsync(demo, "sync", "--json").json["changes"]
        assert {(each["ref"], each["field"]) for each in changes} == {
            ("demo/instant-signup", "title"),
            ("demo/first-visit/paint", "OKR progress"),
        }
    with serving(demo) as again:
        assert again["sites"] == ready["sites"]
        assert 'value="2.5"' in requests.get(page, headers=HTML, timeout=30).text
        assert "feel like magic" in requests.get(f"{cloud}/browse/PLAT-2", headers=HTML, timeout=30).text
        (demo / "okrsync.db").unlink()
        assert okrsync(demo, "sync", "--json").json["changes"] == []


def test_one_process_at_a_time_serves_a_folder_and_only_at_its_ports(demo: Path) -> None:
    with serving(demo):
        second = okrsync(demo, "sandbox")
        assert second.code == 1 and "another process serves" in second.err
        anew = okrsync(demo.parent, "demo", "--force")
        assert anew.code == 1 and "another process serves" in anew.err
    port = kept(demo).ports[SiteName.GITHUB]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        refused = okrsync(demo, "sandbox")
    assert refused.code == 1 and "Traceback" not in refused.err
    assert f"port {port}" in refused.err and "GitHub" in refused.err and "--github-port" in refused.err


def test_nothing_is_overwritten_but_a_demo_and_that_only_by_force(demo: Path, tmp_path: Path) -> None:
    before = (demo / "okrsync.toml").read_bytes()
    refused = okrsync(demo.parent, "demo")
    assert refused.code == 2 and "--force" in refused.err
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrs" / "mine.toml").write_text("# mine\n")
    foreign = okrsync(tmp_path, "demo", "--directory", ".", "--force")
    assert foreign.code == 2
    assert [each.name for each in tmp_path.rglob("*")] == ["okrs", "mine.toml"]
    assert (demo / "okrsync.toml").read_bytes() == before


def test_a_demo_begins_anew_by_force_at_other_ports_where_one_is_taken(tmp_path: Path) -> None:
    base = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 1))
        other.listen()
        with Premises() as premises:
            premises.found_company()
            premises.keep_in(tmp_path / DEMO)
        (tmp_path / DEMO / "okrsync.toml").write_text("an older demo's")
        said = okrsync(tmp_path, "demo", "--force", "--quiet", "--port-base", str(base))
        assert (said.code, said.err) == (0, "")
    ports = kept(tmp_path / DEMO).ports
    assert ports[SiteName.JIRA_CLOUD] == base and ports[SiteName.JIRA_DC] != base + 1
    urls = {each["url"] for each in tomllib.loads((tmp_path / DEMO / "okrsync.toml").read_text())["trackers"].values()}
    assert urls == {f"http://127.0.0.1:{port}" for port in ports.values()}


def test_a_failure_inside_says_which_step_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_fields(site: Any) -> None:
        site.add_organization("acme")
        for name in ("acme/web", "acme/mobile"):
            site.add_repository(name)
        site.add_project("acme", "OKRs")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(founding, "found_github", without_fields)
    assert run(["demo", "--port-base", str(free_ports())]) == 1
    err = capsys.readouterr().err
    assert "acme/web#1 does not exist" in err
    assert "the demo stopped in part 2, at `okrsync plan` (exit code 1)" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", SiteName)
def test_empty_trackers_are_ready_for_the_settings_that_the_sandbox_prints(tmp_path: Path, name: SiteName) -> None:
    with serving(tmp_path, "--only", name) as ready:
        (url,) = ready["sites"].values()
        assert ready["directory"] is None
        settings = settings_for({name: url}, ready["token_env"])
        (tmp_path / "okrsync.toml").write_text(f'workspace = "acme"\n\n{settings}', "utf-8")
        (team,) = tomllib.loads(settings)["trackers"]
        (tmp_path / "okrs").mkdir()
        document = team_document(0, 1, 2).replace('"team-0"', f'"{team}"')
        (tmp_path / "okrs" / "team.toml").write_text(document, "utf-8")
        token = {ready["token_env"]: "sandbox-token"}
        first = okrsync(tmp_path, "sync", "--json", **token)
        assert first.code == 0, first.err
        assert len(first.json["changes"]) == 3
        assert okrsync(tmp_path, "sync", "--json", **token).json["changes"] == []
    assert not (tmp_path / "sandbox").exists()


def test_the_sandbox_says_what_to_paste_and_keeps_what_it_is_told_to_keep(tmp_path: Path) -> None:
    base = free_ports()
    process = begin(tmp_path, "sandbox", "mine", "--only", "github", "--github-port", str(base), "--latency", "1")
    assert process.stdout is not None
    lines = []
    while not (lines and lines[-1].startswith("Ctrl-C")):
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    said = "".join(lines)
    assert f"http://127.0.0.1:{base}" in said and "export OKRSYNC_SANDBOX_TOKEN=sandbox-token" in said
    pasted = "".join(
        line
        for line in lines[lines.index("For okrsync.toml:\n") + 1 : lines.index("In the shell in which okrsync runs:\n")]
    )
    assert tomllib.loads(pasted)["trackers"]["code"]["url"] == f"http://127.0.0.1:{base}"
    with serving(tmp_path / "mine") as ready:
        assert ready["sites"] == {"github": f"http://127.0.0.1:{base}"}


def test_state_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with serving(tmp_path, "mine", "--only", "jira-dc"):
        pass
    (tmp_path / "mine" / "sandbox" / "jira-dc.json").write_text("{")
    refused = okrsync(tmp_path, "sandbox", "mine")
    assert refused.code == 1 and "jira-dc.json" in refused.err and "Traceback" not in refused.err
    (tmp_path / "mine" / "sandbox" / "servers.json").write_text('{"format": 99}')
    refused = okrsync(tmp_path, "sandbox", "mine")
    assert refused.code == 1 and "servers.json" in refused.err

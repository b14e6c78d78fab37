"""The demo company: its plans on any day, its premises in a folder, and its people."""

from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from okrsync import documents, settings
from okrsync.domain.okr import Kind, Origin
from okrsync.sandbox import SandboxClock
from okrsync.sandbox.company import InUse, PortTaken, Premises, SiteName
from okrsync.sandbox.company.planning import CYCLE, clear_workspace, cycle_from, settings_for, write_workspace
from okrsync.sandbox.company.premises import TOKEN, kept
from okrsync.sandbox.company.staff import EPIC_FIGURES, GITHUB_FIGURES, JIRA_FIGURES, WEEKS
from okrsync.settings.against import check_against
from okrsync.trackers.plugins import load_plugins

URLS = {name: f"http://127.0.0.1:{8471 + number}" for number, name in enumerate(SiteName)}
START = date(2026, 10, 11)


def read(folder: Path) -> documents.Documents:
    """The documents, with settings that were found right."""
    found = settings.load(folder / "okrsync.toml", folder)
    assert check_against(found, load_plugins()) == []
    return documents.load(found.documents_folder, folder, found.named_cycles, found.audiences)


@pytest.mark.parametrize("start", [START, date(2027, 12, 31), date(2028, 2, 29), date(2026, 1, 1)])
def test_the_workspace_is_right_on_any_day(tmp_path: Path, start: date) -> None:
    cycle = cycle_from(start)
    write_workspace(tmp_path, URLS, cycle)
    okrs = read(tmp_path).okrs
    assert {each.ref.cycle for each in okrs.objectives} == {CYCLE}
    assert all(cycle.holds(each.due) for each in okrs.objectives)
    assert cycle.elapsed(start + timedelta(weeks=WEEKS)) == pytest.approx(0.467, abs=0.001)


def test_the_worked_examples_stand_in_it_word_for_word(tmp_path: Path) -> None:
    write_workspace(tmp_path, URLS, cycle_from(START))
    okrs = read(tmp_path).okrs
    titles = {each.ref.objective: each.title for each in okrs.objectives}
    assert titles["delight-users"] == "Launch a stunning, disruptive new version of the product that delights users"
    assert titles["loved-app"] == (
        "Significantly improve our App's user retention rate and make users love our product"
    )
    assert titles["new-customers"] == "In Q2, increase new customers by 60 %"
    numbers = {each.ref.local: each for objective in okrs.objectives for each in objective.key_results}
    asked = {name: (each.baseline, each.target) for name, each in numbers.items()}
    assert asked["loved-app/retention"] == (20, 35) and asked["talent/recruitment-cycle"] == (45, 30)
    assert {each.kind for each in numbers.values()} == set(Kind)
    assert {each.measure.source for each in numbers.values()} == {"field", "children", "manual"}
    assert {each.origin for each in okrs.objectives} == set(Origin)
    entered = {*JIRA_FIGURES, *GITHUB_FIGURES, *EPIC_FIGURES}
    assert {name.partition("/")[0] for name in entered} <= set(titles)
    assert {name for name in entered if "/" in name} <= set(numbers)


def test_a_workspace_overwrites_nothing_and_clears_nothing_but_itself(tmp_path: Path) -> None:
    files = write_workspace(tmp_path, URLS, cycle_from(START))
    with pytest.raises(FileExistsError):
        write_workspace(tmp_path, URLS, cycle_from(START))
    (tmp_path / "notes.md").write_text("mine")
    with Premises() as premises:
        premises.keep_in(tmp_path)
        clear_workspace(tmp_path)
        assert sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()) == [
            "notes.md",
            "sandbox/lock",
        ]
        for server in premises.servers.values():
            server.app.autosave = None
    assert len(files) == 10


def test_the_settings_for_empty_trackers_are_right(tmp_path: Path) -> None:
    path = tmp_path / "okrsync.toml"
    path.write_text(f'workspace = "acme"\n\n{settings_for(URLS, "OKRSYNC_SANDBOX_TOKEN")}', "utf-8")
    found = settings.load(path, tmp_path)
    assert set(found.trackers) == {"work", "house", "code"} and len(found.mappings) == 3
    assert check_against(found, load_plugins()) == []


def test_what_is_in_the_sites_comes_back_with_ports_and_time(tmp_path: Path) -> None:
    past = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with Premises(clock=SandboxClock(past, frozen=True)) as first:
        first.found_company()
        first.serve({})
        first.keep_in(tmp_path)
        ports = {name: server.port for name, server in first.servers.items()}
        key = first.jira_dc.create_issue("PPL", "Story", "Made by hand, so no request saved it")
    assert kept(tmp_path).ports == ports and kept(tmp_path).is_demo
    with Premises() as second:
        second.take_over(tmp_path)
        assert second.jira_dc.issue(key).summary.startswith("Made by hand")
        assert second.clock.now() == past
        assert second.github.project_value("acme", 1, "acme/web", 1, "Orders") == 5.3


def test_the_token_is_for_the_owner_alone_and_the_folder_too(tmp_path: Path) -> None:
    with Premises([SiteName.GITHUB]) as premises:
        premises.keep_in(tmp_path)
        assert (tmp_path / "sandbox" / "token").read_text() == f"{TOKEN}\n"
    here = tmp_path / "sandbox"
    assert stat.S_IMODE(here.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in here.iterdir() if each.name != "lock"} == {0o600}
    assert not kept(tmp_path).is_demo


def test_serving_only_some_sites_forgets_no_port_of_the_others(tmp_path: Path) -> None:
    with Premises() as premises:
        premises.serve({})
        premises.keep_in(tmp_path)
    before = kept(tmp_path)
    with Premises([SiteName.GITHUB]) as premises:
        premises.take_over(tmp_path)
        premises.serve(before.ports)
        premises.keep_in(tmp_path)
    assert kept(tmp_path) == before


def test_a_folder_has_one_sandbox_at_a_time(tmp_path: Path) -> None:
    with Premises() as first:
        first.keep_in(tmp_path)
        with Premises() as second, pytest.raises(InUse, match="another process"):
            second.take_over(tmp_path)
    with Premises() as third:
        third.take_over(tmp_path)


def test_a_port_that_is_taken_stops_all_or_is_replaced(tmp_path: Path) -> None:
    with Premises([SiteName.GITHUB]) as first, Premises([SiteName.JIRA_CLOUD, SiteName.GITHUB]) as second:
        first.serve({})
        taken = first.servers[SiteName.GITHUB].port
        with pytest.raises(PortTaken, match=f"port {taken}, where the GitHub .* is taken"):
            second.serve({SiteName.GITHUB: taken})
        assert not any(server.serving for server in second.servers.values())
        second.serve({SiteName.GITHUB: taken}, or_others=True)
        assert second.servers[SiteName.GITHUB].port not in {0, taken}


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 2, "demo": true, "ports": {}}', '{"format": 1}'])
def test_a_damaged_note_of_the_ports_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "servers.json").write_text(content)
    with pytest.raises(ValueError, match=r"servers\.json is not what a sandbox writes"):
        kept(tmp_path)


def test_damaged_state_is_named_and_not_written_over(tmp_path: Path) -> None:
    with Premises() as premises:
        premises.keep_in(tmp_path)
    path = tmp_path / "sandbox" / "github.json"
    path.write_text(json.dumps({"format": 1, "site": "github", "clock": {}, "state": []}))
    with Premises() as premises, pytest.raises(ValueError, match=r"github\.json cannot be read"):
        premises.take_over(tmp_path)
    assert json.loads(path.read_text())["state"] == []


def test_latency_and_lag_reach_every_site() -> None:
    with time_machine.travel("2026-05-04T12:00:00Z"):
        premises = Premises()
        premises.slow_down(timedelta(milliseconds=20), timedelta(seconds=30))
    assert {server.app.latency for server in premises.servers.values()} == {0.02}
    assert premises.jira_cloud.index_lag == premises.github.hub.search_lag == timedelta(seconds=30)

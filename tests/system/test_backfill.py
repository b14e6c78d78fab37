"""The history of fields from before okrsync was there, and who edited them since: on real servers, by commands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.jira import JiraSandbox
from tests.system.grounds import CYCLE, Desk, GitHub, JiraCloud, JiraDataCenter, JiraGround, served
from tests.vendor.jira_description import JiraDescription

O1 = Ref(CYCLE, "o0-0")
KR1, KR2 = O1.child("kr1"), O1.child("kr2")
BEGUN = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
INSTALLED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KPI = """
[[kpis]]
id = "uptime"
title = "API availability"
min = 99.9
unit = "%"
measure = { from = "field", item = "ITEM", field = "Hidden metric" }
"""
Okrsync = Callable[..., Any]


@pytest.fixture
def okrsync(capsys: pytest.CaptureFixture[str]) -> Okrsync:
    """Run a command that works, some days after okrsync was installed; its JSON, else its text."""

    def call(*arguments: str, days: float = 0, code: int = 0) -> Any:
        capsys.readouterr()
        with time_machine.travel(INSTALLED + timedelta(days=days), tick=True):
            assert run(arguments) == code, capsys.readouterr().err
        said = capsys.readouterr().out
        return json.loads(said) if "--json" in arguments else said

    return call


@pytest.fixture(params=(JiraCloud, JiraDataCenter), ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(request.param()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team(key_results=2)
        yield desk


def site_of(desk: Desk) -> JiraSandbox:
    assert isinstance(desk.ground.site, JiraSandbox)
    return desk.ground.site


def edit(
    desk: Desk, at: datetime, ref: Ref | str, value: float | None, field: str = "KR current", by: str = "dana"
) -> None:
    """Somebody edits a field at some moment."""
    assert isinstance(desk.ground, JiraGround)
    key = ref if isinstance(ref, str) else desk.ground._key(ref)
    with time_machine.travel(at, tick=False):
        site_of(desk).edit(key, author=by, **{field: value})


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 10, 30, tzinfo=UTC)


def worked_before(desk: Desk) -> None:
    """Items that okrsync made in September, on another machine; people edited them for two months."""
    with time_machine.travel(BEGUN, tick=True):
        assert desk.run("sync").exit_code == 0
    for at, value, by in (
        (day(9, 20), 4.5, "kim"),
        (day(9, 25), 4.0, "dana"),
        (day(10, 5), 3.5, "kim"),
        (day(10, 20), 2.75, "dana"),
    ):
        edit(desk, at, KR1, value, by=by)
    desk.lose_cache()


def rows(okrsync: Okrsync, ref: Ref | str = KR1, days: float = 0) -> list[tuple[str, float | None]]:
    found = okrsync("history", str(ref), "--json", days=days)["rows"]
    return [(each["at"][:16], each["value"]) for each in found]


def test_the_history_from_before_is_filled_in_once(desk: Desk, okrsync: Okrsync) -> None:
    worked_before(desk)
    okrsync("pull")
    assert rows(okrsync) == [("2026-11-02T09:00", 2.75)]
    writes = len(site_of(desk).requests.writes())

    dry = okrsync("cache", "backfill", "--dry-run", "--json")
    assert rows(okrsync) == [("2026-11-02T09:00", 2.75)]
    done = okrsync("cache", "backfill", "--json")

    assert dry["added"] == done["added"] and dry["dry_run"] and not done["dry_run"]
    (added,) = done["added"]
    assert added["ref"] == str(KR1)
    assert [(each["at"][:16], each["value"], each["by"], each["changed_at"][:10]) for each in added["values"]] == [
        ("2026-10-01T00:00", 4.0, "dana", "2026-09-25"),
        ("2026-10-05T10:30", 3.5, "kim", "2026-10-05"),
        ("2026-10-20T10:30", 2.75, "dana", "2026-10-20"),
    ]
    assert added["values"][1]["source"].endswith("changed by kim on 2026-10-05 10:30 UTC")
    everything = [
        ("2026-10-01T00:00", 4.0),
        ("2026-10-05T10:30", 3.5),
        ("2026-10-20T10:30", 2.75),
        ("2026-11-02T09:00", 2.75),
    ]
    assert rows(okrsync) == everything

    again = okrsync("cache", "backfill", "--json", days=1)
    assert again["added"] == [] and rows(okrsync) == everything
    assert "0 values since 2026-10-01 added" in okrsync("cache", "backfill", days=1)
    assert len([each for each in site_of(desk).requests.writes() if "bulkfetch" not in each.path]) == writes


def test_cloud_is_asked_as_atlassian_describes_it(tmp_path: Path, okrsync: Okrsync, monkeypatch: Any) -> None:
    try:
        description = JiraDescription.load()
    except FileNotFoundError as absent:
        if os.environ.get("OKRSYNC_REQUIRE_VENDOR") == "1":
            raise
        pytest.skip(str(absent))
    monkeypatch.chdir(tmp_path)
    with served(JiraCloud()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team(key_results=2)
        worked_before(desk)
        okrsync("pull")
        okrsync("cache", "backfill")
        records = ground.site.requests.records
    assert [each.path for each in records].count("/rest/api/2/changelog/bulkfetch") == 2
    assert [problem for each in records for problem in description.check(each)] == []


def test_since_adds_what_is_older_than_the_cycle(desk: Desk, okrsync: Okrsync) -> None:
    worked_before(desk)
    okrsync("pull")
    okrsync("cache", "backfill")
    (added,) = okrsync("cache", "backfill", "--since", "2026-09-22", "--json")["added"]
    assert [(each["at"][:10], each["value"], each["by"]) for each in added["values"]] == [
        ("2026-09-22", 4.5, "kim"),
        ("2026-09-25", 4.0, "dana"),
    ]
    assert okrsync("cache", "backfill", "--since", "2026-09-22", "--json")["added"] == []
    (added,) = okrsync("cache", "backfill", "--since", "2026-01-01", "--json")["added"]
    assert [(each["at"][:10], each["value"]) for each in added["values"]] == [("2026-09-20", 4.5)]
    assert [value for _, value in rows(okrsync)] == [4.5, 4.5, 4.0, 4.0, 3.5, 2.75, 2.75]


def test_views_tell_the_story_that_was_filled_in(desk: Desk, okrsync: Okrsync) -> None:
    worked_before(desk)
    okrsync("pull")
    then = ("status", "--as-of", "2026-10-10", "--json")
    assert okrsync(*then)["objectives"][0]["key_results"][0]["current"] is None
    okrsync("cache", "backfill")
    assert okrsync(*then)["objectives"][0]["key_results"][0]["current"] == 3.5

    explained = okrsync("explain", str(KR1))
    assert "edited by dana on 2026-10-20 10:30 UTC: 3.5 s → 2.75 s" in explained
    assert "with this value since 2026-10-20 10:30 UTC" in explained
    movement = okrsync("explain", str(KR1), "--since", "2026-10-02", "--json")["movement"]
    assert [(each["by"], each["before"], each["after"]) for each in movement["edits"]] == [
        ("kim", 4.0, 3.5),
        ("dana", 3.5, 2.75),
    ]
    assert movement["value"]["manual_edit"] == movement["value"]["moved"] == -1.25


def test_a_kpi_and_a_field_of_the_epic_have_a_history_too(desk: Desk, okrsync: Okrsync) -> None:
    site = site_of(desk)
    site.add_number_field("Hidden metric")
    site.add_number_field("p95 of the epic")
    with time_machine.travel(BEGUN, tick=True):
        item = site.create_issue("PROJA", "Task", "Measured elsewhere", **{"Hidden metric": 99.95})
    document = desk.folder / "okrs" / "team-0.toml"
    document.write_text(document.read_text() + KPI.replace("ITEM", item))
    settings = desk.folder / "okrsync.toml"
    settings.write_text(settings.read_text().replace('{ as = "issues", type = "Task" }', '{ as = "fields" }'))
    text = document.read_text().replace('{ from = "field" }', '{ from = "field", field = "p95 of the epic" }')
    document.write_text(text)
    with time_machine.travel(BEGUN, tick=True):
        assert desk.run("sync").exit_code == 0
    edit(desk, day(10, 5), O1, 3.0, "p95 of the epic", "kim")
    edit(desk, day(10, 7), item, 99.123, "Hidden metric")
    desk.lose_cache()
    before = len(site.requests.records)

    found = okrsync("cache", "backfill", "--json")
    assert found["left_out"] == []

    values = {
        each["ref"]: [(one["at"][:10], one["value"], one["by"]) for one in each["values"]] for each in found["added"]
    }
    assert values == {
        str(KR1): [("2026-10-05", 3.0, "kim")],
        str(KR2): [("2026-10-05", 3.0, "kim")],
        f"{CYCLE}/uptime": [("2026-10-01", 99.95, None), ("2026-10-07", 99.123, "dana")],
    }
    asked = [each.path for each in site.requests.records[before:]]
    logs = [each for each in asked if each.endswith("changelog/bulkfetch")]
    assert len(logs) == (1 if site.store.cloud else 0)
    # serverInfo, field, the search for ours, the KPI's item, the changelogs
    assert len(asked) == 5, asked
    assert rows(okrsync, f"{CYCLE}/uptime") == [("2026-10-01T00:00", 99.95), ("2026-10-07T10:30", 99.123)]


def test_a_value_of_today_says_who_wrote_it(desk: Desk, okrsync: Okrsync) -> None:
    okrsync("sync")
    edit(desk, INSTALLED + timedelta(days=1), KR1, 3.5, by="kim")
    edit(desk, INSTALLED + timedelta(days=1, hours=2), KR1, 3.1, by="dana")
    edit(desk, INSTALLED + timedelta(days=1, hours=3), KR2, 2.0, by="kim")
    okrsync("pull", days=2)

    first = okrsync("explain", str(KR1), "--json", days=2)["origin"]
    assert (first["by"], first["at"][:16], first["since"][:16]) == ("dana", "2026-11-03T11:00", "2026-11-03T11:00")
    assert okrsync("explain", str(KR2), "--json", days=2)["origin"]["by"] == "kim"
    assert "edited by dana on 2026-11-03 11:00 UTC" in okrsync("explain", str(KR1), days=2)

    # It is still known when nothing moves, and then nobody is asked for it again.
    before = len(site_of(desk).requests.records)
    okrsync("pull", days=3)
    later = site_of(desk).requests.records[before:]
    assert later and not [each for each in later if "changelog" in each.path + each.query]
    assert "edited by dana on 2026-11-03 11:00 UTC" in okrsync("explain", str(KR1), days=3)

    edit(desk, INSTALLED + timedelta(days=4), KR1, 2.9, by="kim")
    okrsync("sync", days=5)
    said = okrsync("explain", str(KR1), days=5)
    assert "edited by kim on 2026-11-06 09:00 UTC: 3.1 s → 2.9 s" in said


def test_a_workspace_of_kpis_alone_is_filled_in_too(desk: Desk, okrsync: Okrsync) -> None:
    site = site_of(desk)
    site.add_number_field("Hidden metric")
    with time_machine.travel(BEGUN, tick=True):
        item = site.create_issue("PROJA", "Task", "Measured elsewhere", **{"Hidden metric": 99.95})
    head = f'cycle = "{CYCLE}"\nlevel = "team"\nteam = "team-0"\nowner = "dana"\n'
    desk.write("team-0.toml", head + KPI.replace("ITEM", item))
    found = okrsync("cache", "backfill", "--json")
    assert [(each["at"][:10], each["value"]) for each in found["added"][0]["values"]] == [("2026-10-01", 99.95)]
    assert found["failures"] == []


def test_a_field_of_text_is_left_out_with_the_reason(desk: Desk, okrsync: Okrsync) -> None:
    site_of(desk).add_text_field("Remarks")
    document = desk.folder / "okrs" / "team-0.toml"
    with time_machine.travel(BEGUN, tick=True):
        assert desk.run("sync").exit_code == 0
    text = document.read_text()
    document.write_text(text.replace('{ from = "field" }', '{ from = "field", field = "Remarks" }', 1))
    with time_machine.travel(day(10, 5), tick=False):
        assert isinstance(desk.ground, JiraGround)
        site_of(desk).edit(desk.ground._key(KR1), Remarks="many")
    found = okrsync("cache", "backfill", "--json")
    assert [each["ref"] for each in found["left_out"]] == [str(KR1)]
    assert "work does not tell the history of Remarks of PROJA-2" in found["left_out"][0]["why"]
    assert found["failures"] == [] and found["added"] == []


def refuse_histories(desk: Desk, status: int) -> None:
    """The server refuses whatever tells of changes, whichever way it is asked."""
    faults = site_of(desk).faults
    faults.add(Fault("status", path="/changelog", status=status, times=None))
    # On Data Center the first search is for our items, and the next would show their changelogs.
    faults.add(Fault("status", path=r"/search$", status=status, times=None, skip=1))
    faults.add(Fault("status", method="GET", path=r"/issue/\d+$", status=status, times=None))


def test_a_history_that_cannot_be_read_harms_no_pull(desk: Desk, okrsync: Okrsync) -> None:
    okrsync("sync")
    edit(desk, INSTALLED + timedelta(days=1), KR1, 3.1)
    refuse_histories(desk, 403)
    okrsync("pull", days=2)
    found = okrsync("explain", str(KR1), "--json", days=2)
    assert found["current"] == 3.1 and found["origin"]["by"] is None


def test_a_server_that_fails_is_named_and_nothing_is_added(desk: Desk, okrsync: Okrsync) -> None:
    worked_before(desk)
    okrsync("pull")
    refuse_histories(desk, 401)
    said = okrsync("cache", "backfill", "--json", code=1)
    assert said["added"] == [] and [each["cause"] for each in said["failures"]] == ["login"]
    assert said["exit_code"] == 1


def test_github_keeps_no_history_of_fields_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, okrsync: Okrsync
) -> None:
    monkeypatch.chdir(tmp_path)
    with served(GitHub()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team(key_results=2)
        okrsync("sync")
        ground.set_current(KR1, 3.1)
        okrsync("pull", days=1)
        assert okrsync("explain", str(KR1), "--json", days=1)["origin"]["by"] is None
        before = len(ground.site.requests.records)
        said = okrsync("cache", "backfill", days=1)
        assert f"left out, work keeps no history of fields: {KR1}, {KR2}" in said
        assert "0 values since 2026-10-01 added (0 requests)" in said
        assert len(ground.site.requests.records) == before
        found = okrsync("cache", "backfill", "--json", days=1)
        assert [each["ref"] for each in found["left_out"]] == [str(KR1), str(KR2)]

"""The doctor: whatever is wrong is found and has a remedy, and looking changes nothing."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from tests.system.calling import Okrsync, Said
from tests.system.grounds import CYCLE, GROUNDS, TOKEN_VARIABLE, Desk, Ground, JiraCloud, JiraGround, served


@pytest.fixture
def okrsync(capsys: pytest.CaptureFixture[str]) -> Okrsync:
    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with served(request.param()) as ground:
        yield synced(ground, tmp_path)


@pytest.fixture
def jira(tmp_path: Path) -> Iterator[Desk]:
    with served(JiraCloud()) as ground:
        yield synced(ground, tmp_path)


def synced(ground: Ground, folder: Path) -> Desk:
    desk = Desk(ground, folder)
    desk.write_team()
    (folder / "okrsync.toml").chmod(0o644)
    desk.run("sync")
    return desk


def to_mend(said: Said) -> list[dict[str, Any]]:
    """What the doctor found wrong; each has a remedy, and no traceback was seen."""
    assert "Traceback" not in said.err
    found = [each for each in said.json["findings"] if not each["well"]]
    assert all(each["remedy"] for each in found)
    assert said.json["exit_code"] == said.code
    return found


def the_one(said: Said, code: int = 1) -> dict[str, Any]:
    """The only thing that is wrong."""
    assert said.code == code, said
    (found,) = to_mend(said)
    return found


def test_where_all_is_well_it_says_what_there_is_and_changes_nothing(okrsync: Okrsync, desk: Desk) -> None:
    before = (desk.folder / "okrsync.db").read_bytes()
    desk.ground.site.requests.clear()
    said = okrsync("doctor", "--json")
    assert said.code == 0 and to_mend(said) == [], said
    known = {(each["part"], each["about"]) for each in said.json["findings"]}
    project = desk.ground.project()
    assert known >= {
        ("credentials", "token of work"),
        ("cache", "last success"),
        *(("tracker work", about) for about in ("address", "login", "server", "clock")),
        ("tracker work", f"fields and screens in {project}"),
        ("tracker work", f"permissions in {project}" if isinstance(desk.ground, JiraGround) else "scopes"),
    }
    assert not desk.ground.site.requests.writes() and len(desk.ground.site.requests.records) <= 10
    assert (desk.folder / "okrsync.db").read_bytes() == before
    assert okrsync("doctor").out.endswith("all well\n")


@pytest.mark.parametrize(("name", "mode"), [("okrsync.toml", 0o666), ("okrs", 0o777), ("okrsync.db", 0o644)])
def test_modes_that_let_others_in_are_named(okrsync: Okrsync, jira: Desk, name: str, mode: int) -> None:
    path = jira.folder / name
    path.chmod(mode)
    found = the_one(okrsync("doctor", "--json"))
    assert str(path) in found["found"]
    os.system(found["remedy"].removeprefix("Run: "))
    assert okrsync("doctor", "--json").code == 0


def test_a_credential_that_cannot_be_read_is_named_without_it(okrsync: Okrsync, jira: Desk) -> None:
    token = jira.folder / "token"
    token.write_text("not-for-everyone", "utf-8")
    token.chmod(0o644)
    jira.write_settings(jira.ground.settings().replace(f'env = "{TOKEN_VARIABLE}"', 'file = "token"'))
    said = okrsync("doctor", "--json")
    assert said.code == 4
    assert [each["about"] for each in to_mend(said)] == ["token of work", "login"]
    assert "chmod 600" in to_mend(said)[0]["remedy"] and "not-for-everyone" not in said.out + said.err


@pytest.mark.parametrize("file", ["okrsync.toml", "okrs/team-0.toml"])
def test_what_is_wrong_in_settings_and_documents_ends_with_2(okrsync: Okrsync, jira: Desk, file: str) -> None:
    path = jira.folder / file
    path.write_text("nonsense = true\n" + path.read_text("utf-8"), "utf-8")
    found = the_one(okrsync("doctor", "--json"), code=2)
    assert f"{file}:1" in found["found"] and "nonsense" in found["found"]


def test_a_plugin_that_is_left_out_is_named(okrsync: Okrsync, jira: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    site = jira.folder / "site"
    about = site / "broken-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[okrsync]\nbroken = no_such_module_anywhere\n", "utf-8")
    monkeypatch.syspath_prepend(str(site))
    found = the_one(okrsync("doctor", "--json"))
    assert found["part"] == "plugins" and "broken: ModuleNotFoundError" in found["found"]


def test_a_damaged_cache_is_named_and_the_trackers_are_looked_at_all_the_same(okrsync: Okrsync, jira: Desk) -> None:
    (jira.folder / "okrsync.db").write_bytes(b"not a database" * 1000)
    said = okrsync("doctor", "--json")
    found = the_one(said)
    assert found["part"] == "cache" and found["remedy"] == "Run: okrsync cache repair"
    assert "login" in {each["about"] for each in said.json["findings"]}
    assert okrsync("cache", "repair").code == 0
    aside = the_one(okrsync("doctor", "--json"))
    assert "damaged one was put aside" in aside["found"]


def test_caches_of_others_and_of_the_future_are_named(okrsync: Okrsync, jira: Desk) -> None:
    with closing(sqlite3.connect(jira.folder / "okrsync.db", isolation_level=None)) as cache:
        cache.execute("pragma user_version = 99")
    assert "schema 99" in the_one(okrsync("doctor", "--json"))["found"]
    with closing(sqlite3.connect(jira.folder / "okrsync.db", isolation_level=None)) as cache:
        cache.execute("pragma user_version = 1")
        cache.execute("update meta set workspace = 'other'")
    assert "the workspace 'other'" in the_one(okrsync("doctor", "--json"))["found"]


def test_a_run_that_failed_and_a_creation_that_was_cut_off_are_named(okrsync: Okrsync, jira: Desk) -> None:
    jira.ground.site.faults.add(Fault("status", path=r"/search", status=403, response_body=b"{}", times=None))
    assert okrsync("sync").code != 0
    jira.ground.site.faults.clear()
    with jira.workspace().open_cache() as cache:
        cache.outbox.intend(Ref(CYCLE, "o0-0"), "create", {"tracker": "work", "project": "PROJA"})
    found = to_mend(okrsync("doctor", "--json"))
    assert {each["about"] for each in found} == {"under way", "last success"}
    assert all("okrsync sync" in each["remedy"] for each in found)


def test_a_clock_that_is_wrong_is_named(okrsync: Okrsync, desk: Desk) -> None:
    desk.ground.site.clock.advance(timedelta(seconds=200))
    found = the_one(okrsync("doctor", "--json"))
    assert found["about"] == "clock" and re.search(r"\b(199|200) s ahead of", found["found"])


def test_a_tracker_that_does_not_let_us_in_ends_with_4(okrsync: Okrsync, desk: Desk) -> None:
    desk.ground.site.faults.add(Fault("status", status=401, response_body=b"{}", times=None))
    found = the_one(okrsync("doctor", "--json"), code=4)
    assert found["about"] == "login" and "token" in found["remedy"]
    desk.ground.server.stop()
    found = the_one(okrsync("doctor", "--json"), code=4)
    assert found["about"] == "login" and "network" in found["remedy"]


def test_a_missing_permission_is_named(okrsync: Okrsync, jira: Desk) -> None:
    assert isinstance(jira.ground, JiraCloud)
    jira.ground.site.revoke("EDIT_ISSUES", jira.ground.project())
    found = the_one(okrsync("doctor", "--json"))
    assert "Edit Issues" in found["found"] and "permission scheme" in found["remedy"]


def test_a_missing_field_is_named(okrsync: Okrsync, jira: Desk) -> None:
    jira.write_settings(jira.ground.settings().replace('"KR current"', '"No such field"'))
    found = the_one(okrsync("doctor", "--json"))
    assert found["about"].startswith("fields and screens") and "No such field" in found["found"]

"""The main job as a person does it, command by command, against every kind of tracker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.trackers.retry import RetryPolicy
from tests.system.grounds import CYCLE, GROUNDS, TOKEN_VARIABLE, Desk, GitHub, JiraCloud, served

O1 = Ref(CYCLE, "o0-0")
KR1 = O1.child("kr1")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Okrsync = Callable[..., Said]


@pytest.fixture
def okrsync(capsys: pytest.CaptureFixture[str]) -> Okrsync:
    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(request.param()) as ground:
        yield Desk(ground, tmp_path)


only_jira = pytest.mark.parametrize("desk", [JiraCloud], indirect=True, ids=["jira-cloud"])
only_github = pytest.mark.parametrize("desk", [GitHub], indirect=True, ids=["github"])


def writes(desk: Desk) -> int:
    return len(desk.ground.site.requests.writes())


def test_plan_sync_pull_and_status_from_nothing(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=2, key_results=2)
    checked = okrsync("check", "--online")
    assert checked.code == 0 and "all well: 2 objectives, 4 key results" in checked.out

    plan = okrsync("plan", "--json")
    assert plan.code == 0 and writes(desk) == 0
    assert [each["action"] for each in plan.json["changes"]] == ["create"] * 6
    dry = okrsync("sync", "--dry-run", "--json")
    assert dry.json == plan.json and writes(desk) == 0

    synced = okrsync("sync", "--expect", plan.json["digest"], "--json")
    assert synced.code == synced.json["exit_code"] == 0 and synced.err == ""
    assert synced.json["changes"] == plan.json["changes"] and synced.json["digest"] == plan.json["digest"]
    assert synced.json["failures"] == synced.json["held"] == [] and synced.json["requests"] > 0
    again = okrsync("sync")
    assert again.code == 0 and again.out.startswith("nothing to do (")

    desk.ground.set_current(KR1, 3.1)
    pulled = okrsync("pull", "--json")
    assert [(each["ref"], each["after"]) for each in pulled.json["values"]] == [(str(KR1), 3.1)]
    status = okrsync("status", "--json").json
    (first, _) = status["objectives"]
    assert first["key_results"][0]["current"] == 3.1 and first["link"]["url"].startswith("http://")
    plain = okrsync("status").out
    assert "4 → 1.5 s, now 3.1 s; progress 36 %" in plain and first["link"]["url"] in plain
    assert "[36 %, " in okrsync("tree").out


def test_people_see_what_will_be_and_what_was_done(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(key_results=1)
    plan = okrsync("plan").out
    assert f"work {desk.ground.project()}: 2 to create" in plan
    assert re.search(r"^plan [0-9a-f]{16}: 2 to create$", plan, re.MULTILINE)
    synced = okrsync("sync").out
    assert f"work {desk.ground.project()}: 2 created" in synced and re.search(r"created +2026-Q4/o0-0  \S+", synced)
    assert re.search(r"^2 created \(\d+ requests\)$", synced, re.MULTILINE)
    desk.ground.set_title(O1, "Somebody's \x1b[31mtitle")
    plan = okrsync("plan").out
    assert "title: “Somebody's [31mtitle” → “Make step 0 of team 0 feel instant”" in plan
    assert "it changed in the tracker, and the documents decide" in plan


def test_another_plan_than_the_expected_one_is_not_applied(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    for more in ((), ("--dry-run",)):
        said = okrsync("sync", "--expect", "0123456789abcdef", *more)
        assert said.code == 3 and "0123456789abcdef" in said.err and writes(desk) == 0


def test_what_is_held_ends_with_3_and_says_why(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_settings(desk.ground.settings().replace("objectives =", 'authority = "both"\nobjectives ='))
    desk.write_team(key_results=1)
    okrsync("sync")
    desk.ground.set_title(O1, "Theirs")
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Ours")
    for command in ("plan", "sync"):
        said = okrsync(command)
        assert said.code == 3
        assert "held: these wait for a person" in said.out and "“Theirs” → “Ours”" in said.out
        assert "1 change waits for a person" in said.err
    assert okrsync("sync", "--json").json["held"][0]["field"] == "title"


def test_without_the_cache_a_rebuild_brings_the_links_back(desk: Desk, okrsync: Okrsync, tmp_path: Path) -> None:
    desk.write_team()
    okrsync("sync")
    assert okrsync("cache", "backup", "copy.db").code == 0 and (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert okrsync("cache", "backup", "copy.db").code == 1
    desk.lose_cache()
    for command in (["info"], ["backup", "other.db"]):
        missing = okrsync("cache", *command)
        assert missing.code == 1 and "okrsync sync" in missing.err
    assert not (tmp_path / "other.db").exists() and not (tmp_path / "okrsync.db").exists()
    before = writes(desk)
    assert okrsync("cache", "rebuild", "--json").json["links"] == 3
    assert writes(desk) == before
    info = okrsync("cache", "info", "--json").json
    assert info["counts"]["links"] == 3 and info["workspace"] == "acme" and info["last_run"]["kind"] == "pull"
    assert okrsync("sync").out.startswith("nothing to do")


def test_a_damaged_cache_is_named_and_rebuilt(desk: Desk, okrsync: Okrsync, tmp_path: Path) -> None:
    desk.write_team()
    okrsync("sync")
    (tmp_path / "okrsync.db").write_bytes(b"not a database at all" * 1000)
    said = okrsync("status")
    assert said.code == 1 and "okrsync cache repair" in said.err and "Traceback" not in said.err
    rebuilt = okrsync("cache", "rebuild")
    assert rebuilt.code == 0 and "damaged" in rebuilt.err and "3 links found again" in rebuilt.out
    assert okrsync("status").code == 0


def test_a_tracker_that_is_away_ends_with_4(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    desk.ground.site.faults.add(Fault("status", status=401, response_body=b"{}", times=None))
    for command in (["plan"], ["sync"], ["pull"], ["check", "--online"], ["trackers", "--online"]):
        said = okrsync(*command)
        assert said.code == 4, (command, said)
        assert "failed: work: " in said.err and "Traceback" not in said.err and "sandbox-token" not in said.err
    assert okrsync("fields", "work", desk.ground.project()).code == 4
    assert okrsync("status").code == 0


@pytest.mark.parametrize("kind", ["html_login", "wrong_json", "truncate", "empty_list"])
def test_whatever_a_server_answers_is_explained_and_writes_nothing(
    kind: Any, desk: Desk, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("okrsync.engine.connections.RetryPolicy", partial(RetryPolicy, first_wait=0.001))
    desk.write_team()
    desk.ground.site.faults.add(Fault(kind, times=None))
    for command in (["plan"], ["sync"], ["check", "--online"], ["trackers", "--online"]):
        said = okrsync(*command)
        assert "Traceback" not in said.err and "error in okrsync" not in said.err, said.err
        if kind != "empty_list":
            assert said.code in {1, 2, 4} and said.err, (command, said)
    assert not desk.ground.texts()


def test_a_wrong_address_is_explained(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    desk.write_settings(desk.ground.settings().replace(desk.ground.server.url, f"{desk.ground.server.url}/no/api"))
    for command in (["plan"], ["check", "--online"]):
        said = okrsync(*command)
        assert (said.code in {2, 4} and "failed: work" in said.err) or "okrsync.toml:" in said.err
        assert "Traceback" not in said.err and "error in okrsync" not in said.err


def test_a_token_that_is_not_there_is_bad_settings(
    desk: Desk, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write_team()
    monkeypatch.delenv(TOKEN_VARIABLE)
    for command in (["plan"], ["sync"], ["check", "--online"], ["fields", "work", desk.ground.project()]):
        said = okrsync(*command)
        assert said.code == 2, (command, said)
        assert TOKEN_VARIABLE in said.err and "okrsync.toml" in said.err
    monkeypatch.setenv(TOKEN_VARIABLE, "sandbox-token")


def test_a_refused_change_ends_with_1_and_names_the_item(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=2, key_results=1)
    body = b'{"errorMessages": ["No."], "errors": {}, "message": "No."}'
    desk.ground.site.faults.add(Fault("status", "POST", r"/(issue|milestones)$", status=400, response_body=body))
    said = okrsync("sync", "--json")
    assert said.code == 1 and "failed: 2026-Q4/o0-0" in said.err
    assert [each["ref"] for each in said.json["failures"]] == ["2026-Q4/o0-0"]
    assert {each["ref"] for each in said.json["changes"]} == {"2026-Q4/o0-1", "2026-Q4/o0-1/kr1"}
    assert okrsync("sync").out.endswith(" requests)\n") and desk.ground.count(O1) == 1


def test_a_field_that_is_not_there_is_found_with_its_line(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_settings(desk.ground.settings().replace('current = "KR current"', 'current = "KR curent"'))
    desk.write_team()
    said = okrsync("check", "--online", "--json")
    assert said.code == 2 and "KR curent" in said.err
    (problem,) = {each["line"]: each for each in said.json["problems"]}.values()
    line = (desk.folder / "okrsync.toml").read_text("utf-8").splitlines()[problem["line"] - 1]
    assert problem["file"] == "okrsync.toml" and line == "[[mappings]]"
    assert okrsync("sync").code == 2 and writes(desk) == 0


def test_the_fields_and_who_we_are_there(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    found = okrsync("fields", "work", desk.ground.project(), "--json").json["fields"]
    assert {"KR current", "KR target"} <= {each["name"] for each in found if each["type"] == "number"}
    assert "KR current" in okrsync("fields", "work", desk.ground.project()).out
    (tracker,) = okrsync("trackers", "--online", "--json").json["trackers"]
    assert tracker["account"] and tracker["server"] and tracker["problem"] is None
    unknown = okrsync("fields", "wrok", desk.ground.project())
    assert unknown.code == 2 and "Did you mean 'work'?" in unknown.err


def test_an_unknown_project_is_not_an_error_of_ours(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    said = okrsync("fields", "work", "acme/none", "--board", "acme/99")
    assert said.code in {1, 2} and "Traceback" not in said.err and "error in okrsync" not in said.err


def test_verbose_shows_what_happens_and_no_token(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    said = okrsync("sync", "--verbose")
    assert "reading work" in said.err and "done" in said.err and "sandbox-token" not in said.err
    said = okrsync("pull", "--log-format", "json")
    events = [json.loads(line) for line in said.err.splitlines()]
    assert events[-1]["event"] == "done" and events[-1]["exit_code"] == 0
    assert okrsync("sync", "--quiet") == Said(0, "", "")


def test_a_cache_of_another_workspace_is_refused(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    okrsync("sync")
    desk.write_settings(desk.ground.settings().replace('workspace = "acme"', 'workspace = "other"'))
    for command in (["status"], ["sync"], ["cache", "rebuild"]):
        said = okrsync(*command)
        assert said.code == 3 and "'acme'" in said.err and "Traceback" not in said.err


@only_jira
def test_init_offers_the_fields_that_it_finds(
    desk: Desk, okrsync: Okrsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(desk.ground.site, JiraSandbox)
    desk.ground.site.add_text_field("Current mood")
    flags = ["--tracker-type", "jira", "--url", desk.ground.server.url, "--user", "bot@demo.example", "--yes"]
    said = okrsync("init", "--directory", "new", "--token-env", TOKEN_VARIABLE, *flags)
    assert said.code == 0, said.err
    assert "logged in as" in said.err and "number fields: KR baseline" in said.err and "mood" not in said.err
    text = (tmp_path / "new" / "okrsync.toml").read_text("utf-8")
    assert 'project     = "PROJA"' in text
    assert 'current = "KR current", target = "KR target", baseline = "KR baseline", progress = "OKR progress"' in text
    assert writes(desk) == 0
    monkeypatch.chdir(tmp_path / "new")
    assert okrsync("check", "--online").code == 0
    assert okrsync("sync").code == 0 and len(desk.ground.texts()) == 3


@only_github
def test_init_finds_the_fields_of_a_board(
    desk: Desk, okrsync: Okrsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["--tracker-type", "github", "--url", desk.ground.server.url, "--project", "acme/repo-0", "--yes"]
    said = okrsync("init", "--directory", "new", "--token-env", TOKEN_VARIABLE, "--board", "acme/1", *flags)
    assert said.code == 0, said.err
    monkeypatch.chdir(tmp_path / "new")
    assert okrsync("check", "--online").code == 0
    assert okrsync("sync").code == 0 and okrsync("sync").out.startswith("nothing to do")


@only_jira
def test_init_goes_on_without_a_tracker_that_refuses_it(
    desk: Desk, okrsync: Okrsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_TOKEN", "not-the-token")
    flags = ["--tracker-type", "jira", "--url", desk.ground.server.url, "--user", "bot@demo.example", "--yes"]
    said = okrsync("init", "--directory", "new", "--token-env", "WRONG_TOKEN", "--project", "PROJA", *flags)
    assert said.code == 0 and "could not be asked" in said.err and "not-the-token" not in said.err
    assert (tmp_path / "new" / "okrsync.toml").exists()

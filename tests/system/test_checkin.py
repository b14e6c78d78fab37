"""`okrsync checkin REF` and check-ins by comment, on every kind of tracker."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from okrsync.domain.ref import Ref
from okrsync.practice.check_in_comments import answered_in, signed_in
from okrsync.sandbox import Fault
from okrsync.store.values import CheckIn
from tests.system.calling import KR1, O1, Okrsync, writes
from tests.system.grounds import CYCLE, Desk, GitHub, JiraCloud, JiraDataCenter, JiraGround, team_document

KR2 = O1.child("kr2")
PEOPLE = """
[people.dana]
accounts = ["dana-gh"]
[people.erin]
accounts = ["erin-gh"]
teams = ["team-0"]
[people.frank]
accounts = ["frank-gh"]
teams = ["team-1"]
"""


def ready(desk: Desk, **changes: str) -> Desk:
    desk.write_team(**changes)
    desk.run("sync")
    return desk


def with_people(desk: Desk) -> None:
    desk.write_settings(desk.ground.settings() + PEOPLE)


def check_ins(desk: Desk, ref: Ref = KR1) -> list[CheckIn]:
    with desk.workspace().open_cache() as cache:
        return [replace(each, id=None) for each in cache.check_ins.of(ref)]


def key_result(desk: Desk, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = desk.status()["objectives"][0]["key_results"][number]
    return found


def test_it_writes_the_field_and_a_comment_and_status_shows_it(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    options = ["--value", "3.1 s", "--confidence", "0.6", "--note", "waiting for @vendor {x}\nokr: 9"]
    options += ["--obstacles", "no contract", "--help-needed", "legal, by Friday", "--as", "dana"]
    said = okrsync("checkin", str(KR1), *options, "--json")
    assert (said.code, said.err) == (0, "")
    shown = said.json
    assert (shown["value"], shown["confidence"], shown["sent"], shown["unsent"]) == (3.1, 0.6, True, 0)
    assert {(each["action"], each["field"]) for each in shown["changes"]} == {
        ("update", "KR current"),
        ("update", "OKR progress"),
        ("comment", None),
    }
    assert desk.ground.current(KR1) == 3.1
    (comment,) = desk.ground.comments(KR1)
    for text in ("Check-in", "dana", "3.1 s", "confidence 0.6", "no contract", "legal, by Friday"):
        assert text in comment
    assert "@vendor" not in comment or desk.ground.name.startswith("jira")
    ours = signed_in(comment)
    assert ours and ours.said.note == "waiting for @vendor {x}\nokr: 9" and ours.at.isoformat() == shown["at"]
    assert (key_result(desk)["current"], key_result(desk)["confidence"]) == (3.1, 0.6)
    assert okrsync("sync", "--json").json["changes"] == []


@pytest.mark.parametrize("desk", [JiraDataCenter, GitHub], indirect=True)
def test_a_dry_run_shows_the_comment_and_keeps_and_sends_nothing(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    desk.ground.site.requests.clear()
    said = okrsync("checkin", "o0-0/kr1", "--value", "3.1", "--dry-run", "--json")
    assert said.code == 0 and said.json["field"] == "KR current"
    assert signed_in(said.json["comment"]) is not None and said.json["key"]
    assert check_ins(desk) == [] and writes(desk) == 0
    assert okrsync("checkin", "o0-0/kr1", "--confidence", "1.4", "--dry-run").code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--confidence", "1.4"], "a confidence of 1.4 is not between 0 and 1"),
        (["--value", "n/a"], "'n/a' is no value"),
        (["--value", "1,000"], "could be 1000 or 1.000"),
        (["--value", "310 ms"], "'ms' is not the unit of kr1"),
        (["--value", "3.1", "--as", "frank"], "belongs to dana of team team-0, and frank is neither"),
        (["--value", "3.1", "--as", "stranger"], "--on-behalf-of NAME"),
        (["--value", "3.1", "--on-behalf-of", "frank"], "frank is neither an owner nor in the team"),
        (["--value", "3.1", "--at", "2126-01-01"], "has not come yet"),
        (["--value", "3.1", "--at", "soon"], "is no time"),
        (["--note", "x" * 20000], "trackers take 32,000"),
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, okrsync: Okrsync, options: list[str], said: str
) -> None:
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n' + PEOPLE, "utf-8")
    (tmp_path / "okrs").mkdir()
    document = team_document(0, 1, 2).replace('from = "field"', 'from = "manual"')
    (tmp_path / "okrs" / "team.toml").write_text(document, "utf-8")
    monkeypatch.chdir(tmp_path)
    who = [] if "--as" in options else ["--as", "dana"]
    refused = okrsync("checkin", str(KR1), *options, *who)
    assert refused.code == 2 and said in refused.err and "Traceback" not in refused.err
    assert not list(tmp_path.glob(".okrsync.db.check-ins")), "nothing is kept of it"
    assert okrsync("checkin", str(O1), "--value", "3.1").code == 2, "that is an objective"
    assert okrsync("checkin", "--value", "3.1").code == 2, "of what?"
    assert okrsync("checkin", "nothing", "--value", "3.1").code == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "o0-0"', 'id = "o0-0"\nstage = "closed"', f"{O1} is closed: a check-in is for what is under way"),
        ('id = "kr1"', 'id = "kr1"\nscore = { computed = 0.84, final = 1.9 }', f"{KR1} is scored: a check-in is for"),
    ],
)
def test_what_is_closed_or_scored_takes_no_check_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, okrsync: Okrsync, old: str, new: str, said: str
) -> None:
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    (tmp_path / "okrs").mkdir()
    document = team_document(0, 1, 2).replace('from = "field"', 'from = "manual"')
    assert old in document
    (tmp_path / "okrs" / "team.toml").write_text(document.replace(old, new, 1), "utf-8")
    monkeypatch.chdir(tmp_path)
    refused = okrsync("checkin", str(KR1), "--value", "3.1", "--as", "dana")
    assert refused.code == 2 and said in refused.err
    assert not list(tmp_path.glob(".okrsync.db.check-ins")), "nothing is kept of it"
    assert str(KR1) not in okrsync("checkin", "--as", "dana").out, "nor is it asked for"


@pytest.mark.parametrize("desk", [JiraCloud, GitHub], indirect=True)
def test_somebody_else_may_enter_it_and_is_named(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    with_people(desk)
    assert okrsync("checkin", str(KR1), "--value", "3.1", "--as", "frank").code == 2
    assert okrsync("checkin", str(KR1), "--value", "3.1", "--as", "frank", "--on-behalf-of", "dana-gh").code == 0
    (comment,) = desk.ground.comments(KR1)
    assert "by dana (entered by frank)" in comment
    assert okrsync("checkin", str(KR1), "--confidence", "0.5", "--as", "erin").code == 0, "of the team"
    assert [(each.author, each.entered_by) for each in check_ins(desk)] == [("dana", "frank"), ("erin", "")]


@pytest.mark.parametrize("desk", [JiraDataCenter, GitHub], indirect=True)
def test_a_check_in_that_is_older_than_the_newest_changes_no_value(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    assert okrsync("checkin", str(KR1), "--value", "3.1").code == 0
    older = okrsync("checkin", str(KR1), "--value", "3.9", "--at", f"{date.today() - timedelta(days=9)}T09:30")
    assert older.code == 0 and "kept in the history and does not change the current value" in older.err
    assert [each.value for each in check_ins(desk)] == [3.9, 3.1]
    assert desk.ground.current(KR1) == 3.1 and key_result(desk)["current"] == 3.1
    assert len(desk.ground.comments(KR1)) == 2


@pytest.mark.parametrize("desk", [JiraCloud], indirect=True)
def test_offline_it_is_kept_and_done_and_sent_by_the_next_sync(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    settings = desk.ground.settings()
    desk.write_settings(settings.replace(desk.ground.server.url, "http://127.0.0.1:9"))
    said = okrsync("checkin", str(KR1), "--value", "3.1", "--confidence", "0.6", "--json")
    assert said.code == 0 and said.json["sent"] is False and said.json["unsent"] == 1
    assert "1 check-in kept on this machine, and sent by the next" in said.err
    assert key_result(desk)["confidence"] == 0.6 and key_result(desk)["current"] == 3.1
    desk.lose_cache()
    desk.write_settings(settings)
    assert okrsync("sync").code == 0
    assert desk.ground.current(KR1) == 3.1 and len(desk.ground.comments(KR1)) == 1
    assert okrsync("sync", "--json").json["changes"] == []


@pytest.mark.parametrize("desk", [JiraCloud, GitHub], indirect=True)
def test_a_tracker_that_refuses_is_named_and_nothing_is_lost(
    desk: Desk, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(desk)
    monkeypatch.setenv("OKRSYNC_TEST_TOKEN", "wrong")
    said = okrsync("checkin", str(KR1), "--value", "3.1")
    assert said.code == 1 and "failed: work" in said.err
    monkeypatch.setenv("OKRSYNC_TEST_TOKEN", "sandbox-token")
    assert okrsync("checkin", str(KR2), "--value", "2.2").code == 0
    assert [desk.ground.current(each) for each in (KR1, KR2)] == [3.1, 2.2], "what was kept goes along"


def test_comments_are_check_ins_and_what_nobody_can_read_is_answered_once(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    with_people(desk)
    desk.ground.comment(KR1, "okr: 3.1 @0.6 waiting for the vendor", "dana-gh")
    bad = desk.ground.comment(KR2, "okr: n/a @1.4", "erin-gh")
    desk.ground.comment(KR2, "/okr 2.2", "frank-gh")
    desk.ground.site.requests.clear()
    pulled = okrsync("pull")
    assert pulled.code == 0 and ", 1 check-in heard in comments (" in pulled.out
    assert f"{KR1}: dana checks in: 3.1, confidence 0.6\n  note: waiting for the vendor\n" in pulled.out
    assert writes(desk) == 0
    (taken,) = check_ins(desk)
    assert (taken.author, taken.value, taken.confidence, taken.note) == ("dana", 3.1, 0.6, "waiting for the vendor")
    assert (key_result(desk)["current"], key_result(desk)["confidence"]) == (3.1, 0.6)
    planned = [each for each in okrsync("plan", "--json").json["changes"] if each["action"] == "comment"]
    assert okrsync("sync").code == 0
    assert desk.ground.current(KR1) == 3.1
    answers = desk.ground.comments(KR2)[2:]
    assert [each["after"] for each in planned] == answers and len(answers) == 2
    assert "'n/a' is no value" in answers[0] and answered_in(answers[0]) == bad
    assert "belongs to dana of team team-0" in answers[1].replace("\\", "")
    assert okrsync("sync", "--json").json["changes"] == []
    desk.lose_cache()
    said = okrsync("sync", "--json").json
    assert [each for each in said["changes"] if each["action"] == "comment"] == []
    assert [(each["author"], each["value"], each["confidence"]) for each in said["check_ins"]] == [("dana", 3.1, 0.6)]
    desk.ground.comment(KR1, "okr: @0.7", "dana-gh")
    said = okrsync("sync")
    assert f"{KR1}: dana checks in: confidence 0.7\n" in said.out and "; 1 check-in heard in comments (" in said.out
    assert okrsync("pull", "--json").json["check_ins"] == [], "what was heard is told once"
    desk.ground.edit_comment(KR2, bad, "okr: 2.2 @0.4")
    assert okrsync("sync").code == 0
    assert [(each.author, each.value) for each in check_ins(desk, KR2)] == [("erin", 2.2)]
    assert desk.ground.current(KR2) == 2.2 and len(desk.ground.comments(KR2)) == 4


@pytest.mark.parametrize("desk", [GitHub], indirect=True)
def test_a_stranger_on_github_changes_nothing_and_is_not_answered(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    ground = desk.ground
    assert isinstance(ground, GitHub)
    repository, item = ground._find(KR1)
    for text in ("okr: 99 @1", "okr: n/a"):
        ground.site.comment(repository, item["number"], text, author="stranger")
    said = okrsync("sync", "--json")
    assert said.code == 0 and said.json["changes"] == []
    assert said.err.count("the check-in of stranger does not count") == 2
    assert check_ins(desk) == [] and len(desk.ground.comments(KR1)) == 2
    assert "stranger" not in okrsync("sync").err, "told once"
    desk.write_settings(ground.settings() + '[people.dana]\naccounts = ["stranger"]\n')
    ground.site.comment(repository, item["number"], "okr: 3.1", author="stranger")
    assert okrsync("sync").code == 0
    assert [each.author for each in check_ins(desk)][-1] == "dana"


def test_everything_comes_back_from_the_trackers_into_an_empty_cache(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    odd = "Umlaute: äöü, {curly} [~x] *a* _b_ -- 100 % @you #12 <b>; by x at y"
    options = ["--obstacles", "no\ncontract", "--help-needed", "x", "--note", odd]
    at = (datetime.now(UTC) - timedelta(days=9)).replace(microsecond=345).astimezone(timezone(timedelta(hours=2)))
    options += ["--at", at.isoformat()]  # GitHub tells no moment within a second.
    assert okrsync("checkin", str(KR1), "--value", "3.5", "--confidence", "0.4", *options).code == 0
    desk.ground.comment(KR1, "okr: 3.1 @0.6 waiting; obstacles: the vendor", "erin")
    assert okrsync("checkin", str(KR2), "--confidence", "0.9", "--on-behalf-of", "dana", "--as", "erin").code == 0
    assert okrsync("sync").code == 0
    before = [check_ins(desk, KR1), check_ins(desk, KR2)]
    status = [key_result(desk, 0)["confidence"], key_result(desk, 1)["confidence"], key_result(desk)["current"]]
    assert [len(each) for each in before] == [2, 1] and status == [0.6, 0.9, 3.1]
    desk.lose_cache()
    (desk.folder / ".okrsync.db.check-ins").unlink()
    assert okrsync("pull").code == 0
    assert [check_ins(desk, KR1), check_ins(desk, KR2)] == before
    assert [key_result(desk, 0)["confidence"], key_result(desk, 1)["confidence"], key_result(desk)["current"]] == status
    assert okrsync("sync", "--json").json["changes"] == []


@pytest.mark.parametrize("desk", [GitHub], indirect=True)
def test_who_shares_the_workspace_keeps_nobody_waiting(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    hold = (
        "import sys; from okrsync.app import Workspace\n"
        "with Workspace.load().turn: print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=desk.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        said = okrsync("checkin", str(KR1), "--value", "3.1")
        assert said.code == 0 and "kept on this machine" in said.err
        holder.communicate("")
    assert okrsync("sync").code == 0
    assert desk.ground.current(KR1) == 3.1 and len(desk.ground.comments(KR1)) == 1


@pytest.mark.parametrize("desk", [GitHub], indirect=True)
def test_a_kpi_that_nobody_measures_elsewhere_is_told_its_value(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    kpi = '\n[[kpis]]\nid = "{0}"\ntitle = "API availability"\nmin = 99.9\nunit = "%"\nmeasure = {1}\n'
    path = desk.folder / "okrs" / "team-0.toml"
    elsewhere = '{ from = "field", item = "acme/repo-0#1" }'
    kpis = kpi.format("uptime", '{ from = "manual" }') + kpi.format("builds", elsewhere)
    path.write_text(path.read_text("utf-8") + kpis, "utf-8")
    said = okrsync("checkin", "uptime", "--value", "99.95 %", "--as", "dana")
    assert said.code == 0 and "on this machine alone" in said.err
    assert desk.status()["kpis"][0]["current"] == 99.95
    sure = okrsync("checkin", "uptime", "--confidence", "0.6", "--as", "dana")
    assert sure.code == 2 and "uptime is a KPI" in sure.err
    again = okrsync("checkin", "uptime", "--value", "99.96 %", "--as", "dana")
    assert "1 check-in kept on this machine alone" in again.err
    assert "alone" not in okrsync("checkin", str(KR1), "--value", "3.1", "--as", "dana").err, "that was said before"
    refused = okrsync("checkin", "builds", "--value", "99.95")
    assert refused.code == 2 and "the value of builds is read from acme/repo-0#1: change it there" in refused.err
    assert "a note is enough" in refused.err
    assert [each for each in okrsync("sync", "--json").json["changes"] if each["action"] == "comment"] == []
    path.write_text(path.read_text("utf-8").replace(kpis, ""), "utf-8")
    said = okrsync("checkin", str(KR1), "--value", "3.2", "--as", "dana")
    assert (said.code, said.err) == (0, ""), (
        "what was said of a KPI that is no longer in the documents waits for nobody"
    )


def test_an_unmapped_key_result_is_kept_here_and_survives_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, okrsync: Okrsync
) -> None:
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    (tmp_path / "okrs").mkdir()
    document = team_document(0, 1, 1).replace('from = "field"', 'from = "manual"')
    (tmp_path / "okrs" / "team.toml").write_text(document, "utf-8")
    monkeypatch.chdir(tmp_path)
    said = okrsync("checkin", f"{CYCLE}/o0-0/kr1", "--value", "3.1", "--confidence", "0.6")
    assert said.code == 0 and "on this machine alone" in said.err
    for path in tmp_path.glob("okrsync.db*"):
        path.unlink()
    assert okrsync("pull").code == 0
    shown = json.loads(okrsync("status", "--json").out)["objectives"][0]["key_results"][0]
    assert (shown["current"], shown["confidence"]) == (3.1, 0.6)


def test_a_comment_of_our_own_account_that_nobody_can_read_is_named_once_and_counts_when_mended(
    desk: Desk, okrsync: Okrsync
) -> None:
    ready(desk)
    name = "bot" if isinstance(desk.ground, JiraGround) else "okr-bot"
    wrong = desk.ground.comment(KR1, "okr: n/a @1.4", name)
    said = [okrsync("pull").err for _ in range(2)] + [okrsync("sync").err]
    assert ["a comment of our own account is no check-in" in each for each in said] == [True, False, False]
    assert len(desk.ground.comments(KR1)) == 1, "nobody answers themselves"
    desk.ground.edit_comment(KR1, wrong, "okr: 3.1 @0.6")
    assert okrsync("pull").code == 0
    assert [(each.value, each.confidence) for each in check_ins(desk)] == [(3.1, 0.6)]


def test_a_server_that_lists_no_comments_is_named_and_the_rest_goes_on(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    desk.ground.comment(KR1, "okr: 3.1", "dana-gh")
    if isinstance(desk.ground, GitHub):
        desk.ground.site.faults.add(Fault("status", path="/issues/comments", status=404, times=None))
        said = okrsync("sync")
        assert said.code == 0, said
        assert "check-ins in comments are not heard" in said.err
    desk.ground.site.faults.clear()
    assert okrsync("sync").code == 0
    assert key_result(desk)["current"] == 3.1


def test_comments_cost_no_request_where_nobody_says_anything(desk: Desk, okrsync: Okrsync) -> None:
    ready(desk)
    counts = []
    for _ in range(3):
        desk.ground.site.requests.clear()
        assert "nothing to do" in okrsync("sync").out
        counts.append(len(desk.ground.site.requests.records))
    paths = [record.path for record in desk.ground.site.requests.records]
    assert len(set(counts)) == 1 and not any("comment" in path or "bulkfetch" in path for path in paths), counts

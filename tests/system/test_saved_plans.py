"""Saved plans against every kind of tracker: exactly the reviewed changes, or none."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from okrsync.sandbox.faults import Fault
from tests.system.calling import O1, Okrsync, writes
from tests.system.grounds import Desk


def test_exactly_the_saved_plan_is_done(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=2)
    said = okrsync("plan", "--out", "plan.json")
    assert said.code == 0 and writes(desk) == 0 and "saved in plan.json" in said.err
    path = Path("plan.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = json.loads(path.read_text())
    assert (data["workspace"], data["cycle"]) == ("acme", "2026-Q4") and data["made_at"].endswith("+00:00")
    dry = okrsync("sync", "--plan", "plan.json", "--dry-run")
    assert dry.code == 0 and writes(desk) == 0
    synced = okrsync("sync", "--plan", "plan.json", "--json")
    assert synced.code == 0 and synced.json["changes"] == data["changes"] and len(desk.ground.texts()) == 6
    assert okrsync("sync").out.startswith("nothing to do")


def test_it_takes_as_many_requests_as_the_plan_says(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=2, key_results=3)
    effort = okrsync("plan", "--json").json["effort"]
    assert effort["creations"] == 8 and effort["seconds"] == 0
    desk.ground.site.requests.clear()
    synced = okrsync("sync", "--json").json
    assert writes(desk) == effort["writes"]
    checks = synced["requests"] - effort["requests"]
    assert 0 <= checks <= 10, "beside the look at fields and types before the first creation"
    desk.ground.set_current(O1.child("kr1"), 3.1)
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Make step 0 instant")
    okrsync("pull")
    plan = okrsync("plan", "--json").json
    assert len(plan["changes"]) == 2
    desk.ground.site.requests.clear()
    assert okrsync("sync", "--json").json["requests"] == plan["effort"]["requests"]
    assert writes(desk) == plan["effort"]["writes"] == 2


def test_a_document_that_changed_since_is_refused_and_named(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    okrsync("plan", "--out", "plan.json")
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Make step 0 instant")
    for more in ((), ("--dry-run",)):
        said = okrsync("sync", "--plan", "plan.json", *more)
        assert said.code == 3 and writes(desk) == 0
        assert "different create  2026-Q4/o0-0" in said.out and "Make step 0 instant" in said.out
        assert "feel instant" in said.out, "what was reviewed is shown beside it"
    refused = okrsync("sync", "--plan", "plan.json", "--json")
    (difference,) = refused.json["differences"]
    assert (refused.code, refused.json["exit_code"], difference["kind"]) == (3, 3, "different")
    assert difference["due"]["after"]["title"] == "Make step 0 instant"


def test_a_remote_that_moved_since_is_refused_and_named(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=2)
    okrsync("sync")
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Make step 0 instant")
    okrsync("plan", "--out", "plan.json")
    desk.ground.set_title(O1, "Somebody's title")
    before = writes(desk)
    said = okrsync("sync", "--plan", "plan.json")
    assert said.code == 3 and writes(desk) == before and desk.ground.title(O1) == "Somebody's title"
    assert "different update  2026-Q4/o0-0" in said.out
    assert "reviewed: update “Make step 0 of team 0 feel instant” → “Make step 0 instant”" in said.out
    assert "due now:  update “Somebody's title” → “Make step 0 instant”" in said.out
    okrsync("plan", "--out", "plan.json")
    assert okrsync("sync", "--plan", "plan.json").code == 0
    assert desk.ground.title(O1) == "Make step 0 instant"
    gone = okrsync("sync", "--plan", "plan.json")
    assert gone.code == 3 and "gone      update  2026-Q4/o0-0" in gone.out


def test_a_tracker_that_is_away_makes_a_plan_that_says_so(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    desk.ground.site.faults.add(Fault(kind="status", times=None, status=404))
    said = okrsync("plan", "--out", "plan.json")
    assert said.code != 0 and "not complete" in said.err
    desk.ground.site.faults.clear()
    assert okrsync("sync", "--plan", "plan.json").code == 3 and writes(desk) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no JSON"),
        ("[]", "no plan"),
        ('{"okrsync_plan": 9}', "form 9"),
    ],
)
def test_a_file_that_is_no_plan_is_neither_used_nor_written_over(
    desk: Desk, okrsync: Okrsync, content: str, words: str
) -> None:
    desk.write_team()
    Path("notes.txt").write_text(content)
    for said in (okrsync("sync", "--plan", "notes.txt"), okrsync("plan", "--out", "notes.txt")):
        assert said.code == 2 and words in said.err and "notes.txt" in said.err
    assert Path("notes.txt").read_text() == content and writes(desk) == 0
    assert okrsync("sync", "--plan", "none.json").code == 2
    assert okrsync("plan", "--out", "no-folder/plan.json").code == 2


def test_a_plan_of_another_workspace_cycle_or_digest_is_refused(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team()
    okrsync("plan", "--out", "plan.json")
    assert okrsync("sync", "--plan", "plan.json", "--expect", "0123456789abcdef").code == 2
    desk.write("next.toml", 'cycle = "2027-Q1"\nlevel = "company"\n[[objectives]]\nid = "x"\ntitle = "X"\n')
    other = okrsync("sync", "--plan", "plan.json", "--cycle", "2027-Q1")
    assert other.code == 2 and "2026-Q4" in other.err
    desk.write_settings(desk.ground.settings().replace('workspace = "acme"', 'workspace = "other"\ncache = "o.db"'))
    moved = okrsync("sync", "--plan", "plan.json")
    assert moved.code == 2 and "'acme'" in moved.err and "'other'" in moved.err
    assert writes(desk) == 0


def test_a_large_plan_says_how_long_githubs_limits_on_creations_make_it(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=100, key_results=5)  # 600 items: 80 in a minute, 500 in an hour
    said = okrsync("plan").out.splitlines()[-1]
    effort = okrsync("plan", "--json").json["effort"]
    assert effort["creations"] == 600 and f"takes {effort['requests']} requests" in said
    if desk.ground.name == "github":
        assert effort["seconds"] == 3660 and said.endswith("at least 1 hour 1 minute at the pace that trackers allow")
    else:
        assert effort["seconds"] == 0 and "at least" not in said

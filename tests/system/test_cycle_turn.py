"""The turn of the cycle on every kind of tracker: score, close, begin the next one, and sync it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from tests.system.calling import Okrsync, writes
from tests.system.grounds import CYCLE, TOKEN_VARIABLE, Desk, JiraGround, served
from tests.system.teams import Team

O1, O2 = Ref(CYCLE, "o0-0"), Ref(CYCLE, "o0-1")
NEXT = Ref("2027-Q1", "o0-0")


@pytest.fixture
def jira(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace folder, which is the working folder, on one kind of tracker."""
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(JiraGround()) as ground:
        yield Desk(ground, tmp_path)


def files(desk: Desk) -> dict[str, str]:
    return {str(each.relative_to(desk.folder)): each.read_text() for each in (desk.folder / "okrs").rglob("*.toml")}


def test_from_the_last_score_to_the_first_sync_of_the_next_cycle(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_team(objectives=2, key_results=2)
    desk.replace("team-0.toml", 'owner = "dana"', 'owner = "dana"   # who answers for it')
    assert okrsync("sync").code == 0
    # (4 − 2) / 2.5 = 0.8; (4 − 3.5) / 2.5 = 0.2; the other objective is reached, once exactly and once by far.
    for ref, value in ((O1.child("kr1"), 2.0), (O1.child("kr2"), 3.5), (O2.child("kr1"), 1.5), (O2.child("kr2"), 1.0)):
        desk.ground.set_current(ref, value)
    assert okrsync("pull").code == 0

    before, count = files(desk), writes(desk)
    refused = okrsync("cycle", "close", CYCLE)
    assert refused.code == 3
    assert f"{O1}/kr1 has no score" in refused.err
    assert "4 key results are not scored, and nothing was closed" in refused.err
    assert (files(desk), writes(desk)) == (before, count)

    assert okrsync("score", "--cycle", CYCLE, "--early", "--yes").code == 0
    before, count = files(desk), writes(desk)
    dry = okrsync("cycle", "close", CYCLE, "--dry-run", "--json")
    assert dry.code == 0
    assert dry.json["closed"] == [str(O1), str(O2)]
    assert [each["ref"] for each in dry.json["changes"] if each["action"] == "close"] == [str(O1), str(O2)]
    assert (files(desk), writes(desk)) == (before, count)

    closed = okrsync("cycle", "close", CYCLE, "--json")
    assert closed.code == 0, closed.err
    assert [each["ref"] for each in closed.json["changes"] if each["action"] == "close"] == [str(O1), str(O2)]
    assert desk.ground.closed(O1)
    assert desk.ground.closed(O2)
    text = files(desk)["okrs/team-0.toml"]
    assert text.count('stage = "closed"') == 2
    assert "# who answers for it" in text
    count = writes(desk)
    assert okrsync("cycle", "close", CYCLE).code == 0
    assert okrsync("sync", "--cycle", CYCLE).code == 0
    assert writes(desk) == count, "closing twice writes nothing, and neither does a sync"

    before = files(desk)
    everything = ("cycle", "new", "2027-Q1", "--from", CYCLE, "--all", "--dry-run", "--json")
    left = [
        [each["ref"] for each in okrsync(*everything, *more).json["left_out"]] for more in ((), ("--below", "drop"))
    ]
    assert left == [[str(O2)], [f"{O1}/kr2", str(O2)]], "all means what scored low too, unless somebody says otherwise"
    dry = okrsync("cycle", "new", "2027-Q1", "--from", CYCLE, "--dry-run", "--json")
    assert dry.code == 0
    assert files(desk) == before
    said = okrsync("cycle", "new", "2027-Q1", "--from", CYCLE, "--json")
    assert {**said.json, "written": False} == dry.json
    assert said.json["written"]
    (objective,) = said.json["objectives"]
    (key_result,) = objective["key_results"]
    assert (objective["ref"], objective["stage"]) == (str(NEXT), "proposed")
    assert (key_result["ref"], key_result["baseline"], key_result["target"]) == (f"{NEXT}/kr1", 2.0, 1.5)
    assert key_result["score"] == pytest.approx(0.8)
    assert key_result["title"] == "Cut p95 of part 1 from 2 s to 1.5 s"
    assert {each["ref"]: each["reason"] for each in said.json["left_out"]} == {
        f"{O1}/kr2": "scored 0.20: ask whether it is still worth a cycle",
        str(O2): "was reached",
    }
    assert {**before, "okrs/2027-Q1/team-0.toml": said.json["files"][0]["text"]} == files(desk)
    assert okrsync("check").code == 0
    again = okrsync("cycle", "new", "2027-Q1", "--from", CYCLE)
    assert again.code == 0
    assert "is in 2027-Q1 already" in again.out

    made = okrsync("sync", "--cycle", "2027-Q1", "--json")
    assert made.code == 0, made.err
    assert [each["action"] for each in made.json["changes"]] == ["create", "create"]
    assert desk.ground.count(NEXT) == desk.ground.count(NEXT.child("kr1")) == desk.ground.count(O1) == 1
    assert desk.ground.closed(O1)
    assert not desk.ground.closed(NEXT)
    count = writes(desk)
    assert okrsync("sync", "--cycle", "2027-Q1").code == 0
    assert writes(desk) == count


def test_what_only_some_may_see_is_scored_for_them_before_a_cycle_is_closed(jira: Desk, okrsync: Okrsync) -> None:
    settings = jira.folder / "okrsync.toml"
    settings.write_text(f'{settings.read_text()}\n[audiences]\nleads = ["dana", "erin"]\n')
    jira.write_team(objectives=2, key_results=1)
    jira.replace("team-0.toml", 'id = "o0-1"', 'id = "o0-1"\naudience = "leads"')
    final = ("--early", "--yes", "--final")
    said = okrsync("cycle", "close", CYCLE).err
    assert f"`okrsync score --cycle {CYCLE}` and `okrsync score --cycle {CYCLE} --audience leads` score them" in said
    assert okrsync("score", "--cycle", CYCLE, *final, f"{O1}/kr1=2").code == 0
    assert f"closed: `okrsync score --cycle {CYCLE} --audience leads` scores them" in okrsync("cycle", "close").err
    assert okrsync("score", "--cycle", CYCLE, *final, f"{O2}/kr1=2", "--audience", "leads").code == 0
    assert okrsync("cycle", "close", CYCLE).code == 0


def test_an_item_that_is_held_stays_held(jira: Desk, okrsync: Okrsync) -> None:
    jira.write_team(objectives=1, key_results=1)
    assert okrsync("sync").code == 0
    text = (jira.folder / "okrsync.toml").read_text()
    (jira.folder / "okrsync.toml").write_text(f'{text}authority = "both"\n')
    jira.replace("team-0.toml", "Make step 0 of team 0", "In the document")
    jira.ground.set_title(O1, "In the tracker")
    assert okrsync("score", "--cycle", CYCLE, "--early", "--yes", "--final", f"{O1}/kr1=2").code == 0
    said = okrsync("cycle", "close", CYCLE, "--json")
    assert said.code == 3
    assert [each["field"] for each in said.json["held"]] == ["title"]
    assert jira.ground.title(O1) == "In the tracker"


def test_nothing_unreviewed_reaches_a_tracker(jira: Desk, okrsync: Okrsync) -> None:
    path = jira.folder / "okrsync.toml"
    path.write_text(f'require_review = true\nreviewers = ["erin", "frank"]\n{path.read_text()}')
    jira.write_team(objectives=1, key_results=1)
    proposed = okrsync("propose", "Make it fast", "--team", "team-0", "--cycle", CYCLE, "--as", "dana", "--json")
    assert proposed.code == 0, proposed.err
    assert (proposed.json["ref"], proposed.json["file"]) == (f"{CYCLE}/make-it-fast", "okrs/team-0.toml")
    assert okrsync("check").code == 0
    said = okrsync("sync", "--cycle", CYCLE)
    assert said.code == 0
    assert f"1 objective waits for a review, and trackers hear nothing of it ({O1}): erin or frank" in said.err
    assert writes(jira) == 0, "neither the draft, nor what says that it is committed and has no review"

    assert okrsync("stage", "make-it-fast", "proposed", "--cycle", CYCLE, "--as", "dana").code == 0
    own = okrsync("stage", "make-it-fast", "committed", "--cycle", CYCLE, "--as", "dana")
    assert own.code == 2
    assert "it belongs to dana, and nobody reviews their own: erin or frank may review it" in own.err
    stranger = okrsync("stage", "make-it-fast", "committed", "--cycle", CYCLE, "--as", "gus")
    assert stranger.code == 2
    assert "gus is not a reviewer" in stranger.err
    dry = okrsync("stage", "make-it-fast", "committed", "--cycle", CYCLE, "--as", "erin", "--dry-run")
    assert dry.code == 0
    assert "nothing was written" in dry.out
    assert okrsync("sync", "--cycle", CYCLE).code == 0
    assert writes(jira) == 0

    done = okrsync("stage", "make-it-fast", "committed", "--cycle", CYCLE, "--as", "erin", "--json")
    assert done.json["reviewed_by"] == ["erin"]
    assert okrsync("sync", "--cycle", CYCLE, "--json").json["changes"][0]["ref"] == f"{CYCLE}/make-it-fast"
    assert jira.ground.count(Ref(CYCLE, "make-it-fast")) == 1
    assert jira.ground.count(O1) == 0


def test_coverage_tells_what_trackers_hold_both_ways(desk: Desk, okrsync: Okrsync) -> None:
    team = Team(desk.ground)
    desk.write_team(objectives=2, key_results=1, aligns_to="[]")
    assert okrsync("sync", "--cycle", CYCLE).code == 0
    desk.ground.add_child(O1, done=False)
    team.epic("Nobody's idea")
    count = writes(desk)
    found = okrsync("coverage", "--cycle", CYCLE, "--json")
    assert found.code == 0, found.err
    idle = {each["ref"]: each["beside"] for each in found.json["without_work"]}
    assert idle[f"{O2}/kr1"] == 0
    assert idle[f"{O1}/kr1"] > 0, "there is work below its objective, and none below the key result itself"
    assert [each["title"] for each in found.json["unplanned"]] == ["Nobody's idea"]
    assert [each["ref"] for each in found.json["unaligned"]] == [str(O1), str(O2)]
    assert found.json["bottom_up"] == {"count": 0, "among": 2, "share": 0.0, "goal": [0.5, 0.6]}
    text = okrsync("coverage", "--cycle", CYCLE).out
    assert "Nobody's idea" in text
    assert "0 % (0 of 2 objectives below company level)" in text
    offline = okrsync("coverage", "--cycle", CYCLE, "--documents-only", "--json")
    assert offline.json["without_work"] is None
    assert writes(desk) == count


def test_without_a_tracker_that_lets_us_in_the_documents_still_tell(
    jira: Desk, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    jira.write_team(objectives=1, key_results=1)
    monkeypatch.setenv(TOKEN_VARIABLE, "")
    found = okrsync("coverage", "--cycle", CYCLE, "--json")
    assert found.code in {2, 4}
    assert [each["ref"] for each in found.json["unaligned"]] == [str(O1)]
    assert found.json["failures"]


def test_where_no_tracker_lets_us_in_the_documents_are_closed_and_the_next_sync_does_the_rest(
    jira: Desk, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    jira.write_team(objectives=1, key_results=1)
    assert okrsync("sync", "--cycle", CYCLE).code == 0
    assert okrsync("score", "--cycle", CYCLE, "--early", "--yes", "--final", f"{O1}/kr1=2").code == 0
    with monkeypatch.context() as without:
        without.setenv(TOKEN_VARIABLE, "")
        assert okrsync("cycle", "close", CYCLE).code in {2, 4}
    assert 'stage = "closed"' in files(jira)["okrs/team-0.toml"]
    assert not jira.ground.closed(O1)
    assert okrsync("cycle", "close", CYCLE).code == 0
    assert jira.ground.closed(O1)

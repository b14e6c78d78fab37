"""`okrsync adopt` on every kind of tracker: what people have becomes documents, and is never made a second time."""

from __future__ import annotations

from datetime import date

import pytest

from okrsync.domain.ref import Ref
from okrsync.sandbox.faults import Fault
from tests.system.calling import Okrsync, writes
from tests.system.grounds import CYCLE, Desk, JiraGround
from tests.system.teams import TEXT, Team


@pytest.fixture
def team(desk: Desk) -> Team:
    return Team(desk.ground)


def document(desk: Desk) -> str:
    return (desk.folder / "okrs" / CYCLE / "team-0.toml").read_text()


FAST = Ref(CYCLE, "make-signing-up-fast")


def test_what_a_team_has_becomes_a_document_and_the_next_sync_creates_nothing(
    desk: Desk, okrsync: Okrsync, team: Team
) -> None:
    epic = team.epic("Make signing up fast!")
    team.key_result(epic, "Cut p95", baseline=4.0, target=1.5, current=3.1)
    team.key_result(epic, "Win over the newcomers")
    team.work(epic)
    again = team.epic("Make  signing-up fast?", due=None)
    count = len(desk.ground.texts())
    dry = okrsync("adopt", "work", team.query, "--cycle", CYCLE, "--dry-run")
    assert dry.code == 0 and "2 objectives and 2 key results" in dry.out and writes(desk) == 0
    assert not list((desk.folder / "okrs").rglob("*.toml"))

    said = okrsync("adopt", "work", team.query, "--cycle", CYCLE, "--json")
    assert said.code == 0 and said.json["written"] and said.json["left_out"] == []
    assert [each["ref"] for each in said.json["objectives"]] == [str(FAST), f"{FAST}-2"]
    assert writes(desk) == 4, "a marker for each of two objectives and two key results, and nothing else"
    text = document(desk)
    assert text == said.json["document"] and 'team  = "team-0"' in text and "due   = 2026-12-15" in text
    assert "baseline = 4.0" in text and "target   = 1.5" in text and 'kind     = "done"' in text
    assert text.count("to fill in:") >= 3 and text.count('stage = "draft"') == 2
    assert okrsync("check").code == 0
    for ref in (FAST, FAST.child("cut-p95"), FAST.child("win-over-the-newcomers"), Ref(CYCLE, f"{FAST.objective}-2")):
        assert desk.ground.count(ref) == 1
    assert team.description(epic).startswith(TEXT.strip()) and desk.ground.title(FAST) == "Make signing up fast!"
    assert team.description(again).startswith(TEXT.strip())

    plan = okrsync("plan", "--json").json
    assert {each["action"] for each in plan["changes"]} <= {"update"} and plan["held"] == []
    assert all(each["before"] is None for each in plan["changes"] if each["field"].startswith("KR"))
    assert okrsync("sync").code == 0 and okrsync("sync").out.startswith("nothing to do (")
    assert len(desk.ground.texts()) == count
    assert TEXT.strip() in team.description(epic), "people's text stays below okrsync's block"
    okrsync("pull")
    (first, _) = okrsync("status", "--json").json["objectives"]
    assert [(each["current"], each["progress"]) for each in first["key_results"]] == [
        (3.1, pytest.approx(0.36)),
        (None, None),
    ]


def test_it_may_be_done_again_and_what_is_adopted_is_named_and_left_alone(
    desk: Desk, okrsync: Okrsync, team: Team
) -> None:
    epic = team.epic("One")
    team.key_result(epic, "Cut p95", baseline=4.0, target=1.5)
    assert okrsync("adopt", "work", team.query, "--cycle", CYCLE).code == 0
    assert 'stage = "draft"' not in document(desk)
    team.epic("Two")
    before = writes(desk)
    said = okrsync("adopt", "work", team.query, "--cycle", CYCLE, "--out", "okrs/more.toml", "--json")
    assert said.code == 0 and writes(desk) == before + 1
    assert [each["ref"] for each in said.json["objectives"]] == [f"{CYCLE}/two"]
    (left,) = said.json["left_out"]
    assert f"okrsync:acme:{CYCLE}:one" in left["reason"]
    nothing = okrsync("adopt", "work", team.query, "--cycle", CYCLE)
    assert nothing.code == 0 and "nothing is left to adopt" in nothing.out and writes(desk) == before + 1
    assert okrsync("check").code == 0


@pytest.mark.parametrize("written", [0, 1, 2])
def test_one_that_was_cut_off_is_finished_under_the_same_names(
    desk: Desk, okrsync: Okrsync, team: Team, written: int
) -> None:
    epic = team.epic("One")
    team.key_result(epic, "Cut p95", baseline=4.0, target=1.5)
    team.key_result(epic, "Cut p99", baseline=4.0, target=1.5)
    count = len(desk.ground.texts())
    for method in ("PUT", "PATCH"):
        desk.ground.site.faults.add(Fault(kind="status", method=method, skip=written, times=None, status=403))
    cut = okrsync("adopt", "work", team.query, "--cycle", CYCLE)
    assert cut.code == 1 and "is not adopted: run the command again" in cut.err
    assert not list((desk.folder / "okrs").rglob("*.toml"))
    desk.ground.site.faults.clear()
    if written == 2:
        desk.lose_cache()
    assert okrsync("adopt", "work", team.query, "--cycle", CYCLE).code == 0
    one = Ref(CYCLE, "one")
    assert [desk.ground.count(each) for each in (one, one.child("cut-p95"), one.child("cut-p99"))] == [1, 1, 1]
    desk.lose_cache()
    assert {each["action"] for each in okrsync("sync", "--json").json["changes"]} <= {"update"}
    assert len(desk.ground.texts()) == count


def test_what_does_not_fit_is_left_out_and_says_why(desk: Desk, okrsync: Okrsync, team: Team) -> None:
    team.epic("Next year", due=date(2027, 2, 1))
    said = okrsync("adopt", "work", team.query, "--cycle", CYCLE)
    assert said.code == 0 and "is due 2027-02-01" in said.out and "--cycle" in said.out and writes(desk) == 0
    desk.write("first.toml", f'cycle = "{CYCLE}"\nlevel = "company"\n[[objectives]]\nid = "x"\ntitle = "X"\n')
    elsewhere = okrsync("adopt", "work", team.query, "--cycle", "2027-Q1", "--team", "nobody")
    assert elsewhere.code == 0 and "would go nowhere" in elsewhere.out and "okrsync.toml:" in elsewhere.out
    assert writes(desk) == 0
    right = okrsync("adopt", "work", team.query, "--cycle", "2027-Q1")
    assert right.code == 0 and (desk.folder / "okrs" / "2027-Q1" / "team-0.toml").exists()


def test_what_cannot_be_is_refused_before_anything_is_asked(desk: Desk, okrsync: Okrsync, team: Team) -> None:
    team.epic("One")
    wrong = okrsync("adopt", "wrok", team.query)
    assert wrong.code == 2 and "Did you mean 'work'" in wrong.err
    assert okrsync("adopt", "work", team.query, "--project", "acme/none").code == 2
    assert okrsync("adopt", "work", team.query, "--cycle", "soon").code == 2
    for place in ("elsewhere.toml", "okrs/x.txt", "okrs/.x.toml"):
        outside = okrsync("adopt", "work", team.query, "--cycle", CYCLE, "--out", place)
        assert outside.code == 2 and "no document is read from" in outside.err
    desk.write("there.toml", f'cycle = "{CYCLE}"\nlevel = "company"\n')
    there = okrsync("adopt", "work", team.query, "--cycle", CYCLE, "--out", "okrs/there.toml")
    assert there.code == 2 and "is there already" in there.err
    assert writes(desk) == 0
    bad = okrsync(
        "adopt", "work", "((" if isinstance(desk.ground, JiraGround) else "other/repository", "--cycle", CYCLE
    )
    assert bad.code == 2 and ("a parenthesis that it never closes" in bad.err or "other/repository is not" in bad.err)
    none = okrsync(
        "adopt", "work", team.query.replace("Epic", "Bug").replace("acme/repo-0", "*none*"), "--cycle", CYCLE
    )
    assert none.code == 0 and "finds nothing" in none.out and writes(desk) == 0


def test_a_number_without_its_like_is_neither_misread_nor_written_over(
    desk: Desk, okrsync: Okrsync, team: Team
) -> None:
    epic = team.epic("One")
    team.key_result(epic, "Cut p95", baseline=4.0, target=1.5)
    team.key_result(epic, "Win over the newcomers", target=100.0, current=7.0)
    said = okrsync("adopt", "work", team.query, "--cycle", CYCLE)
    assert said.code == 0 and "where KR target is 100 and KR current is 7" in said.out
    waiting = Ref(CYCLE, "one", "win-over-the-newcomers")
    assert desk.ground.count(waiting) == 1 and "  # target   = 100.0\n" in document(desk)
    synced = okrsync("sync", "--json")
    assert synced.code == 3 and [each["ref"] for each in synced.json["held"]] == [str(waiting)]
    assert str(waiting) not in {each["ref"] for each in synced.json["changes"]}
    path = desk.folder / "okrs" / CYCLE / "team-0.toml"
    lines = document(desk).replace("# baseline = …", "# baseline = 2.0").splitlines()
    at = lines.index("  # [[objectives.key_results]]")
    path.write_text("\n".join([*lines[:at], *(line.replace("# ", "") for line in lines[at:])]) + "\n")
    assert okrsync("sync").code == 0 and desk.ground.count(waiting) == 1
    (objective,) = okrsync("status", "--json").json["objectives"]
    assert [(each["baseline"], each["current"]) for each in objective["key_results"]] == [(4.0, None), (2.0, 7.0)]


def test_both_sides_agree_from_the_start(desk: Desk, okrsync: Okrsync, team: Team) -> None:
    desk.write_settings(desk.ground.settings().replace("objectives =", 'authority = "both"\nobjectives ='))
    epic = team.epic("One", due=None)
    team.key_result(epic, "Cut p95", baseline=4.0, target=1.5)
    assert okrsync("adopt", "work", team.query, "--cycle", CYCLE).code == 0
    assert okrsync("sync").code == 0
    desk.ground.set_title(Ref(CYCLE, "one"), "One, as they say")
    assert okrsync("sync").code == 0 and 'title = "One, as they say"' in document(desk)

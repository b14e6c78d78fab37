"""The main job against every kind of tracker, with nothing but okrsync.toml and documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import time_machine

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Cause, ExitCode
from okrsync.sandbox.faults import Fault
from okrsync.trackers.retry import RetryPolicy
from tests.system.grounds import CYCLE, GROUNDS, Desk, Ground, served

O1 = Ref(CYCLE, "o0-0")
O2 = Ref(CYCLE, "o0-1")
KR1 = O1.child("kr1")


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with served(request.param()) as ground:
        yield Desk(ground, tmp_path)


def writes(ground: Ground) -> list[str]:
    return [f"{each.method} {each.path}" for each in ground.site.requests.writes()]


def test_the_first_sync_makes_exactly_the_planned_items_and_the_second_sends_no_write(desk: Desk) -> None:
    desk.write_team(objectives=2, key_results=2)
    plan = desk.run("plan").plan
    assert writes(desk.ground) == []
    outcome = desk.run("sync", expect=plan.digest)
    assert outcome.exit_code is ExitCode.DONE
    assert [change.to_json() for change in outcome.done] == [change.to_json() for change in plan.changes]
    refs = [ref for each in (O1, O2) for ref in (each, each.child("kr1"), each.child("kr2"))]
    assert {ref: desk.ground.count(ref) for ref in refs} == dict.fromkeys(refs, 1)
    assert len(desk.ground.texts()) == 6
    desk.ground.site.requests.clear()
    assert desk.run("sync").plan.changes == ()
    assert writes(desk.ground) == []


def test_without_the_cache_nothing_is_made_twice_and_nothing_right_is_written(desk: Desk) -> None:
    desk.write_team(objectives=2, aligns_to="[]", due="2026-11-30")
    desk.run("sync")
    desk.lose_cache()
    desk.ground.site.requests.clear()
    assert desk.run("sync").exit_code is ExitCode.DONE
    assert writes(desk.ground) == []
    assert desk.ground.due(O1) == "2026-11-30"


def test_a_title_changed_in_the_document_is_one_update(desk: Desk) -> None:
    desk.write_team()
    desk.run("sync")
    desk.ground.site.requests.clear()
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Make step 0 instant")
    assert len(desk.run("sync").done) == 1
    assert len(writes(desk.ground)) == 1
    assert desk.ground.title(O1) == "Make step 0 instant"


def test_a_value_changed_in_the_tracker_shows_after_pull_and_its_progress_goes_back_with_the_next_sync(
    desk: Desk,
) -> None:
    desk.write_team()
    desk.run("sync")
    unknown = desk.status()["objectives"][0]["key_results"][0]
    assert (unknown["current"], unknown["progress"], unknown["health"]) == (None, None, "unknown")
    desk.ground.set_current(KR1, 3.1)
    desk.ground.site.requests.clear()
    assert desk.run("pull").exit_code is ExitCode.DONE
    assert writes(desk.ground) == []
    objective = desk.status()["objectives"][0]
    assert objective["key_results"][0]["current"] == 3.1
    assert objective["key_results"][0]["progress"] == pytest.approx(0.36)
    assert objective["progress"] == pytest.approx(0.36) and objective["coverage"] == pytest.approx(0.5)
    assert objective["link"]["url"].startswith("http")
    assert [change.field for change in desk.run("sync").done] == ["OKR progress"]
    assert desk.run("sync").done == ()


def test_children_are_counted_without_our_own_items_and_without_pull_requests(desk: Desk) -> None:
    desk.write_team()
    desk.replace("team-0.toml", '{ from = "field" }', '{ from = "children", of = "objective" }')
    desk.replace("team-0.toml", 'unit = "s"', 'unit = "%"')
    desk.replace("team-0.toml", "baseline = 4.0", "baseline = 0.0")
    desk.replace("team-0.toml", "target = 1.5", "target = 100.0")
    desk.run("sync")
    assert desk.status()["objectives"][0]["key_results"][0]["current"] is None, "nothing to count is unknown, not 0 %"
    for done in (True, False, False, True, True):
        desk.ground.add_child(O1, done=done)
    desk.run("pull")
    key_result = desk.status()["objectives"][0]["key_results"][0]
    assert key_result["current"] == pytest.approx(60.0)
    assert "3 of 5" in key_result["source"]


def test_a_title_that_people_change_is_put_right_or_adopted_as_the_mapping_says(desk: Desk) -> None:
    desk.write_team()
    desk.run("sync")
    desk.ground.set_title(O1, "Our own name for it")
    desk.write_settings(desk.ground.settings().replace("fields =", 'authority = "tracker"\nfields ='))
    document = desk.folder / "okrs" / "team-0.toml"
    document.write_text("# Kept by the platform team.\n" + document.read_text())
    assert [str(change.action) for change in desk.run("sync").done] == ["adopt"]
    assert document.read_text().startswith("# Kept by the platform team.\n")
    assert 'title = "Our own name for it"' in document.read_text()
    desk.ground.site.requests.clear()
    assert desk.run("sync").done == () and writes(desk.ground) == []
    desk.write_settings(desk.ground.settings())
    desk.ground.set_title(O1, "Yet another")
    desk.run("sync")
    assert desk.ground.title(O1) == "Our own name for it"


def test_closing_an_objective_in_its_document_closes_its_item(desk: Desk) -> None:
    desk.write_team()
    desk.run("sync")
    desk.replace("team-0.toml", 'why = "', 'stage = "closed"\nwhy = "')
    desk.run("sync")
    assert desk.ground.closed(O1)
    assert desk.run("sync").done == ()
    desk.replace("team-0.toml", 'stage = "closed"', 'stage = "committed"')
    desk.run("sync")
    assert not desk.ground.closed(O1)


@pytest.mark.parametrize("kind", ["drop_after", "status_after"])
def test_a_create_whose_answer_is_lost_is_found_by_its_marker_and_not_sent_again(desk: Desk, kind: str) -> None:
    desk.write_team(key_results=1)
    desk.ground.site.faults.add(Fault(kind=kind, method="POST", path=r"/(issue|milestones)$", times=1, status=502))
    outcome = desk.run("sync")
    assert outcome.exit_code is ExitCode.DONE
    assert desk.ground.count(O1) == 1
    assert len(desk.ground.texts()) == 2
    assert desk.run("sync").done == ()


def test_another_digest_than_the_expected_one_writes_nothing(desk: Desk) -> None:
    from okrsync.engine.engine import PlanChanged

    desk.write_team()
    digest = desk.run("plan").plan.digest
    desk.replace("team-0.toml", "feel instant", "be instant")
    with pytest.raises(PlanChanged, match=digest):
        desk.run("sync", expect=digest)
    assert writes(desk.ground) == []


def test_an_item_deleted_in_the_tracker_is_made_again_and_many_at_once_are_held(desk: Desk) -> None:
    desk.write_team(objectives=4, key_results=1)
    desk.run("sync")
    desk.ground.site.faults.add(Fault(kind="empty_list", times=None))
    outcome = desk.run("sync")
    desk.ground.site.faults.clear()
    assert outcome.done == ()
    assert outcome.exit_code is not ExitCode.DONE, "an empty answer is no reason to create everything again"
    assert len(desk.ground.texts()) == 8
    assert desk.run("sync").exit_code is ExitCode.DONE


def test_a_wrong_token_reaches_nobody_and_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write_team()
    monkeypatch.setenv("OKRSYNC_TEST_TOKEN", "canary-0f3a")
    outcome = desk.run("sync")
    assert outcome.exit_code is ExitCode.NO_TRACKER
    assert outcome.failures[0].cause is Cause.LOGIN
    assert "canary" not in str(outcome)
    assert writes(desk.ground) == []


def test_a_login_page_instead_of_json_is_named_and_nothing_is_written(desk: Desk) -> None:
    desk.write_team()
    desk.ground.site.faults.add(Fault(kind="html_login", times=None))
    outcome = desk.run("sync")
    assert outcome.exit_code in {ExitCode.NO_TRACKER, ExitCode.BAD_INPUT}
    assert any("html" in str(each).lower() or "login" in str(each).lower() for each in outcome.failures)
    assert writes(desk.ground) == []


def test_a_field_that_does_not_exist_is_explained_before_anything_is_written(desk: Desk) -> None:
    desk.write_team()
    desk.write_settings(desk.ground.settings().replace('current = "KR current"', 'current = "KR curent"'))
    outcome = desk.run("sync")
    assert outcome.exit_code is ExitCode.BAD_INPUT
    text = "\n".join(str(each) for each in outcome.failures)
    assert "KR curent" in text and "KR current" in text and "okrsync.toml:" in text
    assert writes(desk.ground) == []


def test_a_tracker_that_does_not_answer_leaves_the_last_value(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.engine.connections.RetryPolicy", partial(RetryPolicy, first_wait=0.001))
    desk.write_team()
    desk.run("sync")
    desk.ground.set_current(KR1, 3.1)
    desk.run("pull")
    desk.replace("team-0.toml", 'id = "kr1"', 'id = "kr1" # first')
    desk.ground.site.faults.add(Fault(kind="status", times=None, status=503))
    with time_machine.travel("2026-11-25T12:00:00Z", tick=True):
        outcome = desk.run("pull")
    assert outcome.exit_code is ExitCode.NO_TRACKER
    assert desk.status()["objectives"][0]["key_results"][0]["current"] == 3.1

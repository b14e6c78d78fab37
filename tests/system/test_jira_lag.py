"""A Jira whose searches lag ten minutes behind: nothing is made twice, and no old answer is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Cause, ExitCode, Outcome
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.trackers.values import Draft, RemoteItem, Scope
from okrsync_jira import probing, tracker
from okrsync_jira.tracker import JiraTracker
from tests.system.grounds import CYCLE, Desk, JiraCloud, JiraDataCenter, served

LAG = timedelta(minutes=10)
O1 = Ref(CYCLE, "o0-0")
KR1 = O1.child("kr1")
SECOND = Ref(CYCLE, "o0-1")


class Died(BaseException):
    """The process ended here, as by SIGKILL."""


@pytest.fixture(params=[JiraCloud, JiraDataCenter], ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(tracker, "SETTLE_ON_LOOPBACK", 0.2)
    with served(request.param()) as ground:
        yield Desk(ground, tmp_path)


def site_of(desk: Desk) -> JiraSandbox:
    site = desk.ground.site
    assert isinstance(site, JiraSandbox)
    return site


def lag(desk: Desk) -> JiraSandbox:
    """From now on searches lag; what was there before shows, and lies an hour back."""
    site = site_of(desk)
    site.clock.advance(timedelta(hours=1))
    site.index_lag = LAG
    return site


def counts(desk: Desk) -> list[int]:
    return [desk.ground.count(ref) for ref in (O1, KR1)]


def die_creating(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Sync, and die before or after the first request that creates something."""
    create = JiraTracker.create

    def dies(self: JiraTracker, scope: Scope, draft: Draft) -> RemoteItem:
        if after:
            create(self, scope, draft)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(JiraTracker, "create", dies)
        with pytest.raises(Died):
            desk.run("sync")


def people_are_busy(site: JiraSandbox) -> None:
    """Others create issues meanwhile, and delete some of them."""
    keys = [site.create_issue("PROJA", "Task", f"Work {number}") for number in range(14)]
    for key in (keys[0], keys[3], *keys[-5:]):
        site.delete(key)


def settled(desk: Desk, outcome: Outcome) -> None:
    assert outcome.exit_code is ExitCode.DONE, [str(each) for each in outcome.failures]
    assert counts(desk) == [1, 1]
    desk.ground.site.requests.clear()
    assert desk.run("sync").done == ()
    assert counts(desk) == [1, 1]
    assert desk.ground.site.requests.writes() == []


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after"])
@pytest.mark.parametrize("busy", [False, True])
def test_a_lost_answer_is_settled_in_the_same_run(desk: Desk, kind: str, busy: bool) -> None:
    desk.write_team(key_results=1)
    site = lag(desk)
    if busy:
        people_are_busy(site)
    site.faults.add(Fault.from_json({"kind": kind, "method": "POST", "path": "/issue$", "status": 502}))
    settled(desk, desk.run("sync"))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("loses_cache", [False, True])
@pytest.mark.parametrize("older", [0, 3])
def test_who_dies_while_creating_is_settled_by_the_next_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, after: bool, loses_cache: bool, older: int
) -> None:
    for number in range(older):
        site_of(desk).create_issue("PROJA", "Task", f"Older {number}")
    desk.write_team(key_results=1)
    site = lag(desk)
    die_creating(desk, monkeypatch, after=after)
    people_are_busy(site)
    if loses_cache:
        desk.lose_cache()
    settled(desk, desk.run("sync"))


def test_where_too_many_numbers_are_unknown_it_waits_until_searches_show_everything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "MOST_PROBES", 5)
    desk.write_team(key_results=1)
    site = lag(desk)
    die_creating(desk, monkeypatch, after=True)
    people_are_busy(site)
    site.edit("PROJA-1", labels=())
    for _ in range(2):
        outcome = desk.run("sync")
        assert [each.cause for each in outcome.failures] == [Cause.PENDING]
        assert "sync again in 6" in outcome.failures[0].message
    assert desk.ground.site.requests.writes()[1:] == []


def test_issues_that_were_moved_or_edited_just_now_hide_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old issue that gets a new number by a move has a newer one than what was lost, and was created long ago."""
    site = site_of(desk)
    for number in range(4):
        site.create_issue("PROJA", "Task", f"Older {number}")
    desk.write_team(key_results=1)
    lag(desk)
    die_creating(desk, monkeypatch, after=True)
    site.index_lag = timedelta(0)
    moved = site.create_issue("PROJA", "Task", "Moved here")
    issue = next(each for each in site.store.state.issues.values() if each.key == moved)
    issue = site.store.put(type(issue)(**{**vars(issue), "created": issue.created - timedelta(days=90)}))
    site.index_lag = LAG
    settled(desk, desk.run("sync"))


@pytest.mark.parametrize("authority", ["documents", "tracker", "both"])
@pytest.mark.parametrize("loses_cache", [False, True])
def test_what_we_changed_a_moment_ago_is_not_taken_for_the_words_of_people(
    desk: Desk, authority: str, loses_cache: bool
) -> None:
    desk.write_team(key_results=1)
    desk.run("sync")
    site = lag(desk)
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Make step 0 instant")
    desk.run("sync")
    assert desk.ground.title(O1) == "Make step 0 instant"
    desk.write_settings(desk.ground.settings().replace("fields =", f'authority = "{authority}"\nfields ='))
    if loses_cache:
        desk.lose_cache()
    document = (desk.folder / "okrs" / "team-0.toml").read_text()
    site.requests.clear()
    for _ in range(2):
        outcome = desk.run("sync")
        assert (outcome.done, outcome.held, outcome.failures) == ((), (), ())
    assert site.requests.writes() == []
    assert (desk.folder / "okrs" / "team-0.toml").read_text() == document
    site.clock.advance(LAG)
    site.requests.clear()
    assert desk.run("sync").done == ()
    assert site.requests.count(path_regex=r"/issue/\d+$") == 0, "what a search shows is not read once more"


@pytest.mark.parametrize("authority", ["tracker", "both"])
def test_what_people_change_after_us_is_adopted_all_the_same(desk: Desk, authority: str) -> None:
    desk.write_settings(desk.ground.settings().replace("fields =", f'authority = "{authority}"\nfields ='))
    desk.write_team(key_results=1)
    desk.run("sync")
    site = lag(desk)
    if authority == "both":
        desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Make step 0 instant")
        desk.run("sync")
        assert desk.ground.title(O1) == "Make step 0 instant"
    desk.ground.set_title(O1, "Our own name")
    site.clock.advance(LAG)
    assert [str(each.action) for each in desk.run("sync").done] == ["adopt"]
    assert 'title = "Our own name"' in (desk.folder / "okrs" / "team-0.toml").read_text()


def changes_alignment(desk: Desk) -> None:
    desk.write_team(objectives=2, key_results=1)
    desk.replace("team-0.toml", 'id = "o0-1"', 'id = "o0-1"\naligns_to = ["o0-0"]')


def changes_stage(desk: Desk) -> None:
    desk.replace("team-0.toml", 'id = "o0-1"', 'id = "o0-1"\nstage = "closed"')


def changes_target(desk: Desk) -> None:
    desk.replace("team-0.toml", "target = 1.5", "target = 1.0")


def changes_due(desk: Desk) -> None:
    desk.replace("team-0.toml", 'id = "o0-1"', 'id = "o0-1"\ndue = 2026-11-30')


@pytest.mark.parametrize("change", [changes_alignment, changes_stage, changes_target, changes_due])
def test_nothing_is_written_twice_while_searches_show_the_old(desk: Desk, change: Callable[[Desk], None]) -> None:
    desk.write_team(objectives=2, key_results=1)
    desk.run("sync")
    site = lag(desk)
    change(desk)
    assert desk.run("sync").done
    site.requests.clear()
    outcome = desk.run("sync")
    assert (outcome.done, outcome.held, outcome.failures) == ((), (), ())
    assert site.requests.writes() == []


def test_where_searches_show_our_changes_nothing_is_read_twice(desk: Desk) -> None:
    desk.write_team(objectives=2, key_results=2, aligns_to="[]")
    desk.replace("team-0.toml", 'id = "o0-1"', 'id = "o0-1" # second')
    desk.run("sync")
    changes_target(desk)
    changes_due(desk)
    assert desk.run("sync").done
    site_of(desk).requests.clear()
    assert desk.run("sync").done == ()
    assert len(site_of(desk).requests.records) <= 3


def test_the_notes_of_changes_go_when_searches_show_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write_team(key_results=1)
    desk.run("sync")
    changes_target(desk)
    desk.run("sync")
    notes = desk.folder / ".okrsync.db.writes"
    assert notes.exists()
    monkeypatch.setattr("okrsync.engine.moments.Watch.age", lambda *_: 700.0)
    desk.run("sync")
    assert not notes.exists()

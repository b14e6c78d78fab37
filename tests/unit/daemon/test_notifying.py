"""From what happens in the daemon to what people hear."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from okrsync.daemon import events
from okrsync.daemon.notifying import Notifying
from okrsync.daemon.reminding import due_check_ins
from okrsync.daemon.state import MappingState
from okrsync.engine.outcome import Outcome
from okrsync.plan.values import Action, Change, Plan
from okrsync.store.values import CheckIn
from tests.unit.daemon.telling_room import DOCUMENT, P95, TALKS, Room

CHAT = '\n[notify.chat]\ntype = "chat"\nfailing_for = "0s"\n'


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path, CHAT)


def ended(room: Room, *held: Change, mappings: tuple[str, ...] = ("work/PLAT",)) -> events.RunEnded:
    return events.RunEnded(
        room.now, "poll", mappings, 0, 0.1, held=len(held), outcome=Outcome(Plan(held=held), trackers=1, reached=1)
    )


def title_of(ref: object = P95, why: str = "both sides changed it") -> Change:
    return Change(Action.UPDATE, ref, "work", "PLAT", "PLAT-1", "title", "Old", "New", why)  # type: ignore[arg-type]


def test_a_key_result_that_falls_behind_is_told_with_its_objective(room: Room) -> None:
    room.measure(P95, 1.5)
    notifying = room.notifying()
    notifying(ended(room))
    assert list(room.heard()) == []
    room.measure(P95, 4.0)
    notifying(ended(room))
    assert sorted(room.heard()) == ["chat: Feel instant is off-track now", "chat: Sign-up within 1 s is off-track now"]
    notifying(ended(room))
    assert list(room.heard()) == []


def test_what_a_new_cache_shows_first_is_no_news(room: Room) -> None:
    notifying = room.notifying()
    notifying(ended(room))
    room.measure(P95, 4.0)
    notifying(ended(room))
    assert list(room.heard()) == []
    room.measure(P95, 1.5)
    notifying(ended(room))
    assert len(list(room.heard())) == 2, "it is on track again"


def test_of_what_is_for_others_nothing_is_heard(room: Room) -> None:
    room.measure(TALKS, 5)
    notifying = room.notifying()
    notifying(ended(room))
    room.measure(TALKS, 0)
    why = "its parent “Merge with Umbrella” changed too"
    notifying(ended(room, title_of(TALKS), title_of(why=why)))
    notifying(events.CheckInsDue(room.now, (TALKS,)))
    [(_, message)] = room.sent
    assert [each.text for each in message.news] == [
        "A change waits for a person: update of 2026-Q4/fast/p95, title: “Old” → “New”"
    ]
    assert "Umbrella" not in str(message.to_json())
    assert "merger" not in str(message.to_json())


def test_to_those_who_may_know_it_is_told(tmp_path: Path) -> None:
    room = Room(tmp_path, CHAT + 'audience = "leads"\n')
    notifying = room.notifying()
    notifying(ended(room, title_of(TALKS)))
    assert list(room.heard()) == [
        "chat: A change waits for a person: update of 2026-Q4/merger/talks, title: “Old” → “New”"
    ]


def test_a_held_change_is_told_once_until_it_is_settled(room: Room) -> None:
    notifying = room.notifying()
    for _ in range(3):
        notifying(ended(room, title_of()))
    assert len(list(room.heard())) == 1
    restarted = room.notifying()
    restarted(ended(room, title_of()))
    assert list(room.heard()) == []
    restarted(ended(room))
    restarted(ended(room, title_of()))
    assert len(list(room.heard())) == 1


def test_a_run_that_could_not_read_everything_settles_nothing(room: Room) -> None:
    notifying = room.notifying()
    notifying(ended(room, title_of()))
    list(room.heard())
    notifying(ended(room, mappings=()))
    notifying(events.RunEnded(room.now, "poll", ("work/PLAT",), 4, 0.1))
    notifying(ended(room, title_of()))
    assert list(room.heard()) == []


def test_a_change_of_an_item_that_no_document_has_is_told_without_its_name(room: Room) -> None:
    gone = type(P95)("2026-Q4", "secret-project", "x")
    room.notifying()(ended(room, title_of(gone)))
    [(_, message)] = room.sent
    assert "secret-project" not in str(message.to_json())
    assert message.news[0].text == "A change waits for a person: `okrsync plan` shows it, in work/PLAT"


def test_check_ins_are_due_once_a_period(room: Room) -> None:
    notifying = room.notifying()

    def remind() -> list[str]:
        notifying(events.CheckInsDue(room.now, due_check_ins(room.workspace, room.now)))
        return list(room.heard())

    assert remind() == ["chat: A check-in is due: Sign-up within 1 s"]
    room.later(hours=1)
    assert remind() == []
    room.later(days=7)
    assert remind() == ["chat: A check-in is due: Sign-up within 1 s"]
    with room.workspace.open_cache() as cache:
        cache.check_ins.add(CheckIn(P95, room.now, "dana", 2.0))
    room.later(days=6)
    assert remind() == []
    room.later(days=1)
    assert remind() == ["chat: A check-in is due: Sign-up within 1 s"]


def test_who_checks_in_before_the_digest_is_not_reminded(tmp_path: Path) -> None:
    room = Room(tmp_path, CHAT + 'digest = "daily 09:00"\nevents = ["check-in-due"]\n')
    notifying = room.notifying()
    notifying(events.CheckInsDue(room.now, (P95,)))
    with room.workspace.open_cache() as cache:
        cache.check_ins.add(CheckIn(P95, room.now, "dana", 2.0))
    room.later(days=1)
    notifying(ended(room))
    assert list(room.heard()) == []


def test_a_sync_that_fails_is_told_and_so_is_that_it_works_again(room: Room) -> None:
    notifying = room.notifying()
    why = "401 in okrs/platform.toml"
    room.state.mappings["work/PLAT"] = MappingState(None, room.now, why)
    notifying(ended(room))
    [(_, message)] = room.sent
    assert message.news[0].text == "The sync of work/PLAT has failed since 2026-11-20T12:00Z"
    assert message.news[0].details == "", "that document speaks of what is for others"
    room.sent.clear()
    room.later(hours=2)
    notifying(ended(room))
    assert list(room.heard()) == []
    room.state.mappings["work/PLAT"] = MappingState(room.now)
    room.notifying()(ended(room))
    assert list(room.heard()) == ["chat: The sync of work/PLAT works again; it had failed since 2026-11-20T12:00Z"]


def test_refused_settings_are_told(room: Room) -> None:
    notifying = room.notifying()
    room.state.refused = ("okrsync.toml:3: nonsense",)
    notifying(events.ReloadRefused(room.now, ()))
    assert list(room.heard()) == ["chat: The reload of settings and documents has failed since 2026-11-20T12:00Z"]
    room.state.refused = ()
    notifying(events.Reloaded(room.now, True))
    assert len(list(room.heard())) == 1


def test_new_settings_are_used_at_once(room: Room) -> None:
    notifying = room.notifying()
    path = room.folder / "okrsync.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[notify.chat]", "[notify.leads]"), encoding="utf-8")
    room.workspace = room.read()
    notifying(events.Reloaded(room.now, True))
    notifying(ended(room, title_of()))
    assert [name for name, _ in room.sent] == ["leads"]


def test_without_notifiers_nothing_is_looked_at(tmp_path: Path) -> None:
    room = Room(tmp_path, "")
    notifying = room.notifying()
    (room.folder / "okrs" / "platform.toml").write_text(f"{DOCUMENT}\nnonsense", encoding="utf-8")
    room.workspace = room.read()
    notifying(ended(room, title_of()))
    assert not room.warnings
    assert not (room.folder / "okrsync.db").exists()


def test_a_thread_tells_and_ends_with_the_daemon(room: Room) -> None:
    notifying = Notifying(lambda: room.workspace, lambda: room.state, warn=room.warnings.append, clock=lambda: room.now)
    notifying(events.Started(room.now, 1, ()))
    notifying(ended(room, title_of()))
    began = time.monotonic()
    notifying(events.Stopping(room.now, "asked to stop"))
    assert time.monotonic() - began < timedelta(seconds=30).total_seconds()
    assert len(list(room.heard())) == 1
    assert not room.warnings

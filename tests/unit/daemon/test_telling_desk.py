"""The desk: what was told is written down first, and what fails waits, or is never told again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from okrsync.daemon.telling import Concerned, Fact, Picture
from okrsync.daemon.telling_desk import AGAIN_AFTER, Desk
from okrsync.trackers.errors import AuthFailed, Transient
from okrsync.trackers.notifiers import News, Occasion
from okrsync.trackers.retry import Interrupted
from tests.unit.daemon.telling_room import FRIDAY, Room

CHAT = '\n[notify.chat]\ntype = "chat"\n'
COVERS = ("held ", "health ", "check-in ", "failing ")


def fact(name: str = "x", *concerns: Concerned, state: str = "a") -> Fact:
    return Fact(f"held {name}", state, News(Occasion.CHANGE_HELD, f"{name} waits"), concerns)


def tell(desk: Desk, *facts: Fact) -> None:
    desk.notice(Picture(facts, COVERS))
    desk.send()


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path, CHAT)


def test_after_a_restart_nobody_is_told_again(room: Room) -> None:
    tell(room.desk(), fact())
    tell(room.desk(), fact())
    assert list(room.heard()) == ["chat: x waits"]
    tell(room.desk(), fact(), fact("y"))
    assert list(room.heard()) == ["chat: y waits"]


def test_what_comes_together_is_one_message(room: Room) -> None:
    tell(room.desk(), fact("x"), fact("y"))
    [(_, message)] = room.sent
    assert message.title == "acme: 2 changes held"
    assert message.text == "x waits\n\ny waits\n"


def test_what_was_certainly_not_sent_is_sent_later(room: Room) -> None:
    desk = room.desk()
    room.troubles = [AuthFailed("the webhook may not post there"), Transient("not now", acted=False)]
    tell(desk, fact())
    assert desk.send() == FRIDAY + AGAIN_AFTER
    assert room.warnings == ["chat: the webhook may not post there; the next try is in 5 min"]
    assert not room.sent
    room.later(minutes=5)
    desk.send()
    assert desk.send() == room.now + 2 * AGAIN_AFTER, "twice as long after another failure"
    room.later(minutes=10)
    desk.send()
    assert list(room.heard()) == ["chat: x waits"]
    assert desk.send() is None


def test_it_comes_back_when_the_server_asks_to(room: Room) -> None:
    desk = room.desk()
    room.troubles = [Transient("too many messages", retry_after=900, acted=False)]
    tell(desk, fact())
    assert desk.send() == FRIDAY + timedelta(minutes=15)


@pytest.mark.parametrize("trouble", [Transient("no answer"), ZeroDivisionError("a stranger's fault")])
def test_of_what_nobody_knows_whether_it_was_sent_nobody_is_told_twice(room: Room, trouble: Exception) -> None:
    desk = room.desk()
    room.troubles = [trouble]
    tell(desk, fact())
    assert len(room.warnings) == 1
    assert "not sent again" in room.warnings[0]
    room.later(days=1)
    tell(room.desk(), fact())
    assert not room.sent


def test_who_is_killed_while_sending_tells_nobody_twice(room: Room) -> None:
    room.troubles = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        tell(room.desk(), fact())
    tell(room.desk(), fact())
    assert not room.sent


def test_who_is_stopped_before_sending_tells_it_after_the_next_start(room: Room) -> None:
    room.troubles = [Interrupted()]
    tell(room.desk(), fact())
    tell(room.desk(), fact())
    assert list(room.heard()) == ["chat: x waits"]


def test_what_cannot_be_noted_is_not_told(room: Room) -> None:
    desk = room.desk()
    (room.folder / "okrsync.db").mkdir()
    tell(desk, fact())
    assert not room.sent
    assert "cannot be noted, so it is not told" in room.warnings[0]
    (room.folder / "okrsync.db").rmdir()
    tell(desk, fact())
    assert list(room.heard()) == ["chat: x waits"]


def test_one_notifier_that_fails_keeps_no_other_from_telling(tmp_path: Path) -> None:
    room = Room(tmp_path, CHAT + '\n[notify.other]\ntype = "chat"\n')
    room.troubles = [AuthFailed("no")]
    tell(room.desk(), fact())
    assert list(room.heard()) == ["other: x waits"]


def test_a_notifier_that_is_not_right_is_left_out_and_told(tmp_path: Path) -> None:
    room = Room(tmp_path, CHAT + '\n[notify.other]\ntype = "chatt"\n')
    tell(room.desk(), fact())
    assert list(room.heard()) == ["chat: x waits"]
    [warning] = room.warnings
    assert "notify.other: type is 'chatt', which no installed plugin brings" in warning
    assert "Did you mean 'chat'?" in warning


def test_a_secret_that_is_not_there_yet_loses_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, CHAT + 'token = { env = "OKRSYNC_TEST_CHAT" }\n')
    tell(room.desk(), fact())
    assert "the environment variable OKRSYNC_TEST_CHAT is not set" in room.warnings[0]
    tell(room.desk(OKRSYNC_TEST_CHAT="t0ken"), fact())
    assert list(room.heard()) == ["chat: x waits"]


def test_mail_goes_to_whom_it_concerns_and_to_nobody_else(tmp_path: Path) -> None:
    room = Room(tmp_path, '\n[notify.mail]\ntype = "mail"\n')
    facts = [
        fact("hers", Concerned(owner="dana")),
        fact("secret of kim", Concerned("leads", "kim")),
        fact("of the team", Concerned("leads", None, "platform")),
        fact("of no one"),
    ]
    tell(room.desk(), *facts)
    assert sorted(room.heard()) == [
        "mail to dana@acme.example: hers waits",
        "mail to dana@acme.example: of the team waits",
        "mail to kim@acme.example: secret of kim waits",
    ]


def test_mail_to_addresses_holds_what_their_audience_may_know(tmp_path: Path) -> None:
    room = Room(tmp_path, '\n[notify.mail]\ntype = "mail"\nto = ["dana", "list@acme.example"]\naudience = "leads"\n')
    tell(room.desk(), fact("secret", Concerned("leads", "kim")), fact("other", Concerned("board")))
    assert list(room.heard()) == ["mail to dana@acme.example, list@acme.example: secret waits"]


def test_what_an_administrator_should_know_is_told(room: Room) -> None:
    room.note = "kim@acme.example was refused"
    tell(room.desk(), fact())
    assert room.warnings == ["chat: kim@acme.example was refused"]

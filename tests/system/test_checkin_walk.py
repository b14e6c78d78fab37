"""`okrsync checkin` as somebody at a terminal uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from okrsync.app import Workspace
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_journal import CheckInJournal
from okrsync.engine.moments import Watch
from tests.system.cli_desk import okrsync
from tests.system.grounds import CYCLE, TOKEN_VARIABLE, Desk, JiraCloud, served, team_document
from tests.system.terminal import CTRL_C, Terminal

O1 = Ref(CYCLE, "o0-0")
KR1, KR2 = O1.child("kr1"), O1.child("kr2")
TOKEN = {TOKEN_VARIABLE: "sandbox-token"}
ANSWERS = [
    ("value in s: ", "3.1"),
    ("confidence, 0 to 1: ", "0.6"),
    ("obstacles: ", "the vendor is late"),
    ("help needed: ", "legal"),
]


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A workspace without a tracker: nothing can be reached."""
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    (tmp_path / "okrs").mkdir()
    document = team_document(0, 1, 2).replace('from = "field"', 'from = "manual"')
    (tmp_path / "okrs" / "team.toml").write_text(document, "utf-8")
    return tmp_path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with served(JiraCloud()) as ground:
        made = Desk(ground, tmp_path)
        made.write_team()
        made.run("sync")
        yield made


def kept(folder: Path) -> list[tuple[str, float | None, float | None, str, str]]:
    """What both the cache and the journal, each without the other, keep of what no tracker has."""
    workspace = Workspace.load(folder / "okrsync.toml")
    with workspace.open_cache() as cache:
        cached = cache.check_ins.unsent()
    journal = CheckInJournal.beside(workspace.settings.cache_file, "acme", Watch(workspace.now)).read()
    assert {(each.ref, each.at) for each in cached} == {(each.ref, each.at) for each in journal.check_ins.values()}
    return [(each.ref.key_result, each.value, each.confidence, each.obstacles, each.help_needed) for each in cached]


def test_a_walk_from_question_to_question_and_back_ends_in_the_tracker(desk: Desk) -> None:
    with Terminal(desk.folder, "checkin", "--as", "dana", **TOKEN) as terminal:
        terminal.sees("2 check-ins are due for dana")
        terminal.sees("1 of 2  2026-Q4/o0-0/kr1")
        terminal.answers([("value in s: ", "n/a")])
        terminal.sees("'n/a' is no value")
        terminal.answers([("value in s: ", "3.9"), ("confidence, 0 to 1: ", "1.4")])
        terminal.sees("a confidence of 1.4 is not between 0 and 1")
        terminal.answers([("confidence, 0 to 1: ", "<"), ("value in s [3.9]: ", "3.1"), *ANSWERS[1:]])
        terminal.sees("2 of 2  2026-Q4/o0-0/kr2")
        terminal.answers([("value in s: ", "u"), ("help needed [legal]: ", "-"), ("value in s: ", "2,2")])
        terminal.answers([("confidence, 0 to 1: ", "70%"), ("obstacles: ", ""), ("help needed: ", "")])
        terminal.answers([("Enter sends them, < goes back: ", "<"), ("help needed: ", "erin")])
        terminal.answers([("Enter sends them, < goes back: ", "")])
        terminal.sees("2 check-ins sent")
        assert terminal.ends() == 0
    assert kept(desk.folder) == []
    status = desk.status()["objectives"][0]["key_results"]
    assert [(each["current"], each["confidence"]) for each in status] == [(3.1, 0.6), (2.2, 0.7)]
    texts = [desk.ground.comments(kr) for kr in (KR1, KR2)]
    assert [len(each) for each in texts] == [1, 1]
    assert "the vendor is late" in texts[0][0] and "Help" not in texts[0][0] and "erin" in texts[1][0]
    with Terminal(desk.folder, "checkin", "--as", "dana", **TOKEN) as terminal:
        terminal.sees("nothing is due for dana")
        assert terminal.ends() == 0


def test_enter_keeps_the_last_answers_and_q_ends_and_sends(desk: Desk) -> None:
    long_ago = str(date.today() - timedelta(days=30))
    first = ["--value", "3.1", "--confidence", "0.6", "--obstacles", "the vendor", "--as", "dana"]
    assert okrsync(desk.folder, "checkin", str(KR1), *first, "--at", long_ago, **TOKEN).code == 0
    with Terminal(desk.folder, "checkin", "--as", "dana", **TOKEN) as terminal:
        terminal.sees("last check-in: dana")
        terminal.answers(
            [
                ("value in s [3.1]: ", ""),
                ("confidence, 0 to 1 [0.6]: ", ""),
                ("obstacles [the vendor]: ", ""),
                ("help needed: ", ""),
                ("value in s: ", "q"),
            ]
        )
        terminal.sees("1 check-in sent")
        assert terminal.ends() == 0
    with desk.workspace().open_cache() as cache:
        old, new = cache.check_ins.of(KR1)
        assert (new.value, new.confidence, new.obstacles) == (old.value, old.confidence, old.obstacles)
        assert cache.check_ins.of(KR2) == ()


def test_whoever_presses_ctrl_c_at_every_question_loses_nothing_that_was_answered(alone: Path) -> None:
    """Each time one more question is answered, and Ctrl-C pressed at the next."""
    questions = [
        *ANSWERS,
        *((text, answer.replace("3.1", "2.2")) for text, answer in ANSWERS),
        ("Enter sends them", ""),
    ]
    answered = [("kr1", 3.1, 0.6, "the vendor is late", "legal"), ("kr2", 2.2, 0.6, "the vendor is late", "legal")]
    for number, (question, _) in enumerate(questions):
        first = 4 * ((number - 1) // 4) if number else 0
        with Terminal(alone, "checkin", "--as", "dana") as terminal:
            for text, answer in questions[first : max(number - 1, 0)]:
                # What was answered before is what Enter keeps.
                terminal.answers([(f"{text.removesuffix(': ')} [{answer}]: ", "")])
            terminal.answers(questions[max(number - 1, 0) : number])
            terminal.sees(question)
            terminal.types(CTRL_C)
            terminal.sees("stopped; ")
            assert terminal.ends() == 130
            assert "Traceback" not in terminal.shown
        assert kept(alone) == answered[: number // 4]
    with Terminal(alone, "checkin", "--as", "dana") as terminal:
        terminal.sees("nothing is due for dana")
        assert terminal.ends() == 0


def test_the_terminal_may_vanish_and_what_was_answered_is_there(alone: Path) -> None:
    with Terminal(alone, "checkin", "--as", "dana") as terminal:
        terminal.answers([*ANSWERS, ("value in s: ", "2.2")])
        terminal.sees("confidence")
    assert [each[0] for each in kept(alone)] == ["kr1"]
    with Terminal(alone, "checkin", "--as", "dana") as terminal:
        terminal.sees("value in s [2.2]: ")


def test_without_a_terminal_it_lists_what_is_due(alone: Path) -> None:
    said = okrsync(alone, "checkin", "--as", "dana")
    assert (said.code, said.out.splitlines()[0]) == (0, "2 check-ins are due for dana")
    due = json.loads(okrsync(alone, "checkin", "--as", "dana", "--json").out)["due"]
    assert [each["ref"] for each in due] == [str(KR1), str(KR2)]
    assert okrsync(alone, "checkin", str(KR1)).code == 2

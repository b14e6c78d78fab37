"""A command that is killed at any request, and at anything that it stores, makes nothing twice and loses nothing.

A situation is one line of `SITUATIONS`: what there is before, the command that is killed, and what holds in the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.check_in_journal import CheckInJournal
from okrsync.engine.checking_in import CheckInBook
from okrsync.engine.moments import Watch
from okrsync.engine.outcome import ExitCode
from okrsync.store.values import CheckIn
from okrsync_github.tracker import GitHubTracker
from okrsync_jira.tracker import JiraTracker
from tests.system.grounds import (
    CYCLE,
    TOKEN_VARIABLE,
    Desk,
    GitHub,
    Ground,
    JiraCloud,
    JiraDataCenter,
    JiraGround,
    served,
)
from tests.system.killing import MOMENTS, Forks, Gate, Point, copied
from tests.system.teams import Team

O1 = Ref(CYCLE, "o0-0")
KR1, KR2 = O1.child("kr1"), O1.child("kr2")
ALL = (O1, KR1, KR2)
TITLE = "Make step 0 of team 0 feel instant"
NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
LONG_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""A process that is killed takes no power cut along, so what it stored need not reach a disk."""


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks(**{TOKEN_VARIABLE: "sandbox-token"}) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


KINDS: tuple[type[Ground], ...] = (JiraCloud, JiraDataCenter, GitHub)


@dataclass(frozen=True)
class Situation:
    """What there is before the command that is killed, and what has to be true when all has come to its end."""

    name: str
    before: Callable[[Desk], None]
    holds: Callable[[Desk], bool]
    command: Callable[[Desk], tuple[str, ...]] = lambda _desk: ("sync",)
    """What is killed."""
    again: bool = False
    """Whether it is given once more afterwards, because no sync goes on with it."""
    kinds: tuple[type[Ground], ...] = KINDS
    """Where it is played: what differs little from another situation, where it differs most."""


def _nothing(desk: Desk) -> None:
    desk.write_team()


def _changed_documents(desk: Desk) -> None:
    _nothing(desk)
    desk.run("sync")
    desk.replace("team-0.toml", TITLE, "Another title")
    desk.replace("team-0.toml", "Cut p95 of part 1 from 4.0 s", "Cut p95 of part 1 by all means from 4.0 s")
    desk.replace("team-0.toml", "target = 1.5", "target = 1.0")


def _changed_tracker(desk: Desk) -> None:
    _nothing(desk)
    desk.write_settings(desk.ground.settings().replace("fields =", 'authority = "tracker"\nfields ='))
    desk.run("sync")
    desk.ground.set_title(O1, "Our own name for it")
    desk.ground.set_title(KR1, "Our own result")
    desk.ground.set_current(KR1, 3.1)


def _closed(desk: Desk) -> None:
    _nothing(desk)
    desk.run("sync")
    desk.replace("team-0.toml", 'why = "', 'stage = "closed"\nwhy = "')


def _measured(desk: Desk) -> None:
    _nothing(desk)
    desk.run("sync")
    for ref in (KR1, KR2):
        desk.ground.set_current(ref, 3.0)
    desk.run("sync")


def _score(_desk: Desk) -> tuple[str, ...]:
    return ("score", "--cycle", CYCLE, "--early", "--yes")


def _scored(desk: Desk) -> None:
    _measured(desk)
    desk.replace("team-0.toml", "target = 1.5", "target = 1.5\n  score = { computed = 0.4, final = 3 }")


def _is_told_once(desk: Desk) -> bool:
    # 4.0 → 3.0 of 1.5 is 1.0 / 2.5. Milestones take no comments, so their key results' issues do.
    ground = desk.ground
    comments = (
        [each.text for each in ground.site.issue(ground._key(O1)).comments]
        if isinstance(ground, JiraGround)
        else _comments(desk)
    )
    return _document(desk).count("computed = 0.4,") == 2 and ["0.40" in each for each in comments] == [True]


def _working_without_okrsync(desk: Desk) -> None:
    team = Team(desk.ground)
    epic = team.epic("O0 0")
    for title in ("KR1", "KR2"):
        team.key_result(epic, title, baseline=4.0, target=1.5, current=3.1)


def _adopt(desk: Desk) -> tuple[str, ...]:
    return ("adopt", "work", Team(desk.ground).query, "--cycle", CYCLE)


def _checked_in(desk: Desk) -> None:
    desk.write_team()
    desk.replace("team-0.toml", 'from = "field"', 'from = "manual"')
    desk.run("sync")
    with desk.workspace().open_cache() as cache:
        cache.check_ins.add(CheckIn(KR1, NOW, "dana", 3.1, 0.6, "waiting for the vendor"))


def _kept(desk: Desk) -> None:
    desk.write_team()
    desk.run("sync")
    workspace = desk.workspace()
    journal = CheckInJournal.beside(workspace.settings.cache_file, "acme", Watch(workspace.now))
    with workspace.open_cache() as cache:
        CheckInBook(cache, journal).keep(CheckIn(KR1, LONG_AGO, "dana", 3.1, 0.6, "waiting for the vendor"))


def _check_in(_desk: Desk) -> tuple[str, ...]:
    said = ("--value", "3.1", "--confidence", "0.6", "--note", "waiting for the vendor")
    return ("checkin", str(KR1), *said, "--as", "dana", "--at", LONG_AGO.isoformat())


def _is_sent_once(desk: Desk) -> bool:
    with desk.workspace().open_cache() as cache:
        known = [(each.value, each.sent) for each in cache.check_ins.of(KR1)]
    return (
        ["3.1" in each for each in _comments(desk)] == [True]
        and known == [(3.1, True)]
        and desk.ground.current(KR1) == 3.1
    )


def _comments(desk: Desk) -> list[str]:
    """The comments on the first key result's item."""
    ground = desk.ground
    if isinstance(ground, JiraGround):
        return [each.text for each in ground.site.issue(ground._key(KR1)).comments]
    assert isinstance(ground, GitHub)
    repository, item = ground._find(KR1)
    return [str(each["body"]) for each in ground.site.comments(repository, item["number"])]


def _document(desk: Desk) -> str:
    (path,) = (desk.folder / "okrs").rglob("*.toml")
    return path.read_text("utf-8")


SITUATIONS = (
    Situation("first sync", _nothing, lambda desk: desk.ground.title(O1) == TITLE),
    Situation("update", _changed_documents, lambda desk: desk.ground.title(O1) == "Another title"),
    Situation(
        "adopt a title",
        _changed_tracker,
        lambda desk: (
            desk.ground.title(O1) == "Our own name for it"
            and 'title = "Our own name for it"' in _document(desk)
            and 'title = "Our own result"' in _document(desk)
        ),
    ),
    Situation("check-in comment", _checked_in, lambda desk: ["3.1" in each for each in _comments(desk)] == [True]),
    Situation("check in", _kept, _is_sent_once, _check_in),
    Situation(
        "score",
        _measured,
        _is_told_once,
        _score,
        again=True,
        kinds=(GitHub,),
    ),
    Situation(
        "close a cycle",
        _scored,
        lambda desk: desk.ground.closed(O1) and _document(desk).count('"closed"') == 1,
        lambda _desk: ("cycle", "close", CYCLE),
        again=True,
        kinds=(JiraCloud,),
    ),
    Situation("close", _closed, lambda desk: desk.ground.closed(O1)),
    Situation(
        "adopt what a team has",
        _working_without_okrsync,
        lambda desk: _document(desk).count("baseline = 4.0") == 2 and desk.ground.title(O1) == "O0 0",
        _adopt,
    ),
)


@pytest.mark.parametrize(
    ("kind", "situation"),
    [(kind, each) for kind in KINDS for each in SITUATIONS if kind in each.kinds],
    ids=lambda each: each.name.replace(" ", "-"),
)
def test_killed_anywhere_it_comes_to_the_same_end(
    kind: type[Ground],
    situation: Situation,
    forks: Forks,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    for tracker in (JiraTracker, GitHubTracker):
        monkeypatch.setattr(tracker, "settle_after", 0.0)
    ground = kind()
    gate = Gate(ground.site)
    with served(ground):
        desk = Desk(ground, folder / "prepared")
        situation.before(desk)
        command = situation.command(desk)
        saved = ground.site.to_json()

        def killed_at(point: Point | None) -> tuple[int, int]:
            """Run it, kill it there, go on; how many requests it sent, and how often it stored something."""
            ground.site.load_json(saved)
            with copied(desk.folder, folder / "copy") as place:
                after = copy(desk)
                after.folder = place
                ended = forks.run(place, command, point, gate)
                assert ended.killed is (point is not None), (place / "said.txt").read_text()
                requests = gate.count
                nothing_adopted = command != ("sync",) and not list((place / "okrs").rglob("*.toml"))
                if situation.again or nothing_adopted:
                    again = forks.run(place, command, None, gate)
                    assert again.code == ExitCode.DONE, (str(point), (place / "said.txt").read_text())
                comes_to_rest(after, situation, str(point))
            return requests, ended.steps

        requests, steps = killed_at(None)
        points = [
            Point(what, number, moment)
            for what, count in (("request", requests), ("step", steps))
            for number in range(1, count + 1)
            for moment in MOMENTS
        ]
        for point in points:
            killed_at(point)
    record_property("kill points", {"of": f"{situation.name}, {kind.name}", "requests": requests, "steps": steps})
    assert requests >= 2 and steps >= 4


def comes_to_rest(desk: Desk, situation: Situation, where: str) -> None:
    first = desk.run("sync")
    assert first.exit_code is ExitCode.DONE, f"{where}: {first.failures} {first.held}"
    desk.ground.site.requests.clear()
    again = desk.run("sync")
    assert (again.exit_code, again.done) == (ExitCode.DONE, ()), where
    assert desk.ground.site.requests.writes() == [], where
    assert [desk.ground.count(ref) for ref in ALL] == [1, 1, 1] and len(desk.ground.texts()) == 3, where
    assert situation.holds(desk), where
    with desk.workspace().open_cache() as cache:
        assert cache.outbox.count_open() == 0, where

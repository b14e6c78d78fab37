"""A sync that is killed at any request, and at anything that it stores, makes nothing twice and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode
from okrsync_github.tracker import GitHubTracker
from okrsync_jira.tracker import JiraTracker
from tests.system.grounds import CYCLE, Desk, GitHub, Ground, JiraCloud, JiraDataCenter, served
from tests.system.killing import MOMENTS, Forks, Gate, Point, copied

O1 = Ref(CYCLE, "o0-0")
KR1, KR2 = O1.child("kr1"), O1.child("kr2")
ALL = (O1, KR1, KR2)
TITLE = "Make step 0 of team 0 feel instant"


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks(OKRSYNC_TEST_TOKEN="sandbox-token") as running:
        yield running


@dataclass(frozen=True)
class Situation:
    """What there is before the sync that is killed, and what has to be true when it has come to its end."""

    name: str
    before: Callable[[Desk], None]
    holds: Callable[[Desk], bool]


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


def _document(desk: Desk) -> str:
    return (desk.folder / "okrs" / "team-0.toml").read_text("utf-8")


SITUATIONS = (
    Situation("first sync", _nothing, lambda desk: desk.ground.title(O1) == TITLE),
    Situation("update", _changed_documents, lambda desk: desk.ground.title(O1) == "Another title"),
    Situation(
        "adopt",
        _changed_tracker,
        lambda desk: (
            desk.ground.title(O1) == "Our own name for it"
            and 'title = "Our own name for it"' in _document(desk)
            and 'title = "Our own result"' in _document(desk)
        ),
    ),
    Situation("close", _closed, lambda desk: desk.ground.closed(O1)),
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name.replace(" ", "-"))
@pytest.mark.parametrize("kind", [JiraCloud, JiraDataCenter, GitHub], ids=lambda each: each.name)
def test_killed_anywhere_it_comes_to_the_same_end(
    kind: type[Ground],
    situation: Situation,
    forks: Forks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    for tracker in (JiraTracker, GitHubTracker):
        monkeypatch.setattr(tracker, "settle_after", 0.0)
    ground = kind()
    gate = Gate(ground.site)
    with served(ground):
        desk = Desk(ground, tmp_path / "prepared")
        situation.before(desk)
        saved = ground.site.to_json()

        def killed_at(point: Point | None) -> tuple[int, int]:
            """Run it, kill it there, go on; how many requests it sent, and how often it stored something."""
            ground.site.load_json(saved)
            with copied(desk.folder, tmp_path / "copy") as folder:
                ended = forks.sync(folder, point, gate)
                assert ended.killed is (point is not None), (folder / "said.txt").read_text()
                requests = gate.count
                after = copy(desk)
                after.folder = folder
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
    record_property("kill points", len(points))
    print(f"{kind.name}, {situation.name}: {len(points)} kill points ({requests} requests, {steps} steps stored)")
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

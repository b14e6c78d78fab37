"""Every fault on every request in turn: whatever one sync comes to, the next one leaves exactly the right items.

The trackers are real servers on loopback; only waiting takes no time. `OKRSYNC_LONG=1` tries every fault at every
request; without it each fault meets a part of the requests, and each request a part of the faults.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from okrsync.domain.ref import Ref
from okrsync.engine.moments import Uptime, system_uptime
from okrsync.engine.outcome import Outcome
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.request import SandboxRequest
from tests.system.grounds import CYCLE, GROUNDS, Desk, GitHub, Ground, JiraCloud, JiraGround, served

LONG = bool(os.environ.get("OKRSYNC_LONG"))
DENSITY = 1 if LONG else 16
"""Each fault meets one request of so many."""
O1 = Ref(CYCLE, "o0-0")


class Hurried(threading.Event):
    """Time to wait passes at once."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def sync(desk: Desk, *, later: float = 0.0) -> Outcome:
    """One sync, on a machine that has been running for `later` seconds more."""
    workspace = desk.workspace(now=lambda: datetime.now(UTC) + timedelta(seconds=later))
    workspace.stop = Hurried()

    def uptime() -> Uptime:
        real = system_uptime()
        return Uptime(real.boot, real.seconds + later)

    with workspace.engine() as engine:
        engine.inputs = replace(engine.inputs, uptime=uptime)
        return engine.sync()


@dataclass
class Story:
    """What a sync has to do, and how things are when it is done."""

    desk: Desk
    items: int
    titles: dict[Ref, str] = field(default_factory=dict)

    def heals(self, why: object) -> None:
        """The faults are over: one more sync, and everything is there once and as the documents say."""
        desk, ground = self.desk, self.desk.ground
        ground.site.faults.clear()
        healed = sync(desk, later=2000)
        assert not healed.failures and not healed.held, (why, healed.failures, healed.held)
        assert len(ground.texts()) == self.items, (why, ground.texts())
        for ref, title in self.titles.items():
            assert ground.count(ref) == 1, (why, ref)
            assert ground.title(ref) == title, (why, ref)
        assert sync(desk, later=2000).done == (), why


def first_sync(ground: Ground, folder: Path) -> Story:
    desk = Desk(ground, folder)
    desk.write_team()
    titles = {O1: "Make step 0 of team 0 feel instant"}
    titles |= {O1.child(f"kr{kr}"): f"Cut p95 of part {kr} from 4.0 s to 1.5 s" for kr in (1, 2)}
    return Story(desk, 3, titles)


def changes(ground: Ground, folder: Path) -> Story:
    story = first_sync(ground, folder)
    assert not sync(story.desk).failures
    story.desk.write_team(key_results=3)
    story.desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Let everybody sign up at once")
    story.desk.replace("team-0.toml", "Cut p95 of part 2", "Halve p95 of part 2")
    ground.set_current(O1.child("kr1"), 3.0)
    story.items = 4
    story.titles[O1] = "Let everybody sign up at once"
    story.titles[O1.child("kr2")] = "Halve p95 of part 2 from 4.0 s to 1.5 s"
    story.titles[O1.child("kr3")] = "Cut p95 of part 3 from 4.0 s to 1.5 s"
    return story


STORIES: tuple[Callable[[Ground, Path], Story], ...] = (first_sync, changes)


def single_faults(ground: Ground) -> dict[str, Callable[[int], Fault]]:
    """Name → the fault that strikes the request after so many others."""

    def answer(status: int, body: object = None, *, kind: Any = "status", **headers: str) -> Callable[[int], Fault]:
        content = json.dumps(body if body is not None else {"message": "no"}).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return lambda skip: Fault(kind, skip=skip, status=status, headers=named, response_body=content)

    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    found: dict[str, Callable[[int], Fault]] = {
        "429, seconds": answer(429, Retry_After="30"),
        "429, a date": answer(429, Retry_After=date),
        "429, too long": answer(429, Retry_After="3600"),
        **{str(status): answer(status) for status in (500, 502, 503, 504)},
        **{f"{status} after acting": answer(status, kind="status_after") for status in (500, 502, 503)},
        "dropped before": lambda skip: Fault("drop_before", skip=skip),
        "dropped after": lambda skip: Fault("drop_after", skip=skip),
        "truncated": lambda skip: Fault("truncate", skip=skip),
        "login page": lambda skip: Fault("html_login", skip=skip),
        "other JSON": lambda skip: Fault("wrong_json", skip=skip),
        "empty list": lambda skip: Fault("empty_list", skip=skip),
        "403": answer(403),
        "404": answer(404),
    }
    if isinstance(ground, JiraGround):
        found["burst limit"] = answer(429, Retry_After="5", RateLimit_Reason="jira-burst-based")
    else:
        found["secondary limit"] = answer(
            403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}, Retry_After="60"
        )
    return found


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
def test_a_fault_at_any_request_and_the_next_sync_mends_it(
    kind: type[Ground], story: Callable[[Ground, Path], Story], tmp_path: Path
) -> None:
    requests = requests_of(kind, story, tmp_path / "smooth")
    tried = 0
    for number, name in enumerate(single_faults(kind())):
        for skip in range(requests):
            if (5 * number + skip) % DENSITY:
                continue
            with served(kind()) as ground:
                told = story(ground, tmp_path / f"{number}-{skip}")
                ground.site.faults.add(single_faults(ground)[name](skip))
                outcome = sync(told.desk)
                assert int(outcome.exit_code) in {0, 1, 2, 3, 4}
                told.heals((name, skip))
                tried += 1
    print(f"{kind.name}, {story.__name__}: {tried} faults at {requests} requests")
    assert tried >= requests * len(single_faults(kind())) // DENSITY // 2


def requests_of(kind: type[Ground], story: Callable[[Ground, Path], Story], folder: Path) -> int:
    """How many requests the sync takes where nothing fails."""
    with served(kind()) as ground:
        told = story(ground, folder)
        ground.site.requests.clear()
        assert not sync(told.desk).failures
        requests = len(ground.site.requests.records)
        told.heals("nothing failed")
    return requests


@contextmanager
def at_request(ground: Ground, number: int, act: Callable[[], None]) -> Iterator[None]:
    """Do something when the server has taken so many requests and takes the next one."""
    site: Any = ground.site
    taken, answer = 0, site._act

    def acting(request: SandboxRequest) -> Response:
        nonlocal taken
        if taken == number:
            act()
        taken += 1
        result: Response = answer(request)
        return result

    site._act = acting
    try:
        yield
    finally:
        site._act = answer


def lock_out(ground: Ground) -> Callable[[], None]:
    """Let the token be valid no more; what brings it back."""
    site = ground.site
    if isinstance(site, JiraSandbox):
        before, site.token = site.token, "another"
        return lambda: setattr(site, "token", before)
    assert isinstance(site, GitHubSandbox)
    token = site.hub.tokens.pop("sandbox-token")
    return lambda: site.hub.tokens.__setitem__("sandbox-token", token)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
def test_a_token_that_expires_at_any_request(
    kind: type[Ground], story: Callable[[Ground, Path], Story], tmp_path: Path
) -> None:
    for number in range(0, requests_of(kind, story, tmp_path / "smooth"), 1 if LONG else 3):
        with served(kind()) as ground:
            told = story(ground, tmp_path / str(number))
            back: list[Callable[[], None]] = []
            with at_request(ground, number, lambda ground=ground, back=back: back.append(lock_out(ground))):  # type: ignore[misc]
                outcome = sync(told.desk)
            assert outcome.exit_code in {1, 4}, (number, outcome)
            back[0]()
            told.heals(number)


@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("status", [403, 404])
def test_permission_lost_on_one_project_stops_no_other(kind: type[Ground], status: int, tmp_path: Path) -> None:
    with served(kind(projects=2)) as ground:
        desk = Desk(ground, tmp_path)
        for team in (0, 1):
            desk.write_team(team)
        assert not sync(desk).failures
        desk.replace("team-0.toml", "Make step 0", "Mend step 0")
        desk.replace("team-1.toml", "Make step 0", "Mend step 0")
        lost = ground.project(1)
        site = ground.site
        if isinstance(site, JiraSandbox):
            if status == 403:
                site.revoke("EDIT_ISSUES", lost)
            else:
                site.hide_project(lost)
        else:
            body = json.dumps({"message": "Not Found" if status == 404 else "Resource not accessible"}).encode()
            site.faults.add(Fault("status", path=f"/repos/{lost}", status=status, response_body=body, times=None))
        outcome = sync(desk)
        assert outcome.exit_code in {1, 3}, outcome
        assert ground.title(O1).startswith("Mend step 0"), "the other project is done"
        assert ground.title(Ref(CYCLE, "o1-0")).startswith("Make step 0")
        assert len(ground.texts()) == 6
        if isinstance(site, JiraSandbox):
            site.store.state.revoked.clear()
            site.hide_project(lost, hidden=False)
        Story(desk, 6, {O1: ground.title(O1), Ref(CYCLE, "o1-0"): "Mend step 0 of team 1 feel instant"}).heals(status)


@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
def test_no_name_server_ends_with_4_and_writes_nothing(
    kind: type[Ground], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_knows(*_arguments: object, **_options: object) -> object:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with served(kind()) as ground:
        told = changes(ground, tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", nobody_knows)
            outcome = sync(told.desk)
        assert outcome.exit_code == 4 and not outcome.done
        told.heals("names are known again")


def doubled(rows: list[Any]) -> list[Any]:
    return [each for row in rows for each in (row, row)]


def without_last(rows: list[Any]) -> list[Any]:
    return rows[:-1]


@contextmanager
def lists_changed(ground: Ground, change: Callable[[list[Any]], list[Any]], *, circle: bool = False) -> Iterator[None]:
    """Every list of items that the server gives is changed; with `circle` the same page follows again and again."""
    site: Any = ground.site
    answer = site._act

    def changed(request: SandboxRequest) -> Response:
        if circle:
            again = re.sub(r"(startAt|nextPageToken|page|after)=[^&]*", "", request.query_string)
            request = replace(request, query_string=again)
        response: Response = answer(request)
        if response.status_code != 200 or request.method not in {"GET", "POST"}:
            return response
        data = json.loads(bytes(response.body) or b"null")
        if isinstance(data, dict) and isinstance(data.get("issues"), list):
            data["issues"] = change(data["issues"])
            if circle:
                data |= {"nextPageToken": "again", "isLast": False, "total": 10_000}
        elif isinstance(data, list) and request.path.endswith(("/issues", "/milestones")):
            data = change(data)
        else:
            return response
        headers = {name: text for name, text in response.headers.items() if name != "content-length"}
        headers.pop("etag", None)
        if circle:
            headers["link"] = f'<{request.url}>; rel="next"'
        return Response(json.dumps(data), 200, headers)

    site._act = changed
    try:
        yield
    finally:
        site._act = answer


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
def test_rows_that_come_twice_make_nothing_twice(
    kind: type[Ground], story: Callable[[Ground, Path], Story], tmp_path: Path
) -> None:
    with served(kind()) as ground:
        told = story(ground, tmp_path)
        with lists_changed(ground, doubled):
            assert not sync(told.desk).held
        assert len(ground.texts()) == told.items
        told.heals("rows come once")


@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
def test_rows_that_are_missing_are_neither_gone_nor_made_anew(kind: type[Ground], tmp_path: Path) -> None:
    with served(kind()) as ground:
        told = changes(ground, tmp_path)
        with lists_changed(ground, without_last):
            sync(told.desk)
        assert len(ground.texts()) == told.items
        told.heals("all rows come")


@pytest.mark.parametrize("kind", GROUNDS, ids=lambda kind: kind.name)
def test_pages_in_a_circle_end(kind: type[Ground], tmp_path: Path) -> None:
    with served(kind()) as ground:
        told = changes(ground, tmp_path)
        ground.site.requests.clear()
        with lists_changed(ground, lambda rows: rows, circle=True):
            sync(told.desk)
        assert len(ground.site.requests.records) < 60
        assert len(ground.texts()) <= told.items
        told.heals("pages end")


@pytest.mark.parametrize("kind", [JiraCloud, GitHub], ids=lambda kind: kind.name)
def test_a_stalled_read_is_given_up_and_read_again(
    kind: type[Ground], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("okrsync_jira.transport.READ_SECONDS", 0.4)
    monkeypatch.setattr("okrsync_github.connection.READ_SECONDS", 0.4)
    with served(kind()) as ground:
        told = changes(ground, tmp_path)
        for skip in (0, 1, 2):
            ground.site.faults.add(Fault("delay", method="GET", skip=skip, seconds=1.5))
            assert not sync(told.desk).failures, "the second try is answered"
        told.heals("nothing stalls")

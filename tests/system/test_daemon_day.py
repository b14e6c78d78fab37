"""A day of the daemon on a real server, with a moved clock: what the log, the cache and the server say agrees.

It is the day on which Berlin sets its clocks back, from midnight to midnight: 25 hours.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from prometheus_client.parser import text_string_to_metric_families

from okrsync.app import Workspace
from okrsync.cli.call import Call
from okrsync.cli.daemon_views import Log
from okrsync.daemon import events
from okrsync.daemon.inbox import Hint, Inbox, Stop
from okrsync.daemon.loop import Daemon
from okrsync.daemon.standing import standing
from okrsync.daemon.web.metrics import Metrics
from okrsync.daemon.working import OwnHands
from okrsync.domain.ref import Marker, Ref
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.faults import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.site import SandboxSite
from okrsync.store.reading import Reader
from tests.system.calling import KR1
from tests.system.grounds import FIELDS, TOKEN_VARIABLE, Desk, JiraCloud, served

MIDNIGHT = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
NEXT_MIDNIGHT = datetime(2026, 10, 25, 23, 0, tzinfo=UTC)
SCHEDULE = """
[schedule]
pull = "30m"
reconcile = "30 2 * * *"
check_ins = "0 9 * * *"
jitter = "0s"
timezone = "Europe/Berlin"
"""


class Ground(JiraCloud):
    """A Jira whose clock stands until somebody moves it."""

    def _build(self) -> SandboxSite:
        site = JiraSandbox(flavour="cloud", clock=SandboxClock(MIDNIGHT, frozen=True))
        site.add_project(self.project(), "Project")
        for name in FIELDS:
            site.add_number_field(name)
        return site


class Patience(Stop):
    """Waits for a tracker by moving the clock."""

    def __init__(self, pass_by: Callable[[timedelta], None]) -> None:
        super().__init__()
        self._pass_by = pass_by

    def wait(self, timeout: float | None = None) -> bool:
        self._pass_by(timedelta(seconds=timeout or 0))
        return self.is_set()


class Day:
    """The daemon on a desk, and what happens at which time."""

    def __init__(self, desk: Desk, machine: time_machine.Traveller) -> None:
        self.desk = desk
        self.clock = desk.ground.site.clock
        self._machine = machine
        self.inbox = Inbox(Patience(lambda span: self._be_at(self.clock.now() + span)))
        self.seen: list[events.Event] = []
        self.metrics = Metrics(lambda: standing(self.load()), lambda: 0.0)
        self.observers: list[events.Observer] = [self.seen.append, Log(Call(log_format="json")), self.metrics]
        self.script: dict[datetime, Callable[[], object]] = {NEXT_MIDNIGHT: self.inbox.stop.set}

    def at(self, hour: int, minute: int, act: Callable[[], object]) -> None:
        """Something happens, at a time in UTC."""
        day = 25 if hour < 22 else 24
        self.script[datetime(2026, 10, day, hour, minute, tzinfo=UTC)] = act

    def wait(self, seconds: float) -> None:
        until = self.clock.now() + timedelta(seconds=seconds)
        upcoming = min(self.script, default=until)
        if upcoming > until:
            self._be_at(until)
            return
        self._be_at(max(upcoming, self.clock.now()))
        self.script.pop(upcoming)()

    def _be_at(self, moment: datetime) -> None:
        """Move the server's clock and our machine's."""
        self.clock.set(moment)
        self._machine.move_to(moment)

    def load(self) -> Workspace:
        workspace = Workspace.load(self.desk.folder / "okrsync.toml", now=self.clock.now)
        workspace.stop, workspace.doing = self.inbox.stop, "daemon"
        return workspace

    def run(self) -> None:
        Daemon(
            self.load,
            self.inbox,
            OwnHands(),
            self.observers,
            clock=self.clock.now,
            wait=self.wait,
            look_every=timedelta(minutes=5),
        ).run()
        self.inbox.close()

    def scrape(self) -> dict[str, float]:
        """What the metrics say now: name and values of labels → value."""
        return {
            " ".join([each.name, *each.labels.values()]): each.value
            for family in text_string_to_metric_families(self.metrics.exposition()[0].decode())
            for each in family.samples
        }

    def of(self, kind: type[events.Event]) -> list[Any]:
        return [each for each in self.seen if type(each) is kind]


@pytest.fixture
def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    monkeypatch.chdir(tmp_path)
    with served(Ground()) as ground, time_machine.travel(MIDNIGHT, tick=False) as machine:
        desk = Desk(ground, tmp_path)
        desk.write_settings(ground.settings().replace("\n[trackers", f"{SCHEDULE}\n[trackers", 1))
        desk.write_team()
        yield Day(desk, machine)


def test_a_day_is_told_alike_by_log_cache_and_server(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    desk, site = day.desk, day.desk.ground.site
    broken = desk.folder / "okrs" / "broken.toml"
    day.at(10, 10, lambda: desk.ground.set_current(KR1, 2.0))
    day.at(11, 5, lambda: site.faults.add(Fault("status", status=503, times=None)))
    day.at(12, 5, site.faults.clear)
    day.at(14, 10, lambda: setattr(site, "token", "the-next-one"))
    day.at(15, 10, lambda: os.environ.__setitem__(TOKEN_VARIABLE, "the-next-one"))
    day.at(16, 10, lambda: broken.write_text("this is no TOML"))
    day.at(16, 25, broken.unlink)
    scraped: list[dict[str, float]] = []
    for hour, minute in ((11, 45), (12, 45), (16, 20)):
        day.at(hour, minute, lambda: scraped.append(day.scrape()))
    day.run()

    # Every half hour from 22:30 to 16:00 is 36 times, and once of these the complete sync; the mended documents are
    # looked at at 16:25 at once, and then every half hour until 22:55, which is 14 times.
    ended = day.of(events.RunEnded)
    kinds = Counter(each.kind for each in ended)
    assert kinds == {"poll": 35 + 14, "reconcile": 2, "sync": 1}
    times = {kind: [f"{each.at:%H:%M}" for each in day.of(events.RunBegan) if each.kind == kind] for kind in kinds}
    # 02:30 comes twice in this night, at 00:30 and 01:30 UTC: one run. The first is that of the start.
    assert times["reconcile"] == ["22:00", "00:30"]
    assert times["sync"] == ["10:30"]
    assert (times["poll"][0], times["poll"][-1], "00:30" in times["poll"]) == ("22:30", "22:55", False)

    failed = [f"{each.at:%H:%M}" for each in ended if each.exit_code == 4]
    assert failed == ["11:30", "12:00", "14:30", "15:00"]
    assert [each.exit_code for each in ended if f"{each.at:%H:%M}" not in failed] == [0] * (len(ended) - 4)
    assert [(f"{each.at:%H:%M}", each.mapping) for each in day.of(events.MappingFailed)] == [
        ("11:30", "work/PROJA"),
        ("14:30", "work/PROJA"),
    ]
    assert [f"{each.at:%H:%M}" for each in day.of(events.MappingRecovered)] == ["12:30", "15:30"]
    assert [each.refs for each in day.of(events.CheckInsDue)] == [(KR1, KR1.parent.child("kr2"))]
    assert f"{day.of(events.CheckInsDue)[0].at:%H:%M}" == "08:00", "nine o'clock in Berlin, after the change"
    assert [f"{each.at:%H:%M}" for each in day.of(events.ReloadRefused)] == ["16:10"]
    assert [(f"{each.at:%H:%M}", each.settings) for each in day.of(events.Reloaded)] == [("16:25", False)]
    # An objective and two key results made at the start; the progress of the one value that moved.
    assert [each.changes for each in ended if each.changes] == [3, 1]
    assert [each.moved for each in ended if each.moved] == [(KR1,)]
    assert len(site.requests.writes()) == 4

    # The cache says the same …
    with Reader.at(desk.folder / "okrsync.db", "acme") as cache:
        runs = list(reversed(cache.runs.recent(1000)))
        values = [each.value for each in cache.observations.history(KR1)]
    assert values == [2.0]
    assert [(each.exit_code, each.requests, each.changes_made) for each in runs] == [
        (each.exit_code, each.requests, each.changes) for each in ended
    ]
    assert Counter(each.kind for each in runs) == {"poll": 49, "sync": 3}
    # … the server has counted what was sent …
    assert sum(each.requests for each in ended) == len(site.requests.records)
    # … and so does the log.
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [each for each in said if each.get("what") == "run-ended"]
    assert [(each["kind"], each["requests"], each["exit_code"]) for each in told] == [
        (each.kind, each.requests, each.exit_code) for each in ended
    ]
    assert Counter(each["what"] for each in said if "fail" in str(each.get("what"))) == {"mapping-failed": 2}
    # … and the metrics do: in the outage, after it, while the documents are wrong, and in the end.
    failing, lag = "okrsync_mapping_failing work/PROJA", "okrsync_mapping_lag_seconds work/PROJA"
    refused, at_last = "okrsync_settings_refused", day.scrape()
    # The last good poll before the outage was at 11:00.
    assert [(each[failing], each[lag], each[refused]) for each in scraped] == [
        (1, 2700, 0),
        (0, 900, 0),
        (0, 1200, 1),
    ]
    assert at_last["okrsync_requests_total"] == len(site.requests.records)
    assert at_last["okrsync_changes_made_total"] == len(site.requests.writes())
    counted = {key: value for key, value in at_last.items() if key.startswith("okrsync_runs_total") and value}
    assert counted == {
        "okrsync_runs_total poll done": 45,
        "okrsync_runs_total poll no_tracker": 4,
        "okrsync_runs_total reconcile done": 2,
        "okrsync_runs_total sync done": 1,
    }
    # A quiet poll: one search. Nothing else was asked in the hours in which nothing happened.
    quiet = [
        each.requests for each in ended if each.kind == "poll" and each.at > datetime(2026, 10, 25, 17, tzinfo=UTC)
    ]
    assert quiet == [1] * 12

    found = standing(day.load())
    assert found.running is None and found.held == 0 and found.outbox == 0
    assert [(each.mapping, f"{each.last_success:%H:%M}", each.why) for each in found.mappings if each.last_success] == [
        ("work/PROJA", "22:55", "")
    ]
    # The first hour of the 25 is more than a day ago: the start and the polls of 22:30 and 23:00.
    assert found.runs_of_a_day == len(ended) - 3


def test_while_it_fails_the_status_says_since_when_and_why(day: Day) -> None:
    site = day.desk.ground.site
    day.at(0, 10, lambda: setattr(site, "token", "another"))
    day.at(2, 10, day.inbox.stop.set)
    day.run()
    found = standing(day.load())
    (mapping,) = found.mappings
    assert mapping.failing_since is not None and f"{mapping.failing_since:%H:%M}" == "00:30"
    assert mapping.last_success is not None and f"{mapping.last_success:%H:%M}" == "00:00"
    assert "work" in mapping.mapping and mapping.why
    lag = mapping.lag(day.clock.now())
    assert lag is not None and lag >= timedelta(hours=2)


def test_a_pause_says_until_when_and_ends_by_itself(day: Day) -> None:
    site = day.desk.ground.site
    headers = {"Retry-After": "3000"}
    day.at(1, 10, lambda: site.faults.add(Fault("status", status=429, headers=headers)))
    state = day.desk.folder / ".okrsync.db.daemon.json"
    during: list[Any] = []
    day.at(1, 50, lambda: during.append(json.loads(state.read_text())["paused"]))
    day.at(3, 10, day.inbox.stop.set)
    day.run()
    (paused,) = day.of(events.Paused)
    assert (f"{paused.at:%H:%M}", f"{paused.until:%H:%M}") == ("01:30", "02:20")
    assert f"{day.of(events.Resumed)[0].at:%H:%M}" == "02:20"
    polls = [(f"{each.at:%H:%M}", each.mappings) for each in day.of(events.RunBegan) if each.kind == "poll"]
    # At two o'clock there is nothing to ask; when the pause is over, nobody waits for the next half hour.
    assert polls[-4:] == [
        ("01:30", ("work/PROJA",)),
        ("02:00", ()),
        ("02:20", ("work/PROJA",)),
        ("02:50", ("work/PROJA",)),
    ]
    (seen,) = during
    assert f"{seen['work']['until']}"[11:16] == "02:20" and "asks to wait 3000 s" in seen["work"]["why"]


def test_a_pause_within_a_run_is_seen_from_outside_while_it_lasts(day: Day) -> None:
    day.at(1, 10, lambda: day.desk.ground.site.faults.add(Fault("status", status=429, headers={"Retry-After": "30"})))
    during: list[str] = []

    def look(event: events.Event) -> None:
        if isinstance(event, events.Paused):
            during.extend(standing(day.load()).paused)

    day.observers.append(look)
    day.at(1, 50, day.inbox.stop.set)
    day.run()
    assert during == ["work"] and standing(day.load()).paused == {}


def test_a_hint_leads_to_a_look_at_that_item_alone(day: Day) -> None:
    site = day.desk.ground.site
    asked: list[int] = []

    def hint() -> None:
        day.desk.ground.set_current(KR1, 2.0)
        asked.append(len(site.requests.records))
        day.inbox.hint(*[Hint("work", "PROJA", item_of_the_first(day))] * 1000, Hint("work", "ELSE", "9"))

    day.at(1, 10, hint)
    day.at(1, 20, day.inbox.stop.set)
    day.run()
    (hinted,) = [each for each in day.of(events.RunEnded) if each.kind == "poll of hints"]
    assert f"{hinted.at:%H:%M}" == "01:10" and hinted.moved == (KR1,)
    sent = [(each.method, each.path.rpartition("/api/2/")[2]) for each in site.requests.records[asked[0] :]]
    # The item, its comments, and who wrote the value; then the sync reads everything and writes the progress.
    assert [path.partition("/")[0] for _, path in sent[:3]] == ["issue", "issue", "changelog"]
    assert hinted.requests == 3
    assert [each.kind for each in day.of(events.RunEnded)][-2:] == ["poll of hints", "sync"]


def item_of_the_first(day: Day) -> str:
    """The id of the first key result's item."""
    marker = str(Marker("acme", KR1))
    with Reader.at(day.desk.folder / "okrsync.db", "acme") as cache:
        link = cache.links.live()[KR1]
    assert marker in day.desk.ground.site.issue(link.at.key).labels
    return link.at.id


def test_a_daemon_that_only_reads_writes_to_no_tracker(day: Day) -> None:
    desk = day.desk
    assert desk.run("sync").exit_code == 0
    written = len(desk.ground.site.requests.writes())
    path = desk.folder / "okrsync.toml"
    path.write_text(path.read_text().replace("[schedule]", "[daemon]\nsync = false\n\n[schedule]"))
    day.at(23, 40, lambda: desk.ground.set_current(KR1, 2.0))
    day.at(1, 40, day.inbox.stop.set)
    day.run()
    assert len(desk.ground.site.requests.writes()) == written
    assert [each.moved for each in day.of(events.RunEnded) if each.moved] == [(KR1,)]
    assert {each.kind for each in day.of(events.RunEnded)} == {"poll", "reconcile"}


def test_what_is_said_in_a_cycle_that_is_over_counts_until_it_is_closed(day: Day) -> None:
    desk = day.desk
    last = (desk.folder / "okrs" / "team-0.toml").read_text().replace('"2026-Q4"', '"2026-Q3"', 1)
    desk.write("last.toml", last)
    for cycle in ("2026-Q3", "2026-Q4"):
        with Workspace.load(desk.folder / "okrsync.toml", cycle=cycle, now=day.clock.now).engine() as engine:
            assert engine.sync().exit_code == 0
    old = Ref("2026-Q3", KR1.objective, KR1.key_result)
    written = len(desk.ground.site.requests.writes())
    day.at(
        23, 40, lambda: (desk.ground.comment(old, "okr: @0.3 the vendor was late"), desk.ground.set_current(old, 2.0))
    )
    day.at(1, 40, day.inbox.stop.set)
    day.run()
    with Reader.at(desk.folder / "okrsync.db", "acme") as cache:
        assert [(each.confidence, each.note) for each in cache.check_ins.of(old)] == [(0.3, "the vendor was late")]
        assert cache.observations.current("2026-Q3")[old].value == 2.0
    assert len(desk.ground.site.requests.writes()) == written, "it only reads there"
    ended = [each for each in day.of(events.RunEnded) if each.kind != "poll"]
    assert [(each.kind, each.exit_code) for each in ended][-2:] == [("look at 2026-Q3", 0), ("reconcile", 0)]
    assert {each["ref"].split("/")[0] for each in desk.status()["objectives"]} == {"2026-Q4"}
    assert "2026-Q4" in str(cycles_in_the_views(desk)) and "2026-Q3" not in str(cycles_in_the_views(desk))


def cycles_in_the_views(desk: Desk) -> list[tuple[str]]:
    with closing(sqlite3.connect(desk.folder / "okrsync.db")) as db:
        return db.execute("select distinct cycle from objective_status").fetchall()


def test_who_watches_and_fails_does_not_end_the_work(day: Day) -> None:
    def fail(event: events.Event) -> None:
        raise LookupError(type(event).__name__)

    day.observers.insert(0, fail)
    day.at(0, 10, day.inbox.stop.set)
    day.run()
    assert Counter(each.kind for each in day.of(events.RunEnded)) == {"reconcile": 1, "poll": 4}
    assert sum("cannot take RunEnded (LookupError: RunEnded)" in each.text for each in day.of(events.Noted)) == 1


def test_mappings_are_read_on_schedules_of_their_own(day: Day) -> None:
    path = day.desk.folder / "okrsync.toml"
    path.write_text(f'{path.read_text()}schedule = "1h"\n')
    day.at(2, 10, day.inbox.stop.set)
    day.run()
    polls = Counter(each.kind for each in day.of(events.RunEnded))
    # From 22:00 to 02:10: the complete syncs are at 22:00 and 00:30; every hour after them is 23:00, 00:00, 01:30.
    assert polls["poll 1h"] == 3
    assert [each.mappings for each in day.of(events.RunBegan) if each.kind == "poll 1h"] == [("work/PROJA",)] * 3


def test_mappings_on_schedules_of_their_own_leave_each_others_comments_alone(day: Day) -> None:
    site, path = day.desk.ground.site, day.desk.folder / "okrsync.toml"
    site.add_project("PROJB", "Second")
    day.desk.write_team(1)
    path.write_text(f'{path.read_text()}schedule = "20m"\n\n{day.desk.ground.mapping_toml(1)}schedule = "1h"\n')
    day.at(0, 10, lambda: site.requests.clear())
    day.at(2, 40, day.inbox.stop.set)
    day.run()
    polls = [each for each in day.of(events.RunEnded) if each.kind.startswith("poll ")]
    assert {each.kind for each in polls} == {"poll 20m", "poll 1h"}
    # Nobody says anything: once all is settled, each poll is one search, whichever was before it.
    assert {each.requests for each in polls[4:]} == {1}
    assert not [each.path for each in site.requests.records if each.path.endswith("bulkfetch")]

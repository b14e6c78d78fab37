"""Who is told what, and when: by hand, and for any course of events."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.daemon.telling import (
    FAILING,
    Concerned,
    Fact,
    Picture,
    Rules,
    Telling,
    Waiting,
    due,
    next_moment,
    noticed,
    told,
)
from okrsync.store.values import Notice
from okrsync.trackers.notifiers import News, Occasion

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALL = frozenset(Occasion)
AUDIENCES = {"leads": ("dana", "robin"), "board": ("dana", "robin", "kim")}


def fact(subject: str = "held x", state: str = "a", telling: Telling = Telling.ALWAYS, **more: object) -> Fact:
    occasion = more.pop("occasion", Occasion.CHANGE_HELD)
    assert isinstance(occasion, Occasion)
    return Fact(subject, state, News(occasion, f"{subject} is {state}", "because"), telling=telling, **more)  # type: ignore[arg-type]


class Channel:
    """One channel in the course of time; what it was told, in order."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.ledger: dict[str, Notice] = {}
        self.told: list[tuple[datetime, str, str]] = []

    def see(
        self, now: datetime, *facts: Fact, covers: tuple[str, ...] = ("held ", "health ", "check-in ", "failing ")
    ) -> None:
        self._change(noticed(self.rules, self.ledger, Picture(facts, covers), now))

    def send(self, now: datetime) -> list[str]:
        waiting = due(self.rules, self.ledger, now)
        self._change(told(self.ledger, waiting))
        self.told += [(now, subject, each.state) for subject, each in waiting.items()]
        return [each.news.text for each in waiting.values()]

    def live(self, now: datetime, *facts: Fact) -> list[str]:
        self.see(now, *facts)
        return self.send(now)

    def _change(self, changes: dict[str, Notice | None]) -> None:
        for subject, notice in changes.items():
            if notice is None:
                del self.ledger[subject]
            else:
                self.ledger[subject] = notice


def test_nobody_hears_of_the_same_thing_twice() -> None:
    channel = Channel(Rules(ALL))
    assert channel.live(MONDAY, fact()) == ["held x is a"]
    assert channel.live(MONDAY + timedelta(days=30), fact()) == []
    assert channel.live(MONDAY, fact(state="b")) == ["held x is b"]


def test_what_is_over_and_comes_again_is_told_again() -> None:
    channel = Channel(Rules(ALL))
    channel.live(MONDAY, fact())
    assert channel.live(MONDAY) == []
    assert channel.ledger == {}
    assert channel.live(MONDAY, fact()) == ["held x is a"]


def test_what_a_picture_does_not_cover_is_not_over() -> None:
    channel = Channel(Rules(ALL))
    channel.live(MONDAY, fact())
    channel.see(MONDAY, covers=("health ",))
    assert channel.live(MONDAY, fact()) == []


@pytest.mark.parametrize(
    ("course", "heard"),
    [
        (["on-track", "at-risk", "off-track"], ["at-risk", "off-track"]),
        (["at-risk", "at-risk"], []),
        (["at-risk", "on-track", "at-risk"], ["on-track", "at-risk"]),
        (["too-early", "on-track"], []),
        (["too-early", "off-track"], ["off-track"]),
        (["on-track", "unknown", "on-track", "unknown", "off-track"], ["off-track"]),
        (["on-track", "off-track", "unknown", "off-track"], ["off-track"]),
    ],
)
def test_of_health_only_what_is_news_is_told(course: list[str], heard: list[str]) -> None:
    channel = Channel(Rules(ALL))
    for state in course:
        telling = Telling.NEVER if state in {"unknown", "too-early"} else Telling.WHEN_WORSE
        channel.live(MONDAY, fact("health x", state, telling))
    assert [state for _, _, state in channel.told] == heard


def test_at_night_nothing_is_told_and_what_is_over_by_the_morning_never() -> None:
    quiet = Rules(ALL, quiet=(time(22), time(7)), zone=ZoneInfo("Europe/Berlin"))
    channel = Channel(quiet)
    night = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # 00:30 in Berlin
    assert channel.live(night, fact("held x"), fact("held y")) == []
    morning = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # 07:00 in Berlin
    assert next_moment(quiet, channel.ledger, night) == morning
    channel.see(night, fact("held x"))
    assert channel.send(morning - timedelta(seconds=1)) == []
    assert channel.send(morning) == ["held x is a"]


def test_the_night_ends_at_the_right_moment_when_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    rules = Rules(ALL, quiet=(time(22), time(7)), zone=zone)
    ledger = {"held x": Notice(None, Waiting("a", MONDAY, News(Occasion.CHANGE_HELD, "x")).to_text())}
    before = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight, summer time
    assert next_moment(rules, ledger, before) == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)  # seven, winter time


def test_a_digest_gathers_until_its_hour() -> None:
    channel = Channel(Rules(ALL, digest="0 9 * * *"))
    assert channel.live(MONDAY, fact("held x")) == []
    assert channel.live(MONDAY + timedelta(hours=5), fact("held x"), fact("held y")) == []
    nine = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert next_moment(channel.rules, channel.ledger, MONDAY) == nine
    assert channel.send(nine - timedelta(seconds=1)) == []
    assert channel.send(nine) == ["held x is a", "held y is a"]
    assert channel.send(nine + timedelta(days=1)) == []


def test_a_digest_in_quiet_hours_comes_after_them() -> None:
    rules = Rules(ALL, digest="0 6 * * *", quiet=(time(22), time(7)))
    channel = Channel(rules)
    channel.see(MONDAY, fact())
    assert next_moment(rules, channel.ledger, MONDAY) == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert channel.send(datetime(2026, 11, 24, 6, 30, tzinfo=UTC)) == []
    assert channel.send(datetime(2026, 11, 24, 7, 0, tzinfo=UTC)) == ["held x is a"]


def failing(since: datetime) -> Fact:
    moment = since.isoformat()
    return fact("failing work", f"{FAILING}{moment} Work", occasion=Occasion.SYNC_FAILING, since=since)


def test_a_failure_is_told_after_a_while_and_so_is_its_end() -> None:
    channel = Channel(Rules(ALL, failing_for=timedelta(minutes=30)))
    assert channel.live(MONDAY, failing(MONDAY)) == []
    assert channel.live(MONDAY + timedelta(minutes=29), failing(MONDAY)) == []
    assert len(channel.live(MONDAY + timedelta(minutes=30), failing(MONDAY))) == 1
    assert channel.live(MONDAY + timedelta(hours=3), failing(MONDAY)) == []
    [text] = channel.live(MONDAY + timedelta(hours=4))
    assert text == f"Work works again; it had failed since {MONDAY.isoformat()}"
    assert channel.live(MONDAY + timedelta(hours=5)) == []
    assert channel.ledger == {}


def test_of_a_failure_that_nobody_was_told_of_the_end_is_no_news() -> None:
    channel = Channel(Rules(ALL, failing_for=timedelta(minutes=30)))
    channel.live(MONDAY, failing(MONDAY))
    assert channel.live(MONDAY + timedelta(minutes=5)) == []
    assert channel.ledger == {}


def test_a_reminder_begins_at_its_own_moment_only() -> None:
    channel = Channel(Rules(ALL, quiet=(time(22), time(7))))
    late = fact("check-in x", "2026-11-16", Telling.ONCE_BEGUN)
    assert channel.live(MONDAY, late) == []
    assert channel.ledger == {}
    night = MONDAY + timedelta(hours=11)
    channel.see(night, fact("check-in x", "2026-11-16"))
    channel.see(night, late)
    assert channel.send(MONDAY + timedelta(hours=20)) == ["check-in x is 2026-11-16"]


@pytest.mark.parametrize(
    ("rules", "objective", "hears"),
    [
        (Rules(ALL), Concerned(), True),
        (Rules(ALL), Concerned("leads", "dana"), False),
        (Rules(ALL, "leads", AUDIENCES), Concerned("leads"), True),
        (Rules(ALL, "leads", AUDIENCES), Concerned("board"), True),
        (Rules(ALL, "board", AUDIENCES), Concerned("leads"), False),
        (Rules(ALL, people=frozenset({"dana"})), Concerned(owner="dana"), True),
        (Rules(ALL, people=frozenset({"dana"})), Concerned(owner="kim", team="web"), False),
        (Rules(ALL, teams=frozenset({"web"})), Concerned(owner="kim", team="web"), True),
        (Rules(ALL, reader="dana"), Concerned(owner="dana"), True),
        (Rules(ALL, reader="dana"), Concerned(owner="kim"), False),
        (Rules(ALL, reader="dana", reader_teams=frozenset({"web"})), Concerned(owner="kim", team="web"), False),
        (Rules(ALL, reader="dana", reader_teams=frozenset({"web"})), Concerned(team="web"), True),
        (Rules(ALL, reader="dana"), Concerned("leads", "dana"), True),
        (
            Rules(ALL, "everyone", AUDIENCES, reader="kim", reader_teams=frozenset({"web"})),
            Concerned("leads", None, "web"),
            False,
        ),
        (
            Rules(ALL, "everyone", AUDIENCES, reader="kim", reader_teams=frozenset({"web"})),
            Concerned("board", None, "web"),
            True,
        ),
        (Rules(frozenset({Occasion.HEALTH_CHANGED})), Concerned(), False),
    ],
)
def test_who_hears_of_an_objective(rules: Rules, objective: Concerned, hears: bool) -> None:
    assert bool(Channel(rules).live(MONDAY, fact(concerns=(objective,)))) is hears


def test_details_that_speak_of_what_is_for_others_are_left_out() -> None:
    about = fact(concerns=(Concerned(),), details_concern=(Concerned("leads"),))
    for rules, details in ((Rules(ALL), ""), (Rules(ALL, "leads", AUDIENCES), "because")):
        channel = Channel(rules)
        channel.see(MONDAY, about)
        assert due(rules, channel.ledger, MONDAY)["held x"].news.details == details


def test_what_becomes_restricted_while_it_waits_is_not_told() -> None:
    channel = Channel(Rules(ALL, digest="0 9 * * *"))
    channel.see(MONDAY, fact(concerns=(Concerned(),)))
    channel.see(MONDAY, fact(concerns=(Concerned("leads"),)))
    assert channel.send(MONDAY + timedelta(days=2)) == []


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"state": "a"}', '{"state": "a", "since": "x", "news": {}}', "\x00"])
def test_what_a_disk_has_changed_is_no_news(text: str) -> None:
    assert Waiting.of(text) is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 45, 400, 700]),
        st.fixed_dictionaries({}, optional={"x": st.sampled_from(["a", "off-track"]), "y": st.just("on-track")}),
        st.sampled_from(["everyone", "everyone", "leads"]),
        st.sampled_from([True, True, False]),
    ),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, kind=st.sampled_from(list(Telling)), digest=st.sampled_from([None, "0 9 * * *", "*/30 * * * *"]))
def test_in_any_course_of_events_nobody_is_woken_told_twice_or_told_secrets(
    steps: list[tuple[int, dict[str, str], str, bool]], kind: Telling, digest: str | None
) -> None:
    zone = ZoneInfo("America/New_York")
    channel = Channel(Rules(ALL, quiet=(time(21, 30), time(6, 15)), digest=digest, zone=zone))
    now, gone_between, last = MONDAY, set[str](), dict[str, str]()
    for minutes, states, audience, sends in steps:
        now += timedelta(minutes=minutes)
        facts = [fact(f"held {name}", state, kind, concerns=(Concerned(audience),)) for name, state in states.items()]
        channel.see(now, *facts)
        visible = {each.subject: each.state for each in facts if audience == "everyone"}
        gone_between |= {subject for subject in last if subject not in visible}
        before = len(channel.told)
        if sends:
            channel.send(now)
        for moment, subject, state in channel.told[before:]:
            clock = moment.astimezone(zone).time()
            assert time(6, 15) <= clock < time(21, 30)
            assert visible.get(subject) == state, "what is told is so now, and may be known"
            assert last.get(subject) != state or subject in gone_between
            last[subject] = state
            gone_between.discard(subject)
        moment = next_moment(channel.rules, channel.ledger, now)
        if moment is not None:
            assert due(channel.rules, channel.ledger, max(moment, now))

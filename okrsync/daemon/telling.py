"""Who is told what, and when. Pure: facts and what was told before go in, what is to be told comes out.

A *subject* is something that can be told of again and again, such as the health of one key result; its *state* is what
is told of it. Through one channel nobody hears of the same state of a subject twice in a row. What may not be told yet,
at night or before the hour of a digest, waits; and what is over by then is not told at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from okrsync.daemon.schedule import Rhythm
from okrsync.domain.audience import is_shown
from okrsync.domain.okr import EVERYONE
from okrsync.store.values import Notice
from okrsync.trackers.notifiers import News, Occasion


class Telling(StrEnum):
    """How a state that is new to a channel is treated."""

    ALWAYS = "always"
    AFTER_ANOTHER = "after another"
    """The first state that is seen at all is only noted; every other one is told."""
    WHEN_WORSE = "when worse"
    """As AFTER_ANOTHER, and a good state only after a bad one."""
    NEVER = "never"
    """It is noted where nothing is known, and changes nothing else: a state of which nothing can be said."""
    ONCE_BEGUN = "once begun"
    """Only what waits already stays; for what begins at a moment of its own."""


BAD = frozenset({"at-risk", "off-track"})


@dataclass(frozen=True)
class Concerned:
    """An objective that a fact is about: who may know of it, and whose it is."""

    audience: str = EVERYONE
    owner: str | None = None
    team: str | None = None


@dataclass(frozen=True)
class Fact:
    """Something as it is now, of which people may be told."""

    subject: str
    state: str
    news: News
    concerns: tuple[Concerned, ...] = ()
    """The objectives that it is about, of which a channel must know one; nothing: it is about no one's."""
    details_concern: tuple[Concerned, ...] = ()
    """Objectives that the details speak of; a channel that may not know all of them gets no details."""
    telling: Telling = Telling.ALWAYS
    since: datetime | None = None
    """Since when it is so, for what is told only after a while."""


@dataclass(frozen=True)
class Picture:
    """Everything that is known at one moment."""

    facts: tuple[Fact, ...] = ()
    covers: tuple[str, ...] = ()
    """What subjects begin with of which all are among the facts: those that are not, are over."""


@dataclass(frozen=True)
class Rules:
    """What a channel wants to hear, and when."""

    occasions: frozenset[Occasion]
    audience: str = EVERYONE
    audiences: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Name → who belongs to it."""
    people: frozenset[str] = frozenset()
    """Only what these own; nobody for no such limit."""
    teams: frozenset[str] = frozenset()
    reader: str | None = None
    """The one person who reads the channel, and hears only of what concerns her; None for one that others read."""
    reader_teams: frozenset[str] = frozenset()
    quiet: tuple[time, time] | None = None
    digest: str | None = None
    """A cron expression."""
    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009 - immutable, and always the same
    failing_for: timedelta = timedelta(0)


@dataclass(frozen=True)
class Waiting:
    """News that is still to be told."""

    state: str
    since: datetime
    news: News

    def to_text(self) -> str:
        """As the cache keeps it."""
        return json.dumps({"state": self.state, "since": self.since.isoformat(), "news": asdict(self.news)})

    @classmethod
    def of(cls, text: str) -> Waiting | None:
        """What `to_text` wrote; None for anything else."""
        try:
            found = json.loads(text)
            news = News(**{**found["news"], "occasion": Occasion(found["news"]["occasion"])})
            return cls(str(found["state"]), datetime.fromisoformat(found["since"]).astimezone(UTC), news)
        except (ValueError, TypeError, KeyError):
            return None


Ledger = Mapping[str, Notice]
"""Subject → what was told of it through one channel, and what waits."""


def noticed(rules: Rules, ledger: Ledger, picture: Picture, now: datetime) -> dict[str, Notice | None]:
    """What changes in a channel's ledger; None where a subject is over and forgotten."""
    changes: dict[str, Notice | None] = {}
    present = set()
    for fact in picture.facts:
        if not _may_hear(rules, fact):
            continue
        present.add(fact.subject)
        before = ledger.get(fact.subject, Notice())
        after = _after(rules, before, fact, now)
        if after != before:
            changes[fact.subject] = after
    for subject, notice in ledger.items():
        if subject not in present and subject.startswith(picture.covers):
            changes[subject] = _over(notice, now)
    return {subject: None if notice == Notice() else notice for subject, notice in changes.items()}


def _after(rules: Rules, before: Notice, fact: Fact, now: datetime) -> Notice:
    if fact.state == before.told or (fact.telling is Telling.NEVER and before.told is not None):
        return Notice(before.told)
    is_first = before.told is None
    if is_first and fact.telling in {Telling.AFTER_ANOTHER, Telling.WHEN_WORSE, Telling.NEVER}:
        return Notice(fact.state)
    if fact.telling is Telling.WHEN_WORSE and fact.state not in BAD and before.told not in BAD:
        return Notice(fact.state)
    waiting = Waiting.of(before.waiting) if before.waiting else None
    if fact.telling is Telling.ONCE_BEGUN and waiting is None:
        return before
    if fact.since is not None and now - fact.since < rules.failing_for:
        return before
    news = _discreet(rules, fact)
    if waiting is not None and (waiting.state, waiting.news) == (fact.state, news):
        return before
    return Notice(before.told, Waiting(fact.state, waiting.since if waiting else now, news).to_text())


def _over(notice: Notice, now: datetime) -> Notice:
    """What stays of a subject that is over: that a failure is over is told to whoever was told of it."""
    waiting = Waiting.of(notice.waiting) if notice.waiting else None
    if waiting is not None and waiting.state == OVER:
        return notice
    if notice.told is None or not notice.told.startswith(FAILING):
        return Notice()
    since, _, label = notice.told.removeprefix(FAILING).partition(" ")
    text = f"{label} works again; it had failed since {since}"
    return Notice(notice.told, Waiting(OVER, now, News(Occasion.SYNC_FAILING, text)).to_text())


FAILING = "failing "
"""What the state of a failure begins with; then the moment, and a name for people."""
OVER = "over"


def due(rules: Rules, ledger: Ledger, now: datetime) -> dict[str, Waiting]:
    """What is to be told now, by subject, the oldest first."""
    if _is_quiet(rules, now):
        return {}
    waiting = _waiting(ledger)
    if rules.digest is not None:
        oldest = min((each.since for each in waiting.values()), default=now)
        if Rhythm(rules.digest, rules.zone).next(oldest, now) > now:
            return {}
    return dict(sorted(waiting.items(), key=lambda each: (each[1].since, each[0])))


def told(ledger: Ledger, subjects: Iterable[str]) -> dict[str, Notice | None]:
    """What changes in a ledger when what waits of these subjects is told."""
    waiting = _waiting(ledger)
    return {
        subject: None if waiting[subject].state == OVER else Notice(waiting[subject].state)
        for subject in subjects
        if subject in waiting
    }


def next_moment(rules: Rules, ledger: Ledger, now: datetime) -> datetime | None:
    """When something that waits may be told; None where nothing waits. A moment that is not after `now`: at once."""
    waiting = _waiting(ledger)
    if not waiting:
        return None
    moment = now
    if rules.digest is not None:
        oldest = min(each.since for each in waiting.values())
        moment = max(now, Rhythm(rules.digest, rules.zone).next(oldest, now))
    return _end_of_quiet(rules, moment) if _is_quiet(rules, moment) else moment


def _waiting(ledger: Ledger) -> dict[str, Waiting]:
    read = ((subject, Waiting.of(notice.waiting)) for subject, notice in ledger.items() if notice.waiting)
    return {subject: waiting for subject, waiting in read if waiting is not None}


def _may_hear(rules: Rules, fact: Fact) -> bool:
    if fact.news.occasion not in rules.occasions:
        return False
    known = [each for each in fact.concerns if _may_know(rules, each)]
    if fact.concerns and not known:
        return False
    if rules.reader is not None and not any(_is_of(rules.reader, rules.reader_teams, each) for each in known):
        return False
    if not rules.people and not rules.teams:
        return True
    return not fact.concerns or any(each.owner in rules.people or each.team in rules.teams for each in known)


def _may_know(rules: Rules, objective: Concerned) -> bool:
    if is_shown(objective.audience, rules.audience, rules.audiences):
        return True
    reader = rules.reader
    return reader is not None and (reader == objective.owner or reader in rules.audiences.get(objective.audience, ()))


def _is_of(person: str, teams: Collection[str], objective: Concerned) -> bool:
    """Whether an objective is a person's own: she owns it, or nobody does and it is her team's."""
    return objective.owner == person if objective.owner is not None else objective.team in teams


def _discreet(rules: Rules, fact: Fact) -> News:
    if all(_may_know(rules, each) for each in fact.details_concern):
        return fact.news
    return News(fact.news.occasion, fact.news.text, "", fact.news.ref, fact.news.url)


def _is_quiet(rules: Rules, now: datetime) -> bool:
    if rules.quiet is None:
        return False
    start, end = rules.quiet
    clock = now.astimezone(rules.zone).time()
    return start <= clock < end if start < end else clock >= start or clock < end


def _end_of_quiet(rules: Rules, moment: datetime) -> datetime:
    assert rules.quiet is not None
    local = moment.astimezone(rules.zone)
    end = local.replace(hour=rules.quiet[1].hour, minute=rules.quiet[1].minute, second=0, microsecond=0, fold=0)
    if end.time() <= local.time():
        end += timedelta(days=1)
    return end.astimezone(UTC)

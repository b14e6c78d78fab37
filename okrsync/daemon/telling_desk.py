"""Tells people: what is new goes into the ledger of each channel, and from there to a notifier when its time has come.

At most once: that something was told is written down before it is sent, and taken back only where it certainly was not
sent. What cannot be sent waits, and is tried again later; nothing here ends the daemon.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from okrsync.daemon import telling
from okrsync.daemon.telling import Picture, Rules, Waiting
from okrsync.problems import Problems
from okrsync.settings import Settings
from okrsync.settings.against_notifiers import addresses, check_notifier, notifier_table
from okrsync.settings.notifiers import NotifySettings
from okrsync.settings.secrets import notifier_secrets
from okrsync.store.errors import CacheError, CacheMissing
from okrsync.store.reading import Reader
from okrsync.store.values import Notice
from okrsync.trackers.errors import Misconfigured, TrackerError, Transient
from okrsync.trackers.notifiers import Message, News, NotifierContext, Occasion
from okrsync.trackers.plugins import Plugins
from okrsync.trackers.retry import Interrupted, RetryPolicy

if TYPE_CHECKING:
    from okrsync.store.cache import Cache

AGAIN_AFTER = timedelta(minutes=5)
"""When what could not be sent is tried again; twice as long after each further failure, and an hour at most."""
_LONGEST = timedelta(hours=1)
_ATTEMPTS, _LONGEST_WAIT = 3, 30.0
_IN_WORDS = {
    Occasion.CHECK_IN_DUE: ("check-in due", "check-ins due"),
    Occasion.HEALTH_CHANGED: ("change of health", "changes of health"),
    Occasion.CHANGE_HELD: ("change held", "changes held"),
    Occasion.SYNC_FAILING: ("word on failing syncs", "words on failing syncs"),
    Occasion.TEST: ("test", "tests"),
}


@dataclass
class Channel:
    """One way to some people, and what they were told through it."""

    name: str
    notifier: str
    """Its name in the settings."""
    rules: Rules
    to: tuple[str, ...] = ()
    ledger: dict[str, Notice] = field(default_factory=dict)
    failures: int = 0
    not_before: datetime | None = None


class Desk:
    """The channels of one workspace, as its settings have them. Belongs to one thread.

    Args:
        warn: told what an administrator should know.
    """

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        environment: Mapping[str, str],
        *,
        clock: Callable[[], datetime],
        warn: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._plugins = plugins
        self._environment = environment
        self._clock = clock
        self._warn = warn
        self._stop = stop
        self.channels = tuple(self._open())

    def occasions(self) -> frozenset[Occasion]:
        """What any channel wants to hear."""
        return frozenset(occasion for channel in self.channels for occasion in channel.rules.occasions)

    def notice(self, picture: Picture) -> None:
        """Take up what is new."""
        now = self._clock()
        for channel in self.channels:
            changes = telling.noticed(channel.rules, channel.ledger, picture, now)
            if changes:
                self._put(channel, changes)

    def send(self) -> datetime | None:
        """Send what may be told now; when there will be something again, None where nothing waits."""
        moments = []
        for channel in self.channels:
            now = self._clock()
            if channel.not_before is None or channel.not_before <= now:
                waiting = telling.due(channel.rules, channel.ledger, now)
                if waiting:
                    self._tell(channel, waiting, now)
            moment = telling.next_moment(channel.rules, channel.ledger, now)
            if moment is not None:
                moments.append(max(moment, channel.not_before) if channel.not_before else moment)
        return min(moments, default=None)

    def _open(self) -> Iterator[Channel]:
        for name, table in self._settings.notify.items():
            problems = check_notifier(self._settings, name, self._plugins)
            if problems:
                for each in problems:
                    self._warn(f"{each}. Nobody is told anything by it")
                continue
            for channel in self._channels(name, table, addressed=self._plugins.notifiers[table.type].addressed):
                channel.ledger = self._kept(channel)
                yield channel

    def _channels(self, name: str, table: NotifySettings, *, addressed: bool) -> Iterator[Channel]:
        if not addressed or table.to:
            yield Channel(name, name, rules_of(self._settings, table), addresses(self._settings, table))
            return
        for person, about in self._settings.people.items():
            if about.email:
                rules = rules_of(self._settings, table, reader=person, reader_teams=frozenset(about.teams))
                yield Channel(f"{name}/{person}", name, rules, (about.email,))

    def _kept(self, channel: Channel) -> dict[str, Notice]:
        try:
            with Reader.at(self._settings.cache_file, self._settings.workspace) as cache:
                return cache.notices.of(channel.name)
        except CacheMissing:
            return {}
        except CacheError as error:
            self._warn(f"what was told through {channel.name} cannot be read: {error}")
            return {}

    def _put(self, channel: Channel, changes: Mapping[str, Notice | None]) -> bool:
        """Note changes in the ledger, and in the cache first; whether that went well."""
        try:
            with closing(self._cache()) as cache:
                cache.notices.put(channel.name, changes)
        except CacheError as error:
            self._warn(f"what {channel.name} is told cannot be noted, so it is not told: {error}")
            return False
        for subject, notice in changes.items():
            if notice is None:
                channel.ledger.pop(subject, None)
            else:
                channel.ledger[subject] = notice
        return True

    def _cache(self) -> Cache:
        from okrsync.store.cache import Cache

        return Cache.open(self._settings.cache_file, self._settings.workspace, clock=self._clock)

    def _tell(self, channel: Channel, waiting: Mapping[str, Waiting], now: datetime) -> None:
        before = {subject: channel.ledger[subject] for subject in waiting}
        if not self._put(channel, telling.told(channel.ledger, waiting)):
            channel.not_before = now + AGAIN_AFTER
            return
        news = tuple(each.news for each in waiting.values())
        message = Message(self._settings.workspace, title(self._settings.workspace, news), news, now, channel.to)
        try:
            note = deliver(self._settings, self._plugins, channel.notifier, message, self._environment, self._stop)
        except Interrupted:
            self._put(channel, before)
        except TrackerError as error:
            self._failed(channel, error, before, now)
        except Exception as error:  # noqa: BLE001 - a stranger's plugin must not end the daemon
            self._warn(f"{channel.name}: an error in the notifier itself, {type(error).__name__}: it is not sent again")
        else:
            channel.failures, channel.not_before = 0, None
            if note:
                self._warn(f"{channel.name}: {note}")

    def _failed(self, channel: Channel, error: TrackerError, before: Mapping[str, Notice], now: datetime) -> None:
        if isinstance(error, Transient) and error.acted is not False:
            self._warn(f"{channel.name}: {error}; it is not sent again, so that nobody is told twice")
            return
        self._put(channel, before)
        wait = min(AGAIN_AFTER * 2**channel.failures, _LONGEST)
        if isinstance(error, Transient) and error.retry_after:
            wait = max(wait, timedelta(seconds=error.retry_after))
        channel.failures = min(channel.failures + 1, 10)
        channel.not_before = now + wait
        self._warn(f"{channel.name}: {error}; the next try is in {int(wait.total_seconds() // 60)} min")


def deliver(
    settings: Settings,
    plugins: Plugins,
    notifier: str,
    message: Message,
    environment: Mapping[str, str],
    stop: threading.Event,
) -> str | None:
    """Send one message by the notifier called `notifier`; what somebody should know although it was sent.

    Its secrets are read afresh, so that one that was replaced is used at once.

    Raises:
        TrackerError: as `Notifier.send` says.
        Interrupted: `stop` was set before it was sent.
    """
    kind = plugins.notifiers[settings.notify[notifier].type]
    try:
        secrets = notifier_secrets(settings, notifier, environment)
    except Problems as problems:
        raise Misconfigured(*(str(each) for each in problems.problems)) from problems
    policy = RetryPolicy(attempts=_ATTEMPTS, longest_wait=_LONGEST_WAIT, stop=stop)
    table = notifier_table(settings, notifier)
    context = NotifierContext(table, secrets.url, secrets.token, secrets.password, settings.folder, policy)
    with closing(kind.load(context)) as sender:
        return sender.send(message)


def rules_of(
    settings: Settings, table: NotifySettings, *, reader: str | None = None, reader_teams: frozenset[str] = frozenset()
) -> Rules:
    """What a table of the settings asks for; that a sync fails is no concern of one reader."""
    occasions = frozenset(Occasion(each) for each in table.events)
    return Rules(
        occasions=occasions if reader is None else occasions - {Occasion.SYNC_FAILING},
        audience=table.audience,
        audiences=settings.audiences,
        people=frozenset(table.people),
        teams=frozenset(table.teams),
        reader=reader,
        reader_teams=reader_teams,
        quiet=table.quiet_hours,
        digest=table.digest,
        zone=ZoneInfo(table.timezone or settings.schedule.timezone),
        failing_for=table.failing_for,
    )


def title(workspace: str, news: tuple[News, ...]) -> str:
    """What a message is about, in one line."""
    if len(news) == 1:
        text = f"{workspace}: {news[0].text}"
        return text if len(text) <= 150 else f"{text[:149]}…"
    counts = Counter(each.occasion for each in news)
    parts = (f"{count} {_IN_WORDS[occasion][count > 1]}" for occasion, count in counts.items())
    return f"{workspace}: {', '.join(parts)}"

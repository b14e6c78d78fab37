"""`[notify.NAME]`: who is told what, when, and by which way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, PrivateAttr, WithJsonSchema

from okrsync.domain.okr import EVERYONE, Source
from okrsync.settings.daemon import ZoneName
from okrsync.settings.sources import ShortTime
from okrsync.settings.tables import MaybeNone, Name, Table, Text
from okrsync.settings.times import CRON, parse_when
from okrsync.settings.trackers import TokenSource
from okrsync.trackers.notifiers import Occasion

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_QUIET = rf"{_CLOCK}-{_CLOCK}"
_DAILY = rf"daily +{_CLOCK}"
EVENTS = tuple(each.value for each in Occasion if each is not Occasion.TEST)

Span = tuple[time, time]


def _parse_quiet_hours(text: object) -> Span:
    if isinstance(text, tuple):
        return text
    if not isinstance(text, str) or not re.fullmatch(_QUIET, text.strip()):
        raise ValueError("two times of day, such as 22:00-07:00")
    start, end = (time.fromisoformat(each) for each in text.strip().split("-"))
    if start == end:
        raise ValueError("two different times of day, such as 22:00-07:00")
    return start, end


def _parse_digest(text: object) -> str:
    if isinstance(text, str) and re.fullmatch(_DAILY, text.strip()):
        hour, minute = text.split()[1].split(":")
        return f"{int(minute)} {int(hour)} * * *"
    try:
        when = parse_when(text)
    except ValueError:
        when = timedelta(0)
    if isinstance(when, str):
        return when
    raise ValueError("daily and a time of day, such as 'daily 09:00', or a cron expression such as '0 9 * * mon'")


def _known_events(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word not in EVENTS:
            raise ValueError(f"only {', '.join(EVENTS)} in it, and {word!r} is none of these")
    return words


class NotifySettings(Table):
    """A way to tell people. `okrsync notify list` shows which keys each type takes."""

    model_config = ConfigDict(extra="allow")

    type: Name = Field(description="The kind of notifier: slack, email, command, or what a plugin brings.")
    url: TokenSource | None = Field(
        default=None,
        description="Where the address is kept that messages go to. Whoever knows it can write there, so it is never"
        " written into this file.",
    )
    token: TokenSource | None = Field(
        default=None, description="Where the token is kept, for a notifier that wants one. It is never written here."
    )
    user: Text | None = Field(default=None, description="The account that the password belongs to.")
    password: TokenSource | None = Field(
        default=None, description="Where the account's password is kept. It is never written into this file."
    )
    ca_file: Text | None = Field(
        default=None, description="A file with the certificate authority of a server in your own house."
    )
    timeout: ShortTime = Field(default=timedelta(seconds=30), description="How long one message may take, at most 10m.")
    events: Annotated[tuple[Text, ...], AfterValidator(_known_events), Field(min_length=1)] = Field(
        default=EVENTS, description=f"What is told: {', '.join(EVENTS)}. Default: all of it."
    )
    audience: Name = Field(
        default=EVERYONE,
        description="For whom it is: a name under [audiences], or everyone. What is for others is never told here.",
    )
    people: tuple[Text, ...] = Field(default=(), description="Only what these people own. Absent: everybody.")
    teams: tuple[Text, ...] = Field(default=(), description="Only what belongs to these teams. Absent: every team.")
    to: tuple[Text, ...] = Field(
        default=(),
        description="For email: addresses, or people of this file. Absent: the people whom the news concerns.",
    )
    quiet_hours: (
        Annotated[
            Span,
            PlainValidator(_parse_quiet_hours),
            WithJsonSchema({"type": "string", "pattern": f"^{_QUIET}$"}),
        ]
        | None
    ) = Field(default=None, description="When nobody is told anything: 22:00-07:00. It is told afterwards.")
    digest: (
        Annotated[
            str,
            PlainValidator(_parse_digest),
            WithJsonSchema({"type": "string", "pattern": f"^({_DAILY}|{CRON})$"}),
        ]
        | None
    ) = Field(
        default=None,
        description="When everything that has gathered is told in one message: 'daily 09:00', or a cron expression."
        " Absent: as it happens.",
    )
    timezone: ZoneName | None = Field(
        default=None, description="The time zone of quiet hours and digests. Default: schedule.timezone."
    )
    failing_for: MaybeNone = Field(
        default=timedelta(minutes=30), description="How long something must fail before it is told; 0s for at once."
    )
    _source: Source = PrivateAttr(default=Source("", 1))

    @property
    def source(self) -> Source:
        """Where it stands in the settings."""
        return self._source

    @property
    def options(self) -> Mapping[str, Any]:
        """The keys that only its type knows."""
        return dict(self.model_extra or {})

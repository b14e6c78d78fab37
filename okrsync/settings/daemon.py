"""`[schedule]` and `[daemon]`: when the daemon works, and what it does then."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from okrsync.settings.tables import Flag, MaybeNone, Table, Text, When


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("the name of a time zone such as Europe/Berlin, or UTC") from None
    return name


ZoneName = Annotated[Text, AfterValidator(_known_zone)]


class Schedule(Table):
    """When the daemon works."""

    pull: When = Field(
        default=timedelta(minutes=15),
        description="How often values are read: a span of time such as 15m, or a cron expression.",
    )
    reconcile: When = Field(
        default="0 3 * * *",
        description="How often everything is read and compared: a span of time, or a cron expression.",
    )
    check_ins: When = Field(
        default="0 9 * * mon",
        description="When people are reminded of check-ins that are due: a span of time, or a cron expression.",
    )
    jitter: MaybeNone = Field(
        default=timedelta(seconds=30),
        description="By how much a run may be moved, so that not everybody asks at the same second; 0s for not at all.",
    )
    timezone: ZoneName = Field(default="UTC", description="The time zone of cron expressions, such as Europe/Berlin.")


class DaemonSettings(Table):
    """What the daemon does."""

    sync: Flag = Field(
        default=True,
        description="Whether it brings trackers and documents together as `okrsync sync` does; else it only reads.",
    )

"""Ways to tell people: what a plugin registers by `register_notifiers`, and what it is made from.

The settings say `[notify.leads]` with a `type`, which names a `NotifierType`; the core decides what is told to whom,
and when, and a notifier only carries it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okrsync.trackers.access import AccessTable, nothing_wrong

if TYPE_CHECKING:
    # The settings know the words of this module, and need no retry policy.
    from okrsync.trackers.interface import Secret
    from okrsync.trackers.retry import RetryPolicy


class Occasion(StrEnum):
    """Why somebody is told something; the words of `events` in the settings."""

    CHECK_IN_DUE = "check-in-due"
    HEALTH_CHANGED = "health-changed"
    CHANGE_HELD = "change-held"
    SYNC_FAILING = "sync-failing"
    TEST = "test"
    """Somebody tries whether it arrives; no word of the settings."""


@dataclass(frozen=True)
class News:
    """One thing that people are told. It holds what people and trackers wrote: whoever shows it must escape it."""

    occasion: Occasion
    text: str
    """What happened, in one line."""
    details: str = ""
    """Why, or what to do about it, in one line; empty where `text` says it all."""
    ref: str | None = None
    """The objective or key result that it is about."""
    url: str | None = None
    """Where people look at it, where there is such a page."""


@dataclass(frozen=True)
class Message:
    """What is sent at once."""

    workspace: str
    title: str
    """One line."""
    news: tuple[News, ...]
    at: datetime
    to: tuple[str, ...] = ()
    """E-mail addresses, for a notifier that is `addressed`; empty for others."""

    @property
    def text(self) -> str:
        """The news as plain text, a paragraph for each."""
        paragraphs = ("\n".join(each for each in (one.text, one.details, one.url) if each) for one in self.news)
        return "\n\n".join(paragraphs) + "\n"

    def to_json(self) -> dict[str, Any]:
        """What programs get."""
        return {
            "workspace": self.workspace,
            "title": self.title,
            "at": self.at.isoformat(),
            "to": list(self.to),
            "news": [
                {
                    "event": each.occasion.value,
                    "text": each.text,
                    "details": each.details,
                    "ref": each.ref,
                    "url": each.url,
                }
                for each in self.news
            ],
        }


@dataclass(frozen=True)
class NotifierTable(AccessTable):
    """What the settings say about a notifier, without its secrets."""

    name: str
    has_url: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class NotifierContext:
    """What a notifier is made from."""

    table: NotifierTable
    url: Secret | None
    """The address that messages go to, which is a secret of its own: whoever knows it can write there."""
    token: Secret | None
    password: Secret | None
    folder: Path
    """The folder of the settings."""
    policy: RetryPolicy
    """Every message goes through it as a request that is not repeatable; its `stop` ends every wait."""


class Notifier(ABC):
    """Carries messages to one place. An instance belongs to one thread."""

    @abstractmethod
    def send(self, message: Message) -> str | None:
        """Send one message, through the context's policy and within the table's timeout.

        What it gives back is what an administrator should know although the message was sent.

        Raises:
            Transient: it did not get through; `acted` is False where it certainly was not sent, and None where nobody
                knows, in which case it is never sent again.
            AuthFailed: the credentials are not accepted.
            Rejected, NotFound, Misconfigured: the same message will be refused again; nothing was sent.
            Interrupted: the policy's `stop` was set.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing that stays open
        """Let go of connections."""


@dataclass(frozen=True)
class NotifierType:
    """A way to tell people that a plugin offers: a value of `type` under `[notify.…]`."""

    name: str
    summary: str
    """One line for `okrsync notify list`."""
    load: Callable[[NotifierContext], Notifier]
    """Makes the notifier and sends nothing yet. It, and not the plugin's module, imports the libraries."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The keys of `[notify.NAME]` that are not for every type → what each does, in one sentence."""
    addressed: bool = False
    """Whether messages go to e-mail addresses: those of `to`, else of the people whom the news concerns."""
    check_table: Callable[[NotifierTable], Iterable[str]] = nothing_wrong
    """What is wrong in a table of the settings, each in a clause that names the key; it asks nobody."""

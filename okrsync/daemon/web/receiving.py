"""What becomes of a delivery of a webhook. Pure, but for the deliveries that it remembers.

Nothing is read of a body before its signature is found right. Of what it says, only where to look is taken, and only
where a mapping looks anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

from okrsync.daemon.inbox import Hint
from okrsync.settings import Settings
from okrsync.trackers.interface import Secret
from okrsync.trackers.webhooks import Named, Webhooks

LARGEST = 1024 * 1024
"""Bytes of a body; what is larger is not read."""
REMEMBERED = 10_000
"""So many deliveries are known by each tracker; an older one counts as new."""
_FORM = "application/x-www-form-urlencoded"


class Fate(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    IGNORED = "ignored"
    """It is about nothing that a mapping holds, or only says that webhooks work."""
    SEEN_BEFORE = "seen_before"
    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    UNKNOWN = "unknown"
    """No tracker of this name takes webhooks."""


STATUS = {
    Fate.TAKEN: 202,
    Fate.IGNORED: 202,
    Fate.SEEN_BEFORE: 202,
    Fate.UNSIGNED: 401,
    Fate.MALFORMED: 400,
    Fate.TOO_LARGE: 413,
    Fate.TOO_SLOW: 408,
    Fate.UNKNOWN: 404,
}
"""Each fate's status of HTTP. Trackers show it beside their deliveries, and try again what is no 2xx."""
IN_WORDS = {
    Fate.TAKEN: "taken as a hint",
    Fate.IGNORED: "nothing that okrsync looks at",
    Fate.SEEN_BEFORE: "seen before",
    Fate.UNSIGNED: "the signature is missing or wrong: the secret at the tracker and that of the settings differ",
    Fate.MALFORMED: "not a webhook of this kind of tracker",
    Fate.TOO_LARGE: f"more than {LARGEST} bytes",
    Fate.TOO_SLOW: "the body did not come in time",
    Fate.UNKNOWN: "no webhooks are taken here: see webhook_secret under [trackers.NAME] in the settings",
}


@dataclass
class Door:
    """Where the webhooks of one tracker come in."""

    tracker: str
    webhooks: Webhooks
    secret: Secret
    _seen: dict[str, None] = field(default_factory=dict)

    def receive(self, headers: Mapping[str, str], body: bytes, settings: Settings) -> tuple[Fate, tuple[Hint, ...]]:
        """What becomes of a delivery, and the hints in it. `headers` are by lower-case names."""
        if not self._is_signed(headers.get(self.webhooks.signature, ""), body):
            return Fate.UNSIGNED, ()
        try:
            named = tuple(self.webhooks.read(headers, _payload(headers, body)))
        except ValueError:
            return Fate.MALFORMED, ()
        if self._was_seen(headers.get(self.webhooks.delivery) or hashlib.sha256(body).hexdigest()):
            return Fate.SEEN_BEFORE, ()
        hints = tuple(dict.fromkeys(hint for each in named for hint in hints_of(each, self.tracker, settings)))
        return (Fate.TAKEN if hints else Fate.IGNORED), hints

    def remember_as(self, other: Door) -> None:
        """Know the deliveries that another door of this tracker knew."""
        self._seen = other._seen

    def _is_signed(self, signature: str, body: bytes) -> bool:
        method, _, digest = signature.strip().partition("=")
        right = hmac.new(self.secret.reveal().encode(), body, hashlib.sha256).hexdigest()
        # Bytes, for compare_digest takes no text beyond ASCII.
        return method == "sha256" and hmac.compare_digest(digest.encode("utf-8", "replace"), right.encode())

    def _was_seen(self, delivery: str) -> bool:
        known = hashlib.sha256(delivery.encode("utf-8", "replace")).hexdigest()[:32]
        if known in self._seen:
            return True
        self._seen[known] = None
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return False


def hints_of(named: Named, tracker: str, settings: Settings) -> Iterator[Hint]:
    """Where mappings look at what a webhook names; names of projects and boards are the same in any case of letters."""
    for mapping in settings.mappings:
        if mapping.tracker != tracker:
            continue
        if named.project is not None and named.project.casefold() == mapping.project.casefold():
            yield Hint(tracker, mapping.project, named.item)
        elif named.board is not None and mapping.board is not None and _is_on(mapping.board, named.board):
            yield Hint(tracker, mapping.project)


def _is_on(board: str, named: str) -> bool:
    owner = board.partition("/")[0]
    return named.casefold() in {board.casefold(), owner.casefold()}


def _payload(headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The JSON of a body, or of the field `payload` of a form.

    Raises:
        ValueError: it is neither.
    """
    text = body.decode("utf-8")
    if headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        (text,) = parse_qs(text, max_num_fields=10).get("payload", [""])
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if isinstance(found, dict):
        return found
    raise ValueError("no JSON object")

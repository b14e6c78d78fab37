"""What the notifiers share: words of servers that are fit for a message, and where encryption is not needed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from okrsync.trackers.interface import Secret

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_SHORTEST_SECRET = 4


def clean(text: str, secrets: Iterable[Secret | None], longest: int = 200) -> str:
    """Somebody's words in one line, cut, without control characters and without the secrets."""
    found = sorted((each.reveal() for each in secrets if each is not None), key=len, reverse=True)
    for secret in found:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

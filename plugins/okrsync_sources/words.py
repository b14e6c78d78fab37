"""Words of servers and files, fit for a message: one line, not too long, no control characters, no credentials."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from okrsync.trackers.sources import SourceContext

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_SHORTEST_SECRET = 4


class Words:
    """Knows which credentials must not be repeated."""

    def __init__(self, context: SourceContext) -> None:
        secrets = [each.reveal() for each in (context.token, context.password) if each is not None]
        if context.password is not None:
            secrets.append(basic(context.table.user or "", context.password.reveal()))
        # The longest first: one may be a part of another.
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)

    def clean(self, text: str, longest: int = 300) -> str:
        """The text without what must not be shown, cut to `longest` characters."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        text = " ".join(_CONTROL.sub(" ", text).split())
        return text if len(text) <= longest else text[: longest - 1] + "…"

    def quoted(self, text: str) -> str:
        """The beginning of the text, in quotes."""
        return repr(self.clean(text, 40))

    def listed(self, names: Iterable[Any], most: int = 10) -> str:
        """Names in a row, the first of many."""
        every = [self.clean(str(each), 40) for each in names]
        return ", ".join(every[:most]) + (", …" if len(every) > most else "")


def basic(user: str, password: str) -> str:
    """User and password as HTTP's basic authentication packs them (RFC 7617)."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()

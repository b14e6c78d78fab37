"""Reads the JSON object of a write, with the complaints that GitHub has about what does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from okrsync.sandbox.github.actions import UNSET, Unset
from okrsync.sandbox.github.answers import Refused, refuse
from okrsync.sandbox.github.rest.call import Call

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)")


class Given:
    """The fields of a write's body; a field that was not sent is `UNSET`.

    Every reader raises GitHub's 422 ('Invalid request') for a value of the wrong kind.
    """

    def __init__(self, call: Call, *, permitted: Collection[str] = ()) -> None:
        body = call.body()
        self._call = call
        if body is None:
            body = {}
        if not isinstance(body, dict):
            raise refuse(400, "Body should be a JSON object", call.docs)
        self._values: Mapping[str, Any] = body
        unknown = [key for key in body if permitted and key not in permitted]
        if unknown:
            raise self._wrong(" ".join(f'"{key}" is not a permitted key.' for key in unknown))

    def _wrong(self, complaint: str) -> Refused:
        return refuse(422, f"Invalid request.\n\n{complaint}", self._call.docs)

    def _not_a(self, name: str, kind: str) -> Refused:
        value = self._values[name]
        return self._wrong(f"For 'properties/{name}', {'nil' if value is None else json.dumps(value)} is not {kind}.")

    def required(self, name: str) -> None:
        """Complain where the field is missing."""
        if name not in self._values:
            raise self._wrong(f'"{name}" wasn\'t supplied.')

    def text(self, name: str) -> str | Unset:
        """A text."""
        value = self._values.get(name, UNSET)
        if not isinstance(value, str | Unset):
            raise self._not_a(name, "a string")
        return value

    def text_or_null(self, name: str) -> str | Unset | None:
        """A text or null."""
        return None if self._is_null(name) else self.text(name)

    def title(self, name: str = "title") -> str | Unset:
        """An issue's title: a text, or a number taken as one; null stands for 'as it is'."""
        value = self._values.get(name, UNSET)
        if value is None:
            return UNSET
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(name)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | Unset:
        """One of a few words."""
        value = self.text(name)
        if not isinstance(value, Unset) and value not in allowed:
            raise self._not_a(name, f"a member of {json.dumps(list(allowed))}")
        return value

    def choice_or_null(self, name: str, allowed: tuple[str, ...]) -> str | Unset | None:
        """One of a few words, or null."""
        return None if self._is_null(name) else self.choice(name, allowed)

    def number(self, name: str) -> int | Unset:
        """A whole number, written as such or as text."""
        value = self._values.get(name, UNSET)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int | Unset):
            raise self._not_a(name, "an integer")
        return value

    def number_or_null(self, name: str) -> int | Unset | None:
        """A whole number or null."""
        return None if self._is_null(name) else self.number(name)

    def flag(self, name: str) -> bool:
        """Yes or no; no if it was not sent."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._not_a(name, "a boolean")
        return value

    def moment(self, name: str) -> datetime | Unset:
        """A time with its zone, never a mere date."""
        text = self.text(name)
        if isinstance(text, Unset):
            return text
        try:
            if not DATE_TIME.fullmatch(text):
                raise ValueError(text)
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except ValueError:
            raise self._wrong(f"{text} is not a valid date-time.") from None

    def moment_or_null(self, name: str) -> datetime | Unset | None:
        """A time or null."""
        return None if self._is_null(name) else self.moment(name)

    def names(self, name: str, key: str) -> list[str] | Unset:
        """A list of texts, or of objects with the text under `key`."""
        value = self._values.get(name, UNSET)
        if isinstance(value, Unset):
            return value
        if not isinstance(value, list):
            raise self._not_a(name, "an array")
        found = [one.get(key) if isinstance(one, dict) else one for one in value]
        names = [one for one in found if isinstance(one, str)]
        if len(names) != len(found):
            raise self._not_a(name, "an array of strings")
        return names

    def _is_null(self, name: str) -> bool:
        return self._values.get(name, UNSET) is None

"""Faults that a sandbox plays on request: wrong statuses, dropped connections, login pages and more."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from okrsync.sandbox.request import SandboxRequest

FaultKind = Literal[
    "status",
    "status_after",
    "drop_before",
    "drop_after",
    "delay",
    "truncate",
    "empty_list",
    "html_login",
    "wrong_json",
]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and for which requests.

    - `status`: answers `status`, `headers` and `response_body` instead of acting;
    - `status_after`: acts, then answers that;
    - `drop_before`, `drop_after`: closes the connection without an answer, without or after acting;
    - `delay`: waits `seconds` of real time, then goes on as usual;
    - `truncate`: acts, announces the whole length, sends half of the body and closes the connection;
    - `empty_list`: 200 with an empty page in the shape of the endpoint;
    - `html_login`: 200 with a login page in HTML;
    - `wrong_json`: 200 with JSON that is not what the endpoint promises.

    It applies to requests with this `method` (None: any) in whose path and body the patterns are found.  The
    first `skip` such requests pass; the next `times` (None: all) fail.
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    body: str | None = None
    skip: int = 0
    times: int | None = 1
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"unknown fault {self.kind!r}; known are {', '.join(get_args(FaultKind))}")
        if self.skip < 0 or (self.times is not None and self.times < 1) or self.seconds < 0:
            raise ValueError("a fault skips 0 or more requests, hits 1 or more, and waits 0 seconds or more")
        for pattern in (self.path, self.body):
            if pattern is not None:
                re.compile(pattern)

    @property
    def acts(self) -> bool:
        """Whether the site does what it was asked in spite of the fault."""
        return self.kind in {"status_after", "drop_after", "delay", "truncate"}

    def matches(self, request: SandboxRequest) -> bool:
        """Whether the fault is meant for this request."""
        text = request.body.decode("utf-8", "replace")
        return (
            (self.method is None or self.method.upper() == request.method)
            and (self.path is None or re.search(self.path, request.path) is not None)
            and (self.body is None or re.search(self.body, text) is not None)
        )

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Fault:
        """A fault from its fields as JSON, `response_body` as text.

        Raises ValueError for what no fault can be.
        """
        values = dict(given)
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown or "kind" not in values:
            fields = ", ".join(cls.__dataclass_fields__)
            raise ValueError(f"a fault needs a kind and has no fields but {fields}; got {dict(given)}")
        if isinstance(values.get("response_body"), str):
            values["response_body"] = values["response_body"].encode()
        try:
            return cls(**values)
        except (TypeError, re.error) as problem:
            raise ValueError(f"not a fault: {problem}") from problem


class FaultInjector:
    """The faults that wait for their requests, in the order in which they were added.

    The first fault that is due takes the request; later ones do not see it, so they do not count it either.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` wait for its requests, behind those that wait already."""
        with self._lock:
            self._waiting.append(_Waiting(fault, fault.skip, fault.times))

    def clear(self) -> None:
        """Drop all faults."""
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> list[Fault]:
        """The faults that can still strike."""
        with self._lock:
            return [entry.fault for entry in self._waiting]

    def take(self, request: SandboxRequest) -> Fault | None:
        """The fault that strikes this request, if any; it is counted."""
        with self._lock:
            for entry in self._waiting:
                if not entry.fault.matches(request):
                    continue
                if entry.still_to_skip:
                    entry.still_to_skip -= 1
                    continue
                if entry.left is not None:
                    entry.left -= 1
                    if entry.left == 0:
                        self._waiting.remove(entry)
                return entry.fault
        return None


@dataclass
class _Waiting:
    fault: Fault
    still_to_skip: int
    left: int | None

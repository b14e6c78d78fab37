"""A server on loopback that answers as a test says, and the sources that are opened on it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from okrsync.domain.cycle import parse_cycle
from okrsync.trackers.interface import Secret
from okrsync.trackers.plugins import load_plugins
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.sources import Asked, Found, MeasureSource, SourceContext, SourceTable

CANARY = "c4n4ry-5ecr3t-value"
CYCLE = parse_cycle("2026-Q4")


@dataclass
class Reply:
    """What the server says."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: threading.Event | None = None
    """Set when the rest of the answer may go out."""

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Reply:
        return cls(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    method: str
    path: str
    headers: Mapping[str, str]


class House:
    """A server. Whatever has no answer of its own is not there."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply | list[Reply] | Callable[[Request], Reply]] = {}
        """By path without query; of a list, one after the other, and the last again and again."""
        self.requests: list[Request] = []
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                request = Request(self.command, self.path, dict(self.headers))
                house.requests.append(request)
                house.answer(self, request)

            do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the library names them so

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        said = self.answers.get(request.path.partition("?")[0], Reply(b"gone", 404))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        reply = said(request) if callable(said) else said
        try:
            handler.send_response(reply.status)
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(reply.body)))
            handler.end_headers()
            if reply.stall is not None:
                handler.wfile.write(reply.body[:1])
                handler.wfile.flush()
                reply.stall.wait(60)
            handler.wfile.write(reply.body)
        except OSError:
            handler.close_connection = True

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Desk:
    """Opens sources, asks them, and lets go of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kinds = load_plugins().measures
        self.policy = RetryPolicy(attempts=2, first_wait=0.0, longest_wait=0.2)
        self._opened: list[MeasureSource] = []

    def table(self, **keys: Any) -> SourceTable:
        return SourceTable(**{"name": "there", "timeout": 5.0, **keys})

    def open(
        self, kind: str, table: SourceTable, *, token: str | None = None, password: str | None = None
    ) -> MeasureSource:
        first, second = (None if each is None else Secret(each) for each in (token, password))
        source = self.kinds[kind].load(SourceContext(table, first, second, self.folder, self.policy))
        self._opened.append(source)
        return source

    def wrong(self, kind: str, options: Mapping[str, Any], table: SourceTable | None = None) -> list[str]:
        """What is wrong in a measure."""
        return list(self.kinds[kind].check(options, table or SourceTable()))

    def wrong_table(self, kind: str, table: SourceTable) -> list[str]:
        return list(self.kinds[kind].check_table(table))

    def close(self) -> None:
        for source in self._opened:
            source.close()


def ask(source: MeasureSource, **options: Any) -> Found:
    """Ask for one value."""
    return source.measure(Asked(options, CYCLE))


def refused(source: MeasureSource, kind: type[Exception] | tuple[type[Exception], ...], **options: Any) -> str:
    """What is said where there is no value."""
    with pytest.raises(kind) as caught:
        ask(source, **options)
    assert CANARY not in f"{caught.value!r} {caught.value.__cause__!r}"
    return str(caught.value)


def one_line(messages: Iterable[str]) -> str:
    """The only message, or nothing."""
    (message,) = messages or [""]
    return message

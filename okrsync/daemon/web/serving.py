"""Serving the daemon's port: from a thread of its own, at the address that `--listen` names and nowhere else."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from okrsync.settings.trackers import is_loopback

LOOPBACK = "127.0.0.1"
_ADDRESS = re.compile(r"(?:(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])?:)?(?P<port>[0-9]{1,5})")
_CONNECTIONS = 1000
"""So many connections at once; who comes then gets 503."""
_IDLE = 15
"""Seconds that a connection without a request stays open."""
_LAST_WORDS = 2.0
"""Seconds that answers under way may take at the end."""


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int
    """0: any free one."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read HOST:PORT, [IPv6]:PORT, or a port alone, which is on this machine only.

        Raises:
            ValueError: it is nothing of the kind.
        """
        found = _ADDRESS.fullmatch(text.strip())
        if found is None or int(found["port"]) > 65535:
            raise ValueError(f"{text!r} is no address to listen at: it is written HOST:PORT, as 127.0.0.1:8321")
        return cls((found["host"] or LOOPBACK).strip("[]"), int(found["port"]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


class Listener:
    """Takes connections at an address from the moment it is made; `serve` begins to answer them.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(self, address: Address) -> None:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self._socket = socket.socket(family, kind, protocol)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(place)
            self._socket.listen(256)
        except OSError:
            self._socket.close()
            raise
        self.address = Address(address.host, self._socket.getsockname()[1])
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def serve(self, app: ASGIApp) -> None:
        """Answer from now on."""
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        # The signals are those of the daemon, in the main thread.
        self._thread = threading.Thread(target=self._run, name="okrsync-port", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_LAST_WORDS)
        with suppress(OSError):
            self._socket.close()

    def _run(self) -> None:
        assert self._server is not None
        with asyncio.Runner() as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

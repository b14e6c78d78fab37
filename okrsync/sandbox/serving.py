"""Serves sandbox sites over real sockets, in a background thread or as the command's main work."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from okrsync.sandbox.site import SandboxSite


class _HandsOverTransport(H11Protocol):
    """Puts the connection's transport into each request's scope, so that a fault can drop it for real."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _PromptServer(uvicorn.Server):
    """Leaves its main loop as soon as it is told to, not at the next tick."""

    async def main_loop(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.told_to_leave = asyncio.Event()
        await self.on_tick(0)
        if not self.should_exit:
            await self.told_to_leave.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listeners and idle connections at once; requests under way get a second to end."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=1)
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.sleep(0)

    def leave(self) -> None:
        """End serving; may be called from any thread, once `started` is true."""
        self.should_exit = True
        self.loop.call_soon_threadsafe(self.told_to_leave.set)


class SandboxServer:
    """Serves one site from a background thread; a context manager.

    `port` 0 takes a free port.  The address may be another loopback address, never one that others can reach.
    """

    def __init__(self, app: SandboxSite, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = app
        self.host = host
        self.port = port
        self._server: _PromptServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address without a slash at the end, e.g. `http://127.0.0.1:8123`."""
        return f"http://{self.host}:{self.port}"

    @property
    def serving(self) -> bool:
        """Whether it has been started and not stopped."""
        return self._thread is not None

    def start(self) -> SandboxServer:
        """Begin to serve; when this returns, the port is known and connections are taken.

        Raises OSError where the port is taken.
        """
        # asyncio turns Nagle's delay off only for sockets that say they are TCP; with it every answer takes 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self.app.base_url = self.url
        config = uvicorn.Config(
            self.app.asgi,
            http=_HandsOverTransport,
            ws="none",
            loop="asyncio",
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
        )
        ready = threading.Event()
        self._server = _PromptServer(config)
        self._thread = threading.Thread(
            target=_serve, args=(self._server, listener, ready), name=f"sandbox-{self.app.name}", daemon=True
        )
        self._thread.start()
        ready.wait(10)
        return self

    def stop(self) -> None:
        """Stop serving and wait until the thread has ended; harmless when it does not serve."""
        if self._server is not None and self._thread is not None:
            self._server.leave()
            self._thread.join(10)
        self._server = self._thread = None

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _serve(server: _PromptServer, listener: socket.socket, ready: threading.Event) -> None:
    async def until_told() -> None:
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not (server.started and hasattr(server, "told_to_leave")) and not serving.done():
            await asyncio.sleep(0.001)
        ready.set()
        await serving

    with asyncio.Runner() as runner:
        runner.run(until_told())


def serve_forever(servers: Sequence[SandboxServer], *, until: threading.Event | None = None) -> None:
    """Serve all sites until Ctrl-C, SIGTERM or `until`; then stop them.

    Servers that already serve go on doing so.  Signals are only heard in the main thread.
    """
    enough = until or threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        enough.set()

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for server in servers:
            if not server.serving:
                server.start()
        while not enough.wait(0.5):
            pass
    finally:
        for server in servers:
            server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)

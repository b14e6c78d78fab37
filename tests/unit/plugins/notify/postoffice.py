"""A real mail server on loopback (aiosmtpd), with TLS by an authority of its own where a test wants it."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Postbox:
    """What arrived; and what the server says instead of taking it."""

    def __init__(self, password: str = "") -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refused: dict[str, str] = {}
        """Recipient → what is said to it."""
        self.says = "250 OK"
        """What it says to a mail as a whole."""
        self.cut = False
        """Whether it takes a mail and breaks off without a word."""
        self._password = password
        self.logins: list[str] = []

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd knows
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        if self.says.startswith("2"):
            self.mails.append((list(envelope.rcpt_tos), mail))
        if self.cut:
            server.transport.abort()
        return self.says

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        self.logins.append(login.login.decode())
        return AuthResult(success=login.password.decode() == self._password, handled=False)


@contextmanager
def served(
    box: Postbox, *, authority: trustme.CA | None = None, tls_at_once: bool = False, host: str = "localhost"
) -> Iterator[int]:
    """A server that puts mails into the box; its port. With an authority it speaks TLS."""
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
    ready = threading.Event()
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        def greet() -> SMTP:
            return SMTP(
                box,
                tls_context=None if tls_at_once else context,
                require_starttls=context is not None and not tls_at_once,
                auth_required=context is not None and not tls_at_once,
                auth_require_tls=not tls_at_once,
                authenticator=box.authenticate,
                loop=loop,
            )

        server = await loop.create_server(greet, "127.0.0.1", 0, ssl=context if tls_at_once else None)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await over.wait()
        server.close()
        await server.wait_closed()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def live() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)


def authority(folder: Path) -> tuple[trustme.CA, str]:
    """A certificate authority, and the file with its certificate."""
    made = trustme.CA(key_type=trustme.KeyType.ECDSA)
    path = folder / "ca.pem"
    made.cert_pem.write_to_path(path)
    return made, str(path)

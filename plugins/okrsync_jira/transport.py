"""One HTTP exchange on the session of the `jira` library: no retries, no redirects, a bounded answer."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import requests
from jira import JIRA
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from okrsync.trackers.errors import Misconfigured, TrackerError, Transient
from okrsync.trackers.interface import TrackerContext
from okrsync.trackers.retry import Interrupted
from okrsync_jira.address import Site
from okrsync_jira.errors import Answer, Circumstances

CONNECT_SECONDS, READ_SECONDS = 5, 30
LONGEST_EXCHANGE = 120.0
"""Seconds after which an answer that drips in is given up."""
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes, unpacked. A page of 500 items whose descriptions are as long as Jira allows (32,767) fits."""


class Transport:
    """Sends requests to one site with the credentials of one tracker."""

    def __init__(self, context: TrackerContext, place: Site) -> None:
        user, token = context.user, context.token.reveal().strip()
        if not token or any(character.isspace() or not character.isprintable() for character in token):
            raise Misconfigured(
                f"the token for {place.base} is empty, or has a space or line break inside: copy it again, in one piece"
            )
        self._stop = context.policy.stop
        packed = base64.b64encode(f"{user}:{token}".encode()).decode() if user else ""
        self.around = Circumstances(place.base, bool(user), (packed.rstrip("="), token))
        client = JIRA(
            options={"server": place.base, "verify": _authority(context.ca_file), "check_update": False},
            # Bytes, because requests would send characters beyond Latin-1 as an error that shows the credentials.
            **({"basic_auth": (user.encode(), token.encode())} if user else {"token_auth": token}),
            get_server_info=False,
            logging=False,
            max_retries=0,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
        )
        self._session: requests.Session = client._session
        self._session.headers["User-Agent"] = "okrsync"
        if place.loopback:
            # A proxy of the environment cannot reach this machine's own servers.
            self._session.trust_env = False

    def exchange(
        self, method: str, url: str, path: str, params: Mapping[str, str] | None, body: bytes | None
    ) -> Answer:
        """Send one request and read the whole answer, whatever its status.

        Raises:
            Transient: no connection, or no complete answer.
            Misconfigured: an address or a certificate that cannot work; an answer beyond all measure.
        """
        # Prepared by the library's session, which adds the credentials, and sent by its adapter: the session itself
        # would retry, follow redirects, and parse errors with code that fails on unexpected JSON.
        session = self._session
        try:
            query = "&".join(f"{name}={encoded(value)}" for name, value in (params or {}).items())
            request = session.prepare_request(requests.Request(method, url, params=query, data=body))
            settings: dict[str, Any] = dict(
                session.merge_environment_settings(url, {}, True, session.verify, session.cert)
            )
            response = session.get_adapter(url).send(request, timeout=(CONNECT_SECONDS, READ_SECONDS), **settings)
            with response:
                content = self._read(response)
        except (requests.RequestException, HTTPError) as error:
            raise self._failure(error) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(method, path, response.status_code, headers, content)

    def _read(self, response: requests.Response) -> bytes:
        begun = time.monotonic()
        content = bytearray()
        for piece in response.iter_content(64 * 1024):
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise Misconfigured(
                    f"{self.around.site} sent an answer of more than {LARGEST_ANSWER // 2**20} MiB, which is not read:"
                    " check that `url` is a Jira"
                )
            if self._stop.is_set():
                raise Interrupted
            if time.monotonic() - begun > LONGEST_EXCHANGE:
                raise Transient(f"{self.around.site} took more than {LONGEST_EXCHANGE:.0f} s to answer", acted=None)
        return bytes(content)

    def _failure(self, error: Exception) -> TrackerError:
        site = self.around.site
        if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Misconfigured(
                f"the certificate of {site} is not trusted: set `ca_file` to the certificate authority of your house"
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return Transient(f"the proxy on the way to {site} does not let the request through", acted=False)
        if never_connected(error):
            return Transient(
                f"cannot connect to {site}: check the address in `url`, your network, and whether the server runs",
                acted=False,
            )
        if isinstance(error, requests.Timeout):
            return Transient(f"{site} did not answer within {READ_SECONDS} s", acted=None)
        if isinstance(error, requests.exceptions.InvalidURL | ValueError):
            return Misconfigured(f"requests cannot be sent to {site}: check `url` and the characters of `user`")
        return Transient(f"the connection to {site} was lost before the whole answer came", acted=None)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def encoded(text: str) -> str:
    """A value for a query string, as short as RFC 3986 allows: searches name many labels, and addresses are limited."""
    return quote_plus(text, safe=":/,()")


def never_connected(error: Exception) -> bool:
    """Whether no connection was made at all, so that the server certainly did nothing."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause: Any = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def _authority(ca_file: str | None) -> str | bool:
    if ca_file is None:
        return True
    if not Path(ca_file).exists():
        raise Misconfigured(f"`ca_file` names {ca_file}, which does not exist")
    return ca_file

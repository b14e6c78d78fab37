"""The one connection of a tracker to its server, and what it refuses to do.

PyGithub's own connection reads answers of any size, and its requester follows a 301 by itself, without the query (so
that `state=all` is lost), and sleeps through a 202. This one stands in its place by `requestJson(cnx=…)`.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import ItemsView
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3
from github.Requester import HTTPSRequestsConnectionClass, RequestsResponse

from okrsync.trackers.errors import Misconfigured, Rejected, TrackerError, Transient
from okrsync.trackers.retry import Interrupted
from okrsync_github.errors import ADDRESSES, Asked, TokenRefused

CONNECT_SECONDS = 5
READ_SECONDS = 15
LONGEST_ANSWER_SECONDS = 60
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes. A page of 100 issues with bodies of the greatest length takes about 26 MB."""
REDIRECT = "x-okrsync-location"
"""The name under which the target of a redirect is handed on, so that PyGithub does not follow it."""


def checked_address(url: str) -> SplitResult:
    """The parts of the server's address.

    Raises:
        Misconfigured: credentials must not be sent there.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Misconfigured(f"url {url!r} is not an address; {ADDRESSES}") from None
    if parts.username is not None or parts.password is not None:
        raise Misconfigured(f"the url of {host} holds credentials; put them under token, and leave the address bare")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise Misconfigured(f"url {url!r} is not the address of an API; {ADDRESSES}")
    if host in {"github.com", "www.github.com"}:
        raise Misconfigured(f"url {url!r} is GitHub's web site; write https://api.github.com")
    if parts.scheme == "http" and not is_loopback(host):
        raise Misconfigured(f"url {url!r} would send the token unencrypted; write https://{host}{parts.path}")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses lead to the same scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


class _Answer(RequestsResponse):
    """An answer that is read already, with the target of a redirect under a name of our own."""

    def __init__(self, response: requests.Response, text: str) -> None:
        super().__init__(response)
        self._text = text
        self._headers = {
            REDIRECT if name.lower() == "location" else name: value for name, value in response.headers.items()
        }

    def getheaders(self) -> ItemsView[str, str]:
        return self._headers.items()

    def read(self) -> str:
        return self._text


class Connection(HTTPSRequestsConnectionClass):
    """Speaks HTTP with one server, over TLS or, on this machine, without."""

    def __init__(self, address: SplitResult, verify: bool | str, stop: threading.Event) -> None:
        host = address.hostname or ""
        super().__init__(host, address.port, retry=None, verify=verify)
        bare = f"[{host}]" if ":" in host else host
        self._root = f"{address.scheme}://{bare}:{address.port}" if address.port else f"{address.scheme}://{bare}"
        self._stop = stop
        # A proxy from the environment must not see requests to this machine, nor their token.
        self.session.trust_env = not is_loopback(host)

    def getresponse(self) -> RequestsResponse:
        """Send the request and read the whole answer.

        Raises:
            Transient: the server is not done yet (202), so there is nothing to read.
            Rejected: the answer is larger than any that GitHub gives.
            Interrupted: somebody asked the process to stop.
        """
        response = self.session.request(
            self.verb,
            self._root + self.url,
            headers=self.headers,
            data=self.input,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=self.verify,
            allow_redirects=False,
            stream=True,
        )
        with response:
            body = self._whole(response)
        if response.status_code == 202 and self.verb == "GET":
            raise Transient("GitHub is still preparing the answer (202)", acted=False)
        is_json = "json" in response.headers.get("content-type", "json")
        return _Answer(response, body.decode("utf-8", "strict" if is_json else "replace"))

    def _whole(self, response: requests.Response) -> bytes:
        body = bytearray()
        until = time.monotonic() + LONGEST_ANSWER_SECONDS
        for chunk in response.iter_content(64 * 1024):
            body += chunk
            if self._stop.is_set():
                raise Interrupted
            if len(body) > LARGEST_ANSWER:
                raise Rejected(
                    f"{self.host} sends an answer of more than {LARGEST_ANSWER} bytes, which okrsync does not read"
                )
            if time.monotonic() > until:
                raise requests.exceptions.ReadTimeout
        return bytes(body)


def no_answer(asked: Asked, error: Exception) -> TrackerError:
    """The error for a request without an answer. It quotes nothing of `error`, which may hold the token."""
    host = urlsplit(asked.api).hostname
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeEncodeError):
        return TokenRefused("the token holds characters that no GitHub token has")
    if isinstance(error, requests.exceptions.SSLError):
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Misconfigured(
                f"the certificate of {host} is not trusted; where the server is in your own house, set ca_file to the"
                " certificate of its authority"
            )
        return Transient(f"{asked.about}: no secure connection to {host}")
    if isinstance(error, requests.exceptions.ProxyError):
        return Transient(f"{asked.about}: the proxy on the way to {host} does not answer", acted=False)
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return Transient(f"{asked.about}: {host} cannot be reached", acted=False)
    if isinstance(error, requests.exceptions.Timeout):
        return Transient(f"{asked.about}: {host} did not answer in {READ_SECONDS} s")
    if isinstance(error, requests.exceptions.RequestException | urllib3.exceptions.HTTPError):
        return Transient(f"{asked.about}: the connection to {host} broke before the answer was complete")
    if isinstance(error, OSError):
        return Misconfigured(f"ca_file cannot be used for {host}: it is missing, or holds no certificate")
    if asked.verb == "GET":
        return Misconfigured(f"{asked.api} is not GitHub's API: {host} answers with something unreadable; {ADDRESSES}")
    return Transient(f"{asked.about}: {host} answers with something unreadable")


def _never_connected(error: BaseException) -> bool:
    """Whether a connection was refused or a name not found, so that nothing was sent."""
    seen: list[object] = [error]
    for each in seen:
        if isinstance(each, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError):
            return True
        if isinstance(each, BaseException):
            seen.extend([*each.args, getattr(each, "reason", None)])
    return False

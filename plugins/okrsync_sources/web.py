"""Fetching over HTTP: GET only, a bounded answer in a bounded time, credentials for their own host alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected, TrackerError, Transient
from okrsync.trackers.sources import SourceContext
from okrsync_sources.addresses import is_loopback, origin
from okrsync_sources.patience import TookTooLong, within
from okrsync_sources.words import Words, basic

LARGEST_ANSWER = 1024 * 1024
"""Bytes, unpacked."""
CONNECT_SECONDS = 5.0
_MOST_REDIRECTS = 3
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses of a server that may answer in a while."""


@dataclass(frozen=True)
class Answer:
    """An answer that was read whole. `kind` is its media type, in lower case."""

    url: str
    status: int
    kind: str
    body: bytes


class _Login(AuthBase):
    """The credentials of a source; without any it says so, for requests would look into ~/.netrc otherwise."""

    def __init__(self, context: SourceContext) -> None:
        self._header: tuple[str, str] | None = None
        if context.token is not None:
            name = context.table.options.get("header")
            token = context.token.reveal()
            self._header = (str(name), token) if name else ("Authorization", f"Bearer {token}")
        elif context.password is not None:
            self._header = ("Authorization", f"Basic {basic(context.table.user or '', context.password.reveal())}")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header is not None:
            name, value = self._header
            request.headers[name] = value
        return request


class Web:
    """Fetches what the measures of one source ask for, each address once."""

    def __init__(self, context: SourceContext, words: Words) -> None:
        self._table = context.table
        self._policy = context.policy
        self._words = words
        self._login = _Login(context)
        self._sessions: dict[tuple[str, str, int], requests.Session] = {}
        self._answers: dict[str, Answer | TrackerError] = {}
        self._silent: dict[tuple[str, str, int], Transient] = {}
        """Servers that could not be reached: nobody waits for them again."""

    def get(self, url: str, params: Mapping[str, str] | None = None, *, accept: Collection[int] = ()) -> Answer:
        """What is at `url`, which must be below the source's own address where it has one.

        Args:
            accept: statuses beside 2xx whose answer is wanted as well.

        Raises:
            Transient, AuthFailed, NotFound, Rejected, Misconfigured: there is no such answer.
            Interrupted: somebody asked the process to stop.
        """
        try:
            whole = requests.Request("GET", url, params=params).prepare().url or url
        except (requests.RequestException, UnicodeError):
            raise Misconfigured(f"requests cannot be sent to {self.shown(url)}: check the address") from None
        if whole not in self._answers:
            try:
                self._answers[whole] = self._follow(whole, accept)
            except TrackerError as error:
                self._answers[whole] = error
        answer = self._answers[whole]
        if isinstance(answer, TrackerError):
            raise answer
        if not 200 <= answer.status < 300 and answer.status not in accept:
            raise self._refusal(answer)
        return answer

    def close(self) -> None:
        """Let go of every connection."""
        for session in self._sessions.values():
            session.close()

    def shown(self, url: str) -> str:
        """An address as messages name it: without its query."""
        return self._words.clean(url.partition("?")[0])

    def _follow(self, url: str, accept: Collection[int]) -> Answer:
        asked = url
        for _ in range(_MOST_REDIRECTS + 1):
            if (silent := self._silent.get(origin(url))) is not None:
                raise silent
            try:
                answer, target = self._policy.call(partial(self._exchange, url, accept), repeatable=True)
            except Transient as error:
                if error.acted is False and error.retry_after is None:
                    self._silent[origin(url)] = error
                raise
            if target is None:
                return answer
            url = self._within_host(url, target)
        raise Rejected(f"{self.shown(asked)} leads from redirect to redirect: write the last address")

    def _within_host(self, url: str, target: str) -> str:
        address = urljoin(url, target)
        try:
            same = origin(address) == origin(url)
        except ValueError:
            same = False
        if not same:
            raise Rejected(
                f"{self.shown(url)} redirects to {self.shown(address)}, another host, which is not followed: write that"
                " address, if you trust it"
            )
        return address

    def _exchange(self, url: str, accept: Collection[int]) -> tuple[Answer, str | None]:
        send, drop = partial(self._send, url, accept), partial(self._drop, url)
        try:
            return within(self._table.timeout, self._policy.stop, send, drop)
        except TookTooLong:
            raise Rejected(
                f"{self.shown(url)} did not answer within {self._table.timeout:g} s; where that is right for it, raise"
                " timeout in the table of the source"
            ) from None
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            raise self._failure(url, error) from None

    def _send(self, url: str, accept: Collection[int]) -> tuple[Answer, str | None]:
        response = self._session(url).get(
            url,
            auth=self._login,
            # Whoever waits gives up first; the thread that nobody waits for ends a little later.
            timeout=(CONNECT_SECONDS, self._table.timeout + 1.0),
            verify=self._authority(),
            allow_redirects=False,
            stream=True,
        )
        with response:
            if 300 <= response.status_code < 400 and "location" in response.headers:
                return Answer(url, response.status_code, "", b""), response.headers["location"]
            if response.status_code in _PASSING and response.status_code not in accept:
                raise self._passing(url, response)
            content = bytearray()
            for piece in response.iter_content(64 * 1024):
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise Rejected(
                        f"{self.shown(url)} answers with more than {LARGEST_ANSWER // 2**20} MiB, which is not read:"
                        " ask for less, so that the number is in a small answer"
                    )
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(url, response.status_code, kind, bytes(content)), None

    def _passing(self, url: str, response: requests.Response) -> Transient:
        status = response.status_code
        wait = _retry_after(response.headers)
        if status == 429 or (status == 503 and wait is not None):
            asks = f", and asks to come back in {wait:.0f} s" if wait else ""
            return Transient(
                f"{self.shown(url)} is asked too often (HTTP {status}){asks}", retry_after=wait, acted=False
            )
        return Transient(f"{self.shown(url)} fails on the server's side (HTTP {status})")

    def _session(self, url: str) -> requests.Session:
        place = origin(url)
        if place not in self._sessions:
            session = requests.Session()
            session.headers.update({"User-Agent": "okrsync", "Accept-Encoding": "identity"})
            # A proxy of the environment cannot reach this machine's own servers, and must not see what they are asked.
            session.trust_env = not is_loopback(place[1])
            self._sessions[place] = session
        return self._sessions[place]

    def _drop(self, url: str) -> None:
        """Forget a session that a thread may still be using; closing its connections ends what it waits for."""
        session = self._sessions.pop(origin(url), None)
        if session is not None:
            session.close()

    def _authority(self) -> str | bool:
        if self._table.ca_file is None:
            return True
        if not Path(self._table.ca_file).is_file():
            raise Misconfigured(f"ca_file names {self._table.ca_file}, which does not exist")
        return self._table.ca_file

    def _refusal(self, answer: Answer) -> TrackerError:
        where = self.shown(answer.url)
        said = (
            self._words.clean(answer.body[:2000].decode("utf-8", "replace"), 120) if "html" not in answer.kind else ""
        )
        words = f": {said}" if said else ""
        match answer.status:
            case 401 if self._table.name is None:
                return AuthFailed(f"{where} wants credentials: make a table under [sources], and name it as source")
            case 401:
                return AuthFailed(f"{where} does not accept the credentials of source {self._table.name} (401){words}")
            case 403:
                return AuthFailed(f"{where} may not be read with these credentials (403){words}")
            case 404 | 410:
                return NotFound(f"{where} does not exist ({answer.status}): check the path")
            case _:
                return Rejected(f"{where} answers with HTTP {answer.status}{words}")

    def _failure(self, url: str, error: Exception) -> TrackerError:
        """The error for a request without an answer. It quotes nothing of `error`, which may hold credentials."""
        host = urlsplit(url).hostname
        if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Misconfigured(
                f"the certificate of {host} is not trusted: set ca_file in the source's table to the certificate"
                " authority of your house"
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return Transient(f"the proxy on the way to {host} does not let the request through", acted=False)
        if _never_connected(error):
            return Transient(f"cannot connect to {host}: check the address, and whether the server runs", acted=False)
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader | UnicodeError):
            return Misconfigured(f"requests cannot be sent to {host}: check the address, user, token and header")
        return Transient(f"the connection to {host} was lost before the whole answer came")


def _never_connected(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause: Any = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, given as such or as a date; None when it does not say."""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given[:9])
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

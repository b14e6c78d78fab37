"""Slack's incoming webhooks: one POST of JSON to an address that is a secret.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, also for what errors mean.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected, TrackerError, Transient
from okrsync.trackers.notifiers import Message, Notifier, NotifierContext
from okrsync_notify.sending import clean, is_loopback

CONNECT_SECONDS = 5.0
LONGEST_TEXT = 12_000
"""Characters; Slack cuts off what is longer than 40,000, and nobody reads that much."""
_MENTION = re.compile(r"@(?=\w)")


class SlackNotifier(Notifier):
    """Posts messages to an incoming webhook."""

    def __init__(self, context: NotifierContext) -> None:
        self._context = context
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "okrsync"

    def send(self, message: Message) -> str | None:
        """See `Notifier.send`."""
        url = self._url()
        body = {"text": slack_text(message), "mrkdwn": False, "unfurl_links": False}
        self._context.policy.call(lambda: self._post(url, body), repeatable=False)
        return None

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _url(self) -> str:
        url = self._context.url.reveal() if self._context.url else ""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host, parts = "", urlsplit("")
        if parts.scheme not in {"http", "https"} or not host:
            raise Misconfigured("what is kept as the webhook's url is no address such as https://hooks.slack.com/…")
        if parts.scheme == "http" and not is_loopback(host):
            raise Misconfigured(f"the webhook's url is not https ({host}): anybody on the way could read the news")
        self._session.trust_env = not is_loopback(host)
        return url

    def _post(self, url: str, body: dict[str, object]) -> None:
        ca_file = self._context.table.ca_file
        if ca_file is not None and not Path(ca_file).is_file():
            raise Misconfigured(f"ca_file names {ca_file}, which does not exist")
        try:
            response = self._session.post(
                url,
                json=body,
                auth=_NoLogin(),
                timeout=(CONNECT_SECONDS, self._context.table.timeout),
                verify=ca_file or True,
                allow_redirects=False,
                stream=True,
            )
            with response:
                said = next(response.iter_content(512), b"").decode("utf-8", "replace")
        except requests.RequestException as error:
            raise self._failure(error) from None
        if not response.ok or response.is_redirect:
            raise self._refusal(response, said)

    def _failure(self, error: requests.RequestException) -> TrackerError:
        host = urlsplit(self._url()).hostname
        if isinstance(error, requests.exceptions.SSLError):
            return Misconfigured(f"{host} shows a certificate that is not trusted; ca_file names another authority")
        cause = error.args[0] if error.args else None
        reason = cause.reason if isinstance(cause, MaxRetryError) else cause
        if isinstance(reason, NewConnectionError | ConnectTimeoutError):
            return Transient(f"{host} cannot be reached", acted=False)
        # The text of the error holds the address.
        return Transient(f"{host} did not answer ({type(error).__name__}): the message may have arrived or not")

    def _refusal(self, response: requests.Response, said: str) -> TrackerError:
        host, status = urlsplit(self._url()).hostname, response.status_code
        words = clean(said, [self._context.url], 100)
        about = f"{host} answers HTTP {status}{f' ({words})' if words else ''}"
        if status == 429:
            wait = response.headers.get("retry-after", "")
            return Transient(
                f"{about}: too many messages", retry_after=float(wait) if wait.isdigit() else None, acted=False
            )
        if status >= 500:
            return Transient(f"{about}: an error on its side", acted=False)
        if status in {401, 403}:
            return AuthFailed(f"{about}: the webhook may not post there; make a new one, and keep its url")
        if status in {404, 410}:
            return NotFound(f"{about}: the webhook or its channel is gone; make a new one, and keep its url")
        return Rejected(f"{about}: it does not take the message")


class _NoLogin(AuthBase):
    """No credentials: requests would look into ~/.netrc for some otherwise."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def slack_text(message: Message) -> str:
    """The message as Slack shows it word by word: nothing in it is a link, a format, or calls people."""
    text = f"{message.title}\n\n{message.text}".rstrip()
    if len(text) > LONGEST_TEXT:
        text = f"{text[: LONGEST_TEXT - 60].rsplit(chr(10), 1)[0]}\n… and more: `okrsync status` shows all of it"
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return _MENTION.sub("@\u200b", text)

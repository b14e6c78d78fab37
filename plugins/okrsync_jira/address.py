"""The address of a Jira site, checked before any credential is sent to it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from okrsync.trackers.errors import Misconfigured

_GATEWAY = re.compile(r"/ex/jira/[^/]+")
_API_PATH = re.compile(r"/rest(/.*)?$")


@dataclass(frozen=True)
class Site:
    """Where a Jira answers: `base` has no slash at its end, no credentials and no query."""

    base: str
    host: str
    loopback: bool
    gateway: bool
    """Whether it is reached through Atlassian's OAuth gateway, where the address is not what people open."""

    @property
    def api(self) -> str:
        """The address that every request begins with. Version 2: plain strings for descriptions and comments."""
        return f"{self.base}/rest/api/2/"


def site(url: str) -> Site:
    """The site at `url`.

    Raises:
        Misconfigured: it is not an address that credentials may be sent to.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Misconfigured("the url of the tracker cannot be read: write https://your-site.atlassian.net") from error
    if parts.username is not None or parts.password is not None:
        raise Misconfigured(f"the url for {host} holds a user or password: give them as `user` and `token` instead")
    if parts.scheme not in {"http", "https"} or not _is_host(host):
        raise Misconfigured(f"{text!r} is not the address of a Jira: write https://your-site.atlassian.net")
    if parts.query or parts.fragment:
        raise Misconfigured(f"{text!r} has a query or fragment: write the address of the site alone, https://{host}")
    loopback = _is_loopback(host)
    if parts.scheme == "http" and not loopback:
        raise Misconfigured(f"{text!r} would send the token in clear text: write https://{host}")
    path = _API_PATH.sub("", parts.path.rstrip("/"))
    return Site(
        base=f"{parts.scheme}://{parts.netloc}{path}",
        host=host,
        loopback=loopback,
        gateway=bool(_GATEWAY.fullmatch(path)),
    )


def same_place(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port."""
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or ""), parts.port or (443 if parts.scheme == "https" else 80)


def _is_host(host: str) -> bool:
    labels = host.split(".")
    return (
        bool(host)
        and (":" in host or all(re.fullmatch(r"[\w-]{1,63}", label) for label in labels if label or len(labels) == 1))
        and ".." not in host
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

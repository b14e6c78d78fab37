"""Addresses that documents and settings name, checked before anything is sent there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from okrsync.trackers.sources import SourceTable

_CREDENTIAL = re.compile(r"token|passw|secret|credential|api_?-?key|authorization|bearer|signature", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_UNFIT = re.compile(r"[\x00-\x20\x7f\\#]")


def wrong_address(url: str) -> str | None:
    """Why nothing may be fetched from `url`, as a clause that goes on after its key; None when it may."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address such as https://stats.acme.example/users.json"
    if parts.scheme not in {"http", "https"} or not host or _UNFIT.search(url):
        return "is not an address such as https://stats.acme.example/users.json"
    if "@" in parts.netloc:
        return "holds a user or password; make a table under [sources], and say there where it is kept"
    if parts.scheme == "http" and not is_loopback(host):
        return f"is not https ({host}): anybody on the way could read and change the numbers"
    return wrong_query(parts.query)


def wrong_path(path: str) -> str | None:
    """Why `path` cannot be added to the address of a source, as a clause; None when it can."""
    where, _, query = path.partition("?")
    steps = unquote(where).replace("\\", "/").split("/")
    if _UNFIT.search(path) or "://" in where or ".." in steps:
        return "is not a path below the url of its source, such as v1/users?active=true"
    return wrong_query(query)


def wrong_query(query: str) -> str | None:
    """Why the query of an address may not stand in a document, as a clause."""
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True) if _CREDENTIAL.search(name)]
    if not names:
        return None
    return f"has {names[0]} in its query, which looks like a credential; let the source's table say where it is kept"


def below(base: str, path: str) -> str:
    """The address of `path` below `base`; without a path, `base` itself."""
    between = "" if not path or path.startswith("?") else "/"
    return f"{base.rstrip('/')}{between}{path.lstrip('/')}"


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address. Raises ValueError where it is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def wrong_web_table(table: SourceTable) -> Iterator[str]:
    """What is wrong in the settings of a source that is an HTTP server, in clauses that begin with its key."""
    if table.url is None:
        yield "url is missing: the address that paths are below"
    elif wrong := wrong_address(table.url):
        yield f"url {wrong}"
    elif "?" in table.url:
        yield "url has a query; write it in the measures"
    header = table.options.get("header")
    if header is not None and not (isinstance(header, str) and _HEADER.fullmatch(header)):
        yield "header is not the name of an HTTP header such as X-Api-Key"
    elif header is not None and not table.has_token:
        yield "header stands without a token; it says which header carries it"

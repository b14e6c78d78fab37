"""`[sources.NAME]`: where numbers come from that are in no tracker, and where the secrets for them are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, model_validator

from okrsync.domain.okr import Source
from okrsync.settings.tables import Duration, Name, Table, Text
from okrsync.settings.trackers import TokenSource, is_loopback

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LONGEST_TIMEOUT = timedelta(minutes=10)


def _right_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError("an address such as https://stats.acme.example") from None
    if not _SCHEME.match(text) or (parts.scheme in {"http", "https"} and not host):
        raise ValueError("an address such as https://stats.acme.example or postgresql://db.acme.example/warehouse")
    if "@" in parts.netloc:
        raise ValueError("an address without user and password; they have keys of their own: user and password")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("https: without it, anybody on the way reads and changes the numbers")
    return text.rstrip("/") if parts.scheme in {"http", "https"} else text


def _short(span: timedelta) -> timedelta:
    if span > _LONGEST_TIMEOUT:
        raise ValueError("a span of time of at most 10m")
    return span


ShortTime = Annotated[Duration, AfterValidator(_short)]


class SourceSettings(Table):
    """A source of numbers that are in no tracker. Its type may know further keys: `okrsync trackers` lists them."""

    model_config = ConfigDict(extra="allow")

    type: Name = Field(description="The measure that reads it: sql, http, prometheus, csv, or what a plugin brings.")
    url: Annotated[Text, AfterValidator(_right_url)] | None = Field(
        default=None, description="Its address, without user and password: https, or an SQLAlchemy URL for sql."
    )
    user: Text | None = Field(default=None, description="The account that the password belongs to.")
    password: TokenSource | None = Field(
        default=None, description="Where the account's password is kept. It is never written into this file."
    )
    token: TokenSource | None = Field(
        default=None, description="Where the token is kept, for a source that wants one. It is never written here."
    )
    ca_file: Text | None = Field(
        default=None, description="A file with the certificate authority of a server in your own house."
    )
    timeout: ShortTime = Field(default=timedelta(seconds=30), description="How long one answer may take, at most 10m.")
    _source: Source = PrivateAttr(default=Source("", 1))

    @model_validator(mode="after")
    def _one_way_in(self) -> SourceSettings:
        if self.token is not None and self.password is not None:
            raise ValueError("a token, or user and password, and not both")
        if self.password is not None and self.user is None:
            raise ValueError("user beside password: the account that it belongs to")
        return self

    @property
    def source(self) -> Source:
        """Where it stands in the settings."""
        return self._source

    @property
    def options(self) -> Mapping[str, Any]:
        """The keys that only its type knows."""
        return dict(self.model_extra or {})

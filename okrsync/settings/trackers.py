"""`[trackers.NAME]`: where a tracker is, and where its token is kept."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, Strict, StringConstraints, model_validator

from okrsync.domain.okr import Source
from okrsync.settings.literals import literal_credentials
from okrsync.settings.tables import Name, Table, Text

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


def _right_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("an address such as https://acme.atlassian.net")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("an address without user, query and fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("https: without it, anybody on the way reads the token")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def wrong_url(text: str) -> str:
    """What is wrong with an address that a tracker should have; empty where nothing is."""
    try:
        _right_url(text)
    except ValueError as error:
        return f"write {error}"
    return ""


def wrong_variable(text: str) -> str:
    """What is wrong with the name of an environment variable; empty where nothing is. Tokens are not shown."""
    if any(literal_credentials({"token": {"env": text}})):
        return "that looks like a credential: write the name of the variable that holds it"
    if re.fullmatch(_VARIABLE, text):
        return ""
    return "that is no name of an environment variable, such as OKRSYNC_JIRA_TOKEN (letters, digits and _)"


class TokenSource(Table):
    """Where a credential is kept: exactly one of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    env: Annotated[str, StringConstraints(pattern=_VARIABLE)] | None = Field(
        default=None, description="The name of an environment variable."
    )
    file: Text | None = Field(
        default=None, description="A file with the token and nothing else, that only its owner can read."
    )
    keyring: Annotated[str, StringConstraints(pattern=r"^[^/]+/.+$")] | None = Field(
        default=None, description="An entry of the system's keyring, as service/user."
    )
    command: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None, description="A program and its arguments; what it prints is the token. No shell is involved."
    )
    credential: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]+$")] | None = Field(
        default=None, description="The name of a systemd credential (LoadCredential=)."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> TokenSource:
        if len(self.model_fields_set) != 1:
            raise ValueError("exactly one of env, file, keyring, command and credential")
        return self


class TrackerSettings(Table):
    """A tracker. Its type may know further keys: `okrsync trackers` lists them."""

    model_config = ConfigDict(extra="allow")

    type: Name = Field(description="The kind of tracker: jira, github, or what a plugin brings.")
    url: Annotated[str, AfterValidator(_right_url)] | None = Field(
        default=None, description="Its address: https, unless it is on this machine."
    )
    user: Text | None = Field(default=None, description="The account that the token belongs to, where it is needed.")
    token: TokenSource = Field(description="Where the token is kept. It is never written into this file.")
    webhook_secret: TokenSource | None = Field(
        default=None,
        description="Where the secret is kept by which the tracker signs webhooks; without it, none are taken.",
    )
    ca_file: Text | None = Field(
        default=None, description="A file with the certificate authority of a server in your own house."
    )
    concurrency: Annotated[int, Strict(), Field(ge=1, le=16)] | None = Field(
        default=None,
        description="How many requests may be under way at once at its host. Default: 1 on GitHub, else 4.",
    )
    share_of_limit: Annotated[float, Strict(), Field(gt=0, le=1)] = Field(
        default=0.5,
        description="The share of the rate limit that okrsync may use where the server announces one (0–1).",
    )
    _source: Source = PrivateAttr(default=Source("", 1))

    @property
    def source(self) -> Source:
        """Where it stands in the settings."""
        return self._source

    @property
    def options(self) -> Mapping[str, Any]:
        """The keys that only its type knows."""
        return dict(self.model_extra or {})

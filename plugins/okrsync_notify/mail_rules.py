"""What is right in a table of the settings for e-mail. It imports nothing that sends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from okrsync.trackers.notifiers import NotifierTable
from okrsync_notify.sending import is_loopback

ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""By `security`: submission with STARTTLS (RFC 6409), with TLS from the start (RFC 8314), and SMTP as it began."""


def wrong_table(table: NotifierTable) -> Iterator[str]:
    """What is wrong, in clauses that begin with the key."""
    host, port, sender = (table.options.get(key) for key in ("host", "port", "from"))
    security = table.options.get("security", "starttls")
    if not isinstance(host, str) or not re.fullmatch(r"[A-Za-z0-9.:-]+", host):
        yield "host is missing or no host name: the mail server, such as smtp.acme.example"
    if port is not None and not (isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536):
        yield "port is no number from 1 to 65535"
    if security not in PORTS:
        yield "security is none of starttls, tls and none"
    elif security == "none" and isinstance(host, str) and not is_loopback(host):
        yield f"security is none, and {host} is not this machine: anybody on the way could read the mail"
    if not isinstance(sender, str) or not ADDRESS.fullmatch(sender):
        yield "from is missing or no address: the sender, such as okrsync@acme.example"
    if table.user is not None and not table.has_password:
        yield "user stands without a password"

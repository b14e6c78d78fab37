"""How a plugin classifies what went wrong. The core decides by the class alone whether to try again."""

from __future__ import annotations

from okrsync.domain.items import RemoteItem


class TrackerError(Exception):
    """Something a tracker answered or failed to answer; its text is written for the person who can mend it."""


class Transient(TrackerError):
    """It may work later.

    Args:
        retry_after: seconds that the server asks to wait, None when it says nothing.
        acted: False when the server certainly did nothing (a rate limit, a refused connection);
            None when nobody knows (a lost answer, a 502): then only a repeatable request may be sent again.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, acted: bool | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.acted = acted


class AuthFailed(TrackerError):
    """The credentials are wrong, have expired, or lack a permission for everything that was asked."""


class NotFound(TrackerError):
    """The thing is not there, or may not be seen with these credentials."""


class NotSure(TrackerError):
    """Whether an item exists cannot be told yet.

    Args:
        found: items of those that were looked for which certainly exist.
    """

    def __init__(self, message: str, found: tuple[RemoteItem, ...] = ()) -> None:
        super().__init__(message)
        self.found = found


class Rejected(TrackerError):
    """The tracker understood and said no: a missing field, a wrong value. The same request will fail again."""


class Conflict(TrackerError):
    """The thing exists already, or somebody else changed it in between."""


class Misconfigured(TrackerError):
    """The settings do not fit the tracker: a field that does not exist, an address that is not an API.

    Args:
        problems: one sentence each; all that were found.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems

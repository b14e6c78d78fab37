"""A keyring with a canary in it: for the process of the test, and by its name for others."""

from __future__ import annotations

from keyring.backend import KeyringBackend

CANARY = "canary7f3aE5tweetc0ffee42sings"


class Cage(KeyringBackend):
    """Knows one password."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return CANARY if (service, username) == ("okrsync", "canary") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nobody stores it anew")

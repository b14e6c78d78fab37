"""Reading a token from where the settings say it is kept. No message and no repr ever holds its value."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from okrsync.domain.okr import Source
from okrsync.problems import Problem, Problems
from okrsync.settings.models import Settings
from okrsync.settings.trackers import TokenSource
from okrsync.trackers.interface import Secret

COMMAND_SECONDS = 10.0
"""How long a command may take to print a token."""

_LONGEST = 64 * 1024
_CREDENTIALS = "CREDENTIALS_DIRECTORY"


class _Missing(Exception):
    """The secret is not there: what was found, and what to do."""

    def __init__(self, found: str, do: str) -> None:
        super().__init__(found)
        self.found = found
        self.do = do


def token_of(settings: Settings, tracker: str, environment: Mapping[str, str]) -> Secret:
    """The token of the tracker called `tracker`.

    Raises:
        Problems: it cannot be read; the text names its source and what to do, never its value.
    """
    table = settings.trackers[tracker]
    return _secret(table.token, settings, environment, f"trackers.{tracker}.token", table.source)


def webhook_secret_of(settings: Settings, tracker: str, environment: Mapping[str, str]) -> Secret | None:
    """The secret by which the tracker called `tracker` signs its webhooks; None where the settings name none.

    Raises:
        Problems: as for `token_of`.
    """
    table = settings.trackers[tracker]
    if table.webhook_secret is None:
        return None
    return _secret(table.webhook_secret, settings, environment, f"trackers.{tracker}.webhook_secret", table.source)


def secrets_of(settings: Settings, source: str, environment: Mapping[str, str]) -> tuple[Secret | None, Secret | None]:
    """The token and the password of the source of numbers called `source`; None for what its table does not name.

    Raises:
        Problems: as for `token_of`.
    """
    table = settings.sources[source]
    token, password = (
        None if each is None else _secret(each, settings, environment, f"sources.{source}.{key}", table.source)
        for key, each in (("token", table.token), ("password", table.password))
    )
    return token, password


@dataclass(frozen=True)
class NotifierSecrets:
    """What a notifier needs and nobody else may know; None for what its table does not name."""

    url: Secret | None
    token: Secret | None
    password: Secret | None


def notifier_secrets(settings: Settings, notifier: str, environment: Mapping[str, str]) -> NotifierSecrets:
    """The secrets of the notifier called `notifier`.

    Raises:
        Problems: as for `token_of`.
    """
    table = settings.notify[notifier]

    def read(key: str, kept: TokenSource | None) -> Secret | None:
        return None if kept is None else _secret(kept, settings, environment, f"notify.{notifier}.{key}", table.source)

    return NotifierSecrets(read("url", table.url), read("token", table.token), read("password", table.password))


def _secret(
    kept: TokenSource, settings: Settings, environment: Mapping[str, str], where: str, source: Source
) -> Secret:
    try:
        return Secret(_one_line(_read(kept, settings, environment)))
    except _Missing as missing:
        raise Problems([Problem(source.file, source.line, where, missing.found, do=missing.do)]) from None


def _read(source: TokenSource, settings: Settings, environment: Mapping[str, str]) -> str:
    if source.env is not None:
        return _from_environment(source.env, environment)
    if source.file is not None:
        return _from_file(settings.path_of(source.file))
    if source.keyring is not None:
        return _from_keyring(source.keyring)
    if source.command is not None:
        return _from_command(source.command, settings.folder)
    return _from_credential(source.credential or "", environment)


def _one_line(text: str) -> str:
    value = text.rstrip("\r\n")
    if not value.strip():
        raise _Missing("the token is empty", "Put the token there.")
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        raise _Missing(
            "the token has a line end, a blank at an end, or a character in it that no token has",
            "Put the token there alone, in one line.",
        )
    return value


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name)
    if value is None:
        raise _Missing(
            f"the environment variable {name} is not set", f"Set it: export {name}=…, or in the unit's EnvironmentFile."
        )
    return value


def _from_file(path: Path) -> str:
    try:
        # A pipe would block in open: look before.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _Missing(f"{path} is not a regular file", "Name a file with the token and nothing else.")
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                mode = stat.S_IMODE(about.st_mode)
                raise _Missing(f"{path} is open to others (mode {mode:04o})", f"Close it: chmod 600 {path}")
            return _text(file.read(_LONGEST + 1), str(path))
    except OSError as error:
        raise _Missing(f"{path} cannot be read: {error.strerror}", "Write the token into that file.") from None


def _text(content: bytes, place: str) -> str:
    if len(content) > _LONGEST:
        raise _Missing(f"{place} gives more than {_LONGEST} bytes", "Let it give the token and nothing else.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise _Missing(f"{place} does not give text", "Let it give the token and nothing else.") from None


def _from_keyring(entry: str) -> str:
    # Finding the system's keyring takes longer than everything else that most commands do.
    import keyring
    from keyring.errors import KeyringError

    service, _, user = entry.partition("/")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise _Missing(
            f"the keyring cannot be read ({type(error).__name__})",
            "Unlock it; where there is none, as on most servers, use file, command or credential.",
        ) from None
    if value is None:
        raise _Missing(f"the keyring has no entry {entry}", f"Add it: keyring set {service} {user}")
    return value


def _from_command(command: Sequence[str], folder: Path) -> str:
    by_hand = "Run it by hand in the folder of the settings."
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        found = f"the command {command[0]} cannot be started: {error.strerror}"
        raise _Missing(found, "Install it, or write its whole path.") from None
    with process:
        try:
            printed, _ = process.communicate(timeout=COMMAND_SECONDS)
        except BaseException as error:
            # Whatever it started holds the pipe open as well.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            found = f"the command {command[0]} took more than {COMMAND_SECONDS:g} seconds"
            raise _Missing(found, f"It must not ask anything. {by_hand}") from None
    if process.returncode != 0:
        raise _Missing(f"the command {command[0]} failed with exit code {process.returncode}", by_hand)
    return _text(printed, f"the command {command[0]}")


def _from_credential(name: str, environment: Mapping[str, str]) -> str:
    folder = environment.get(_CREDENTIALS)
    if not folder:
        raise _Missing(
            f"{_CREDENTIALS} is not set: okrsync was not started with systemd credentials",
            f"Add LoadCredential={name}:… to the unit; by hand, use env, file, keyring or command.",
        )
    path = Path(folder, name)
    try:
        return _text(path.read_bytes(), f"the credential {name}")
    except OSError as error:
        raise _Missing(
            f"the credential {name} cannot be read: {error.strerror}", f"Add LoadCredential={name}:… to the unit."
        ) from None

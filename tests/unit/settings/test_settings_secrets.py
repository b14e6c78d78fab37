"""Tokens come from where the settings say; when they do not come, the message names the place and never the value."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from okrsync.problems import Problems
from okrsync.settings import load, secrets
from okrsync.settings.secrets import token_of

TOKEN = "c4n4ry-5ecr3t-value"


class Workspace:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, source: str, environment: Mapping[str, str] | None = None) -> str:
        path = self.folder / "okrsync.toml"
        path.write_text(f'workspace = "a"\n[trackers.work]\ntype = "x"\ntoken = {{ {source} }}\n')
        secret = token_of(load(path, self.folder), "work", environment or {})
        assert TOKEN not in f"{secret!r} {secret}"
        return secret.reveal()

    def refusal(self, source: str, environment: Mapping[str, str] | None = None) -> str:
        with pytest.raises(Problems) as caught:
            self.read(source, environment)
        (problem,) = caught.value.problems
        assert (problem.file, problem.line, problem.where) == ("okrsync.toml", 2, "trackers.work.token")
        assert problem.do
        assert TOKEN not in f"{problem} {caught.value!r} {caught.value.__cause__!r}"
        return str(problem)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.mark.parametrize("written", [TOKEN, TOKEN + "\n", TOKEN + "\r\n"])
def test_a_token_comes_from_the_environment(workspace: Workspace, written: str) -> None:
    assert workspace.read('env = "T"', {"T": written}) == TOKEN


def test_a_variable_that_is_not_set_is_named(workspace: Workspace) -> None:
    said = workspace.refusal('env = "OKRSYNC_T"')
    assert "the environment variable OKRSYNC_T is not set. Set it: export OKRSYNC_T=…" in said


@pytest.mark.parametrize(
    "written", ["", "\n", "  ", f" {TOKEN}", f"{TOKEN} ", f"{TOKEN}\nsecond", f"{TOKEN}\x00", f"{TOKEN}é"]
)
def test_what_is_no_token_is_refused(workspace: Workspace, written: str) -> None:
    assert "Put the token there" in workspace.refusal('env = "T"', {"T": written})


def test_a_token_comes_from_a_file_of_the_settings_folder(workspace: Workspace) -> None:
    path = workspace.folder / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    assert workspace.read('file = "token"') == TOKEN
    assert workspace.read(f'file = "{path}"') == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_open_is_refused(workspace: Workspace, mode: int) -> None:
    path = workspace.folder / "token"
    path.write_text(TOKEN)
    path.chmod(mode)
    said = workspace.refusal('file = "token"')
    assert f"{path} is open to others (mode {mode:04o}). Close it: chmod 600 {path}" in said


def test_a_file_that_cannot_give_a_token_is_refused(workspace: Workspace) -> None:
    path = workspace.folder / "token"
    assert "cannot be read: No such file or directory" in workspace.refusal('file = "token"')
    path.mkdir()
    assert "is not a regular file" in workspace.refusal('file = "token"')
    path.rmdir()
    os.mkfifo(path, 0o600)
    assert "is not a regular file" in workspace.refusal('file = "token"')
    path.unlink()
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    assert "does not give text" in workspace.refusal('file = "token"')
    path.write_bytes(b"x" * 100_000)
    assert "gives more than 65536 bytes" in workspace.refusal('file = "token"')


class MemoryKeyring(KeyringBackend):
    priority = 1.0  # type: ignore[assignment]
    locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked(TOKEN)
        return {("okrsync", "dana@acme/x"): TOKEN}.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nothing is ever written to the keyring")


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def test_a_token_comes_from_the_keyring(workspace: Workspace, memory_keyring: MemoryKeyring) -> None:
    assert workspace.read('keyring = "okrsync/dana@acme/x"') == TOKEN


def test_a_keyring_without_the_entry_or_without_a_key_is_named(
    workspace: Workspace, memory_keyring: MemoryKeyring
) -> None:
    said = workspace.refusal('keyring = "okrsync/robin"')
    assert "the keyring has no entry okrsync/robin. Add it: keyring set okrsync robin" in said
    memory_keyring.locked = True
    assert "the keyring cannot be read (KeyringLocked)" in workspace.refusal('keyring = "okrsync/robin"')


def python(code: str) -> str:
    return f'command = ["{sys.executable}", "-c", "{code}"]'


def test_a_token_comes_from_a_command(workspace: Workspace) -> None:
    assert workspace.read(python(f"print('{TOKEN}')")) == TOKEN


def test_a_command_runs_without_shell_and_terminal_in_the_settings_folder(workspace: Workspace) -> None:
    assert workspace.read('command = ["echo", "$HOME;*"]') == "$HOME;*"
    (workspace.folder / "token").write_text(TOKEN)
    assert workspace.read('command = ["cat", "token"]') == TOKEN
    assert workspace.read(python("import sys; print('read' + sys.stdin.read())")) == "read"


def test_a_command_that_fails_is_named_without_what_it_said(workspace: Workspace) -> None:
    said = workspace.refusal(python(f"import sys; print('{TOKEN}', file=sys.stderr); sys.exit('{TOKEN}')"))
    assert f"the command {sys.executable} failed with exit code 1. Run it by hand" in said
    assert "cannot be started: No such file or directory" in workspace.refusal('command = ["no-such-program"]')
    assert "the token is empty" in workspace.refusal('command = ["true"]')


def held(pipe: int) -> bool:
    """Whether some process has the other end of the pipe open."""
    try:
        return os.read(pipe, 1) != b""
    except BlockingIOError:
        return True


def test_a_command_that_hangs_is_ended_with_what_it_started(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.3)
    os.mkfifo(workspace.folder / "alive")
    heard = os.open(workspace.folder / "alive", os.O_RDONLY | os.O_NONBLOCK)
    try:
        said = workspace.refusal('command = ["sh", "-c", "exec sleep 60 > alive & wait"]')
        assert "the command sh took more than 0.3 seconds. It must not ask anything." in said
        patience = time.monotonic() + 20
        while held(heard):
            assert time.monotonic() < patience, "what the command started goes on"
            time.sleep(0.02)
    finally:
        os.close(heard)


def test_a_token_comes_from_a_systemd_credential(workspace: Workspace) -> None:
    (workspace.folder / "jira").write_text(TOKEN + "\n")
    environment = {"CREDENTIALS_DIRECTORY": str(workspace.folder)}
    assert workspace.read('credential = "jira"', environment) == TOKEN
    said = workspace.refusal('credential = "other"', environment)
    assert "the credential other cannot be read: No such file or directory. Add LoadCredential=other:…" in said
    assert "CREDENTIALS_DIRECTORY is not set" in workspace.refusal('credential = "jira"')


def test_a_credential_stays_in_its_folder(workspace: Workspace) -> None:
    with pytest.raises(Problems, match="credential"):
        workspace.read('credential = "../okrsync.toml"', {"CREDENTIALS_DIRECTORY": str(workspace.folder)})
    assert "cannot be read" in workspace.refusal('credential = ".."', {"CREDENTIALS_DIRECTORY": str(workspace.folder)})

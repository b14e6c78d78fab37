"""Documents in a git repository: fetched with the program `git` into a folder that is okrsync's alone.

Nothing of the repository is run: no hooks, no submodules, no links to elsewhere. Where a fetch fails, what was checked
out before stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from okrsync.problems import Problem, Problems
from okrsync.settings import Settings
from okrsync.settings.documents import GitDocuments

FETCH_SECONDS = 60.0
"""How long git may take for one fetch."""
_WAIT = 0.1
_GUARDS = {
    "core.hooksPath": os.devnull,
    "core.symlinks": "false",
    "core.fsmonitor": "false",
    "fetch.recurseSubmodules": "false",
    "gc.autoDetach": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.ssh.allow": "always",
    "protocol.file.allow": "always",
}
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE")
"""Where a hook of git's that runs okrsync would have us work."""
_USER = re.compile(r"(?<=://)[^/\s@]+@")


class NotFetched(Exception):
    """The documents could not be fetched; the text says why, and what to do."""


class NoDocuments(Problems):
    """The documents could not be fetched, and none were before. It may go well the next time."""


class Stopped(NotFetched):
    """Somebody asked the process to stop while it fetched."""


@dataclass(frozen=True)
class Fetched:
    """What a fetch brought."""

    commit: str
    changed: bool
    """Whether another commit was checked out before, or none."""


def fetch(
    place: GitDocuments,
    folder: Path,
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    seconds: float = FETCH_SECONDS,
) -> Fetched:
    """Bring the newest commit of the branch into `folder`, without the history before it.

    Args:
        environment: what git is started with: its credential helper and SSH may need it.
        stop: set it to give up at once.
        seconds: how long it may take in all.

    Raises:
        NotFetched: as its text says; what was there is there still.
    """
    lock = FileLock(folder.with_name(f"{folder.name}.lock"), timeout=seconds, mode=0o600)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.parent.stat().st_uid
        if os.geteuid() == 0 and owner != 0:
            whose = f"{folder.parent} belongs to account {owner}"
            raise NotFetched(
                f"{whose}, which could not read what root fetches: run it as that account to fetch documents"
            )
        with lock:
            return _Git(place, environment, stop or threading.Event(), time.monotonic() + seconds).fetch(folder)
    except Timeout:
        raise NotFetched(f"another okrsync has been fetching documents into {folder} for {seconds:.0f} s") from None
    except OSError as error:
        raise NotFetched(f"{folder} cannot be written: {error.strerror or error}") from error


def refresh(
    settings: Settings,
    environment: Mapping[str, str],
    stop: threading.Event,
    warn: Callable[[str], None],
    *,
    again: bool = True,
) -> bool:
    """Fetch the documents of a workspace, unless not `again` and some are there; whether they changed.

    Raises:
        NoDocuments: it failed, and there are none; else `warn` is told.
        Stopped: `stop` was set.
    """
    place, folder = settings.documents, settings.checkout
    if not isinstance(place, GitDocuments) or (is_there(folder) and not again):
        return False
    try:
        return fetch(place, folder, environment, stop).changed
    except Stopped:
        raise
    except NotFetched as why:
        if not is_there(folder):
            raise NoDocuments([Problem(settings.path.name, 0, "documents", str(why))]) from None
        warn(f"{why}. The documents that were fetched before stay in use")
        return False


def is_there(folder: Path) -> bool:
    """Whether something was fetched into `folder` before."""
    return (folder / ".git").is_dir()


class _Git:
    def __init__(
        self, place: GitDocuments, environment: Mapping[str, str], stop: threading.Event, until: float
    ) -> None:
        self._place = place
        self._environment = {
            **{name: value for name, value in environment.items() if name not in _ELSEWHERE},
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": environment.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
            "SSH_ASKPASS_REQUIRE": "never",
            "LC_ALL": "C",
        }
        self._stop = stop
        self._until = until

    def fetch(self, folder: Path) -> Fetched:
        if is_there(folder):
            with contextlib.suppress(_Damaged):
                return self._fetch_into(folder)
        # Made beside it, so that there is never half a checkout where documents are read.
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        try:
            self._run(fresh, "init", "--quiet", "--template=")
            fetched = self._fetch_into(fresh)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
        except _Damaged as error:
            raise NotFetched(str(error)) from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return Fetched(fetched.commit, changed=True)

    def _fetch_into(self, folder: Path) -> Fetched:
        branch = f"refs/heads/{self._place.branch}"
        options = ("--quiet", "--depth=1", "--no-tags", "--force", "--no-write-fetch-head")
        code, said = self._run(
            folder, "fetch", *options, "--", self._place.git, f"+{branch}:refs/okrsync/newest", check=False
        )
        if code != 0:
            if any((folder / ".git").rglob("*.lock")):
                # Nobody else fetches into it now, so a git that was killed left it, and no other git would go on.
                raise _Damaged(self._why(said))
            if self._run(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False)[0] == 0:
                self._run(folder, "rev-list", "--objects", "--quiet", "HEAD")  # Is it the checkout that is damaged?
            raise NotFetched(self._why(said))
        newest = self._run(folder, "rev-parse", "--verify", "refs/okrsync/newest^{commit}")[1].strip()
        code, before = self._run(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
        if code == 0 and before.strip() == newest:
            return Fetched(newest, changed=False)
        self._run(folder, "checkout", "--quiet", "--force", "--detach", newest)
        return Fetched(newest, changed=True)

    def _why(self, said: str) -> str:
        place = f"branch {self._place.branch} of {_USER.sub('', self._place.git)}"
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        words = " ".join(lines[:3]) or "git does not say why"
        by_hand = f"Try by hand, as this account: git ls-remote {_USER.sub('', self._place.git)} {self._place.branch}"
        return f"{place} cannot be fetched: {words.rstrip('.')}. {by_hand}"

    def _run(self, folder: Path, *arguments: str, check: bool = True) -> tuple[int, str]:
        guards = {**_GUARDS, "safe.directory": str(folder.resolve())}
        settings = [word for name, value in guards.items() for word in ("-c", f"{name}={value}")]
        try:
            process = subprocess.Popen(
                ["git", *settings, *arguments],
                cwd=folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                umask=0o077,
            )
        except FileNotFoundError:
            raise NotFetched("the program git is not installed, and the documents come from git: install it") from None
        with process:
            said = self._await(process, arguments)
        said = _USER.sub("", said)
        if check and process.returncode != 0:
            raise _Damaged(f"`git {arguments[0]}` failed in {folder}: {' '.join(said.split())[:300]}")
        return process.returncode, said

    def _await(self, process: subprocess.Popen[str], arguments: Sequence[str]) -> str:
        while True:
            try:
                return process.communicate(timeout=_WAIT)[0]
            except BaseException as error:
                stopped, late = self._stop.is_set(), time.monotonic() > self._until
                if isinstance(error, subprocess.TimeoutExpired) and not stopped and not late:
                    continue
                # What it started, SSH for example, holds the pipe open as well.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                if stopped:
                    raise Stopped(f"stopped while `git {arguments[0]}` ran") from None
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise NotFetched(self._why(f"git {arguments[0]} took too long")) from None


class _Damaged(Exception):
    """The checkout itself is not as git left it."""

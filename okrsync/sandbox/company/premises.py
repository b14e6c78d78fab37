"""The servers of a sandbox, and the folder that keeps what is in them and which ports they have.

A folder with a sandbox holds `sandbox/`: `servers.json` (which sites there are, at which ports), one file of state for
each site, and `token`, which the settings of a workspace may name.  One process at a time serves it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.company import founding
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.serving import SandboxServer
from okrsync.sandbox.site import SandboxSite

FOLDER = "sandbox"
TOKEN = "sandbox-token"  # noqa: S105 - every sandbox takes this one
JIRA_USER = "bot@demo.example"
LOCK = "lock"
_SERVERS, _TOKEN = "servers.json", "token"
_FORMAT = 1


class SiteName(StrEnum):
    """The sites of a sandbox."""

    JIRA_CLOUD = "jira-cloud"
    JIRA_DC = "jira-dc"
    GITHUB = "github"


TITLES = {
    SiteName.JIRA_CLOUD: "Jira Cloud",
    SiteName.JIRA_DC: "Jira Data Center",
    SiteName.GITHUB: "GitHub",
}


class PortTaken(Exception):
    """A site cannot have the port that it should have."""

    def __init__(self, site: SiteName, port: int, error: OSError) -> None:
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
        super().__init__(f"port {port}, where the {TITLES[site]} of this sandbox belongs, {why}")
        self.site = site
        self.port = port


class InUse(Exception):
    """Another process serves the sandbox of this folder."""


@dataclass(frozen=True)
class Kept:
    """What a folder keeps: the ports of its sites, and whether the demo made them."""

    ports: Mapping[SiteName, int] = field(default_factory=dict)
    is_demo: bool = False


class Premises:
    """Some of the three sites on one clock, and their servers; a context manager that saves and stops them."""

    def __init__(self, names: Iterable[SiteName] = tuple(SiteName), clock: SandboxClock | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.servers = {name: SandboxServer(_site(name, self.clock)) for name in SiteName if name in set(names)}
        self.folder: Path | None = None
        self.is_demo = False
        self._lock: FileLock | None = None

    @property
    def jira_cloud(self) -> JiraSandbox:
        """The Jira Cloud; raises KeyError where there is none."""
        site = self.servers[SiteName.JIRA_CLOUD].app
        assert isinstance(site, JiraSandbox)
        return site

    @property
    def jira_dc(self) -> JiraSandbox:
        """The Jira Data Center; raises KeyError where there is none."""
        site = self.servers[SiteName.JIRA_DC].app
        assert isinstance(site, JiraSandbox)
        return site

    @property
    def github(self) -> GitHubSandbox:
        """The GitHub; raises KeyError where there is none."""
        site = self.servers[SiteName.GITHUB].app
        assert isinstance(site, GitHubSandbox)
        return site

    @property
    def urls(self) -> dict[SiteName, str]:
        """Where the sites are; with their ports once they serve."""
        return {name: server.url for name, server in self.servers.items()}

    def furnish(self) -> None:
        """Put into each site what an empty one needs before OKRs can be kept there."""
        for name, server in self.servers.items():
            if isinstance(server.app, JiraSandbox):
                founding.furnish_jira(server.app)
            elif name is SiteName.GITHUB:
                founding.furnish_github(self.github)

    def found_company(self) -> None:
        """Put into all three sites what the demo company has."""
        founding.found_jira_cloud(self.jira_cloud)
        founding.found_jira_data_center(self.jira_dc)
        founding.found_github(self.github)
        self.is_demo = True

    def slow_down(self, latency: timedelta = timedelta(0), lag: timedelta = timedelta(0)) -> None:
        """Let every request take `latency` longer, and searches see a write only after `lag`."""
        for server in self.servers.values():
            server.app.latency = latency.total_seconds()
            if isinstance(server.app, JiraSandbox):
                server.app.index_lag = lag
            elif isinstance(server.app, GitHubSandbox):
                server.app.hub.search_lag = lag

    def serve(self, ports: Mapping[SiteName, int], *, or_others: bool = False) -> None:
        """Begin to serve at these ports; 0, or no port, takes a free one.

        With `or_others`, a port that is taken is replaced by a later one that is free.

        Raises:
            PortTaken: a port is taken, and no other will do. Then nothing is served.
        """
        try:
            for name, server in self.servers.items():
                _start(name, server, ports.get(name, 0), or_others=or_others)
        except PortTaken:
            self.stop()
            raise

    def keep_in(self, folder: Path) -> None:
        """Keep the sites in `folder` from now on: write them there, and again after every write request.

        Raises:
            InUse: another process serves the sandbox of this folder.
        """
        self.occupy(folder)
        here = folder.absolute() / FOLDER
        _write_private(here / _TOKEN, f"{TOKEN}\n")
        self._write_ports()
        for name, server in self.servers.items():
            server.app.autosave = here / f"{name}.json"
        self.save()

    def take_over(self, folder: Path) -> None:
        """Bring back the sites that `folder` keeps, and keep them there.

        Raises:
            InUse: another process serves them.
            ValueError: what is kept cannot be read.
        """
        self.occupy(folder)
        self.is_demo = kept(folder).is_demo
        for name, server in self.servers.items():
            path = folder.absolute() / FOLDER / f"{name}.json"
            try:
                server.app.load(path)
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path} cannot be read ({type(error).__name__}: {error}); `okrsync demo --force` begins anew"
                ) from error
            server.app.autosave = path

    def save(self) -> None:
        """Write what is in the sites, where they are kept."""
        for server in self.servers.values():
            server.app.save_if_wanted()

    def stop(self) -> None:
        """Serve no more; the folder is free for another process."""
        for server in self.servers.values():
            server.stop()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Premises:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.save()
        finally:
            self.stop()

    def occupy(self, folder: Path) -> None:
        """Take the sandbox of a folder for this process, until `stop` or the end of the process.

        Raises:
            InUse: another process has it.
        """
        if self._lock is not None:
            return
        (folder / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder.absolute() / FOLDER / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            where = "this folder" if folder == Path() else str(folder)
            raise InUse(f"another process serves the sandbox of {where}: use it, or end it first") from None
        self._lock, self.folder = lock, folder.absolute()

    def _write_ports(self) -> None:
        assert self.folder is not None
        ports = {**kept(self.folder).ports, **{name: server.port for name, server in self.servers.items()}}
        content = json.dumps({"format": _FORMAT, "demo": self.is_demo, "ports": ports}, indent=2)
        _write_private(self.folder / FOLDER / _SERVERS, f"{content}\n")


def kept(folder: Path) -> Kept:
    """The sandbox that a folder keeps; without sites where it keeps none.

    Raises:
        ValueError: the file that says so is damaged.
    """
    path = folder / FOLDER / _SERVERS
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] != _FORMAT:
            raise ValueError(f"format {said['format']!r}")
        return Kept({SiteName(name): int(port) for name, port in said["ports"].items()}, said["demo"] is True)
    except (FileNotFoundError, NotADirectoryError):
        return Kept()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is not what a sandbox writes ({error}); delete it to begin anew") from error


def _site(name: SiteName, clock: SandboxClock) -> SandboxSite:
    if name is SiteName.GITHUB:
        return founding.github(clock)
    return founding.jira(data_center=name is SiteName.JIRA_DC, clock=clock)


def _start(name: SiteName, server: SandboxServer, port: int, *, or_others: bool) -> None:
    step = len(SiteName)
    others = (*range(port + step, min(port + 100 * step, 65536), step), 0) if or_others else ()
    for candidate in (port, *others):
        server.port = candidate
        try:
            server.start()
            return
        except OSError as error:
            refused = PortTaken(name, candidate, error)
    raise refused


def _write_private(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)

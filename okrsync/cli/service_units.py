"""Unit files for systemd, as text. Pure: what the service is goes in, lines come out.

What the directives mean: systemd.service(5), systemd.exec(5), systemd.timer(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HARDENED = """
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
DevicePolicy=closed
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
""".strip().splitlines()
"""What a service of the system needs to give up; okrsync needs the network, its folder, and nothing else."""

HARDENED_USER = """
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077
""".strip().splitlines()
"""The part of it that needs no privileges, for services that somebody runs as themselves."""

DAEMON = """
Type=notify
NotifyAccess=main
WatchdogSec=5min
TimeoutStartSec=5min
TimeoutStopSec=20s
Restart=on-failure
RestartSec=30s
# Settings or documents are wrong: trying again mends nothing.
RestartPreventExitStatus=2
""".strip().splitlines()
"""How `okrsync daemon` lives."""

ONCE = """
Type=oneshot
TimeoutStartSec=1h
# What waits for a person is no failure of the service.
SuccessExitStatus=3
""".strip().splitlines()
"""How one run goes."""


@dataclass(frozen=True)
class Service:
    """One workspace as a service. Paths are absolute."""

    workspace: str
    program: str
    settings: str
    folder: str
    """Where it works."""
    for_user: bool = False
    """Whether it is a service that somebody runs as themselves."""
    account: str | None = None
    """The account that it runs as; None for one that systemd makes up (DynamicUser), which needs `state`."""
    state: str | None = None
    """What is below /var/lib for it alone."""
    writes: tuple[str, ...] = ()
    """The folders that it changes."""
    reads_home: bool = False
    """Whether anything that it reads or writes is in somebody's home folder."""
    credentials: tuple[tuple[str, str], ...] = ()
    """Name → the file that systemd reads it from."""
    environment_file: str | None = None

    @property
    def name(self) -> str:
        """What the unit is called, without its ending."""
        return f"okrsync-{self.workspace}"


def daemon_unit(service: Service) -> str:
    """The unit of `okrsync daemon`."""
    lines = [
        "[Unit]",
        f"Description=okrsync daemon of {service.workspace}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        *DAEMON,
        f"ExecStart={_words(service.program, '--config', service.settings, 'daemon')}",
        "ExecReload=kill -HUP $MAINPID",
        *_surroundings(service),
        "",
        "[Install]",
        f"WantedBy={'default' if service.for_user else 'multi-user'}.target",
    ]
    return "\n".join(lines) + "\n"


def once_unit(service: Service) -> str:
    """The unit of one run, for a timer."""
    command = (service.program, "--config", service.settings, "daemon", "--once", "--if-running", "skip")
    lines = [
        "[Unit]",
        f"Description=One run of okrsync for {service.workspace}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        *ONCE,
        f"ExecStart={_words(*command)}",
        *_surroundings(service),
    ]
    return "\n".join(lines) + "\n"


def timer_unit(service: Service) -> str:
    """The timer that starts a run every quarter of an hour."""
    return f"""[Unit]
Description=Runs of okrsync for {service.workspace}

[Timer]
OnCalendar=*:0/15
RandomizedDelaySec=60
Persistent=yes

[Install]
WantedBy=timers.target
"""


def _surroundings(service: Service) -> Iterator[str]:
    yield f"WorkingDirectory={_literal(service.folder)}"
    for name, path in service.credentials:
        yield f"LoadCredential={_literal(f'{name}:{path}')}"
    if service.environment_file:
        yield f"EnvironmentFile={_literal(service.environment_file)}"
    if service.for_user:
        yield from HARDENED_USER
        return
    if service.account is None:
        yield "DynamicUser=yes"
    else:
        yield f"User={service.account}"
    if service.state is not None:
        yield f"StateDirectory={service.state}"
        yield "StateDirectoryMode=0700"
    if service.writes:
        yield f"ReadWritePaths={_words(*service.writes)}"
    yield f"ProtectHome={'read-only' if service.reads_home else 'yes'}"
    yield from HARDENED


def _words(*words: str) -> str:
    """Words of a command or a list, quoted where that is needed (systemd.syntax(7), systemd.service(5))."""
    return " ".join(_word(each) for each in words)


def _word(word: str) -> str:
    text = _literal(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    plain = all(each.isalnum() or each in "/._-@%:+=" for each in text)
    return text if plain and text else f'"{text}"'


def _literal(text: str) -> str:
    """A value in which nothing is a specifier."""
    return text.replace("%", "%%")

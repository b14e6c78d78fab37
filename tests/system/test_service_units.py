"""The units of systemd and the line of cron: what their tools say of them, and run as these would run them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from okrsync.cli import service_units
from okrsync.cli.service_units import Service, daemon_unit, once_unit, timer_unit
from okrsync.store.cache import Cache
from tests.system.calling import Okrsync
from tests.system.grounds import TOKEN_VARIABLE, Desk, JiraCloud, served, team_document
from tests.system.pages import ROOT

UNITS = ROOT / "config" / "systemd"
PROGRAM = Path(sys.executable).parent / "okrsync"
MOST_EXPOSED = 20
"""Tenths of systemd's exposure level."""

systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")


def analyze(*arguments: str) -> str:
    """What systemd-analyze says; it must be content."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": "/tmp", "SYSTEMD_COLORS": "0"}
    answer = subprocess.run(
        ["systemd-analyze", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert not answer.stderr.strip(), answer.stderr
    return answer.stdout


@pytest.fixture
def shipped(tmp_path: Path) -> list[Path]:
    """The units of this repository as they are called for a workspace, with a program that is there."""
    folder = tmp_path / "units"
    folder.mkdir()
    found = []
    for path in sorted(UNITS.iterdir()):
        text = path.read_text(encoding="utf-8").replace("/opt/okrsync/bin/okrsync", str(PROGRAM))
        found.append(folder / path.name.replace("@", "@acme"))
        found[-1].write_text(text, encoding="utf-8")
    return found


@systemd
def test_systemd_finds_nothing_wrong_in_the_shipped_units(shipped: list[Path]) -> None:
    assert len(shipped) == 3
    analyze("verify", *map(str, shipped))
    for unit in shipped:
        if unit.suffix == ".service":
            analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(unit))


def test_shipped_and_made_units_give_up_the_same() -> None:
    def directives(text: str) -> set[str]:
        return {line for line in text.splitlines() if re.match(r"[A-Z]\w*=", line) and "acme" not in line}

    made = Service("%i", "/opt/okrsync/bin/okrsync", "/etc/okrsync/%i/okrsync.toml", "/x", state="okrsync/%i")
    for name, text in (("okrsync@.service", daemon_unit(made)), ("okrsync-sync@.service", once_unit(made))):
        shipped = (UNITS / name).read_text(encoding="utf-8")
        varying = {"WorkingDirectory", "LoadCredential", "Description", "ExecStart", "User"}
        left, right = (
            {each for each in directives(one.replace("%%i", "%i")) if each.split("=")[0] not in varying}
            for one in (shipped, text)
        )
        assert left == right
        assert set(service_units.HARDENED) <= left
    assert directives(timer_unit(made)) == directives((UNITS / "okrsync-sync@.timer").read_text(encoding="utf-8"))


def test_daemon_and_timer_of_a_workspace_share_an_account_of_its_own() -> None:
    # Without User=, systemd takes the unit's name up to the @: one for all workspaces, and another for the timer's.
    accounts = {
        re.findall(r"^User=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[0]
        for path in UNITS.glob("*.service")
    }
    assert accounts == {"okrsync-%i"}


@dataclass
class Machine:
    """A machine as the units expect it, below a folder."""

    root: Path
    line: socket.socket
    heard: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        return self.root / "etc" / "okrsync" / "acme"

    @property
    def state(self) -> Path:
        return self.root / "var" / "lib" / "okrsync" / "acme"

    def start(self, unit: Path) -> subprocess.Popen[str]:
        """Start a unit as systemd would: its command, its folder, its credentials, and nothing else around it."""
        text = unit.read_text(encoding="utf-8").replace("%i", "acme").replace("/opt/okrsync/bin/okrsync", str(PROGRAM))
        for place in ("/etc/okrsync", "/var/lib/okrsync"):
            text = text.replace(place, f"{self.root}{place}")
        said = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]\w*=", line))
        credentials = self.root / "run"
        credentials.mkdir(exist_ok=True)
        name, source = said["LoadCredential"].split(":")
        for path in Path(source).iterdir():
            shutil.copy(path, credentials / f"{name}_{path.name}")
        assert Path(said["WorkingDirectory"]) == self.state
        return subprocess.Popen(
            shlex.split(said["ExecStart"]),
            cwd=said["WorkingDirectory"],
            env={
                "PATH": "/usr/bin:/bin",
                "CREDENTIALS_DIRECTORY": str(credentials),
                "NOTIFY_SOCKET": self.line.getsockname(),
                "WATCHDOG_USEC": "400000",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, word: str) -> None:
        while not any(word in each for each in self.heard):
            self.heard.append(self.line.recv(4096).decode())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[Machine, JiraCloud]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, served(JiraCloud()) as ground:
        assert isinstance(ground, JiraCloud)
        line.bind(str(tmp_path / "notify"))
        line.settimeout(60)
        made = Machine(tmp_path, line)
        made.state.mkdir(parents=True)
        (made.settings / "okrs").mkdir(parents=True)
        (made.settings / "credentials").mkdir()
        (made.settings / "credentials" / "jira-token").write_text(os.environ[TOKEN_VARIABLE])
        settings = ground.settings().replace(f'env = "{TOKEN_VARIABLE}"', 'credential = "okrsync_jira-token"')
        (made.settings / "okrsync.toml").write_text(f'cache = "{made.state}/okrsync.db"\n{settings}')
        (made.settings / "okrs" / "team.toml").write_text(team_document(0, 1, 2))
        yield made, ground


def test_the_daemons_unit_starts_works_and_stops(machine: tuple[Machine, JiraCloud]) -> None:
    made, ground = machine
    process = made.start(UNITS / "okrsync@.service")
    try:
        made.until("READY=1")
        made.until("STATUS=next")
        made.until("WATCHDOG=1")
        assert len(ground.texts()) == 3
        process.send_signal(signal.SIGTERM)
        made.until("STOPPING=1")
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, said
    assert {each.name for each in made.settings.iterdir()} == {"okrs", "credentials", "okrsync.toml"}, "only read"


def test_the_timers_unit_does_one_run(machine: tuple[Machine, JiraCloud]) -> None:
    made, ground = machine
    process = made.start(UNITS / "okrsync-sync@.service")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert len(ground.texts()) == 3


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with served(JiraCloud()) as ground:
        made = Desk(ground, tmp_path)
        made.write_team()
        # cron gives almost no environment, so the token is in a file.
        (tmp_path / "token").write_text(os.environ[TOKEN_VARIABLE])
        (tmp_path / "token").chmod(0o600)
        made.write_settings(ground.settings().replace(f'env = "{TOKEN_VARIABLE}"', 'file = "token"'))
        monkeypatch.chdir(tmp_path)
        yield made


def test_crons_lines_do_their_work_in_an_empty_environment(desk: Desk) -> None:
    text = (ROOT / "config" / "cron" / "okrsync").read_text(encoding="utf-8")
    lines = [each for each in text.splitlines() if re.match(r"[*0-9]", each)]
    commands = [re.split(r" +", line, maxsplit=6) for line in lines]
    assert [each[5] for each in commands] == ["okrs", "okrs"], "the account"
    for *_, command in commands:
        # What cron makes of a line before a shell gets it: crontab(5).
        command = command.replace("\\%", "%").replace("/opt/okrsync/bin", str(PROGRAM.parent)).replace("/srv/okrs", ".")
        (desk.folder / "backups").mkdir(exist_ok=True)
        answer = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=desk.folder,
            env={"HOME": str(desk.folder), "LOGNAME": "okrs", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", ""), "nothing that cron would mail"
    assert len(desk.ground.texts()) == 3
    [copy] = (desk.folder / "backups").glob("okrsync-20*.db")
    with Cache.open(copy, "acme", create=False) as cache:
        assert len(cache.links.live()) == 3


def installed(folder: Path, name: str = "okrsync-acme.service") -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Z]\w*=", line):
            key, value = line.split("=", 1)
            said.setdefault(key, []).append(value)
    return said


def test_a_unit_for_this_workspace_names_what_is_here(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_settings(desk.ground.settings().replace(f'env = "{TOKEN_VARIABLE}"', 'credential = "jira"'))
    said = okrsync("install-service", "--account", "okrs", "--into", "units")
    assert said.code == 0, said.err
    unit = installed(Path("units"))
    assert unit["ExecStart"] == [f"{PROGRAM} --config {desk.folder}/okrsync.toml daemon"]
    assert unit["LoadCredential"] == [f"jira:{desk.folder}/credentials/jira"]
    assert (unit["User"], unit["ReadWritePaths"]) == (["okrs"], [str(desk.folder)])
    assert "DynamicUser" not in unit
    assert f"put the credential jira into {desk.folder}/credentials/jira (chmod 600, for root alone)" in said.out
    assert "systemctl enable --now okrsync-acme.service" in said.out


def test_what_is_there_is_not_written_over(desk: Desk, okrsync: Okrsync) -> None:
    unit = desk.folder / "units" / "okrsync-acme.service"
    assert okrsync("install-service", "--user", "--into", "units").code == 0
    assert okrsync("install-service", "--user", "--into", "units").code == 0, "the same again"
    unit.write_text("mine")
    refused = okrsync("install-service", "--user", "--into", "units")
    assert refused.code == 2
    assert "units/okrsync-acme.service: is there already, and says something else" in refused.err
    assert unit.read_text() == "mine"
    assert okrsync("install-service", "--user", "--into", "units", "--force").code == 0
    assert unit.read_text() != "mine"


def test_showing_it_writes_nothing(desk: Desk, okrsync: Okrsync) -> None:
    before = sorted(desk.folder.rglob("*"))
    said = okrsync("install-service", "--user", "--timer", "--dry-run", "--into", "units")
    assert said.code == 0
    assert "# units/okrsync-acme.timer" in said.out
    assert sorted(desk.folder.rglob("*")) == before


@pytest.mark.usefixtures("desk")
def test_root_runs_no_okrsync(okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.stat

    def owned_by_root(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        return os.stat_result((*found[:4], 0, *found[5:]))

    monkeypatch.setattr(Path, "stat", owned_by_root)
    said = okrsync("install-service", "--dry-run")
    assert said.code == 2
    assert "belongs to root, and okrsync needs no root. Make an account" in said.err


def test_a_cache_below_var_lib_needs_no_account(desk: Desk, okrsync: Okrsync) -> None:
    desk.write_settings(f'cache = "/var/lib/okrsync/acme/okrsync.db"\n{desk.ground.settings()}')
    said = okrsync("install-service", "--into", "units")
    assert said.code == 0, said.err
    unit = installed(Path("units"))
    assert (unit["DynamicUser"], unit["StateDirectory"]) == (["yes"], ["okrsync/acme"])
    assert unit["WorkingDirectory"] == ["/var/lib/okrsync/acme"]
    assert "User" not in unit
    assert unit["EnvironmentFile"] == [f"{desk.folder}/okrsync.env"]
    assert f"write {TOKEN_VARIABLE}=… into {desk.folder}/okrsync.env (chmod 600), a line each" in said.out


@systemd
@pytest.mark.parametrize("kind", [["--account", "daemon"], ["--account", "daemon", "--timer"], ["--user"]])
def test_systemd_finds_nothing_wrong_in_made_units(
    tmp_path: Path, kind: list[str], okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / '100 % "ours" $HOME'
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("okrsync.toml").write_text(
        'workspace = "acme"\n[trackers.w]\ntype = "jira"\nurl = "https://j.example"\nuser = "u"\n'
        'token = { credential = "jira" }\n'
    )
    Path("okrs").mkdir()
    assert okrsync("install-service", *kind, "--into", str(tmp_path)).code == 0
    units = [str(each) for each in tmp_path.glob("okrsync-acme.*")]
    analyze("verify", *(["--user"] if "--user" in kind else []), *units)
    if "--user" not in kind:
        unit = str(tmp_path / "okrsync-acme.service")
        analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", unit)

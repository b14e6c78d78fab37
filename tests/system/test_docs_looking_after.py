"""The pages on looking after an installation, each block of commands typed as it stands, on a machine of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from okrsync.sandbox.jira import JiraSandbox
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn
from tests.system.calling import KR1
from tests.system.grounds import TOKEN_VARIABLE, Desk, JiraCloud, served
from tests.system.pages import DOCS, ROOT, blocks

PROGRAM = Path(sys.executable).parent
_PLACE = re.compile(r"(?<![\w./-])/(?=(?:srv|opt|etc|root|var|usr/local)/)")

# What a service would get of systemd: its folder, its credentials, and nothing else around it.
_SYSTEMD_RUN = """#!/bin/bash
while [ $# -gt 0 ]; do
  case "$1" in
    LoadCredential=*) IFS=: read -r name source <<< "${1#*=}"
      for each in "$source"/*; do mkdir -p ROOT/run; cp "$each" "ROOT/run/${name}_${each##*/}"; done ;;
    WorkingDirectory=*) folder="${1#*=}" ;;
    -p | -* | *=*) ;;
    *) break ;;
  esac
  shift
done
cd "$folder" && exec env -i PATH=/usr/bin:/bin CREDENTIALS_DIRECTORY=ROOT/run PYTHONPATH="$PYTHONPATH" "$@"
"""
# Units are written where the test may write.
_OKRSYNC = f"""#!/bin/sh
[ "$1" = install-service ] && set -- "$@" --into ROOT/etc/systemd/system
exec {PROGRAM}/okrsync "$@"
"""


class Machine:
    """A machine with a workspace in /srv/okrs, all of which is below a folder of the test."""

    def __init__(self, desk: Desk, root: Path) -> None:
        self.desk = desk
        self.root = root
        for folder in ("bin", "opt", "root", "etc/systemd/system", "var/lib/okrsync/acme", "usr/local/bin"):
            (root / folder).mkdir(parents=True)
        # No service runs here, and nobody is root; what is asked of these is only noted.
        for name in ("systemctl", "journalctl", "useradd", "chown"):
            self.program(name, f'#!/bin/sh\necho "$@" >> {root}/{name}\n')
        self.program("runuser", '#!/bin/sh\nshift 3\nexec "$@"\n')
        self.program("systemd-run", _SYSTEMD_RUN.replace("ROOT", str(root)))
        self.program("okrsync", _OKRSYNC.replace("ROOT", str(root)))

    def program(self, name: str, text: str) -> None:
        path = self.root / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def asked(self, name: str) -> list[str]:
        """What one of the programs that only note it was asked."""
        return (self.root / name).read_text().splitlines()

    def here(self, text: str) -> str:
        """A text with places below the folder of the test."""
        return _PLACE.sub(f"{self.root}/", text)

    def type_in(self, page: str, *numbers: int, stdin: str = "", folder: Path | None = None) -> str:
        """Type some blocks of a page, one after the other; what they show."""
        found = blocks(DOCS / "how-to" / page, "sh")
        return self.bash("\n".join(found[number].text for number in numbers), stdin, folder)

    def bash(self, script: str, stdin: str = "", folder: Path | None = None) -> str:
        answer = subprocess.run(
            ["/bin/bash", "-e", "-c", self.here(script)],
            cwd=folder or self.root,
            env={"PATH": f"{self.root}/bin:{PROGRAM}:/usr/bin:/bin", "HOME": str(self.root), "PIP_NO_INDEX": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    def history(self, folder: str = "okrs") -> tuple[int, int]:
        """How many check-ins and links a cache holds."""
        with Cache.open(self.root / "srv" / folder / "okrsync.db", "acme", create=False) as cache:
            return len(cache.check_ins.of(KR1)), len(cache.links.live())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with served(JiraCloud()) as ground:
        desk = Desk(ground, tmp_path / "srv" / "okrs")
        desk.write_team()
        token = desk.folder / "jira-token"
        token.write_text(os.environ[TOKEN_VARIABLE])
        token.chmod(0o600)
        desk.write_settings(ground.settings().replace(f'env = "{TOKEN_VARIABLE}"', 'file = "jira-token"'))
        desk.run("sync")
        with desk.workspace().open_cache() as cache:
            cache.check_ins.add(CheckIn(KR1, desk.workspace().now(), "dana", confidence=0.6))
        yield Machine(desk, tmp_path)


def test_a_cache_is_backed_up_and_restored(machine: Machine) -> None:
    machine.type_in("back-up-and-restore.md", 0)
    machine.desk.lose_cache()
    said = machine.type_in("back-up-and-restore.md", 1)
    assert machine.history() == (1, 3)
    assert "create" not in said
    assert len(machine.desk.ground.texts()) == 3


def test_a_workspace_moves(machine: Machine) -> None:
    said = machine.type_in("move-to-another-machine.md", 0, 1, 2, 3)
    assert machine.asked("systemctl") == ["disable --now okrsync-acme.service"]
    assert machine.history("new") == (1, 3)
    assert " to create" not in said
    assert (machine.root / "srv" / "new" / "jira-token").stat().st_mode & 0o777 == 0o600


def test_a_token_is_rotated(machine: Machine) -> None:
    site = machine.desk.ground.site
    assert isinstance(site, JiraSandbox)
    site.token = "fresh-token"
    said = machine.type_in("rotate-a-token.md", 0, stdin="fresh-token")
    token = machine.desk.folder / "jira-token"
    assert (token.read_text(), token.stat().st_mode & 0o777) == ("fresh-token", 0o600)
    assert re.search(r"^work +jira +\S+ +bot +Jira Cloud", said, re.MULTILINE)


def test_a_credential_is_rotated(machine: Machine) -> None:
    credentials = machine.root / "etc" / "okrsync" / "acme" / "credentials"
    credentials.mkdir(parents=True)
    machine.type_in("rotate-a-token.md", 1, stdin="fresh-token")
    [token] = credentials.iterdir()
    assert (token.name, token.read_text(), token.stat().st_mode & 0o777) == ("jira-token", "fresh-token", 0o600)
    assert machine.asked("systemctl") == ["restart okrsync@acme"]


def test_a_cache_without_an_account_is_restored(machine: Machine) -> None:
    machine.bash("cp /srv/okrs/okrsync.db /root/acme.db")
    machine.type_in("back-up-and-restore.md", 2)
    assert machine.asked("systemctl") == ["stop okrsync@acme", "start okrsync@acme"]
    assert machine.asked("chown") == ["--reference=. okrsync.db"]
    with Cache.open(machine.root / "var/lib/okrsync/acme/okrsync.db", "acme", create=False) as cache:
        assert len(cache.check_ins.of(KR1)) == 1


def test_a_workspace_becomes_a_service(machine: Machine) -> None:
    said = machine.type_in("run-under-systemd.md", 0, 1)
    unit = machine.root / "etc/systemd/system/okrsync-acme.service"
    assert f"written:\n  {unit}" in said
    assert "User=okrsync\n" in unit.read_text()
    assert [machine.asked("useradd"), machine.asked("chown")] == [
        ["--system okrsync"],
        [machine.here("-R okrsync: /srv/okrs")],
    ]
    next_steps = said.rpartition("next:\n")[2]
    assert all(f"systemctl {each}\n" in next_steps for each in machine.asked("systemctl")), "it says the same"


def source(machine: Machine) -> Path:
    """okrsync's repository, of which /srv/okrsync-source is a clone."""
    folder = machine.root / "upstream"
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    for name in ("okrsync", "plugins", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    # pip fetches nothing that is there, in this version.
    (folder / "requirements-run.lock").write_text(f"pluggy=={version('pluggy')} --hash=sha256:{'0' * 64}\n")
    machine.bash("git init --quiet -b main && git add . && " + COMMIT, folder=folder)
    machine.bash(f"git clone --quiet {folder} /srv/okrsync-source")
    return folder


COMMIT = "git -c user.name=a -c user.email=a@acme.example commit --quiet --all --message change"


def pins(name: str) -> dict[str, str]:
    """Package → version, as a lock file has it."""
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / name).read_text(), re.MULTILINE))


def test_installations_get_the_versions_that_are_tried_and_no_tools_of_developers() -> None:
    run, tried = pins("requirements-run.lock"), pins("requirements.lock")
    assert run.items() < tried.items(), "make lock"
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split(r"[^\w-]", each)[0].lower() for each in wanted} < set(run)
    assert not {"pytest", "mypy", "uv"} & set(run)


def lend_packages(machine: Machine) -> None:
    """Let new environments find what okrsync needs, and pip, where the tests run: so there is nothing to fetch."""
    lent = machine.root / "lent"
    lent.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "okrsync" not in path.name and path.suffix != ".pth":
            (lent / path.name).symlink_to(path)
    lines = [
        "#!/bin/sh",
        f'{sys.executable} "$@" --without-pip',
        f'echo {lent} > "$(echo "$3"/lib/*/site-packages)"/lent.pth',
    ]
    machine.program("python3", "\n".join(lines))


def test_many_workspaces_are_installed_and_upgraded(machine: Machine) -> None:
    page, upstream = "run-under-systemd.md", source(machine)
    lend_packages(machine)
    clone = machine.root / "srv" / "okrsync-source"
    machine.type_in(page, 2, folder=clone)
    assert (machine.root / "etc/systemd/system/okrsync@.service").is_file()
    documents = machine.root / "srv" / "okrs" / "okrs"
    machine.bash(f"git init --quiet -b main && git add . && {COMMIT}", folder=documents)
    [settings] = (block.text for block in blocks(DOCS / "how-to" / page, "toml"))
    for written, real in {
        "https://git.acme.example/okrs.git": f"file://{documents}",
        "https://acme.atlassian.net": machine.desk.ground.server.url,
        "okr-bot@acme.example": "bot@demo.example",
        "PLAT": machine.desk.ground.project(),
    }.items():
        assert settings.count(written) == 1
        settings = settings.replace(written, real)
    (machine.root / "etc/okrsync/acme/okrsync.toml").write_text(machine.here(settings))
    machine.type_in(page, 3, stdin="sandbox-token")
    machine.type_in(page, 4)
    said = machine.type_in(page, 6)
    assert said == "nothing to do: documents and trackers agree\n", (
        "it has the credential, the documents, and what is there"
    )
    assert {each.stat().st_mode & 0o77 for each in (machine.root / "etc/okrsync/acme/credentials").iterdir()} == {0}

    project = upstream / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0.1.0"', 'version = "9.9.9"'))
    machine.bash(COMMIT, folder=upstream)
    left = clone / "build" / "lib" / "okrsync" / "of_another_version.py"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.touch()
    before = machine.desk.ground.texts()
    said = machine.type_in("upgrade.md", 0, 1, 2)
    assert "all well" in said
    assert machine.desk.ground.texts() == before
    with Cache.open(machine.desk.folder / "before-upgrade.db", "acme", create=False) as cache:
        assert len(cache.links.live()) == 3
    assert machine.bash("/usr/local/bin/okrsync --version") == "okrsync 9.9.9\n"
    assert not list((machine.root / "opt").rglob("of_another_version.py"))


def test_crons_lines_and_its_wrapper(machine: Machine) -> None:
    machine.bash("mkdir -p /srv/okrs/.venv/bin /var/log")
    (machine.desk.folder / ".venv" / "bin" / "okrsync").symlink_to(PROGRAM / "okrsync")
    machine.desk.lose_cache()
    [line] = [
        each for each in blocks(DOCS / "how-to" / "run-from-cron.md", "sh")[0].text.splitlines() if each[0] == "*"
    ]
    assert machine.bash(f"env -i HOME=/root/ PATH=/usr/bin:/bin sh -c '{line.split(maxsplit=5)[5]}'") == ""
    assert machine.history()[1] == 3
    wrapper = blocks(DOCS / "how-to" / "run-from-cron.md", "sh")[-1].text
    assert machine.bash(wrapper, folder=machine.desk.folder) == ""
    (machine.desk.folder / "okrs" / "broken.toml").write_text("cycle = 1")
    machine.bash(f"! ({wrapper}) 2> said; grep 'ended with 2' said", folder=machine.desk.folder)


def test_a_lost_cache_is_found_again(machine: Machine) -> None:
    page = DOCS / "how-to" / "lose-and-rebuild-the-cache.md"
    lost, damaged = (re.findall(r"^\$ (.*)$", block.text, re.MULTILINE) for block in blocks(page, "console"))
    before = machine.desk.ground.texts()
    assert "nothing to do" in machine.bash("\n".join(lost), folder=machine.desk.folder)
    machine.type_in(page.name, 0, 1, folder=machine.desk.folder)
    (machine.desk.folder / "okrsync.db").write_bytes(b"no database" * 1000)
    said = machine.bash("\n".join(f"{line} || true" for line in damaged), folder=machine.desk.folder)
    assert "okrsync.db: file is not a database" in said
    assert "3 links found again" in said
    assert machine.desk.ground.texts() == before

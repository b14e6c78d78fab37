"""The pages on looking after an installation, each block of commands typed as it stands, on a machine of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from okrsync.sandbox.jira import JiraSandbox
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn
from tests.system.calling import KR1
from tests.system.grounds import TOKEN_VARIABLE, Desk, JiraCloud, served
from tests.system.pages import DOCS, blocks

PROGRAM = Path(sys.executable).parent


class Machine:
    """A machine with a workspace in /srv/okrs, which is a folder of the test."""

    def __init__(self, desk: Desk, root: Path) -> None:
        self.desk = desk
        self.root = root
        (root / "bin").mkdir()
        # No service runs here; what is asked of systemd is only noted.
        (root / "bin" / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {root}/systemctl\n')
        (root / "bin" / "systemctl").chmod(0o755)

    def type_in(self, page: str, *numbers: int, stdin: str = "") -> str:
        """Type some blocks of a page, one after the other; what they show."""
        found = blocks(DOCS / "how-to" / page, "sh")
        script = "\n".join(found[number].text for number in numbers).replace("/srv", str(self.root / "srv"))
        answer = subprocess.run(
            ["/bin/bash", "-e", "-c", script],
            cwd=self.root,
            env={"PATH": f"{self.root}/bin:{PROGRAM}:/usr/bin:/bin", "HOME": str(self.root)},
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
    assert (machine.root / "systemctl").read_text() == "disable --now okrsync-acme.service\n"
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


def test_an_upgrade_is_looked_at_before_anything_is_written(machine: Machine) -> None:
    before = machine.desk.ground.texts()
    said = machine.type_in("upgrade.md", 0, 2)
    assert "all well" in said
    assert machine.desk.ground.texts() == before
    with Cache.open(machine.desk.folder / "before-upgrade.db", "acme", create=False) as cache:
        assert len(cache.links.live()) == 3

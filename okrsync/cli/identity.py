"""Who is at the keyboard: what somebody says, commits or checks in is said in a name."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from okrsync.app import Workspace

VARIABLE = "OKRSYNC_USER"
"""The environment variable that names who is at the keyboard."""

as_option = click.option(
    "--as",
    "name",
    metavar="NAME",
    help=f"Who you are. Default: {VARIABLE}, else who has your git e-mail in the settings, else your login name.",
)


def who_am_i(workspace: Workspace, name: str | None = None) -> str:
    """Who is at the keyboard, as documents name them: who was named, else who the surroundings tell."""
    people = workspace.people
    named = name or os.environ.get(VARIABLE, "").strip()
    if named:
        person = people.by_account(named)
        return person.name if person else named
    address = _git_address(workspace.settings.folder)
    person = people.by_account(address) if address else None
    if person is None:
        login = _login()
        person = people.by_account(login)
        return person.name if person else login
    return person.name


def likely_owner() -> str:
    """Who is at the keyboard where there are no settings yet: who the environment names, else the login name."""
    return os.environ.get(VARIABLE, "").strip() or _login()


def _git_address(folder: Path) -> str:
    try:
        said = subprocess.run(
            ["git", "config", "user.email"], cwd=folder, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip()


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

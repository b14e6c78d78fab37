"""Documents are fetched from git, and a failing fetch leaves what was there."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from okrsync.documents.checkout import Fetched, NotFetched, Stopped, fetch, is_there
from okrsync.settings.documents import GitDocuments

WHO = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@acme.example",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@acme.example",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **WHO}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with one document."""
    folder = tmp_path / "origin"
    (folder / "okrs").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "okrs/a.toml", 'cycle = "2026-Q4"\n')
    return folder


def commit(origin: Path, name: str, text: str) -> str:
    (origin / name).write_text(text)
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "-m", "change")
    return git(origin, "rev-parse", "HEAD")


@pytest.fixture
def place(origin: Path) -> GitDocuments:
    return GitDocuments(git=origin.as_uri(), path="okrs")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / ".okrsync.db.documents"


def test_the_newest_commit_is_checked_out_and_the_next(origin: Path, place: GitDocuments, folder: Path) -> None:
    assert not is_there(folder)
    first = git(origin, "rev-parse", "HEAD")
    assert fetch(place, folder, os.environ) == Fetched(first, True)
    assert fetch(place, folder, os.environ) == Fetched(first, False)
    (origin / "okrs" / "a.toml").unlink()
    second = commit(origin, "okrs/b.toml", 'cycle = "2027-Q1"\n')
    assert fetch(place, folder, os.environ) == Fetched(second, True)
    assert [each.name for each in (folder / "okrs").iterdir()] == ["b.toml"]
    assert git(folder, "rev-list", "--count", "HEAD") == "1", "no history is fetched"


def test_what_somebody_did_in_the_checkout_and_a_rewritten_branch_do_not_matter(
    origin: Path, place: GitDocuments, folder: Path
) -> None:
    fetch(place, folder, os.environ)
    (folder / "okrs" / "a.toml").write_text("mine")
    (origin / "okrs" / "a.toml").write_text("amended")
    git(origin, "commit", "-q", "-a", "--amend", "-m", "other")
    assert fetch(place, folder, os.environ).changed
    assert (folder / "okrs" / "a.toml").read_text() == "amended"


def test_a_fetch_that_fails_leaves_what_was_there(origin: Path, place: GitDocuments, folder: Path) -> None:
    fetch(place, folder, os.environ)
    origin.rename(origin.with_name("away"))
    with pytest.raises(NotFetched, match=r"branch main of file://.* cannot be fetched: .*Try by hand.*git ls-remote"):
        fetch(place, folder, os.environ)
    assert (folder / "okrs" / "a.toml").exists()
    with pytest.raises(NotFetched):
        fetch(place, folder.with_name("other"), os.environ)
    assert not list(folder.parent.glob("other*/**"))


def test_a_branch_that_does_not_exist_is_named(place: GitDocuments, folder: Path) -> None:
    with pytest.raises(NotFetched, match="branch nowhere of"):
        fetch(place.model_copy(update={"branch": "nowhere"}), folder, os.environ)


def test_a_damaged_checkout_is_made_anew(origin: Path, place: GitDocuments, folder: Path) -> None:
    fetch(place, folder, os.environ)
    for each in (folder / ".git" / "objects").rglob("*"):
        if each.is_file():
            each.chmod(0o600)
            each.write_bytes(b"")
    commit(origin, "okrs/a.toml", "new")
    assert fetch(place, folder, os.environ).changed
    assert (folder / "okrs" / "a.toml").read_text() == "new"


@pytest.mark.parametrize("left", ["shallow.lock", "index.lock", "HEAD.lock", "refs/okrsync/newest.lock"])
def test_what_a_git_that_was_killed_left_does_not_matter(
    origin: Path, place: GitDocuments, folder: Path, left: str
) -> None:
    fetch(place, folder, os.environ)
    second = commit(origin, "okrs/b.toml", 'cycle = "2027-Q1"\n')
    (folder / ".git" / left).touch()
    assert fetch(place, folder, os.environ) == Fetched(second, True)
    third = commit(origin, "okrs/c.toml", 'cycle = "2027-Q2"\n')
    assert fetch(place, folder, os.environ) == Fetched(third, True)


def test_root_fetches_nothing_for_others(place: GitDocuments, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.mkdir()
    if os.geteuid() == 0:
        os.chown(folder.parent, 4711, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(NotFetched, match=r"state belongs to account \d+, which could not read what root fetches"):
        fetch(place, folder, os.environ)
    assert list(folder.parent.iterdir()) == [], "not even a lock, which that account could not open"


def test_nothing_of_the_repository_is_run_and_links_are_files(origin: Path, place: GitDocuments, folder: Path) -> None:
    (origin / "okrs" / "out.toml").symlink_to("/etc/passwd")
    commit(origin, "okrs/c.toml", "")
    fetch(place, folder, os.environ)
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {folder.parent}/ran\n")
    hook.chmod(0o700)
    commit(origin, "okrs/c.toml", "2")
    fetch(place, folder, os.environ)
    assert not (folder.parent / "ran").exists()
    assert not (folder / "okrs" / "out.toml").is_symlink()


def test_the_checkout_is_ours_alone(place: GitDocuments, folder: Path) -> None:
    fetch(place, folder, os.environ)
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "okrs" / "a.toml").stat().st_mode & 0o077 == 0


@pytest.fixture
def slow(tmp_path: Path) -> dict[str, str]:
    """An environment in which git never answers."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nsleep 90\n")
    program.chmod(0o700)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_git_that_does_not_answer_is_given_up(
    place: GitDocuments, folder: Path, slow: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", slow["PATH"])
    begun = time.monotonic()
    with pytest.raises(NotFetched, match="took too long"):
        fetch(place, folder, slow, seconds=0.2)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        fetch(place, folder, slow, stop)
    assert time.monotonic() - begun < 30


def test_without_git_it_is_said(place: GitDocuments, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotFetched, match="git is not installed"):
        fetch(place, folder, {"PATH": "/nowhere"})


def test_no_credentials_are_told(
    place: GitDocuments, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ncase "$*" in *fetch*) echo "fatal: https://bot:s3cret@x.example/a.git: 403" >&2; exit 128;; esac\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(NotFetched) as told:
        fetch(place, folder, os.environ)
    assert "https://x.example/a.git: 403" in str(told.value) and "s3cret" not in str(told.value)

"""New documents come all together or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from okrsync.documents.creating import CannotCreate, write_new


def test_all_are_written_with_their_folders(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "b" / "one.toml", tmp_path / "two.toml"
    write_new({one: "1\n", two: "2\n"}, {})
    assert (one.read_text(), two.read_text()) == ("1\n", "2\n")
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a", "b", "one.toml", "two.toml"]


def test_where_one_cannot_be_none_is_and_no_folder_is_left(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "one.toml", tmp_path / "two.toml"
    two.write_text("somebody's\n")
    with pytest.raises(CannotCreate, match="it is there already; nothing was written"):
        write_new({one: "1\n", two: "2\n"}, {two: "two.toml"})
    assert [each.name for each in tmp_path.iterdir()] == ["two.toml"]
    assert two.read_text() == "somebody's\n"


def test_who_was_cut_off_begins_again(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text("1\n")
    write_new({one: "1\n", two: "2\n"}, {})
    assert two.read_text() == "2\n"


def test_a_new_folder_appears_whole_in_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "2027-Q1" / "one.toml", tmp_path / "2027-Q1" / "teams" / "two.toml"
    seen: list[set[str]] = []
    rename = Path.rename

    def watched(path: Path, target: Path) -> Path:
        seen.append({each.name for each in tmp_path.iterdir() if not each.name.startswith(".")})
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", watched)
    write_new({one: "1\n", two: "2\n"}, {})
    assert seen == [set()]
    assert (one.read_text(), two.read_text()) == ("1\n", "2\n")
    assert [each.name for each in tmp_path.iterdir()] == ["2027-Q1"]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for paths in ([tmp_path / "q" / "one.toml"], [tmp_path / "one.toml", tmp_path / "q" / "two.toml"]):
        with pytest.raises(CannotCreate, match="No space left on device; nothing was written"):
            write_new(dict.fromkeys(paths, "1\n"), {})
        assert list(tmp_path.iterdir()) == []

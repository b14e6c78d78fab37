"""New documents come all together or not at all."""

from __future__ import annotations

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

"""Changing a document: only what was asked for changes, whole files only, and never over somebody else's change."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okrsync.documents import edit as editing
from okrsync.documents import load
from okrsync.documents.edit import DocumentChanged, EditRefused, set_values

Write = Callable[[str, str], Path]

DOCUMENT = """\
# Reviewed every Monday.
cycle = "2026-Q4"            # the quarter
level = "team"

[[objectives]]   # the first
id        = "one"            # never changes
title     = "Make it quick"  # agreed with sales
why       = '''
Half of them
leave.'''    # from the survey
aligns_to = []

  [[objectives.key_results]]
  id       = "k"
  title    = "K"     # measured by hand
  baseline = 1
  target   = 2
  # more to come

# The second came later.
[[objectives]]
id = "two"
title = 'Two'

# Figures that should stay well.
[[kpis]]
id = "up"
title = "Up"
"""


@pytest.fixture
def path(write: Write) -> Path:
    return write("a.toml", DOCUMENT)


def digest(path: Path) -> str:
    return load(path.parent, path.parent).files[path.name].digest


def changes(path: Path) -> list[str]:
    """The lines that went (-) and came (+)."""
    lines = difflib.ndiff(DOCUMENT.splitlines(), path.read_text().splitlines())
    return [line for line in lines if line[0] in "-+"]


def test_a_title_is_one_changed_line(path: Path) -> None:
    new = set_values(path, "one", {"title": 'Make it "instant"'}, digest(path))
    assert changes(path) == [
        '- title     = "Make it quick"  # agreed with sales',
        '+ title     = "Make it \\"instant\\""  # agreed with sales',
    ]
    assert new == digest(path)


def test_a_reason_of_several_lines_stays_one(path: Path) -> None:
    why = 'All of them\n  leave \\ "soon".\n\n"""\tSo.'
    set_values(path, "one", {"why": why}, digest(path))
    assert load(path.parent, path.parent).okrs.objectives[0].why == why
    assert "# from the survey" in path.read_text()
    assert "All of them\n  leave" in path.read_text()


def test_keys_that_were_not_there_come_where_they_are_looked_for(path: Path) -> None:
    set_values(path, "one", {"stage": "closed", "due": date(2026, 12, 1)}, digest(path))
    set_values(path, "two", {"why": "Because."}, digest(path))
    assert changes(path) == ['+ stage     = "closed"', "+ due       = 2026-12-01", '+ why   = "Because."']
    text = path.read_text()
    assert 'aligns_to = []\nstage     = "closed"\ndue       = 2026-12-01\n\n  [[objectives.key_results]]' in text
    assert "title = 'Two'\nwhy   = \"Because.\"\n\n# Figures" in text


@pytest.mark.parametrize("nothing", [None, "", "  \n"])
def test_no_value_removes_the_key(path: Path, nothing: str | None) -> None:
    set_values(path, "one", {"why": nothing}, digest(path))
    assert load(path.parent, path.parent).okrs.objectives[0].why == ""
    assert "why" not in path.read_text()


def test_the_same_value_leaves_the_file_untouched(path: Path) -> None:
    before = path.stat()
    known = digest(path)
    assert set_values(path, "one", {"title": "Make it quick ", "why": "Half of them\nleave."}, known) == known
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_inline_objectives_are_changed_too(write: Write) -> None:
    path = write("b.toml", 'cycle = "2026"\nlevel = "team"\nobjectives = [{ id = "x", title = "X" }] # one\n')
    set_values(path, "x", {"title": "Y", "stage": "draft"}, digest(path))
    (objective,) = load(path.parent, path.parent).okrs.objectives
    assert (objective.title, objective.stage) == ("Y", "draft")
    assert path.read_text().endswith("] # one\n")


def test_line_ends_and_byte_order_marks_stay(root: Path) -> None:
    path = root / "b.toml"
    path.write_bytes(b"\xef\xbb\xbf" + DOCUMENT.replace("\n", "\r\n").encode())
    set_values(path, "two", {"title": "Three", "stage": "draft"}, digest(path))
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf#")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert b'title = "Three"\r\nstage = "draft"\r\n' in content


def test_the_mode_stays_and_nothing_is_left_behind(path: Path) -> None:
    path.chmod(0o640)
    set_values(path, "one", {"title": "New"}, digest(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["a.toml"]


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.parent / "link.toml"
    link.symlink_to("a.toml")
    set_values(link, "one", {"title": "New"}, digest(path))
    assert link.is_symlink()
    assert load(path.parent, path.parent).okrs.objectives[0].title == "New"


def test_a_document_that_changed_is_left_alone(path: Path) -> None:
    known = digest(path)
    path.write_text(DOCUMENT + "# edited\n")
    with pytest.raises(DocumentChanged, match=r"^a\.toml: changed while okrsync worked on it"):
        set_values(path, "one", {"title": "New"}, known)
    assert path.read_text() == DOCUMENT + "# edited\n"
    path.unlink()
    with pytest.raises(DocumentChanged, match="cannot be read"):
        set_values(path, "one", {"title": "New"}, known)


def test_a_change_in_the_last_moment_is_seen(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = digest(path)
    real = os.fsync

    def edited_meanwhile(descriptor: int) -> None:
        real(descriptor)
        path.write_text(DOCUMENT + "# edited\n")

    monkeypatch.setattr(editing.os, "fsync", edited_meanwhile)
    with pytest.raises(DocumentChanged):
        set_values(path, "one", {"title": "New"}, known)
    assert path.read_text() == DOCUMENT + "# edited\n"
    assert [each.name for each in path.parent.iterdir()] == ["a.toml"]


def test_a_write_that_fails_leaves_the_old_document(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    known = digest(path)
    monkeypatch.setattr(editing.os, "fsync", full)
    with pytest.raises(EditRefused, match=r"a\.toml: cannot be written: No space left on device"):
        set_values(path, "one", {"title": "New"}, known)
    assert path.read_text() == DOCUMENT
    assert [each.name for each in path.parent.iterdir()] == ["a.toml"]


@pytest.mark.parametrize(
    ("objective", "values", "said"),
    [
        ("three", {"title": "x"}, "a.toml: has no objective 'three'"),
        ("up", {"title": "x"}, "a.toml: has no objective 'up'"),
        ("one", {"title": None}, "title is empty, but every objective and key result has one"),
        ("one", {"title": ""}, "title is empty, but every objective and key result has one"),
        ("one", {"title": "x" * 251}, "title has 251 characters; expected at most 250"),
        ("one", {"title": "a\x1b[2Jb"}, "title has a line end or a control character in it"),
        ("one", {"stage": "done"}, "stage is 'done'; expected draft, proposed, committed or closed"),
    ],
)
def test_what_no_document_may_say_is_not_written(
    path: Path, objective: str, values: dict[str, str | None], said: str
) -> None:
    with pytest.raises(EditRefused) as refused:
        set_values(path, objective, values, digest(path))
    assert said in str(refused.value)
    assert path.read_text() == DOCUMENT


def test_an_id_is_never_edited(path: Path) -> None:
    with pytest.raises(ValueError, match="id is not a key that is edited"):
        set_values(path, "one", {"id": "x"}, digest(path))


def test_a_key_result_is_changed_and_its_neighbours_are_not(tmp_path: Path) -> None:
    path = tmp_path / "okrs.toml"
    path.write_text(
        'cycle = "2026-Q4"\nlevel = "team"\n\n[[objectives]]\nid = "one"\ntitle = "One"\n\n'
        '  [[objectives.key_results]]  # the first\n  id    = "a"\n  title = "From 1 to 2"  # ours\n'
        "  baseline = 1\n  target = 2\n\n"
        '  [[objectives.key_results]]\n  id    = "b"\n  title = "From 1 to 2"\n  baseline = 1\n  target = 2\n'
    )
    before = path.read_text()
    set_values(path, "one/a", {"title": "From 1 to 2 days", "due": date(2026, 12, 1)}, digest(path))
    assert path.read_text() == before.replace(
        '  title = "From 1 to 2"  # ours\n', '  title = "From 1 to 2 days"  # ours\n'
    ).replace("  target = 2\n\n", "  target = 2\n  due    = 2026-12-01\n\n", 1)
    with pytest.raises(EditRefused, match="no key result 'one/c'"):
        set_values(path, "one/c", {"title": "X"}, digest(path))

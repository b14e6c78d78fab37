"""`okrsync resolve` against every kind of tracker: what both sides changed is settled once, and stays so."""

from __future__ import annotations

import pytest

from okrsync.sandbox.faults import Fault
from tests.system.calling import O1, Okrsync, writes
from tests.system.grounds import Desk

DOCUMENT = "okrs/team-0.toml"


@pytest.fixture
def conflict(desk: Desk, okrsync: Okrsync) -> Desk:
    """A title that was changed on both sides since the last sync."""
    desk.write_settings(desk.ground.settings().replace("objectives =", 'authority = "both"\nobjectives ='))
    desk.write_team(key_results=1)
    assert okrsync("sync").code == 0
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Ours")
    desk.ground.set_title(O1, "Theirs")
    assert okrsync("sync").code == 3
    return desk


@pytest.mark.parametrize("lost", [False, True], ids=["with-base", "cache-lost"])
@pytest.mark.parametrize(("take", "title"), [("documents", "Ours"), ("tracker", "Theirs")])
def test_the_side_that_was_taken_stands_on_both(
    conflict: Desk, okrsync: Okrsync, take: str, title: str, lost: bool
) -> None:
    desk = conflict
    if lost:
        desk.lose_cache()
    before = writes(desk)
    dry = okrsync("resolve", "o0-0", "--take", take, "--dry-run")
    assert dry.code == 0 and "“Ours”" in dry.out and "“Theirs”" in dry.out and "1 change would settle it" in dry.out
    assert writes(desk) == before and desk.ground.title(O1) == "Theirs"
    done = okrsync("resolve", str(O1), "--take", take, "--json")
    (change,) = done.json["changes"]
    assert (done.code, change["field"], change["after"]) == (0, "title", title) and done.json["held"] == []
    assert change["action"] == ("update" if take == "documents" else "adopt")
    text = (desk.folder / DOCUMENT).read_text()
    assert desk.ground.title(O1) == title and f'title = "{title}"' in text
    assert text.count("title =") == 2 and "# " not in text
    assert okrsync("sync").code == 0
    assert okrsync("sync").out.startswith("nothing to do (") and desk.ground.title(O1) == title


def test_nothing_held_says_so_and_an_unknown_reference_is_asked_about(conflict: Desk, okrsync: Okrsync) -> None:
    desk = conflict
    before = writes(desk)
    key_result = okrsync("resolve", "o0-0/kr1", "--take", "tracker")
    assert key_result.code == 0 and "nothing is held for a decision" in key_result.out
    unknown = okrsync("resolve", "o0-1", "--take", "tracker")
    assert unknown.code == 2 and "Did you mean '2026-Q4/o0-0'" in unknown.err
    field = okrsync("resolve", "o0-0", "--take", "tracker", "--field", "titel")
    assert field.code == 2 and "held there: title" in field.err and "Did you mean 'title'" in field.err
    assert okrsync("resolve", "o0-0", "--take", "mine").code == 2
    assert okrsync("resolve", "o0-0").code == 2
    assert writes(desk) == before
    assert okrsync("resolve", "o0-0", "--take", "tracker", "--quiet").out == ""
    assert okrsync("resolve", "o0-0", "--take", "tracker").code == 0


def test_a_document_that_is_written_keeps_what_people_wrote_around_it(conflict: Desk, okrsync: Okrsync) -> None:
    desk = conflict
    path = desk.folder / DOCUMENT
    path.write_text("# Kept by the platform team.\n" + path.read_text().replace('"Ours"', '"Ours" # for now'))
    assert okrsync("resolve", "o0-0", "--take", "tracker").code == 0
    assert path.read_text().startswith("# Kept by the platform team.\n")
    assert 'title = "Theirs" # for now' in path.read_text()


def test_a_tracker_that_refuses_leaves_it_held(conflict: Desk, okrsync: Okrsync) -> None:
    desk = conflict
    for method in ("PUT", "PATCH"):
        desk.ground.site.faults.add(Fault(kind="status", method=method, times=None, status=403))
    said = okrsync("resolve", "o0-0", "--take", "documents")
    assert said.code == 1 and desk.ground.title(O1) == "Theirs"
    desk.ground.site.faults.clear()
    assert okrsync("sync").code == 3, "what was not written is not agreed on"
    assert okrsync("resolve", "o0-0", "--take", "documents").code == 0
    assert desk.ground.title(O1) == "Ours"

"""A proposed objective in its document: valid as it is, and nothing else of the document is changed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.documents.edit import DocumentChanged, EditRefused
from okrsync.documents.reading import Surroundings, read_document
from okrsync.documents.template import Proposal, append_objective, document_text, objective_text, with_objective
from okrsync.domain.okr import Level, Origin, Stage
from okrsync.toml_files import parsed_toml, read_toml

PROPOSAL = Proposal("fast", "Be fast", "2026-Q4")
HEAD = 'cycle = "2026-Q4"\nlevel = "team"\n'
OLD = '[[objectives]]\nid = "old"\ntitle = "Old"   # as ever\n'
KPI = '# what we watch\n[[kpis]]\nid = "uptime"\ntitle = "Up"\nmin = 99.9\nmeasure = { from = "manual" }\n'
LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40
).filter(str.strip)
PROSE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.just("\n"), max_size=40)


@given(title=LINE, why=PROSE, owner=st.none() | LINE)
def test_whatever_people_write_the_document_is_valid_and_says_it(title: str, why: str, owner: str | None) -> None:
    proposal = Proposal("fast", title, "2026-Q4", why=why, owner=owner)
    text = document_text(proposal, Level.TEAM, "platform", "dana")
    reading = read_document(parsed_toml(Path("a.toml"), "a.toml", text), Surroundings())
    assert not reading.report.problems
    (found,) = reading.objectives
    assert (found.title, found.origin, found.stage) == (title.strip(), Origin.BOTTOM_UP, Stage.DRAFT)
    assert (found.why, found.owner) == (why.strip(), owner.strip() if owner else "dana")
    assert text.count("to fill in:") >= 2


def test_it_comes_behind_the_last_objective_and_before_the_kpis_with_their_comment() -> None:
    changed = with_objective(f"{HEAD}\n{OLD}\n{KPI}", objective_text(PROPOSAL), "a.toml")
    assert changed.index("as ever") < changed.index('"fast"') < changed.index("# what we watch")
    assert changed.startswith(f"{HEAD}\n{OLD}\n[[objectives]]\n")
    assert changed.endswith(f"\n\n{KPI}")
    assert [each["id"] for each in tomllib.loads(changed)["objectives"]] == ["old", "fast"]


@pytest.mark.parametrize(
    "text", [HEAD, f"{HEAD}{OLD}", f"{HEAD}\n{KPI}", f"{HEAD}\n{KPI}\n{OLD}", f"{HEAD}{OLD}".rstrip()]
)
def test_every_document_takes_it(text: str) -> None:
    changed = with_objective(text, objective_text(PROPOSAL), "a.toml")
    assert tomllib.loads(changed)["objectives"][-1]["id"] == "fast"
    crlf = with_objective(text.replace("\n", "\r\n"), objective_text(PROPOSAL), "a.toml")
    assert crlf.replace("\r\n", "\n") == changed
    assert "\n" not in crlf.replace("\r\n", "")


def test_a_document_that_takes_no_table_is_left_alone() -> None:
    with pytest.raises(EditRefused, match=r"a\.toml"):
        with_objective(f'{HEAD}objectives = [{{ id = "old", title = "Old" }}]\n', objective_text(PROPOSAL), "a.toml")


def test_a_file_keeps_its_byte_order_mark_and_is_not_written_once_somebody_changed_it(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEAD}{OLD}".encode())
    file = read_toml(path, "a.toml")
    append_objective(file, objective_text(PROPOSAL))
    assert path.read_bytes().startswith(b"\xef\xbb\xbfcycle")
    before = path.read_bytes()
    with pytest.raises(DocumentChanged):
        append_objective(file, objective_text(PROPOSAL))
    assert path.read_bytes() == before

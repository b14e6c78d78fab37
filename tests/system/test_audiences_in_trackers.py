"""Objectives that are not for everyone, and trackers: nothing names them there, and mixed projects warned of."""

from __future__ import annotations

from okrsync.domain.ref import Ref
from tests.system.calling import Okrsync
from tests.system.grounds import CYCLE, Desk


def test_no_item_names_a_parent_that_fewer_may_see_and_a_mixed_project_is_warned_of(
    desk: Desk, okrsync: Okrsync
) -> None:
    path = desk.folder / "okrsync.toml"
    path.write_text(f'{path.read_text()}\n[audiences]\nleads = ["erin"]\n')
    desk.write_team(objectives=2, key_results=1, aligns_to='["o0-0"]')
    desk.replace("team-0.toml", 'id = "o0-0"', 'id = "o0-0"\naudience = "leads"')
    text = (desk.folder / "okrs" / "team-0.toml").read_text()
    first = 'aligns_to = ["o0-0"]'
    desk.write("team-0.toml", text.replace(first, "aligns_to = []", 1))

    planned = okrsync("plan", "--cycle", CYCLE)
    assert planned.code == 0
    assert f"{CYCLE}/o0-0 is for leads" in planned.err
    assert "a project of its own" in planned.err
    said = okrsync("doctor", "--json")
    assert [each["part"] for each in said.json["findings"] if not each["well"]].count("audiences") == 1

    assert okrsync("sync", "--cycle", CYCLE).code == 0
    other = Ref(CYCLE, "o0-1")
    (whole,) = [each for each in desk.ground.texts() if f"acme:{other.cycle}:o0-1" in each and "/kr1" not in each]
    assert "o0-0" not in whole
    assert okrsync("sync", "--cycle", CYCLE).out.startswith("nothing to do")

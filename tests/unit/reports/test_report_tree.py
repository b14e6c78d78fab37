"""The alignment tree: who supports whom, and who supports nobody."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from okrsync.domain.okr import Level
from okrsync.reports.tree import alignment, tree_json
from okrsync.reports.tree_views import tree_picture, tree_text
from tests.unit.reports.sample import LONE, SHOWN, SIGNUP, objective, ref, status


def test_an_objective_stands_below_the_key_result_that_it_supports() -> None:
    tree = alignment(status())
    assert [(each.depth, each.ref.local) for each in tree.branches] == [
        (0, "win-newcomers"),
        (1, "win-newcomers/conversion"),
        (2, "instant-signup"),
    ]
    assert tree.unaligned_roots == (ref("lone"),)


def test_every_key_result_stands_in_it_on_request() -> None:
    tree = alignment(status(), key_results=True)
    below = [each.ref.local for each in tree.branches if each.depth == 3]
    assert below == ["instant-signup/p95", "instant-signup/errors", "instant-signup/sso"]


def test_the_widest_level_there_is_has_nothing_to_align_to() -> None:
    tree = alignment(status(LONE, objective("small", Level.TEAM)))
    assert [each.ref.local for each in tree.branches] == ["lone"]
    assert tree.unaligned_roots == (ref("small"),)


def test_one_that_supports_two_is_unfolded_once() -> None:
    top = [objective(name, Level.COMPANY) for name in ("a", "b")]
    both = objective("c", Level.TEAM, aligns_to=(ref("a"), ref("b")))
    leaf = objective("d", Level.TEAM, aligns_to=(ref("c"),))
    tree = alignment(status(*top, both, leaf))
    assert [(each.depth, each.ref.local, each.again) for each in tree.branches] == [
        (0, "a", False),
        (1, "c", False),
        (2, "d", False),
        (0, "b", False),
        (1, "c", True),
    ]
    assert "(see above)" in "\n".join(tree_text(status(*top, both, leaf), tree))


def test_the_plain_tree_is_indented_and_names_what_is_unaligned() -> None:
    lines = list(tree_text(status(), alignment(status())))
    assert lines[2:] == [
        f"2026-Q4/win-newcomers  {SHOWN}  [41 %, on-track, company erin]",
        "  2026-Q4/win-newcomers/conversion  Raise conversion  [41 %, on-track]",
        "    2026-Q4/instant-signup  Title of instant-signup  [63 %, on-track, stale, team platform]",
        "",
        "aligned to nothing",
        "2026-Q4/lone  Title of lone  [unknown, department sales]",
    ]


def test_the_drawn_tree_has_branches_and_obeys_no_title() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard")
    console.print(tree_picture(status(), alignment(status())))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "└── " in text and "Aligned to nothing" in text and "● on-track" in text
    assert SHOWN in text


def test_the_json_is_nested() -> None:
    data = tree_json(status(), alignment(status()))
    (root,) = data["tree"]
    (key_result,) = root["children"]
    assert (root["kind"], key_result["kind"]) == ("objective", "key_result")
    (signup,) = key_result["children"]
    assert signup["ref"] == "2026-Q4/instant-signup" and signup["team"] == "platform" and signup["stale"] is True
    assert signup["progress"] == status(SIGNUP).objectives[0].progress
    assert [each["ref"] for each in data["unaligned"]] == ["2026-Q4/lone"]


@given(st.data(), st.integers(1, 12))
def test_every_objective_without_a_circle_stands_in_the_tree(data: st.DataObject, count: int) -> None:
    made = []
    for number in range(count):
        parents = data.draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)) if number else []
        aligned = tuple(ref(f"o{parent}") for parent in parents)
        made.append(objective(f"o{number}", data.draw(st.sampled_from(Level)), aligns_to=aligned))
    tree = alignment(status(*made))
    rows = [*tree.branches, *tree.unaligned]
    assert {each.ref for each in rows} == {each.ref for each in made}
    assert len([each for each in rows if not each.again]) <= sum(max(1, len(each.aligns_to)) for each in made)

    def names(nodes: list[dict[str, Any]]) -> list[str]:
        return [name for node in nodes for name in (node["ref"], *names(node["children"]))]

    nested = tree_json(status(*made), tree)
    assert names(nested["tree"]) + names(nested["unaligned"]) == [str(each.ref) for each in rows]

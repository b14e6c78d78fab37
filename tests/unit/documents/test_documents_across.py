"""What must be true between documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from okrsync.documents import check, load

Write = Callable[[str, str], Path]


def objective(name: str, aligns_to: Iterable[str] = (), *key_results: str, cycle: str = "2026-Q4") -> str:
    head = f'cycle = "{cycle}"\nlevel = "team"\n'
    text = f'[[objectives]]\nid = "{name}"\ntitle = "T"\naligns_to = {list(aligns_to)}\n'
    return (
        head
        + text
        + "".join(f'[[objectives.key_results]]\nid = "{each}"\ntitle = "K"\nkind = "done"\n' for each in key_results)
    )


def told(root: Path) -> list[str]:
    return [str(problem) for problem in check(root, root.parent)[1]]


def test_alignment_reaches_objectives_and_key_results_of_other_files(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["b", "b/k"]))
    write("b.toml", objective("b", [], "k"))
    first = load(root, root.parent).okrs.objectives[0]
    assert [str(ref) for ref in first.aligns_to] == ["2026-Q4/b", "2026-Q4/b/k"]


def test_an_unknown_alignment_is_met_with_what_was_meant(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["win-newcommers", "win-newcomers/actvation", "zzz"]))
    write("b.toml", objective("win-newcomers", [], "activation"))
    assert told(root) == [
        "okrs/a.toml:6: 2026-Q4/a: aligns to 'win-newcomers/actvation', which is not in 2026-Q4."
        " Did you mean 'win-newcomers/activation'?",
        "okrs/a.toml:6: 2026-Q4/a: aligns to 'win-newcommers', which is not in 2026-Q4. Did you mean 'win-newcomers'?",
        "okrs/a.toml:6: 2026-Q4/a: aligns to 'zzz', which is not in 2026-Q4",
    ]


def test_alignment_stays_within_its_cycle(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["b"]))
    write("b.toml", objective("b", cycle="2026-Q3"))
    assert told(root) == [
        "okrs/a.toml:6: 2026-Q4/a: aligns to 'b', which is not in 2026-Q4."
        " It is in 2026-Q3: alignment stays within a cycle."
    ]


def test_alignment_to_something_that_is_wrong_in_itself_is_right(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["b"]))
    write("b.toml", objective("b") + "wieght = 3\n")
    assert [message.split(":")[0] for message in told(root)] == ["okrs/b.toml"]


@pytest.mark.parametrize("itself", ["a", "a/k"])
def test_nothing_aligns_to_itself(write: Write, root: Path, itself: str) -> None:
    write("a.toml", objective("a", [itself], "k"))
    assert told(root) == ["okrs/a.toml:6: 2026-Q4/a: aligns to itself; expected another objective"]


def test_a_loop_is_shown_whole(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["b/k"]))
    write("b.toml", "\n" + objective("b", ["c"], "k"))
    write("c.toml", objective("c", ["a"]))
    write("d.toml", objective("d", ["a"]))
    assert told(root) == [
        "okrs/a.toml:6: 2026-Q4/a: aligns in a loop: a (okrs/a.toml:3) → b (okrs/b.toml:4) → c (okrs/c.toml:3)"
        " → a (okrs/a.toml:3). Remove one of these alignments."
    ]


def test_nothing_aligns_to_a_kpi(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["up"]) + '[[kpis]]\nid = "up"\ntitle = "Up"\n')
    assert told(root) == ["okrs/a.toml:6: 2026-Q4/a: aligns to 'up', which is a KPI; expected an objective"]


def test_an_id_is_used_once_in_a_cycle_and_both_places_are_named(write: Write, root: Path) -> None:
    write("a.toml", objective("same", [], "k"))
    write("b.toml", "# a comment\n" + objective("same", [], "k"))
    okrs, problems = check(root, root.parent)
    assert [str(problem) for problem in problems] == [
        "okrs/b.toml:5: 2026-Q4/same: id 'same' is at okrs/a.toml:3 already; expected an id that is unique in 2026-Q4"
    ]
    assert [each.source.file for each in okrs.objectives] == ["okrs/a.toml"]


def test_a_key_results_id_is_used_once_in_its_objective(write: Write, root: Path) -> None:
    write("a.toml", objective("a", [], "k", "l", "k"))
    write("b.toml", objective("b", [], "k"))
    assert told(root) == [
        "okrs/a.toml:16: 2026-Q4/a/k: id 'k' is at okrs/a.toml:7 already;"
        " expected an id that is unique in its objective"
    ]


def test_kpis_and_objectives_share_their_names(write: Write, root: Path) -> None:
    kpi = '[[kpis]]\nid = "{}"\ntitle = "Up"\n'
    write("a.toml", objective("a") + kpi.format("a") + kpi.format("up") + kpi.format("up"))
    assert [message.split(";")[0] for message in told(root)] == [
        "okrs/a.toml:8: 2026-Q4/a: id 'a' is at okrs/a.toml:3 already",
        "okrs/a.toml:14: 2026-Q4/up: id 'up' is at okrs/a.toml:10 already",
    ]


@pytest.mark.parametrize(
    "unreadable",
    [
        'cycle = "2026-Q4\nlevel = "team"',
        "<<<<<<< HEAD\n" + objective("win-newcomers"),
        objective("win-newcomers", cycle="2026-Q9"),
    ],
    ids=["bad TOML", "merge marker", "wrong cycle"],
)
def test_what_may_be_in_an_unreadable_document_is_not_called_unknown(unreadable: str, write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["win-newcomers", "a"]))
    path = write("b.toml", unreadable)
    said = told(root)
    assert [each for each in said if each.startswith("okrs/b.toml")]
    assert [each for each in said if each.startswith("okrs/a.toml")] == [
        "okrs/a.toml:6: 2026-Q4/a: aligns to itself; expected another objective"
    ], "what is wrong whatever the other document holds is still said"
    path.write_text(objective("b"), "utf-8")
    assert any("aligns to 'win-newcomers', which is not in 2026-Q4" in each for each in told(root))


def test_a_document_in_another_encoding_is_the_only_problem(write: Write, root: Path) -> None:
    write("a.toml", objective("a", ["win-newcomers"]))
    (root / "b.toml").write_bytes(objective("win-newcomers").replace("T", "Tür").encode("latin-1"))
    assert len(told(root)) == 1 and told(root)[0].startswith("okrs/b.toml")

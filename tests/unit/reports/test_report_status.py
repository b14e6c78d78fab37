"""Status for people: the same figures as plain lines and as tables."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

from okrsync.domain.okr import Score, TargetChange
from okrsync.domain.status import Status
from okrsync.practice.scoring import Bounds
from okrsync.reports.status_table import status_table
from okrsync.reports.status_text import status_text
from tests.unit.reports.sample import KPIS, LONE, SHOWN, status


def drawn(what: Status, width: int, *, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(status_table(what, width))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def test_the_plain_status_says_everything() -> None:
    assert list(status_text(status())) == [
        "acme, 2026-Q4, as of 2026-11-22 12:00 UTC: 57 % of the cycle has passed",
        "",
        "company",
        f"2026-Q4/win-newcomers  {SHOWN}",
        "  progress 41 %, expected 57 %, health on-track",
        "  owner erin, top-down",
        "  2026-Q4/win-newcomers/conversion  Raise conversion",
        "    12 → 20 %, now 15.25 %; progress 41 %, expected 57 %, health on-track; confidence 70 %; from check-in",
        "",
        "department",
        "2026-Q4/lone  Title of lone",
        "  progress unknown, expected 57 %, health unknown",
        "  team sales, top-down, proposed",
        "",
        "team",
        "2026-Q4/instant-signup  Title of instant-signup",
        "  progress 63 % (known for 67 % of the weight), expected 57 %, health on-track; stale: 12 days old",
        "  team platform, owner dana, bottom-up; aligns to 2026-Q4/win-newcomers/conversion",
        "  work PLAT-1 https://acme.example/browse/PLAT-1",
        "  2026-Q4/instant-signup/p95  Cut p95",
        "    4 → 1.5 s, now 3.3333 s; progress 27 %, expected 57 %, health at-risk; confidence 50 %;"
        " stale: 12 days old; from field KR current of PLAT-2",
        "    not measured: PLAT-2 was ]0;deleted",
        "  2026-Q4/instant-signup/errors  Few errors",
        "    at most 1 %, now 0.4 %; progress 100 %, expected 57 %, health on-track; from field KR current of PLAT-3",
        "  2026-Q4/instant-signup/sso  SSO is live",
        "    to be done, now unknown; progress unknown, expected 57 %, health unknown; work PLAT-4",
        "",
        "KPIs",
        "2026-Q4/uptime  API availability",
        "  at least 99.9 %, now 99.95 %; in its band; from field Hidden metric of PLAT-7",
        "2026-Q4/queue  Support queue",
        "  1 to 30, now 42; out of its band; from field n of PLAT-8",
        "2026-Q4/churn  Churn",
        "  at most 2 %, now unknown; unknown",
    ]


def test_a_cycle_without_anything_is_said_to_be_empty() -> None:
    empty = Status("acme", status().cycle, status().as_of, ())
    assert list(status_text(empty))[-1] == "no objectives in 2026-Q4"
    assert "No objectives in 2026-Q4" in drawn(empty, 80)


@pytest.mark.parametrize("width", [40, 80, 139, 140, 200])
def test_the_table_fits_every_width_and_says_health_in_words(width: int) -> None:
    text = drawn(status(), width)
    assert all(len(line) <= width for line in text.splitlines())
    flat = " ".join(text.split())
    for word in ("● on-track", "▲ at-risk", "? unknown", "in its band", "out of its band"):
        assert word in flat


def test_the_table_has_goal_value_age_and_source() -> None:
    flat = " ".join(drawn(status(), 160).split())
    for word in ("4 → 1.5 s", "3.3333 s", "27 %", "57 %", "stale: 12 days old", "confidence 50 %", "PLAT-1", "KPIS"):
        assert word in flat
    assert "known for 67 % of the weight" in flat
    assert "not measured: PLAT-2 was ]0;deleted" in flat


@pytest.mark.parametrize("width", [80, 160])
def test_a_target_that_was_changed_shows_what_it_began_with(width: int) -> None:
    whole = status()
    [signup] = [each for each in whole.objectives if each.objective.ref.objective == "instant-signup"]
    p95 = signup.key_results[0]
    changes = (
        TargetChange(date(2026, 11, 1), 1.5, 1.8, "The vendor is late"),
        TargetChange(date(2026, 11, 15), 1.8, 2.0, "The vendor is later"),
    )
    changed = replace(p95, key_result=replace(p95.key_result, target=2.0, target_changes=changes))
    whole = replace(whole, objectives=(replace(signup, key_results=(changed,)),))
    assert "    4 → 2 s (began with 1.5 s), now 3.3333 s; " in "\n".join(status_text(whole))
    assert "4 → 2 s (began with 1.5" in " ".join(drawn(whole, width).split())
    # Before the first change, and where a change was taken back, it is the one that it began with.
    past = replace(p95, key_result=replace(p95.key_result, target=1.5, target_changes=changes))
    whole = replace(whole, objectives=(replace(signup, key_results=(past,)),))
    assert "    4 → 1.5 s, now 3.3333 s; " in "\n".join(status_text(whole))


def scored(*values: float | None, on: date = date(2026, 11, 20)) -> Status:
    """The status, with such scores of the key results of instant-signup."""
    whole = status()
    [signup] = [each for each in whole.objectives if each.objective.ref.objective == "instant-signup"]
    given = [None if each is None else Score(each, on=on) for each in values]
    pairs = list(zip(signup.key_results, given, strict=True))
    shown = tuple(replace(each, key_result=replace(each.key_result, score=score)) for each, score in pairs)
    objective = replace(signup.objective, key_results=tuple(each.key_result for each in shown))
    return replace(whole, objectives=(replace(signup, objective=objective, key_results=shown),))


def test_scores_stand_beside_progress_with_their_bands() -> None:
    text = "\n".join(status_text(scored(0.27, 1.0, 0.5)))
    # Each weighs the same: (0.27 + 1 + 0.5) / 3.
    assert "  progress 63 % (known for 67 % of the weight), score 0.59 (short of expectation), expected 57 %" in text
    assert "progress 27 %, score 0.27 (reconsider), expected 57 %, health at-risk" in text
    assert "progress 100 %, score 1.00 (excellent), expected 57 %" in text
    bounds = Bounds(reconsider=0.2, short=0.3, challenge=0.5, excellent=0.6)
    assert "score 0.27 (short of expectation)" in "\n".join(status_text(scored(0.27, 1.0, 0.5), bounds))
    for width in (80, 160):
        assert "score 0.27" in drawn(scored(0.27, 1.0, 0.5), width) and "reconsider" in drawn(scored(0.27, 1, 0), width)


def test_an_objective_has_a_score_when_every_key_result_has_one() -> None:
    text = "\n".join(status_text(scored(0.27, None, 0.5)))
    assert text.count("score") == 2 and "weight), expected 57 %" in text
    assert "score" not in "\n".join(status_text(status())) and "score" not in drawn(status(), 160)
    later = scored(0.27, 1.0, 0.5, on=date(2026, 12, 31))
    assert "score" not in "\n".join(status_text(later)), "as of that day nobody had scored it"


def test_titles_are_neither_obeyed_nor_taken_for_markup() -> None:
    text = drawn(status(), 160, colour=True)
    assert "[31m[bold]every[/bold]2J one" in text
    assert "\x1b[31m[bold]" not in text and "\x9b" not in text and "\u202e" not in text
    assert "javascript:" not in text
    assert "\x1b]8;" in text and "https://acme.example/browse/PLAT-1" in text


def test_objectives_without_key_results_have_no_rows_below_them() -> None:
    assert list(status_text(status(LONE, kpis=KPIS[:0])))[-1] == "  team sales, top-down, proposed"


@pytest.mark.parametrize("width", [80, 120, 160])
def test_columns_stand_in_the_same_place_in_every_section(width: int) -> None:
    lines = drawn(status(), width).splitlines()
    heads = [line for line in lines if line.split(" ")[0] in {"COMPANY", "DEPARTMENT", "TEAM", "INDIVIDUAL"}]
    kpis = next(line for line in lines if line.startswith("KPIS"))
    assert len(heads) > 1
    assert len({line.index("Progress") for line in heads}) == 1
    assert {line.index("Health") for line in heads} == {kpis.index("Standing")}

"""What goes on in the next cycle, and from where; the numbers are worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import KeyResult, Kind, Kpi, Level, Measure, Objective, Okrs, Phase, Score, Stage, TargetChange
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.practice.carrying_over import CarryingOver, Choices, Ending, carry_over, ended
from okrsync.practice.scoring import Bounds, score_text

OLD, NEW = "2026-Q4", parse_cycle("2027-Q1")
P95 = Ref(OLD, "signup", "p95")


def reach(ref: Ref = P95, **changes: Any) -> KeyResult:
    whole = KeyResult(ref, "Cut p95 from 4.0 s to 1.5 s", baseline=4.0, target=1.5, unit="s")
    return replace(whole, **changes)


def objective(name: str = "signup", *key_results: KeyResult, **changes: Any) -> Objective:
    whole = Objective(Ref(OLD, name), f"Make {name} feel instant", Level.TEAM, date(2026, 12, 31), key_results)
    return replace(whole, **changes)


def carried(
    *objectives: Objective,
    values: dict[Ref, float | None] | None = None,
    choices: Choices | None = None,
    there: Okrs | None = None,
    kpis: tuple[Kpi, ...] = (),
) -> CarryingOver:
    endings = {
        each.ref: ended(each, (values or {}).get(each.ref), Bounds())
        for whole in objectives
        for each in whole.key_results
    }
    return carry_over(Okrs(objectives, kpis), endings, NEW, choices or Choices(), there=there)


def reasons(found: CarryingOver) -> dict[str, str]:
    return {each.ref.local: each.reason for each in found.left_out}


@pytest.mark.parametrize(
    ("value", "ending", "score"),
    [
        (4.4, Ending.LOW, 0.0),
        (3.1, Ending.LOW, 0.36),
        (3.0, Ending.OPEN, 0.4),
        (2.0, Ending.OPEN, 0.8),
        (1.5, Ending.REACHED, 1.0),
        (1.2, Ending.REACHED, 1.0),
        (None, Ending.OPEN, None),
    ],
)
def test_how_a_key_result_ended(value: float | None, ending: Ending, score: float | None) -> None:
    found = ended(reach(), value, Bounds())
    assert found.ending is ending
    assert found.score == (None if score is None else pytest.approx(score))


def test_a_score_counts_with_its_adjustment_and_its_own_final_value() -> None:
    scored = reach(score=Score(computed=0.36, final=3.1, adjustment=0.05, reason="effort", by="dana"))
    found = ended(scored, 1.0, Bounds())
    assert (found.final, found.score, found.ending) == (3.1, pytest.approx(0.41), Ending.OPEN)


def test_what_is_open_goes_on_from_where_it_ended_under_the_same_id_with_its_title_mended() -> None:
    (found,) = carried(objective("signup", reach()), values={P95: 2.0}).objectives
    (key_result,) = found.key_results
    assert found.stage is Stage.PROPOSED
    assert key_result.ref == Ref("2027-Q1", "signup", "p95")
    assert (key_result.baseline, key_result.target) == (2.0, 1.5)
    assert key_result.title == "Cut p95 from 2 s to 1.5 s"
    assert key_result.to_fill_in == ()


def test_what_was_reached_is_left_out_and_goes_on_only_with_a_new_target() -> None:
    whole = objective("signup", reach())
    assert reasons(carried(whole, values={P95: 1.2})) == {"signup": "was reached"}
    asked = Choices(go_on=frozenset({P95}))
    (found,) = carried(whole, values={P95: 1.2}, choices=asked).objectives
    (key_result,) = found.key_results
    assert (key_result.baseline, key_result.target, key_result.is_complete) == (1.2, None, False)
    assert "a new target" in key_result.to_fill_in[0]
    assert found.stage is Stage.DRAFT
    (found,) = carried(whole, values={P95: 1.2}, choices=replace(asked, targets={P95: 1.0})).objectives
    (key_result,) = found.key_results
    assert (key_result.baseline, key_result.target, key_result.is_complete) == (1.2, 1.0, True)
    assert key_result.title == "Cut p95 from 1.2 s to 1 s"


def test_low_ones_are_asked_about() -> None:
    whole = objective("signup", reach(), reach(Ref(OLD, "signup", "other")))
    values: dict[Ref, float | None] = {P95: 3.1, Ref(OLD, "signup", "other"): 2.0}
    found = carried(whole, values=values)
    assert [each.ref.key_result for each in found.objectives[0].key_results] == ["other"]
    assert reasons(found) == {"signup/p95": "scored 0.36: ask whether it is still worth a cycle"}
    for choices in (
        Choices(keep_low=True),
        Choices(go_on=frozenset({P95})),
        Choices(go_on=frozenset({P95.parent})),
    ):
        assert len(carried(whole, values=values, choices=choices).objectives[0].key_results) == 2
    dropped = Choices(go_on=frozenset({P95.parent}), drop=frozenset({P95}), keep_low=True)
    assert [
        each.ref.key_result for each in carried(whole, values=values, choices=dropped).objectives[0].key_results
    ] == ["other"]


@pytest.mark.parametrize(
    ("value", "shown"),
    # (4 − 3.3333) / 2.5 = 0.26668, and (4 − 3.0001) / 2.5 = 0.39996, which is below 0.4.
    [(3.3333, "0.27"), (3.5, "0.20"), (3.0001, "0.39")],
)
def test_a_low_score_is_told_as_the_scores_tell_it(value: float, shown: str) -> None:
    found = ended(reach(), value, Bounds())
    assert found.score_shown.startswith(shown) and score_text(found.score, Bounds()) == found.score_shown
    assert reasons(carried(objective("signup", reach()), values={P95: value}))["signup/p95"].startswith(
        f"scored {found.score_shown}: ask"
    )


def test_what_nobody_measured_begins_where_it_began_and_says_so() -> None:
    (found,) = carried(objective("signup", reach())).objectives
    (key_result,) = found.key_results
    assert (key_result.baseline, key_result.target) == (4.0, 1.5)
    assert "nobody knows where it ended" in key_result.to_fill_in[0]
    assert found.stage is Stage.DRAFT, "a sync would create its items with numbers that nobody looked at"


@pytest.mark.parametrize("measure", [Measure("children"), Measure("count", {"query": "x", "since": "cycle"})])
def test_what_is_counted_anew_keeps_its_numbers(measure: Measure) -> None:
    (found,) = carried(objective("signup", reach(measure=measure)), values={P95: 2.0}).objectives
    (key_result,) = found.key_results
    assert (key_result.baseline, key_result.target) == (4.0, 1.5)
    assert "begins anew" in key_result.to_fill_in[0]


@pytest.mark.parametrize(
    ("title", "mended"),
    [
        ("Cut p95 from 4.0 s to 1.5 s", "Cut p95 from 3 s to 2 s"),  # the target that the cycle began with
        ("Cut p95 from 4.0 s to 1.8 s", "Cut p95 from 3 s to 2 s"),  # one in between
        ("Cut p95 from 4.0 s to 2 s", "Cut p95 from 3 s to 2 s"),
        ("Cut p95 from 4.0 s to 2.0 s", "Cut p95 from 3 s to 2.0 s"),
    ],
)
def test_a_title_that_names_a_target_of_before_a_change_gets_the_newest(title: str, mended: str) -> None:
    changes = (
        TargetChange(date(2026, 10, 20), 1.5, 1.8, "The vendor is late"),
        TargetChange(date(2026, 11, 15), 1.8, 2.0, "The vendor is later"),
    )
    before = reach(title=title, target=2.0, target_changes=changes)
    [found] = carried(objective("signup", before), values={P95: 3.0}).objectives
    [key_result] = found.key_results
    assert (key_result.title, key_result.baseline, key_result.target) == (mended, 3.0, 2.0)
    assert not key_result.to_fill_in


def test_a_title_that_names_both_the_old_target_and_the_new_one_is_left_to_people() -> None:
    change = TargetChange(date(2026, 11, 15), 1.5, 2.0, "The vendor is late")
    before = reach(title="Cut p95 to 2 s, not 1.5 s", target=2.0, target_changes=(change,))
    [found] = carried(objective("signup", before), values={P95: 3.0}).objectives
    [key_result] = found.key_results
    assert key_result.title == before.title
    assert "its title" in key_result.to_fill_in[0]


def test_a_title_with_an_old_number_twice_is_left_to_people() -> None:
    before = reach(title="Cut p95 from 4.0 s to 1.5 s within 4 weeks")
    (found,) = carried(objective("signup", before), values={P95: 2.0}).objectives
    (key_result,) = found.key_results
    assert key_result.title == before.title
    assert "its title" in key_result.to_fill_in[0]


def test_bands_and_yes_or_no_go_on_as_they_are_and_phases_are_over() -> None:
    band = KeyResult(Ref(OLD, "signup", "band"), "Keep it", Kind.MAINTAIN, maximum=1.0)
    done = KeyResult(Ref(OLD, "signup", "done"), "Do it", Kind.DONE, baseline=0.0, target=1.0)
    phased = reach(phases=(Phase(date(2026, 11, 1), 2.0),))
    whole = objective("signup", band, done, phased)
    values: dict[Ref, float | None] = {band.ref: 2.0, done.ref: 0.0, P95: 2.0}
    (found,) = carried(whole, values=values, choices=Choices(keep_low=True)).objectives
    assert all(each.is_complete for each in found.key_results)
    assert "phases" in found.key_results[2].to_fill_in[0]


def test_alignment_stays_where_the_parent_goes_on() -> None:
    top = objective("top", reach(Ref(OLD, "top", "a")), reach(Ref(OLD, "top", "b")), level=Level.COMPANY)
    gone = objective("gone", reach(Ref(OLD, "gone", "a")), level=Level.COMPANY)
    below = objective(
        "below",
        reach(Ref(OLD, "below", "a")),
        aligns_to=(Ref(OLD, "top", "a"), Ref(OLD, "top", "b"), Ref(OLD, "gone")),
        contributes=True,
    )
    lost = objective("lost", reach(Ref(OLD, "lost", "a")), aligns_to=(Ref(OLD, "gone"),), contributes=True)
    values: dict[Ref, float | None] = {
        Ref(OLD, "top", "a"): 2.0,
        Ref(OLD, "top", "b"): 1.0,
        Ref(OLD, "gone", "a"): 1.0,
        Ref(OLD, "below", "a"): 2.0,
        Ref(OLD, "lost", "a"): 2.0,
    }
    found = {each.ref.objective: each for each in carried(top, gone, below, lost, values=values).objectives}
    assert found["below"].aligns_to == (Ref("2027-Q1", "top", "a"), Ref("2027-Q1", "top"))
    assert found["below"].contributes
    assert found["lost"].aligns_to == ()
    assert not found["lost"].contributes
    assert "gone went out" in found["lost"].to_fill_in[0]
    assert (found["below"].stage, found["lost"].stage) == (Stage.PROPOSED, Stage.DRAFT)


def test_what_the_new_cycle_has_already_is_not_made_again() -> None:
    kpi = Kpi(Ref(OLD, "uptime"), "Availability", minimum=99.9)
    there = Okrs((replace(objective("signup"), ref=Ref("2027-Q1", "signup")),))
    found = carried(objective("signup", reach()), values={P95: 2.0}, there=there, kpis=(kpi,))
    assert found.objectives == ()
    assert found.kpis == (kpi,)
    assert reasons(found) == {"signup": "is in 2027-Q1 already"}


def test_what_was_given_up_stays_so_and_what_was_scored_and_closed_goes_on() -> None:
    given_up = objective("signup", reach(), stage=Stage.CLOSED)
    assert "given up" in reasons(carried(given_up, values={P95: 2.0}))["signup"]
    scored = reach(score=Score(0.8, final=2.0))
    assert len(carried(objective("signup", scored, stage=Stage.CLOSED)).objectives) == 1


NUMBERS = st.integers(-50, 50).map(float)


@given(
    numbers=st.lists(st.tuples(NUMBERS, NUMBERS, st.none() | NUMBERS), min_size=1, max_size=4),
    keep_low=st.booleans(),
    go_on=st.booleans(),
)
def test_whatever_goes_on_has_a_way_to_go_in_the_same_direction(
    numbers: list[tuple[float, float, float | None]], keep_low: bool, go_on: bool
) -> None:
    key_results = [
        reach(Ref(OLD, "signup", f"kr{n}"), baseline=baseline, target=target)
        for n, (baseline, target, _) in enumerate(numbers)
        if baseline != target
    ]
    values = {Ref(OLD, "signup", f"kr{n}"): value for n, (*_, value) in enumerate(numbers)}
    choices = Choices(frozenset(each.ref for each in key_results) if go_on else frozenset(), keep_low=keep_low)
    found = carried(objective("signup", *key_results), values=values, choices=choices)
    seen = {each.ref.key_result for whole in found.objectives for each in whole.key_results}
    seen |= {each.ref.key_result for each in found.left_out if each.ref.is_key_result}
    if not any(each.ref.key_result == "" for each in found.left_out):
        assert seen == {each.ref.key_result for each in key_results}, "each goes on, or is named"
    for whole in found.objectives:
        for each in whole.key_results:
            before = each.before.key_result
            if each.target is None:
                assert not each.is_complete
                continue
            assert each.baseline is not None
            assert before.baseline is not None
            assert before.target is not None
            assert not same_number(each.baseline, each.target)
            assert (each.target > each.baseline) == (before.target > before.baseline)

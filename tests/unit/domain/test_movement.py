"""Why values moved, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from okrsync.domain.evidence import Evidence, Part, value_of
from okrsync.domain.measures import Share
from okrsync.domain.movement import (
    Cause,
    Movement,
    PartMove,
    State,
    journey,
    last_movement,
    movement,
    part_changes,
    states,
)
from okrsync.domain.okr import KeyResult, Kind
from okrsync.domain.ref import Ref
from okrsync.domain.scopes import scopes
from okrsync.domain.terms import Terms

START = datetime(2026, 10, 1, tzinfo=UTC)
PERCENT = Terms(baseline=0.0, target=100.0, unit="%")
CHILDREN = {"from": "children"}


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def share(
    number: float, done: str, still_open: str, *, terms: Terms = PERCENT, weights: dict[str, float] | None = None
) -> State:
    """The state of day `number`: each letter is an item."""
    parts = [
        Part(each, f"A-{each}", each in done, (weights or {}).get(each, 1.0)) for each in sorted(done + still_open)
    ]
    method = CHILDREN if weights is None else {"from": "children", "by": "Points"}
    evidence = Evidence(method, tuple(parts), 100.0)
    value = value_of(evidence)
    assert value is not None
    return State(day(number), value, terms, evidence)


def given(number: float, value: float, source: str = "manual", terms: Terms | None = None) -> State:
    asked = terms or Terms(baseline=4.0, target=1.5, unit="s")
    return State(day(number), value, asked, Evidence({"from": source} if source else {}))


def told(found: Movement) -> tuple[dict[Cause, float], dict[Cause, float]]:
    assert found.progress is not None
    return (
        {cause: pytest.approx(float(part)) for cause, part in found.value.items()},
        {cause: pytest.approx(float(part)) for cause, part in found.progress.items()},
    )


def test_work_is_counted_on_the_scope_that_people_had_and_scope_after_it() -> None:
    # 1 of 4 done (25 %). Two more get done: 3 of 4 (75 %). Then two open ones are added: 3 of 6 (50 %).
    found = movement(share(0, "a", "bcd"), share(1, "abc", "def"))
    assert told(found) == ({Cause.WORK: 50.0, Cause.SCOPE: -25.0}, {Cause.WORK: 0.5, Cause.SCOPE: -0.25})
    assert found.by_value == 25 and found.by_progress == Fraction(1, 4)


def test_an_item_that_enters_done_is_scope_for_nobody_saw_the_work() -> None:
    found = movement(share(0, "a", "b"), share(1, "ac", "b"))
    assert list(found.value) == [Cause.SCOPE]
    assert float(found.by_value) == pytest.approx(100 * 2 / 3 - 50)


def test_an_item_that_leaves_takes_what_it_gave() -> None:
    # 2 of 4 (50 %) → an open one leaves: 2 of 3 → a done one leaves as well: 1 of 2 (50 %): nothing moved, two left.
    found = movement(share(0, "ab", "cd"), share(1, "a", "c"))
    assert found.value == {} and found.by_value == 0
    assert [(each.move, each.part.key) for each in found.changes] == [
        (PartMove.LEFT, "A-b"),
        (PartMove.LEFT, "A-d"),
    ]
    assert not found.is_still


def test_reopening_is_work_undone() -> None:
    found = movement(share(0, "ab", "cd"), share(1, "a", "bcd"))
    assert told(found)[0] == {Cause.WORK: -25.0}
    assert [each.move for each in found.changes] == [PartMove.REOPENED]


def test_points_that_are_estimated_anew_are_scope() -> None:
    # 2 of 10 points done. b (8) gets done: 10 of 10 (100 %). Then b is worth 3, and c enters with 5: 5 of 10 (50 %).
    before = share(0, "a", "b", weights={"a": 2, "b": 8})
    after = share(1, "ab", "c", weights={"a": 2, "b": 3, "c": 5})
    found = movement(before, after)
    assert told(found)[0] == {Cause.WORK: 80.0, Cause.SCOPE: -50.0}
    assert [(each.move, each.part.key) for each in found.changes] == [
        (PartMove.ENTERED, "A-c"),
        (PartMove.DONE, "A-b"),
        (PartMove.CHANGED, "A-b"),
    ]


def test_work_and_scope_that_cancel_out_are_both_told() -> None:
    # 1 of 2 → 2 of 2 → 2 of 4: still 50 %.
    found = movement(share(0, "a", "b"), share(1, "ab", "cd"))
    assert told(found)[0] == {Cause.WORK: 50.0, Cause.SCOPE: -50.0}
    assert found.by_value == 0 and found.by_progress == 0 and not found.is_still


def test_a_new_target_moves_progress_alone_and_comes_last() -> None:
    # 1 of 4 (25 %) of a target of 100 % → 2 of 4 (50 %), and the target is 80 % now: 0.25 → 0.5 → 0.625.
    found = movement(share(0, "a", "bcd"), share(1, "ab", "cd", terms=Terms(baseline=0.0, target=80.0, unit="%")))
    assert told(found) == ({Cause.WORK: 25.0}, {Cause.WORK: 0.25, Cause.TARGET: 0.125})


def test_a_weight_that_changes_moves_nothing_of_its_own() -> None:
    found = movement(
        share(0, "a", "b"), share(1, "a", "b", terms=Terms(baseline=0.0, target=100.0, unit="%", weight=3))
    )
    assert found.value == {} and found.progress == {} and not found.is_still


def test_what_is_measured_in_another_way_is_no_scope_change() -> None:
    # By count 1 of 2; b gets done: 100 %. By points c (4) is open: 2 of 6.
    before = share(0, "a", "b")
    after = share(1, "ab", "c", weights={"a": 1, "b": 1, "c": 4})
    found = movement(before, after)
    assert list(found.value) == [Cause.WORK, Cause.METHOD]
    assert float(found.value[Cause.WORK]) == pytest.approx(50)
    assert float(found.value[Cause.METHOD]) == pytest.approx(100 * 2 / 6 - 100)


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (given(0, 4.0), given(1, 3.0), Cause.MANUAL),
        (given(0, 4.0, "field"), given(1, 3.0, "field"), Cause.MANUAL),
        (given(0, 4.0, "prometheus"), given(1, 3.0, "prometheus"), Cause.MEASURED),
        (given(0, 4.0, "field"), given(1, 3.0, "manual"), Cause.METHOD),
        (given(0, 4.0, ""), given(1, 3.0, "field"), Cause.MEASURED),
        (given(0, 4.0, ""), given(1, 3.0, ""), Cause.MEASURED),
    ],
)
def test_values_without_parts_have_one_cause(before: State, after: State, cause: Cause) -> None:
    assert told(movement(before, after)) == ({cause: -1.0}, {cause: 0.4})


def test_a_count_is_what_enters_and_leaves() -> None:
    def bugs(number: int, names: str) -> State:
        parts = tuple(Part(each, f"A-{each}") for each in names)
        return State(
            day(number), float(len(names)), Terms(baseline=10.0, target=0.0), Evidence({"from": "count"}, parts)
        )

    found = movement(bugs(0, "abcde"), bugs(1, "abf"))
    assert told(found) == ({Cause.WORK: -2.0}, {Cause.WORK: pytest.approx(0.2)})
    assert [(each.move, each.part.key) for each in found.changes] == [
        (PartMove.ENTERED, "A-f"),
        (PartMove.LEFT, "A-c"),
        (PartMove.LEFT, "A-d"),
        (PartMove.LEFT, "A-e"),
    ]


def test_parts_that_do_not_give_the_value_explain_nothing() -> None:
    before = share(0, "a", "bcd")
    strange = State(day(1), 99.0, PERCENT, before.evidence)
    assert list(movement(before, strange).value) == [Cause.MEASURED]


@pytest.mark.parametrize(
    ("terms", "low", "high", "moved"),
    [
        (Terms(Kind.MAINTAIN, maximum=1.0), 0.5, 2.0, -1),
        (Terms(Kind.DONE), 0.0, 1.0, 1),
        (Terms(baseline=0.0, target=1.0), 2.0, 5.0, 0),
    ],
)
def test_progress_moves_as_its_kind_says(terms: Terms, low: float, high: float, moved: int) -> None:
    assert movement(given(0, low, terms=terms), given(1, high, terms=terms)).by_progress == moved


def test_a_journey_counts_each_step_on_its_own_ground() -> None:
    # 0 of 2 → 1 of 2 (work +50) → 1 of 4 (scope −25) → 2 of 4 (work +25): in one step work would be counted on 2.
    steps = (share(0, "", "ab"), share(1, "a", "b"), share(2, "a", "bcd"), share(3, "ab", "cd"))
    found = journey(steps)
    assert found is not None and found.steps == 3
    assert told(found)[0] == {Cause.WORK: 75.0, Cause.SCOPE: -25.0}
    assert {each.part.key: each.move for each in found.changes} == {
        "A-a": PartMove.DONE,
        "A-b": PartMove.DONE,
        "A-c": PartMove.ENTERED,
        "A-d": PartMove.ENTERED,
    }
    assert journey(steps[:1]) is None and journey(()) is None


def test_the_last_movement_is_the_newest_step_in_which_anything_happened() -> None:
    steps = (share(0, "", "ab"), share(1, "a", "b"), share(2, "a", "b"))
    found = last_movement(steps)
    assert found is not None and (found.before.at, found.after.at) == (day(0), day(1))
    assert last_movement(steps[1:]) is None


def test_keys_are_in_the_order_of_their_numbers() -> None:
    def of(*numbers: int) -> State:
        parts = tuple(Part(str(each), f"PLAT-{each}") for each in numbers)
        return State(day(0), 0.0, PERCENT, Evidence(CHILDREN, parts, 100.0))

    changes = part_changes(of(), of(10, 9, 100))
    assert [each.part.key for each in changes] == ["PLAT-9", "PLAT-10", "PLAT-100"]


class TestStates:
    OLD, NEW = Terms(baseline=4.0, target=1.5), Terms(baseline=4.0, target=2.0)

    def of(
        self, values: Iterable[tuple[float, float]], terms: Iterable[tuple[float, Terms]]
    ) -> list[tuple[datetime, float, float | None]]:
        made = states(
            ((day(at), value, Evidence(), "") for at, value in values),
            ((day(at), each) for at, each in terms),
            self.NEW,
        )
        return [(each.at, each.value, each.terms.target) for each in made]

    def test_values_and_terms_make_one_story(self) -> None:
        assert self.of([(0, 4.0), (2, 3.0), (4, 2.0)], [(0.1, self.OLD), (3, self.NEW)]) == [
            (day(0), 4.0, 1.5),
            (day(2), 3.0, 1.5),
            (day(3), 3.0, 2.0),
            (day(4), 2.0, 2.0),
        ]

    def test_without_notes_todays_terms_held_all_the_time(self) -> None:
        assert self.of([(0, 4.0)], []) == [(day(0), 4.0, 2.0)]

    def test_terms_before_the_first_value_are_no_state(self) -> None:
        assert self.of([(5, 4.0)], [(0, self.OLD), (1, self.NEW)]) == [(day(5), 4.0, 2.0)]
        assert self.of([], [(0, self.OLD)]) == []

    def test_a_check_in_that_is_found_late_counts_from_what_it_replaced_on(self) -> None:
        assert self.of([(3, 4.0), (1, 3.0)], []) == [(day(3), 4.0, 2.0), (day(3), 3.0, 2.0)]


class TestScopes:
    def test_progress_against_the_scope_at_the_start_beside_that_against_todays(self) -> None:
        # Four at the start; two get done, two new ones enter, one of the four leaves open.
        story = (share(-2, "", "ab"), share(-1, "", "abcd"), share(3, "a", "bcd"), share(9, "abe", "cf"))
        found = scopes(story, START)
        assert found is not None
        assert (found.today, found.then) == (Share(3, 5), Share(2, 4))
        assert (found.value_today, found.value_then) == (60.0, 50.0)
        assert (found.progress_today, found.progress_then) == (pytest.approx(0.6), 0.5)
        assert (found.since, found.entered, found.left) == (START, 2, 1)

    def test_a_look_at_the_very_start_is_the_scope_at_the_start(self) -> None:
        found = scopes((share(-1, "", "ab"), share(0, "", "abcd"), share(1, "a", "bcde")), START)
        assert found is not None and found.then == Share(1, 4)

    def test_without_a_look_at_the_start_it_is_the_first_scope_known(self) -> None:
        found = scopes((share(5, "", "ab"), share(6, "a", "bcd")), START)
        assert found is not None and found.since == day(5) and found.value_then == 50.0

    def test_what_left_done_stays_done_and_what_it_weighed_it_weighs(self) -> None:
        story = (
            share(0, "", "ab", weights={"a": 3, "b": 1}),
            share(1, "a", "b", weights={"a": 3, "b": 1}),
            share(2, "", "b", weights={"b": 9}),
        )
        found = scopes(story, START)
        assert found is not None and found.then == Share(3, 4) and found.value_today == 0.0

    def test_scopes_of_another_method_are_not_compared(self) -> None:
        story = (share(0, "", "abcdef"), share(4, "a", "b", weights={"a": 1, "b": 1}))
        found = scopes(story, START)
        assert found is not None and found.since == day(4) and found.then == Share(1, 2)

    def test_only_shares_have_a_scope(self) -> None:
        assert scopes((given(0, 4.0),), START) is None and scopes((), START) is None


def test_terms_come_back_from_json_and_say_only_what_is_not_usual() -> None:
    from datetime import date

    from okrsync.domain.okr import Phase

    plain = Terms(baseline=4.0, target=1.5, unit="s")
    assert plain.to_json() == {"baseline": 4.0, "target": 1.5, "unit": "s"}
    full = Terms(Kind.MAINTAIN, None, None, 1.0, 2.0, "%", 3.0, (Phase(date(2026, 10, 31), 2.5),))
    for each in (plain, full, Terms(Kind.DONE)):
        assert Terms.from_json(each.to_json()) == each
    key_result = KeyResult(Ref("2026-Q4", "o", "k"), "K", baseline=0.0, target=9.0)
    assert Terms.of(plain.put_to(key_result)) == plain

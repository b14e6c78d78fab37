"""Values over a query: worked out by hand, shared, and never taken for nothing by mistake."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Cause, ExitCode, Outcome
from okrsync.store.values import CheckIn, CurrentValue
from okrsync.trackers.errors import Rejected, Transient
from okrsync.trackers.values import ItemId
from tests.unit.engine.conftest import IN_MEMORY, Found
from tests.unit.engine.world import World

KR = Ref("2026-Q4", "signup", "kr1")


def measured(world: World, *measures: str, unit: str = "s") -> None:
    """An objective whose key results are measured so."""
    world.add("signup", key_results=len(measures))
    for key_result, measure in zip(world.objectives["alpha"]["signup"].key_results, measures, strict=True):
        key_result.measure = measure
    world.write("alpha")
    path = world.document("alpha")
    path.write_text(path.read_text().replace('unit = "s"', f'unit = "{unit}"'))


def count(query: str, **options: Any) -> str:
    return table("count", query, **options)


def table(source: str, query: str, **options: Any) -> str:
    keys = {"from": source, "query": query, **options}
    return "{ " + ", ".join(f"{name} = {json.dumps(value)}" for name, value in keys.items()) + " }"


def work(world: World, *labels: str, done: bool = False, points: float | str | None = None) -> ItemId:
    """Somebody adds an issue."""
    at = world.server.people.add_item("PLAT", "Some work")
    for label in labels:
        world.server.people.add_label(at, label)
    if done:
        world.server.people.close(at)
    if points is not None:
        world.server.items[at.id].fields["OKR progress"] = points
    return at


def value(world: World, ref: Ref = KR) -> CurrentValue:
    with world.open_cache() as cache:
        found = cache.observations.current_of(ref)
    assert found is not None
    return found


def values(world: World, number: int) -> list[float | None]:
    return [value(world, KR.parent.child(f"kr{each}")).value for each in range(1, number + 1)]


def check_in(world: World, ref: Ref, said: float) -> None:
    with world.open_cache() as cache:
        cache.check_ins.add(CheckIn(ref, world.time.ours(), "dana", said))


def only_failure(outcome: Outcome) -> str:
    (failure,) = outcome.failures
    return failure.message


def test_each_measure_gives_what_is_worked_out_by_hand(found: Found) -> None:
    world = found()
    measured(
        world,
        count("label:bug open"),
        table("sum", "label:bug", field="OKR progress"),
        table("average", "label:bug", field="OKR progress"),
        table("done", "label:bug"),
        table("done", "label:bug", field="OKR progress"),
    )
    work(world, "bug", points=2.0)
    work(world, "bug", points=6.5, done=True)
    work(world, "bug", done=True)
    work(world, "other", points=100.0)

    assert world.sync().exit_code is ExitCode.DONE

    assert values(world, 5) == [1, 8.5, 4.25, 2 / 3, 6.5 / 8.5]
    assert value(world).source == "1 issue of PLAT that matches"
    assert value(world, Ref.parse("2026-Q4/signup/kr4")).source == "2 of 3 issues of PLAT that match done"


def test_a_share_is_in_the_key_results_unit(found: Found) -> None:
    world = found()
    measured(world, table("done", "label:bug"), unit="%")
    for done in (True, True, False, True):
        work(world, "bug", done=done)

    world.sync()

    assert value(world).value == 75


def test_a_value_knows_which_issues_it_came_from(found: Found) -> None:
    world = found()
    measured(world, table("sum", "label:bug", field="OKR progress"), table("done", "label:bug"))
    one, other = work(world, "bug", points=2.0), work(world, "bug", done=True)

    world.sync()

    evidence = value(world).evidence
    assert evidence["method"] == {
        "from": "sum",
        "query": "label:bug",
        "field": "OKR progress",
        "project": "PLAT",
    }
    assert evidence["parts"] == [[one.id, one.key, 0, 2.0], [other.id, other.key, 0, 0.0]]
    assert evidence["pages"] == [one.url.removesuffix(one.key), "#"]
    done = value(world, Ref.parse("2026-Q4/signup/kr2")).evidence
    assert done["parts"] == [[one.id, one.key, 0], [other.id, other.key, 1]]
    assert (done["done"], done["total"]) == (1, 2)


def test_items_of_okrsync_never_count(found: Found) -> None:
    world = found()
    measured(world, count(""), count("open"))
    world.objectives["alpha"]["signup"].key_results[0].measure = count("open")
    world.write("alpha")
    work(world)

    world.sync()
    assert len(world.server.items) > 1
    world.sync()

    assert values(world, 2) == [1, 1]


def test_key_results_with_one_query_share_its_request(found: Found) -> None:
    world = found()
    measured(
        world,
        count("label:bug"),
        table("sum", "label:bug", field="OKR progress"),
        table("average", "label:bug", field="KR target"),
        table("done", "label:bug"),
        count("label:bug", since="cycle"),
    )
    work(world, "bug")
    world.server.people.set_field(work(world, "bug"), "KR target", 3.0)

    world.sync()

    assert world.server.calls["matches"] == 2
    assert values(world, 5) == [2, 0, 3, 0, 2]


def test_a_later_reading_goes_on_from_the_last(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"))
    first, second, third = work(world, "bug"), work(world, "bug"), work(world, "bug")
    world.sync()

    world.server.people.delete(first)
    world.server.items[second.id].labels.clear()
    world.server.touch(world.server.items[second.id])
    fourth = work(world, "bug")
    world.sync()

    assert [each[0] for each in value(world).evidence["parts"]] == sorted([third.id, fourth.id])
    assert world.observed(KR) == [3, 2]


def test_a_reading_that_fails_leaves_everything_as_it_was(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"))
    work(world, "bug")
    world.sync()
    with world.open_cache() as cache:
        before = cache._session.select(lambda *row: row, "select * from queries join matches on query_id = id")

    work(world, "bug")
    world.time.sleep(60)
    world.server.fail("matches", Transient("the connection broke off"), times=2)
    outcome = world.sync()

    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert "alpha.toml:" in only_failure(outcome) and "the connection broke off" in only_failure(outcome)
    assert (value(world).value, value(world).problem) == (1, "the connection broke off")
    with world.open_cache() as cache:
        assert before == cache._session.select(lambda *row: row, "select * from queries join matches on query_id = id")
    world.sync()
    assert (value(world).value, value(world).problem) == (2, None)


@pytest.mark.parametrize("approximate", [False, True])
@pytest.mark.parametrize("others", [0, 1])
def test_nothing_is_no_zero_on_any_run_before_somebody_says_so(found: Found, others: int, approximate: bool) -> None:
    world = found()
    measured(world, count("label:bug open", approximate=approximate))
    bug = work(world, "bug")
    for _ in range(others):
        work(world)
    world.sync()

    world.server.people.close(bug)
    for _ in range(3):
        world.time.sleep(60)
        calls = world.server.calls["matches"]
        outcome = world.sync()
        assert outcome.exit_code is ExitCode.HELD and outcome.failures[-1].cause is Cause.DOUBT
        assert world.server.calls["matches"] == calls + 2, "a second look"
        assert value(world).value == 1 and "'label:bug open', and now nothing does" in str(value(world).problem)
    world.time.sleep(40 * 24 * 3600)
    assert world.sync().exit_code is ExitCode.HELD and value(world).value == 1

    said = only_measure_failure(world)
    assert "check in 0 (okrsync checkin 2026-Q4/signup/kr1 --value 0) or write may_be_empty = true" in said
    check_in(world, KR, 0.0)
    for _ in range(2):
        assert world.run("pull").exit_code is ExitCode.DONE and value(world).value == 0
        world.time.sleep(60)


@pytest.mark.parametrize(
    "measure",
    [
        count("label:bug open", may_be_empty=True),
        count("label:bug open", may_be_empty=True, approximate=True),
        table("sum", "label:bug open", field="OKR progress", may_be_empty=True),
    ],
)
def test_nothing_is_an_answer_after_a_second_look_where_the_measure_says_so(found: Found, measure: str) -> None:
    world = found()
    measured(world, measure)
    bug = work(world, "bug", points=1.0)
    work(world)
    world.sync()

    world.server.people.close(bug)
    calls = world.server.calls["matches"]
    assert world.sync().exit_code is ExitCode.DONE

    assert world.observed(KR) == [1, 0]
    assert world.server.calls["matches"] == calls + 2
    world.time.sleep(60)
    assert world.sync().exit_code is ExitCode.DONE
    assert world.server.calls["matches"] == calls + 3, "what was nothing before may be nothing again"


def test_what_may_be_empty_is_not_believed_where_nothing_at_all_can_be_seen(found: Found) -> None:
    world = found()
    measured(world, count("label:bug", may_be_empty=True))
    work(world, "bug")
    world.sync()

    world.server.visible = lambda project: []  # type: ignore[method-assign]
    assert "nothing else can be seen in PLAT either" in only_measure_failure(world)
    assert value(world).value == 1


def test_that_nothing_may_match_is_no_other_way_to_measure(found: Found) -> None:
    world = found()
    measured(world, count("label:bug open"))
    bug = work(world, "bug")
    work(world)
    world.sync()
    world.server.people.close(bug)
    assert world.sync().exit_code is ExitCode.HELD

    world.objectives["alpha"]["signup"].key_results[0].measure = count("label:bug open", may_be_empty=True)
    world.write("alpha")
    assert world.sync().exit_code is ExitCode.DONE
    with world.open_cache() as cache:
        before, after = cache.observations.history(KR)
    assert (before.value, after.value) == (1, 0) and before.evidence["method"] == after.evidence["method"]


def test_key_results_of_one_query_are_each_believed_by_themselves(found: Found) -> None:
    world = found()
    measured(
        world, count("label:bug open"), count("label:bug open", may_be_empty=True), table("done", "label:bug open")
    )
    bug = work(world, "bug")
    work(world)
    world.sync()
    world.server.people.close(bug)

    for _ in range(2):
        said = {str(each.ref)[-3:]: each.message for each in world.sync().failures}
        assert said.keys() == {"kr1", "kr3"} and "Of nothing there is no share done" in said["kr3"]
        assert values(world, 3) == [1, 0, 0]
        world.time.sleep(60)
    world.server.people.reopen(bug)
    assert world.sync().exit_code is ExitCode.DONE
    assert values(world, 3) == [1, 1, 0]


@pytest.mark.parametrize("approximate", [False, True])
def test_nothing_where_nothing_can_be_seen_is_never_a_zero(found: Found, approximate: bool) -> None:
    world = found()
    measured(world, count("label:bug", approximate=approximate))
    work(world, "bug")
    world.sync()

    visible = world.server.visible
    world.server.visible = lambda project: []  # type: ignore[method-assign]
    outcome = world.run("pull")
    assert "nothing else can be seen in PLAT" in str(outcome.failures[-1].message)
    assert outcome.exit_code is ExitCode.HELD
    assert value(world).value == 1
    assert "nothing matches 'label:bug' any more" in str(value(world).problem)

    world.server.visible = visible  # type: ignore[method-assign]
    assert world.sync().exit_code is ExitCode.DONE
    assert (value(world).value, value(world).problem) == (1, None)


def test_issues_that_leave_a_query_as_time_passes_are_no_zero_either(found: Found) -> None:
    world = found()
    measured(world, count("label:bug", since="-7d"), count("label:bug", since="-7d", may_be_empty=True))
    work(world, "bug")
    world.sync()
    world.time.sleep(9 * 24 * 3600)
    work(world)
    assert world.sync().exit_code is ExitCode.HELD
    assert values(world, 2) == [1, 0]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.sampled_from(["open", "close", "fail", "hide", "show", "say 0"]), min_size=3, max_size=9),
    approximate=st.booleans(),
)
@example(steps=["open", "close", "open", "close", "say 0", "open", "close"], approximate=False)
@example(steps=["open", "hide", "show"], approximate=True)
def test_whatever_happens_only_a_person_makes_something_nothing(steps: list[str], approximate: bool) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        world = World(Path(folder))
        measured(world, count("label:bug open", approximate=approximate))
        visible, bugs = world.server.visible, []
        last, said, hidden = 0.0, False, False
        for step in steps:
            world.time.sleep(3600)
            if step == "open":
                bugs.append(work(world, "bug"))
            elif step == "close":
                while bugs:
                    world.server.people.close(bugs.pop())
            elif step == "fail":
                world.server.fail("matches", Transient("the connection broke off"), times=2)
            elif step == "hide":
                world.server.visible = lambda project: []  # type: ignore[method-assign]
            elif step == "show":
                world.server.visible = visible  # type: ignore[method-assign]
            else:
                check_in(world, KR, 0.0)
                world.time.sleep(60)
                said = True
            world.run("pull")
            now = value(world)
            assert not last or now.value or (now.value == 0 and said), (step, now)
            hidden = step == "hide" or (hidden and step != "show")
            assert not now.value or now.problem or (bugs and not hidden), "what does not match any more has a reason"
            said = said and not (now.value and not now.problem)
            last = now.value or 0.0


def test_a_check_in_of_nothing_makes_nothing_believable(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"), table("sum", "label:bug", field="OKR progress"))
    work(world, "bug", points=2.0)
    world.sync()
    check_in(world, KR, 0.0)  # Before the doubt: it says nothing about it.
    world.time.sleep(60)
    world.sync()

    world.server.visible = lambda project: []  # type: ignore[method-assign]
    world.time.sleep(60)
    said = [each.message for each in world.run("pull").failures if each.ref]
    assert len(said) == 2 and "check in 0 (okrsync checkin 2026-Q4/signup/kr1 --value 0)" in said[0]
    assert values(world, 2) == [1, 2]

    check_in(world, KR, 3.0)
    world.run("pull")
    assert values(world, 2) == [1, 2], "that is not what the tracker says"
    world.time.sleep(60)
    check_in(world, KR, 0.0)
    outcome = world.run("pull")
    assert values(world, 2) == [0, 2], "each key result is believed by itself"
    assert [str(each.ref) for each in outcome.failures if each.ref] == ["2026-Q4/signup/kr2"]
    assert (value(world).problem, value(world, KR.parent.child("kr2")).problem is None) == (None, False)
    check_in(world, KR.parent.child("kr2"), 0.0)
    world.run("pull")
    assert values(world, 2) == [0, 0]


def test_of_another_query_nothing_is_believed_at_once(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"))
    work(world, "bug")
    world.sync()
    world.server.visible = lambda project: []  # type: ignore[method-assign]
    assert "check in 0" in only_measure_failure(world)

    world.objectives["alpha"]["signup"].key_results[0].measure = count("label:idea")
    world.write("alpha")
    world.run("pull")
    assert value(world).value == 0


def only_measure_failure(world: World) -> str:
    (said,) = [each.message for each in world.run("pull").failures if each.ref == KR]
    return said


def test_a_sum_of_which_no_number_is_left_stays_until_somebody_enters_one(found: Found) -> None:
    world = found()
    measured(world, table("sum", "label:bug", field="OKR progress"))
    one, other = work(world, "bug", points=2.0), work(world, "bug", points=3.0)
    world.sync()

    for each in (one, other):
        world.server.people.set_field(each, "OKR progress", None)
    outcome = world.sync()
    assert "none of the 2 issues that match has a number in OKR progress any more" in only_failure(outcome)
    assert "enter 0 in one of them" in only_failure(outcome)
    assert value(world).value == 5

    world.server.people.delete(other)
    outcome = world.sync()
    assert "what matches has no number in OKR progress any more" in only_failure(outcome)
    assert "enter 0 in it" in only_failure(outcome)

    world.server.people.set_field(one, "OKR progress", 0.0)
    assert world.sync().exit_code is ExitCode.DONE
    assert value(world).value == 0


def test_nothing_is_zero_in_a_new_project(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"))

    assert world.run("pull").exit_code is ExitCode.DONE

    assert value(world).value == 0


@pytest.mark.parametrize("source", ["average", "done"])
def test_of_nothing_there_is_no_share_and_no_average(found: Found, source: str) -> None:
    world = found()
    measured(world, table(source, "label:bug", field="OKR progress"), count("label:bug"))
    work(world)

    outcome = world.sync()

    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert "alpha.toml:11: " in only_failure(outcome)
    assert "nothing" in only_failure(outcome)
    assert values(world, 2) == [None, 0]


def test_an_average_leaves_out_what_has_no_number_and_a_sum_of_none_is_nothing(found: Found) -> None:
    world = found()
    field = "OKR progress"
    measured(world, table("average", "label:bug", field=field), table("sum", "label:bug", field=field))
    work(world, "bug")

    outcome = world.sync()

    assert "no issue that matches 'label:bug' has a number in OKR progress" in only_failure(outcome)
    assert values(world, 2) == [None, 0]


def test_text_in_a_number_field_is_named_with_its_issue(found: Found) -> None:
    world = found()
    measured(world, table("sum", "label:bug", field="OKR progress"), count("label:bug"))
    wrong = work(world, "bug", points="three")

    outcome = world.sync()

    assert f"field OKR progress of {wrong.key} holds the text 'three'" in only_failure(outcome)
    assert values(world, 2) == [None, 1]


def test_an_unknown_field_is_the_problem_of_its_key_result_alone(found: Found) -> None:
    world = found()
    measured(
        world,
        table("sum", "label:bug", field="Storypoints"),
        table("sum", "label:bug", field="OKR progress"),
        count("label:bug"),
    )
    work(world, "bug", points=2.0)

    outcome = world.sync()

    assert "alpha.toml:11: PLAT has no field 'Storypoints'; it has KR baseline" in only_failure(outcome)
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert values(world, 3) == [None, 2, 1]


def test_a_query_that_the_tracker_does_not_understand_is_quoted(found: Found) -> None:
    world = found()
    measured(world, count("sprint:7"), count("label:bug"))

    outcome = world.sync()

    assert "alpha.toml:11: 'sprint:7' is no word of a query" in only_failure(outcome)
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert values(world, 2) == [None, 0]


def test_only_what_was_created_since_counts(found: Found) -> None:
    world = found()
    measured(
        world,
        count("label:bug", since="cycle"),
        count("label:bug", since="2026-10-03"),
        count("label:bug", since="-1d"),
        count("label:bug"),
    )
    for days in (-10, -4, -2, -1, 0, 90):
        item = world.server.items[work(world, "bug").id]
        item.created += timedelta(days=days)
    world.server.lag = timedelta(days=-100)

    world.sync()

    # It is 5 October; the cycle ends with the year.
    assert values(world, 4) == [4, 4, 3, 6]


def test_an_estimate_is_enough_where_the_key_result_says_so(found: Found) -> None:
    world = found()
    measured(world, count("label:bug", approximate=True), count("label:bug"), count("label:bug", approximate=True))
    work(world, "bug")

    world.sync()

    assert (world.server.calls["count"], world.server.calls["matches"]) == (1, 1)
    assert values(world, 3) == [1, 1, 1]
    assert value(world).source == "about 1 issue of PLAT that matches"
    assert "parts" not in value(world).evidence


def test_another_query_begins_anew(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"))
    work(world, "bug")
    work(world, "idea")
    work(world, "idea")
    world.sync()

    world.edit("signup", key_results=world.objectives["alpha"]["signup"].key_results)
    world.objectives["alpha"]["signup"].key_results[0].measure = count("label:idea")
    world.write("alpha")
    world.sync()

    assert world.observed(KR) == [1, 2]


def test_a_tracker_without_queries_says_what_to_measure_by(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    world = found()
    measured(world, count("label:bug"))
    open_tracker = world.open_tracker

    def without(name: str) -> Any:
        tracker = open_tracker(name)
        vars(tracker)["capabilities"] = type(tracker.capabilities)(**{**vars(tracker.capabilities), "queries": False})
        return tracker

    monkeypatch.setattr(world, "open_tracker", without)
    outcome = world.sync()

    assert "tracker work answers no queries; measure by field, children or manual" in only_failure(outcome)


def test_a_refusal_is_not_the_trackers_end(found: Found) -> None:
    world = found()
    measured(world, count("label:bug"), '{ from = "field" }')
    world.sync()
    world.server.people.set_field(world.item(KR.parent.child("kr2")).at, "KR current", 3.0)
    world.server.fail("matches", Rejected("forbidden"))

    outcome = world.sync()

    assert [each.cause for each in outcome.failures] == [Cause.MEASURE]
    assert value(world, KR.parent.child("kr2")).value == 3

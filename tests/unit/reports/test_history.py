"""One number over time, in every form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from okrsync.domain.okr import Okrs, TargetChange
from okrsync.domain.ref import Ref
from okrsync.domain.status import Status
from okrsync.domain.terms import Terms
from okrsync.reports.history import history_of, status_as_of
from okrsync.reports.history_rows import Recorded, recorded
from okrsync.reports.history_views import cell, history_csv, history_json, history_picture, history_text
from okrsync.reports.sparkline import BLOCKS, FLAT, sparkline
from okrsync.store.cache import Cache
from okrsync.store.values import Measured
from tests.unit.reports import past
from tests.unit.reports.past import CYCLE, MOVED, NOW, OKRS, P95, WEEK, day, ref


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with past.filled(tmp_path / "okrsync.db") as opened:
        yield opened


def history(cache: Cache | None, what: Ref) -> Recorded:
    return recorded(what, OKRS, "acme", CYCLE, cache, NOW)


def at(cache: Cache, moment: datetime) -> Status:
    return status_as_of(cache, OKRS, "acme", CYCLE, moment, WEEK)


def test_a_row_for_each_value_and_each_target(cache: Cache) -> None:
    rows = history(cache, MOVED.ref).rows
    assert [(each.at, each.value, each.progress) for each in rows] == [
        (day(0), 0.0, 0.0),
        (day(14), 25.0, 0.25),
        (day(30), 25.0, 0.3125),
        (day(35), 50.0, 0.625),
    ]
    assert [row["causes"] for row in history_json(history(cache, MOVED.ref))["rows"]] == [
        {},
        {"work_done": 25.0},
        {"target_change": 0.0625},
        {"work_done": 37.5, "scope_change": -12.5},
    ]


def test_the_table_says_why_and_the_sparkline_how_high(cache: Cache) -> None:
    lines = list(history_text(history(cache, MOVED.ref)))
    assert lines[0] == "2026-Q4/fast/moved  Move all services"
    assert lines[1].startswith("2026-10-01 ▁") and lines[1].endswith("█ 2026-11-22")
    assert lines[3].split() == ["Since", "Value", "Progress", "Why", "From"]
    assert [" ".join(line.split()) for line in lines[4:8]] == [
        "2026-10-01 09:00 UTC 0 % 0 % 0 of 8 done",
        "2026-10-15 09:00 UTC 25 % 25 % work done +25 % 2 of 8 done",
        "2026-10-31 09:00 UTC 25 % 31 % target change +6.25 points 2 of 8 done",
        "2026-11-05 09:00 UTC 50 % 62 % work done +37.5 %, scope change −12.5 % 5 of 10 done",
    ]
    assert lines[-1].startswith("forecast for the cycle's end, 2026-12-31: ")


def test_the_confidence_stands_beside_the_forecast(cache: Cache) -> None:
    assert list(history_text(history(cache, P95.ref)))[-1] == (
        "confidence: 75 %, stated by dana on 2026-11-05 09:00 UTC"
    )


def test_a_changed_target_has_its_reason_in_the_row_that_it_made(cache: Cache) -> None:
    changed = TargetChange(date(2026, 10, 30), 100.0, 80.0, "less to move")
    fast = replace(past.FAST, key_results=(replace(MOVED, target_changes=(changed,)), *past.FAST.key_results[1:]))
    found = recorded(MOVED.ref, Okrs((fast,)), "acme", CYCLE, cache, NOW)
    rows = history_json(found)["rows"]
    assert [row["target_change"] and row["target_change"]["reason"] for row in rows] == [
        None,
        None,
        "less to move",
        None,
    ]
    assert any(
        "target change +6.25 points, target 100 → 80 % on 2026-10-30: less" in line for line in history_text(found)
    )
    (why,) = [each["why"] for each in csv.DictReader(history_csv(found)) if "target" in each["why"]]
    assert why.endswith("on 2026-10-30: less to move")


def test_an_objective_has_a_row_for_each_time_that_its_roll_up_changed(cache: Cache) -> None:
    rows = history(cache, ref("fast")).rows
    # Weights 2, 1, 1 and 1 for the objective that contributes, which is never known.
    assert [(each.at, round(each.progress or 0, 6), each.coverage) for each in rows] == [
        (day(0), 0.0, 0.6),
        (day(7), 0.3, 0.8),
        (day(14), 0.445, 0.8),
        (day(21), 0.485, 0.8),
        (day(30), 0.51625, 0.8),
        (day(35), 0.7125, 0.8),
    ]
    assert rows[-1].progress == pytest.approx(next(iter(past.status(cache).objectives)).progress)


def test_a_kpi_is_in_its_band_or_not(cache: Cache) -> None:
    found = history(cache, ref("uptime"))
    assert [(each.value, each.in_band, each.progress) for each in found.rows] == [
        (99.95, True, None),
        (99.5, False, None),
        (99.99, True, None),
    ]
    assert "no" in list(history_text(found))[5]


@pytest.mark.parametrize("what", [ref("support"), ref("support", "sso")])
def test_without_a_value_the_way_to_one_is_shown(cache: Cache, what: Ref) -> None:
    assert list(history_text(history(cache, what)))[1] == "no value is known yet: `okrsync pull` reads the trackers"
    assert history_json(history(None, what))["rows"] == []


def test_every_form_holds_what_json_can_hold(cache: Cache) -> None:
    for what in (MOVED.ref, P95.ref, ref("fast"), ref("uptime"), ref("support", "sso")):
        json.dumps(history_json(history(cache, what)), allow_nan=False)


def test_a_terminal_gets_no_line_that_is_too_long(cache: Cache) -> None:
    console = Console(file=io.StringIO(), width=60, color_system=None)
    console.print(history_picture(history(cache, MOVED.ref), 60))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert all(len(line) <= 60 for line in lines) and any("█" in line for line in lines)


def test_csv_has_numbers_as_numbers(cache: Cache) -> None:
    rows = list(csv.DictReader(history_csv(history(cache, MOVED.ref))))
    assert [float(each["value"]) for each in rows] == [0.0, 25.0, 25.0, 50.0]
    assert rows[3]["why"] == "work done +37.5 %, scope change −12.5 %"
    assert rows[0]["in_band"] == "" and rows[0]["ref"] == "2026-Q4/fast/moved"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "' x"),
        ("\rx", "' x"),
        (" =1", "' =1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("\x1b[31mred", "[31mred"),
        ("\x1b=1", "'=1"),
    ],
)
def test_no_text_is_run_by_a_spreadsheet_nor_by_a_terminal(text: str, harmless: str) -> None:
    assert cell(text) == harmless


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-3.5, "-3.5"), (1e-7, "1e-07"), (0, "0"), (None, ""), (True, "true"), (False, "false"), ("a=b", "a=b"), ("", "")],
)
def test_numbers_and_harmless_texts_stay_what_they_are(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_whatever_a_source_is_called_the_lines_are_csv(texts: list[str]) -> None:
    from okrsync.reports.history_views import _csv_line

    line = _csv_line(tuple(texts))
    (row,) = csv.reader(io.StringIO(line + "\n", newline=""))
    assert row == [cell(each) for each in texts]
    assert not any(each.startswith(("=", "+", "-", "@", "\t", "\r")) for each in row)


def test_how_things_stood_then_with_the_target_of_then(cache: Cache) -> None:
    standing = at(cache, day(20))
    fast = standing.objectives[0]
    assert [(each.observed.value, each.progress) for each in fast.key_results] == [
        (25.0, 0.25),
        (3.3, pytest.approx(0.28)),
        (0.4, 1.0),
    ]
    assert fast.key_results[0].key_result.target == 100.0
    assert fast.key_results[1].observed.confidence == 0.6
    assert standing.as_of == day(20) and fast.expected == pytest.approx(20 / 91)
    assert standing.kpis[0].in_band is False, "the day on which it was out of its band"


def test_before_anything_was_known_everything_is_unknown(cache: Cache) -> None:
    fast = at(cache, day(-3)).objectives[0]
    assert fast.progress is None and fast.coverage == 0.0
    assert all(each.observed.value is None for each in fast.key_results)


def test_a_value_of_then_is_stale_when_nobody_had_looked_for_long(cache: Cache, tmp_path: Path) -> None:
    def stale(moment: datetime) -> list[bool]:
        return [each.stale for each in at(cache, moment).objectives[0].key_results]

    assert stale(day(14.5)) == [False, False, True]
    assert stale(day(28.5)) == [True, False, True], "2.9 was said again on day 28"
    for number, exit_code in ((26, 0), (34, 1)):
        with Cache.open(tmp_path / "okrsync.db", "acme", clock=lambda number=number: day(number)) as later:
            later.runs.finish(later.runs.begin("pull"), exit_code=exit_code)
    assert stale(day(28.5)) == [False, False, True]
    assert stale(day(34.5)) == [True, False, True], "a run that failed in part confirms nothing"


def test_as_of_now_is_what_status_says_but_for_what_failed_since(cache: Cache) -> None:
    now, then = past.status(cache), at(cache, NOW)
    assert [each.progress for each in now.objectives] == [each.progress for each in then.objectives]
    assert [each.observed.value for each in now.kpis] == [each.observed.value for each in then.kpis]


START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC)


def moment(number: float) -> datetime:
    return START + timedelta(days=number)


def test_a_sparkline_by_hand() -> None:
    points = [(moment(0), 0.0), (moment(3.5), 7.0), (moment(6), None), (moment(7.5), 3.0)]
    assert sparkline(points, START, END, 8) == "▁▁▁██  ▄"


@pytest.mark.parametrize(
    ("points", "drawn"),
    [([], "    "), ([(moment(3.9), 5.0)], " " + FLAT * 3), ([(moment(90), 5.0)], "    ")],
)
def test_what_is_unknown_is_blank_and_what_is_still_is_flat(
    points: list[tuple[datetime, float | None]], drawn: str
) -> None:
    assert sparkline(points, START, END, 4) == drawn


def test_no_room_is_no_line() -> None:
    assert sparkline([(START, 1.0)], START, END, 0) == ""
    assert sparkline([(START, 1.0)], END, START, 5) == ""


@given(
    st.lists(st.tuples(st.floats(0, 8), st.none() | st.floats(-1e300, 1e300)), max_size=20),
    st.integers(1, 40),
)
def test_a_sparkline_is_as_wide_as_asked_for(points: list[tuple[float, float | None]], width: int) -> None:
    line = sparkline(sorted((moment(at), value) for at, value in points if value is not None), START, END, width)
    assert len(line) == width and set(line) <= set(BLOCKS + " ")


def test_parts_that_changed_in_silence_and_a_target_that_no_look_saw_yet_are_the_newest_states(cache: Cache) -> None:
    silent = past.share("bcdef", "aghij")
    cache.observations.record([Measured(MOVED.ref, silent[0], day(40), "5 of 10 done", silent[1])])
    asked = replace(MOVED, target=50.0)
    states = history_of(cache, asked, NOW).states
    assert [(each.at, each.value, each.terms.target) for each in states[-3:]] == [
        (day(35), 50.0, 80.0),
        (day(40), 50.0, 80.0),
        (NOW, 50.0, 50.0),
    ]
    assert [each.id for each in states[-1].evidence.parts or () if each.done] == list("bcdef")


def test_before_the_first_note_the_first_noted_target_held(cache: Cache, tmp_path: Path) -> None:
    with Cache.open(tmp_path / "other.db", "acme", clock=lambda: NOW) as other:
        other.observations.record([Measured(MOVED.ref, 40.0, day(1), "x")])
        other.terms.record({MOVED.ref: Terms(baseline=0.0, target=100.0)}, day(2))
        other.terms.record({MOVED.ref: Terms.of(MOVED)}, day(3))
        assert [at(other, day(n)).objectives[0].key_results[0].progress for n in (1, 2, 3)] == [0.4, 0.4, 0.5]
